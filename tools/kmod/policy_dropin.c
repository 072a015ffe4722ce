// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drop-ins: files in /etc/kmod/policy.d that kmodctl writes, and their part of the policy in
 * force.
 *
 * To load a drop-in, only its part of the policy in force is replaced. The other rules may come
 * from any files, or from a program.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy_dropin.h"

/* Creates the directory of the file and its parents. */
static void make_directories(const char *path)
{
	char *copy = text_copy(path), *slash = copy;

	while ((slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		mkdir(copy, 0755);
		*slash = '/';
	}
	free(copy);
}

/* Waits for other instances of kmodctl with this --root. Returns a file descriptor, or -1. */
static int lock_directory(const char *path)
{
	char *directory = text("%.*s", (int)(strrchr(path, '/') - path), path);
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		flock(fd, LOCK_EX);
	free(directory);
	return fd;
}

/* Appends the rules of the drop-in. Reports errors. */
static bool add_rules(struct bytes *rules, const struct dropin *dropin)
{
	struct policy policy = { 0 };
	bool good;

	policy_parse_text(&policy, dropin->path, &dropin->text);
	if (policy.values[SET_RULES].data)
		bytes_add(rules, policy.values[SET_RULES].data, policy.values[SET_RULES].length);
	good = !policy.trouble;
	policy_free(&policy);
	return good;
}

/* A file with an error must not be changed: the kernel would reject it, at boot as well. */
static bool check_text(const struct dropin *dropin)
{
	struct bytes rules = { 0 };
	bool good = !dropin->text.length || add_rules(&rules, dropin);

	bytes_free(&rules);
	return good;
}

/*
 * A new file must not hide one of a vendor, whose rules would be lost at the next boot. Reports
 * errors.
 */
static bool check_hidden(const struct dropin *dropin, const char *file,
			 const struct options *options)
{
	struct stat status;
	char *hidden = lstat(dropin->path, &status) ? find_lower(file, options->root) : NULL;

	if (!hidden)
		return true;
	complain("%s: would be hidden by %s; copy it there first", hidden, dropin->path);
	free(hidden);
	return false;
}

/* Reads the file, which may be missing. Reports errors. The caller must close the drop-in. */
bool dropin_open(struct dropin *dropin, const char *file, const char *comment,
		 const struct options *options)
{
	int error;

	*dropin = (struct dropin){
		.path = text("%s" POLICY_DIRECTORY "/%s", options->root ? options->root : "", file),
		.name = text(POLICY_DIRECTORY "/%s", file),
		.comment = comment,
		.lock = -1,
	};
	if (!options->dry_run) {
		make_directories(dropin->path);
		dropin->lock = options->root ? lock_directory(dropin->path) :
					       policy_hold(options);
	}
	if (!check_hidden(dropin, file, options))
		return false;
	if (is_special(dropin->path) && !is_mask(dropin->path)) {
		complain("%s: not a regular file", dropin->path);
		return false;
	}
	error = read_whole(dropin->path, MAX_RULES, &dropin->text);
	if (error && error != ENOENT) {
		complain("%s: %s", dropin->path, strerror(error));
		return false;
	}
	return check_text(dropin);
}

void dropin_close(struct dropin *dropin)
{
	if (dropin->lock >= 0)
		close(dropin->lock);
	bytes_free(&dropin->text);
	free(dropin->path);
	free(dropin->name);
}

/* In names, '-' and '_' are equal, except in classes. */
static bool is_same_pattern(const char *a, const char *b)
{
	struct glob x, y;
	bool same;

	glob_parse(&x, NAMES, a);
	glob_parse(&y, NAMES, b);
	same = glob_is_same(&x, &y);
	glob_free(&x);
	glob_free(&y);
	return same;
}

static bool is_same_cgroup(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool is_same_rule(const struct rule *a, const struct rule *b)
{
	return a->allow == b->allow && a->module == b->module &&
	       a->first_uid == b->first_uid && a->last_uid == b->last_uid &&
	       a->capabilities == b->capabilities && a->userns == b->userns &&
	       a->kthread == b->kthread && is_same_cgroup(a->cgroup, b->cgroup) &&
	       is_same_pattern(a->pattern, b->pattern);
}

/* True if both lines are the same rule, whatever their blanks and the order of qualifiers. */
static bool is_same_line(const char *a, size_t length, const char *b)
{
	char *x = text("%.*s", (int)length, a), *y = text_copy(b);
	struct rule rule, other;
	bool same = !rule_parse(&rule, x) && !rule_parse(&other, y) && is_same_rule(&rule, &other);

	free(x);
	free(y);
	return same;
}

/*
 * Returns the line in the text that is the same rule, and its length, or NULL. Each line of the
 * text must end with a newline.
 */
static char *find_line(const struct bytes *text, const char *line, size_t *length)
{
	char *found;

	for (found = text->data; found && *found; found += *length) {
		*length = strcspn(found, "\n") + 1;
		if (is_same_line(found, *length - 1, line))
			return found;
	}
	return NULL;
}

static void add_line(struct bytes *text, const char *line)
{
	bytes_add(text, line, strlen(line));
	bytes_add(text, "\n", 1);
}

/* Returns false if the drop-in has the rule already. */
bool dropin_add(struct dropin *dropin, const char *line)
{
	size_t length;

	if (find_line(&dropin->text, line, &length))
		return false;
	if (!dropin->text.data)
		add_line(&dropin->text, dropin->comment);
	add_line(&dropin->text, line);
	dropin->changed = true;
	return true;
}

/* Returns false if the drop-in does not have the rule. */
bool dropin_remove(struct dropin *dropin, const char *line)
{
	bool removed = false;
	size_t length;
	char *found;

	while ((found = find_line(&dropin->text, line, &length))) {
		memmove(found, found + length, strlen(found + length) + 1);
		dropin->text.length -= length;
		removed = true;
	}
	dropin->changed |= removed;
	return removed;
}

/* True if the text has a line other than comments. */
static bool has_lines(const struct bytes *text)
{
	const char *line = text->data;

	while (line && *line) {
		if (*line != '#' && *line != '\n')
			return true;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return false;
}

/* True if nothing but the first line of a new file is left. */
static bool is_unused(const struct dropin *dropin)
{
	size_t length = strlen(dropin->comment);

	return dropin->text.length == length + 1 &&
	       !strncmp(dropin->text.data, dropin->comment, length);
}

/* A new file would replace the link, and not change the file that it leads to. Reports errors. */
static bool check_no_link(const char *path)
{
	struct stat status;

	if (is_mask(path))
		complain("%s: masked by a link to /dev/null", path);
	else if (!lstat(path, &status) && S_ISLNK(status.st_mode))
		complain("%s: a symbolic link; change the file that it leads to", path);
	else
		return true;
	return false;
}

/*
 * Writes the file if it has changed, and removes it if only kmodctl's comment is left. An empty
 * file is kept, since it hides the files of its name, as a link to /dev/null does. Reports errors.
 */
bool dropin_write(struct dropin *dropin, const struct options *options)
{
	bool written;

	if (!dropin->changed)
		return true;
	if (!check_no_link(dropin->path))
		return false;
	if (options->dry_run)
		return true;
	if (is_unused(dropin))
		written = !unlink(dropin->path) || errno == ENOENT;
	else
		written = replace_file(dropin->path, &dropin->text);
	if (!written)
		complain("%s: %s", dropin->path, strerror(errno));
	return written;
}

/*
 * True if the line names the file that the following lines come from. Then the caller must free
 * @file.
 */
static bool names_file(const char *line, const char *end, char **file)
{
	char *copy = text("%.*s", (int)(end - line), line);
	bool names = is_origin(copy, file);

	free(copy);
	if (names && !*file)
		*file = text_copy("");
	return names;
}

/* Appends the rules that come first at boot. */
static void add_first(struct bytes *text, const struct bytes *policy)
{
	const char *line = policy->data, *end;
	bool copying = false;
	char *file;

	for (; *line; line = end + !!*end) {
		end = strchrnul(line, '\n');
		if (names_file(line, end, &file)) {
			copying = is_deny_file(file);
			free(file);
		}
		if (copying)
			bytes_add(text, line, (size_t)(end - line) + !!*end);
	}
}

/* Appends the parts that do not come from the file and, if @skip_first, are not the first ones. */
static void add_others(struct bytes *text, const struct bytes *policy, const char *from,
		       bool skip_first)
{
	const char *line = policy->data, *end;
	bool skipping = false, starts = true;
	char *file;

	for (; *line; line = end + !!*end) {
		end = strchrnul(line, '\n');
		if (names_file(line, end, &file)) {
			skipping = !strcmp(file, from) || (skip_first && is_deny_file(file));
			free(file);
		} else if (starts && text->length) {
			add_line(text, "file -");
		}
		if (!skipping)
			bytes_add(text, line, (size_t)(end - line) + !!*end);
		starts = false;
	}
}

/*
 * Replaces the drop-in's rules in the policy in force, before all others but those of policy deny.
 * Reports errors.
 */
bool dropin_load(const struct dropin *dropin, const struct options *options)
{
	bool is_first = is_deny_file(dropin->name);
	char *origin = origin_line(dropin->name);
	struct policy policy = { 0 };
	struct bytes *rules = &policy.values[SET_RULES], before;
	bool loaded = setting_read(options, SET_RULES, &before);

	if (loaded) {
		if (!is_first)
			add_first(rules, &before);
		if (has_lines(&dropin->text)) {
			add_line(rules, origin);
			add_rules(rules, dropin);
		}
		add_others(rules, &before, dropin->name, !is_first);
		if (!rules->length)
			add_line(rules, "");
		loaded = policy_load(&policy, options);
		bytes_free(&before);
	}
	if (!loaded && !options->dry_run && dropin->changed)
		complain("%s is written, but not in force", dropin->path);
	policy_free(&policy);
	free(origin);
	return loaded;
}
