// SPDX-License-Identifier: GPL-2.0-only
/*
 * The grammar of rules. It must accept exactly the rules that the kernel accepts.
 */
#include <json-c/json.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>

#include "policy.h"

#define UNKNOWN_QUALIFIER \
	"expected 'uid', 'cap', 'userns', 'cgroup', 'kthread' or the end of the line"

/* In the order of their numbers, without the prefix. */
static const char *const capability_names[] = {
	"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid",
	"setuid", "setpcap", "linux_immutable", "net_bind_service", "net_broadcast",
	"net_admin", "net_raw", "ipc_lock", "ipc_owner", "sys_module", "sys_rawio",
	"sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
	"sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write",
	"audit_control", "setfcap", "mac_override", "mac_admin", "syslog", "wake_alarm",
	"block_suspend", "audit_read", "perfmon", "bpf", "checkpoint_restore",
};

#define NR_CAPABILITIES	(sizeof(capability_names) / sizeof(*capability_names))

/* Cuts off and returns the next word, or NULL at the end of the line. */
char *next_word(char **line)
{
	char *word;

	do {
		word = strsep(line, BLANKS);
	} while (word && !*word);
	return word;
}

/* True if the line is empty or a comment. */
bool rule_is_none(const char *line)
{
	line += strspn(line, BLANKS);
	return !*line || *line == '#';
}

/* Checks the word after 'file'. */
static bool is_path(const char *word)
{
	const char *c;

	for (c = word; *c; c++)
		if (*c <= ' ' || *c > '~')
			return false;
	return c - word <= MAX_ORIGIN;
}

/* Returns the bracket that closes the class at @pattern, or NULL. */
static const char *class_end(const char *pattern)
{
	pattern++;
	if (*pattern == '!')
		pattern++;
	/* A bracket that is the first character of a class is a member. */
	return *pattern ? strchr(pattern + 1, ']') : NULL;
}

/*
 * Checks a pattern. Returns an error message or NULL. Members of classes and escaped
 * characters may be any bytes.
 */
const char *check_pattern(const char *pattern)
{
	for (; *pattern; pattern++) {
		if (*pattern <= ' ' || *pattern > '~')
			return "pattern has a character that is not printable ASCII";
		if (*pattern == '[') {
			pattern = class_end(pattern);
			if (!pattern)
				return "pattern has '[' without ']'";
		} else if (*pattern == '\\' && !*++pattern) {
			return "pattern ends with a backslash";
		}
	}
	return NULL;
}

/* Accepts the name with or without the prefix. Returns false if there is no such capability. */
bool capability_parse(const char *name, u64 *capabilities)
{
	unsigned int i;

	if (!strncmp(name, "cap_", strlen("cap_")))
		name += strlen("cap_");
	for (i = 0; i < NR_CAPABILITIES && strcmp(name, capability_names[i]); i++)
		;
	if (i < NR_CAPABILITIES)
		*capabilities |= 1ULL << i;
	return i < NR_CAPABILITIES;
}

/* UINT_MAX is not a valid user id. */
static bool uid_of_digits(const char *word, u64 *uid)
{
	return parse_unsigned(word, uid) && *uid < UINT_MAX;
}

/* Accepts the name of a user as well. */
bool uid_parse(const char *word, u64 *uid)
{
	const struct passwd *user;

	if (uid_of_digits(word, uid))
		return true;
	user = getpwnam(word);
	if (user)
		*uid = user->pw_uid;
	return user;
}

static const char *parse_uid(struct rule *rule, char *word)
{
	char *first = word ? strsep(&word, "-") : NULL;

	if (!first || !uid_of_digits(first, &rule->first_uid))
		return "expected a user id or a range of user ids after 'uid'";
	rule->last_uid = rule->first_uid;
	if (word && (!uid_of_digits(word, &rule->last_uid) || rule->last_uid < rule->first_uid))
		return "expected a user id or a range of user ids after 'uid'";
	return NULL;
}

static const char *parse_capability(struct rule *rule, char *word)
{
	return word && capability_parse(word, &rule->capabilities) ? NULL :
	       "expected the name of a capability after 'cap'";
}

static const char *parse_userns(struct rule *rule, char *word)
{
	if (!word || (strcmp(word, "init") && strcmp(word, "other")))
		return "expected 'init' or 'other' after 'userns'";
	rule->userns = *word == 'i' ? INIT_USERNS : OTHER_USERNS;
	return NULL;
}

/* Unlike patterns of names, has no classes. Returns false if the pattern is malformed. */
static bool is_cgroup_pattern(const char *pattern)
{
	if (strlen(pattern) > MAX_CGROUP || (*pattern != '/' && strncmp(pattern, "**", 2)))
		return false;
	for (; *pattern; pattern++) {
		if (!strncmp(pattern, "***", 3) || *pattern == '[')
			return false;
		if (*pattern == '\\')
			pattern++;
		if (*pattern <= ' ' || *pattern > '~')
			return false;
	}
	return true;
}

