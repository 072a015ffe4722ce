// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policy files: rules for the kernel, and directives for kmodctl.
 *
 * The kernel logs the file and the line of the rule that denied a request. To keep line numbers,
 * a directive is replaced by an empty line. A line before each file has its path.
 *
 * There is one precedence: the first line that decides something wins. For rules, the kernel
 * implements it; for settings, this file does.
 */
#include <ctype.h>
#include <pwd.h>
#include <string.h>

#include "policy.h"

/* Bounds memory. A file with the maximum of rules and helpers is shorter. */
#define MAX_FILE	(MAX_RULES + 2 * MAX_HELPERS)

#define UNKNOWN_USER	"unknown user after 'uid'"

struct directive {
	const char *name;
	enum setting setting;
	const char *const *values;	/* NULL: an absolute path */
	const char *error;
};

static const char *const modes[] = { "0", "1", "2", NULL };
static const char *const switches[] = { "0", "1", NULL };
static const char *const helpers_modes[] = { "off", "log", "enforce", NULL };
static const char *const no_values[] = { NULL };

static const struct directive directives[] = {
	{ "mode", SET_MODE, modes, "expected 'mode 0', 'mode 1' or 'mode 2'" },
	{ "enforce", SET_ENFORCE, switches, "expected 'enforce 0' or 'enforce 1'" },
	{ "helpers", SET_HELPERS_MODE, helpers_modes,
	  "expected 'helpers off', 'helpers log' or 'helpers enforce'" },
	{ "helper", SET_HELPERS, NULL,
	  "expected 'helper' and an absolute path, '*' only at its end, '\\' only in \\xHH" },
	{ "lock", SET_LOCK, no_values, NULL },
};

/* A line of a policy file. */
struct source {
	const char *path;
	unsigned long number;
	unsigned long set_at[NR_SETTINGS];	/* lines of this file that set something */
};

static const struct directive *find_directive(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(directives) / sizeof(*directives); i++)
		if (!strcmp(directives[i].name, name))
			return &directives[i];
	return NULL;
}

/* The kernel's list has a path a line, where a '*' at the end is a pattern. */
static bool is_escape(const char *c)
{
	return c[1] == 'x' && strspn(c + 2, "0123456789abcdef") >= 2 &&
	       strncmp(c + 2, "00", 2) && strncmp(c + 2, "0a", 2) && strcmp(c + 2, "2a");
}

