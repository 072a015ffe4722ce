// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policy files: rules for the kernel, and directives for kmodctl.
 *
 * The kernel logs the line number of the rule that denied a request. To keep line numbers,
 * a directive is replaced by an empty line. If there are several files, a line before each
 * marks its path.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "policy.h"

/* Bounds memory. A file with the maximum of rules and helpers is shorter. */
#define MAX_FILE	(MAX_RULES + 2 * MAX_HELPERS)

struct directive {
	const char *name;
	enum setting setting;
	const char *const *values;	/* NULL: an absolute path */
	const char *error;
};

static const char *const modes[] = { "0", "1", "2", NULL };
static const char *const switches[] = { "0", "1", NULL };
static const char *const helpers_modes[] = { "off", "log", "enforce", NULL };

static const struct directive directives[] = {
	{ "mode", SET_MODE, modes, "expected 'mode 0', 'mode 1' or 'mode 2'" },
	{ "enforce", SET_ENFORCE, switches, "expected 'enforce 0' or 'enforce 1'" },
	{ "helpers", SET_HELPERS_MODE, helpers_modes,
	  "expected 'helpers off', 'helpers log' or 'helpers enforce'" },
	{ "helper", SET_HELPERS, NULL,
	  "expected 'helper' and an absolute path, with '*' only at its end" },
};

static const struct directive *find_directive(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(directives) / sizeof(*directives); i++)
		if (!strcmp(directives[i].name, name))
			return &directives[i];
	return NULL;
}

/* Rejects control characters, such as the carriage return of a DOS file. */
static bool is_helper(const char *word)
{
	const char *star = strchr(word, '*'), *c;

	for (c = word; *c; c++)
		if (iscntrl((unsigned char)*c))
			return false;
	return *word == '/' && (!star || !star[1]);
}

static bool is_value(const struct directive *directive, const char *word)
{
	const char *const *value = directive->values;

	if (!value)
		return is_helper(word);
	while (*value && strcmp(*value, word))
		value++;
	return *value;
}

/*
 * Appends to the list of helpers; replaces any other setting. Returns an error message or
 * NULL.
 */
static const char *take_directive(struct policy *policy, const struct directive *directive,
				  char *line)
{
	struct bytes *value = &policy->values[directive->setting];
	char *word = next_word(&line);

	if (!word || !is_value(directive, word))
		return directive->error;
	if (next_word(&line))
		return "unexpected text after the value";
	if (directive->values)
		bytes_free(value);
	bytes_add(value, word, strlen(word));
	bytes_add(value, "\n", 1);
	return NULL;
}

/* Returns an error message or NULL. */
static const char *check_rule(const char *line)
{
	char *copy = text_copy(line);
	struct rule rule;
	const char *error = rule_parse(&rule, copy);

	free(copy);
	return error;
}

static void add_line(struct policy *policy, const char *line)
{
	bytes_add(&policy->values[SET_RULES], line, strlen(line));
	bytes_add(&policy->values[SET_RULES], "\n", 1);
}

/* Returns an error message or NULL. */
static const char *take_line(struct policy *policy, const char *line)
{
	char *copy = text_copy(line), *rest = copy, *word = next_word(&rest);
	const struct directive *directive = word ? find_directive(word) : NULL;
	const char *error = NULL;

	if (directive)
		error = take_directive(policy, directive, rest);
	else if (!rule_is_none(line))
		error = check_rule(line);
	add_line(policy, directive ? "" : line);
	free(copy);
	return error;
}

/* Reports each bad line. Modifies the bytes. */
static void take_lines(struct policy *policy, const char *path, struct bytes *bytes)
{
	char *line = bytes->data, *end = bytes->data + bytes->length, *newline;
	unsigned long number = 0;
	const char *error;

	for (; line < end; line = newline + 1) {
		number++;
		newline = memchr(line, '\n', (size_t)(end - line));
		if (!newline)
			newline = end;
		*newline = '\0';
		error = take_line(policy, line);
		if (line + strlen(line) != newline)
			error = "embedded NUL";
		else if (newline == end)
			error = "missing newline at the end";
		if (error)
			complain("%s:%lu: %s", path, number, error);
		policy->trouble |= !!error;
	}
}

static void take_file(struct policy *policy, const char *path)
{
	struct bytes bytes;
	int error = read_whole(path, MAX_FILE, &bytes);

	if (error) {
		complain("%s: %s", path, strerror(error));
		policy->trouble = true;
		return;
	}
	take_lines(policy, path, &bytes);
	bytes_free(&bytes);
}

/* The mark must be one line, even if the path has a newline. */
static void add_mark(struct policy *policy, const char *path)
{
	char *mark = text(MARK "%s", path), *c;

	for (c = mark; *c; c++)
		if (*c == '\n')
			*c = '?';
	add_line(policy, mark);
	free(mark);
}

static int is_configuration(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return *entry->d_name != '.' && length > 5 &&
	       !strcmp(entry->d_name + length - 5, ".conf");
}

/* Unlike alphasort(), must not depend on the locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

struct paths {
	char **array;
	size_t count;
};

static void add_path(struct paths *paths, char *path)
{
	paths->array = grown(paths->array, paths->count, sizeof(*paths->array));
	paths->array[paths->count++] = path;
}

/* Returns false and sets errno if the directory cannot be read. */
static bool add_directory(struct paths *paths, const char *directory)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, is_configuration, compare_names), i;

	if (count < 0)
		return false;
	for (i = 0; i < count; i++) {
		add_path(paths, text("%s/%s", directory, entries[i]->d_name));
		free(entries[i]);
	}
	free(entries);
	return true;
}

static void add_word(struct policy *policy, struct paths *paths, const char *word)
{
	struct stat stat_buf;

	if (stat(word, &stat_buf) || !S_ISDIR(stat_buf.st_mode)) {
		add_path(paths, text_copy(word));
	} else if (!add_directory(paths, word)) {
		complain("%s: %s", word, strerror(errno));
		policy->trouble = true;
	}
}

static void check_length(struct policy *policy, enum setting setting, const char *name,
			 size_t max)
{
	if (policy->values[setting].length <= max)
		return;
	complain("%s take %zu bytes; the limit is %zu", name,
		 policy->values[setting].length, max);
	policy->trouble = true;
}

/* Reads files and directories. Reports errors, and sets the policy's @trouble. */
void policy_parse(struct policy *policy, char *const *words)
{
	struct paths paths = { 0 };
	size_t i;

	*policy = (struct policy){ 0 };
	for (; *words; words++)
		add_word(policy, &paths, *words);
	for (i = 0; i < paths.count; i++) {
		if (paths.count > 1)
			add_mark(policy, paths.array[i]);
		take_file(policy, paths.array[i]);
		free(paths.array[i]);
	}
	free(paths.array);
	if (!policy->values[SET_RULES].length)
		add_line(policy, "");
	check_length(policy, SET_RULES, "rules and comments", MAX_RULES);
	check_length(policy, SET_HELPERS, "helpers", MAX_HELPERS);
}

void policy_free(struct policy *policy)
{
	int i;

	for (i = 0; i < NR_SETTINGS; i++)
		bytes_free(&policy->values[i]);
}