static const char *parse_cgroup(struct rule *rule, char *word)
{
	if (!word || !is_cgroup_pattern(word))
		return "missing or malformed pattern after 'cgroup'";
	rule->cgroup = word;
	return NULL;
}

static const char *parse_kthread(struct rule *rule, char *word)
{
	(void)word;
	rule->kthread = true;
	return NULL;
}

static const struct qualifier {
	const char *name;
	const char *(*parse)(struct rule *rule, char *word);
	bool has_word;
	bool repeated;		/* may be */
} qualifiers[] = {
	{ "uid", parse_uid, true, false },
	{ "cap", parse_capability, true, true },
	{ "userns", parse_userns, true, false },
	{ "cgroup", parse_cgroup, true, false },
	{ "kthread", parse_kthread, false, false },
};

#define NR_QUALIFIERS	(sizeof(qualifiers) / sizeof(*qualifiers))

/* Parses the line after the pattern. Returns an error message or NULL. */
static const char *parse_qualifiers(struct rule *rule, char *line)
{
	unsigned int seen = 0, i;
	const char *error = NULL;
	char *word;

	while (!error && (word = next_word(&line))) {
		if (rule->module)
			return "unexpected text after the pattern of a module rule";
		for (i = 0; i < NR_QUALIFIERS && strcmp(qualifiers[i].name, word); i++)
			;
		if (i == NR_QUALIFIERS)
			return UNKNOWN_QUALIFIER;
		if (seen & 1U << i && !qualifiers[i].repeated)
			return "repeated qualifier";
		seen |= 1U << i;
		error = qualifiers[i].parse(rule, qualifiers[i].has_word ? next_word(&line) : NULL);
	}
	return error;
}

/* Cuts the line into words, to which the rule points. Returns an error message or NULL. */
const char *rule_parse(struct rule *rule, char *line)
{
	char *word = next_word(&line);
	const char *error;

	*rule = (struct rule){
		.allow = word && !strcmp(word, "allow"),
		.last_uid = UINT_MAX,
	};
	if (!rule->allow && (!word || strcmp(word, "deny")))
		return "expected 'allow' or 'deny'";
	word = next_word(&line);
	rule->module = word && !strcmp(word, "module");
	if (!rule->module && (!word || strcmp(word, "alias")))
		return "expected 'alias' or 'module'";
	rule->pattern = next_word(&line);
	if (!rule->pattern)
		return "expected a pattern";
	error = check_pattern(rule->pattern);
	return error ? error : parse_qualifiers(rule, line);
}

const char *kind_of_rule(const struct rule *rule)
{
	return rule->module ? "module" : "alias";
}

bool rule_has_uid(const struct rule *rule)
{
	return rule->last_uid < UINT_MAX;
}

static char *describe_capabilities(char *description, u64 held)
{
	unsigned int i;

	for (i = 0; i < NR_CAPABILITIES; i++)
		if (held >> i & 1)
			description = text_append(description, " ", "cap %s",
						  capability_names[i]);
	return description;
}

static char *describe_uid(char *description, const struct rule *rule)
{
	if (!rule_has_uid(rule))
		return description;
	description = text_append(description, " ", "uid %llu", rule->first_uid);
	if (rule->last_uid != rule->first_uid)
		description = text_append(description, "", "-%llu", rule->last_uid);
	return description;
}

/* Returns the rule with single spaces, printable. The caller must free it. */
char *rule_describe(const struct rule *rule)
{
	char *pattern = printable(rule->pattern);
	char *description = text("%s %s %s", rule->allow ? "allow" : "deny", kind_of_rule(rule),
				 pattern);

	description = describe_uid(description, rule);
	description = describe_capabilities(description, rule->capabilities);
	if (rule->userns != ANY_USERNS)
		description = text_append(description, " ", "userns %s",
					  rule->userns == INIT_USERNS ? "init" : "other");
	if (rule->cgroup)
		description = text_append(description, " ", "cgroup %s", rule->cgroup);
	if (rule->kthread)
		description = text_append(description, " ", "kthread");
	free(pattern);
	return description;
}

/* Returns the capabilities as an array of names. */
struct json_object *json_of_capabilities(u64 held)
{
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < NR_CAPABILITIES; i++)
		if (held >> i & 1)
			json_object_array_add(array, json_object_new_string(capability_names[i]));
	return array;
}

/* True if the line names the origin of the lines that follow. */
bool is_origin(const char *line, char **path)
{
	char *copy = text_copy(line), *rest = copy, *word = next_word(&rest);
	bool origin = word && !strcmp(word, "file");

	word = origin ? next_word(&rest) : NULL;
	*path = word ? text_copy(word) : NULL;
	if (origin && (next_word(&rest) || !word || !is_path(word))) {
		free(*path);
		*path = NULL;
	}
	free(copy);
	return origin;
}