/* Rejects control characters, such as the carriage return of a DOS file, unless escaped. */
static bool is_helper(const char *word)
{
	const char *star = strchr(word, '*'), *c;

	for (c = word; *c; c++)
		if (iscntrl((unsigned char)*c) || (*c == '\\' && !is_escape(c)))
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

static void warn(struct policy *policy, const struct source *source, const char *warning)
{
	if (policy->warnings)
		complain("%s:%lu: warning: %s", source->path, source->number, warning);
}

/* Only the first line counts. A second one in the same file is a mistake. */
static bool is_superseded(struct policy *policy, enum setting setting, struct source *source)
{
	bool superseded = policy->places[setting];
	char *warning;

	if (superseded && source->set_at[setting]) {
		warning = text("line %lu has set this already", source->set_at[setting]);
		warn(policy, source, warning);
		free(warning);
	}
	if (!superseded)
		policy->places[setting] = text("%s:%lu", source->path, source->number);
	source->set_at[setting] = source->number;
	return superseded;
}

static void set_value(struct policy *policy, const struct directive *directive, const char *word,
		      struct source *source)
{
	struct bytes *value = &policy->values[directive->setting];
	char *raw;

	if (directive->setting != SET_HELPERS &&
	    is_superseded(policy, directive->setting, source))
		return;
	raw = unescaped(word);
	bytes_add(value, raw, strlen(raw));
	bytes_add(value, "\n", 1);
	free(raw);
}

/* Returns an error message or NULL. */
static const char *take_directive(struct policy *policy, const struct directive *directive,
				  char *line, struct source *source)
{
	bool has_value = directive->values != no_values;
	char *word = has_value ? next_word(&line) : (char []){ "1" };

	if (has_value && (!word || !is_value(directive, word)))
		return directive->error;
	if (next_word(&line))
		return directive->values ? "unexpected text after the value" :
					   "unexpected text after the path; write blanks as \\x20";
	set_value(policy, directive, word, source);
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

/* Returns the word after @name in a rule's qualifiers, or NULL. */
static const char *find_qualifier(const char *line, const char *name, size_t *length)
{
	size_t size, number;

	for (number = 0; *(line += strspn(line, BLANKS)); line += size, number++) {
		size = strcspn(line, BLANKS);
		if (number < 3 || size != strlen(name) || strncmp(line, name, size))
			continue;
		line += size + strspn(line + size, BLANKS);
		*length = strcspn(line, BLANKS);
		return *length ? line : NULL;
	}
	return NULL;
}

/* Returns the name of the user in the rule, or NULL if it has none or a number. */
static char *user_of(const char *line)
{
	size_t length;
	const char *word = find_qualifier(line, "uid", &length);

	if (!word || isdigit((unsigned char)*word) || strchr("+-", *word))
		return NULL;
	return text("%.*s", (int)length, word);
}

/* The kernel knows users by number only. Returns the line with it. The caller must free it. */
static char *with_uid(const char *line, u64 uid)
{
	size_t length;
	const char *word = find_qualifier(line, "uid", &length);

	return text("%.*s%llu%s", (int)(word - line), line, uid, word + length);
}

/* At boot, the policy is loaded before the network is up, which other sources may need. */
static bool is_in_passwd(const struct policy *policy, const char *user)
{
	char *path = text("%s/etc/passwd", policy->root ? policy->root : "");
	FILE *file = fopen(path, "re");
	const struct passwd *entry;
	bool found = false;

	while (file && !found && (entry = fgetpwent(file)))
		found = !strcmp(entry->pw_name, user);
	if (file)
		fclose(file);
	free(path);
	return found;
}

static void warn_of_user(struct policy *policy, const struct source *source, const char *user)
{
	char *warning;

	if (!policy->warnings || is_in_passwd(policy, user))
		return;
	warning = text("user '%s' is not in /etc/passwd, and may be unknown at boot", user);
	warn(policy, source, warning);
	free(warning);
}

/* Without its user, a rule that allows something has no effect. Returns an error or NULL. */
static const char *take_rule(struct policy *policy, const char *line, struct source *source)
{
	const char *first = line + strspn(line, BLANKS), *error;
	char *user = user_of(line), *resolved;
	u64 uid = 0;
	bool known = !user || uid_parse(user, &uid);

	resolved = user ? with_uid(line, uid) : text_copy(line);
	error = check_rule(resolved);
	if (!error && !known && !strncmp(first, "deny", strlen("deny")))
		error = UNKNOWN_USER;
	else if (!error && !known)
		warn(policy, source, UNKNOWN_USER "; the rule has no effect");
	else if (!error && user)
		warn_of_user(policy, source, user);
	add_line(policy, known ? resolved : "# unknown user");
	free(resolved);
	free(user);
	return error;
}

/* In its comments, policy suggest warns that the rules are incomplete. */
static void repeat_warning(struct policy *policy, const char *line, const struct source *source)
{
	static const char start[] = "# Warning: ";

	if (!strncmp(line, start, strlen(start)))
		warn(policy, source, line + strlen(start));
}

/* Returns an error message or NULL. */
static const char *take_line(struct policy *policy, const char *line, struct source *source)
{
	char *copy = text_copy(line), *rest = copy, *word = next_word(&rest), *path;
	const struct directive *directive = word ? find_directive(word) : NULL;
	const char *error = NULL;

	if (directive) {
		error = take_directive(policy, directive, rest, source);
		add_line(policy, "");
	} else if (rule_is_none(line)) {
		repeat_warning(policy, line, source);
		add_line(policy, line);
	} else if (is_origin(line, &path)) {
		error = path ? NULL : "expected one path after 'file'";
		add_line(policy, line);
		free(path);
	} else {
		error = take_rule(policy, line, source);
	}
	free(copy);
	return error;
}

/* Adds the text of a file. Reports each bad line. */
void policy_parse_text(struct policy *policy, const char *path, const struct bytes *text)
{
	struct source source = { .path = path };
	char *line, *end, *newline;
	struct bytes copy = { 0 };
	const char *error;

	bytes_add(&copy, text->data, text->length);
	line = copy.data;
	end = line + copy.length;

	for (; line < end; line = newline + 1) {
		source.number++;
		newline = memchr(line, '\n', (size_t)(end - line));
		if (!newline)
			newline = end;
		*newline = '\0';
		error = take_line(policy, line, &source);
		if (line + strlen(line) != newline)
			error = "embedded NUL";
		else if (newline == end)
			error = "missing newline at the end";
		if (error)
			complain("%s:%lu: %s", path, source.number, error);
		policy->trouble |= !!error;
	}
	bytes_free(&copy);
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
	if (!bytes.length && !strcmp(path, "-")) {
		complain("-: no input");
		policy->trouble = true;
	}
	policy_parse_text(policy, path, &bytes);
	bytes_free(&bytes);
}

/*
 * Returns the line that tells the kernel where the following lines come from. Of a long path, the
 * end is kept. The caller must free it.
 */
char *origin_line(const char *path)
{
	char *shown = escaped(path, ""), *line;
	size_t length = strlen(shown);

	line = text("file %s", length > MAX_ORIGIN ? shown + length - MAX_ORIGIN : shown);
	free(shown);
	return line;
}

static void add_origin(struct policy *policy, const char *path)
{
	char *line = origin_line(path);

	add_line(policy, line);
	free(line);
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

/*
 * Reads the files and directories that the words name, or without a word those of the system.
 * Reports errors, and sets the policy's @trouble.
 */
void policy_parse(struct policy *policy, char *const *words, const char *root)
{
	struct paths paths;
	size_t i;

	policy->trouble |= !paths_find(&paths, words, root);
	for (i = 0; i < paths.count; i++) {
		add_origin(policy, paths.array[i]);
		take_file(policy, paths.array[i]);
	}
	paths_free(&paths);
	if (!policy->values[SET_RULES].length)
		add_line(policy, "");
	check_length(policy, SET_RULES, "rules and comments", MAX_RULES);
	check_length(policy, SET_HELPERS, "helpers", MAX_HELPERS);
}

void policy_free(struct policy *policy)
{
	int i;

	for (i = 0; i < NR_SETTINGS; i++) {
		bytes_free(&policy->values[i]);
		free(policy->places[i]);
	}
}
