// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of the policy: rules, which are the kernel's, and directives, which are ours.
 *
 * The kernel counts lines, and names them when it denies something. So a directive leaves
 * an empty line, and where there are several files each begins with a mark.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "kmodctl.h"

/* No file needs to be longer: helpers are in it, too, but those are few. */
#define MAX_FILE	(MAX_RULES + 2 * MAX_HELPERS)

struct directive {
	const char *name;
	enum setting setting;
	const char *const *values;	/* any of them, or an absolute path if NULL */
	const char *wrong;
};

static const char *const modes[] = { "0", "1", "2", NULL };
static const char *const switches[] = { "0", "1", NULL };
static const char *const helpers_modes[] = { "off", "log", "enforce", NULL };

static const struct directive directives[] = {
	{ "mode", SET_MODE, modes, "mode is not 0, 1 or 2" },
	{ "enforce", SET_ENFORCE, switches, "enforce is not 0 or 1" },
	{ "helpers", SET_HELPERS_MODE, helpers_modes, "helpers is not off, log or enforce" },
	{ "helper", SET_HELPERS, NULL, "helper is not an absolute path, with * only at its end" },
};

static const struct directive *find_directive(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(directives) / sizeof(*directives); i++)
		if (!strcmp(directives[i].name, name))
			return &directives[i];
	return NULL;
}

/* A control character is none that was meant: a carriage return, say. */
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

/* Helpers add up; of the others the last one counts. What is wrong, or NULL. */
static const char *take_directive(struct policy *policy, const struct directive *directive,
				  char *line)
{
	struct bytes *value = &policy->values[directive->setting];
	char *word = next_word(&line);

	if (!word || !is_value(directive, word))
		return directive->wrong;
	if (next_word(&line))
		return "something after the directive's value";
	if (directive->values)
		bytes_free(value);
	bytes_add(value, word, strlen(word));
	bytes_add(value, "\n", 1);
	return NULL;
}

/* What is wrong with it, or NULL. */
static const char *check_rule(const char *line)
{
	char *copy = text_copy(line);
	struct rule rule;
	const char *wrong = rule_parse(&rule, copy);

	free(copy);
	return wrong;
}

static void add_line(struct policy *policy, const char *line)
{
	bytes_add(&policy->values[SET_RULES], line, strlen(line));
	bytes_add(&policy->values[SET_RULES], "\n", 1);
}

/* What is wrong with the line, or NULL. */
static const char *take_line(struct policy *policy, const char *line)
{
	char *copy = text_copy(line), *rest = copy, *word = next_word(&rest);
	const struct directive *directive = word ? find_directive(word) : NULL;
	const char *wrong = NULL;

	if (directive)
		wrong = take_directive(policy, directive, rest);
	else if (!rule_is_none(line))
		wrong = check_rule(line);
	add_line(policy, directive ? "" : line);
	free(copy);
	return wrong;
}

/* All lines, with a message for each that is wrong. Cuts them. */
static void take_lines(struct policy *policy, const char *path, struct bytes *bytes)
{
	char *line = bytes->data, *end = bytes->data + bytes->length, *newline;
	unsigned long number = 0;
	const char *wrong;

	for (; line < end; line = newline + 1) {
		number++;
		newline = memchr(line, '\n', (size_t)(end - line));
		if (!newline)
			newline = end;
		*newline = '\0';
		wrong = take_line(policy, line);
		if (line + strlen(line) != newline)
			wrong = "a NUL";
		else if (newline == end)
			wrong = "no newline at its end: is the file cut off?";
		if (wrong)
			complain("%s:%lu: %s", path, number, wrong);
		policy->trouble |= !!wrong;
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

/* A line of its own; so no byte of the path may end it. */
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

/* Not as in alphasort(), which depends on who calls. */
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

/* False, with errno, if that is no directory that can be read. */
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

static void check_length(struct policy *policy, enum setting setting, const char *what,
			 size_t max)
{
	if (policy->values[setting].length <= max)
		return;
	complain("%s take %zu bytes, which is more than %zu", what,
		 policy->values[setting].length, max);
	policy->trouble = true;
}

/* Reads them all. What is wrong has been said, and there is trouble then. */
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
	check_length(policy, SET_RULES, "all rules and comments", MAX_RULES);
	check_length(policy, SET_HELPERS, "all helpers", MAX_HELPERS);
}

void policy_free(struct policy *policy)
{
	int i;

	for (i = 0; i < NR_SETTINGS; i++)
		bytes_free(&policy->values[i]);
}
