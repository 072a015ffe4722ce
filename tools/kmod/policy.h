/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The policy: rules for names and modules, the list of helpers, and the settings.
 */
#ifndef POLICY_H
#define POLICY_H

#include "kmodctl.h"
#include "policy_glob.h"

#define POLICY_DIRECTORY	"/etc/kmod/policy.d"

/* policy_kernel.c: the kernel's files */
enum setting {
	SET_HELPERS,
	SET_HELPERS_MODE,
	SET_RULES,
	SET_MODE,
	SET_ENFORCE,
	SET_LOCK,
	NR_SETTINGS,		/* the settings above are loaded, in this order */
	SET_LEARNED = NR_SETTINGS
};

/* The kernel's limits, in bytes. */
#define MAX_RULES	(1024 * 1024)
#define MAX_HELPERS	(64 * 1024)

char *setting_path(const struct options *options, enum setting setting);
void setting_explain(const struct options *options, const char *path, int error);
bool setting_read(const struct options *options, enum setting setting, struct bytes *bytes);
bool policy_exists(const struct options *options);
bool settings_read(const struct options *options, struct bytes values[NR_SETTINGS]);
int policy_hold(const struct options *options);
bool setting_write(const struct options *options, enum setting setting,
		   const struct bytes *bytes);
char *sysctl_read(const struct options *options, const char *name);
char *modprobe_path(const struct options *options);
bool boot_disables_policy(void);

/* policy_rules.c: one line of the policy */
#define BLANKS		" \t"
#define MAX_ORIGIN		200	/* bytes of a path after 'file' */
#define MAX_CGROUP		255	/* bytes of a pattern after 'cgroup' */

enum userns {
	ANY_USERNS,
	INIT_USERNS,
	OTHER_USERNS
};

struct rule {
	bool allow;
	bool module;		/* for modules, otherwise for aliases */
	char *pattern;
	u64 first_uid;
	u64 last_uid;
	u64 capabilities;	/* all must be held */
	enum userns userns;
	char *cgroup;		/* pattern, or NULL */
	bool kthread;
};

bool rule_is_none(const char *line);
const char *check_pattern(const char *pattern);
const char *rule_parse(struct rule *rule, char *line);
char *rule_describe(const struct rule *rule);
struct json_object *json_of_capabilities(u64 held);
bool is_origin(const char *line, char **path);
bool rule_has_uid(const struct rule *rule);
const char *kind_of_rule(const struct rule *rule);
bool capability_parse(const char *name, u64 *capabilities);
bool uid_parse(const char *word, u64 *uid);
char *next_word(char **line);

/* policy_files.c */
struct paths {
	char **array;
	size_t count;
};

bool paths_find(struct paths *paths, char *const *words, const char *root);
void paths_free(struct paths *paths);
bool is_mask(const char *path);
bool is_special(const char *path);
char *find_lower(const char *name, const char *root);
bool is_deny_file(const char *path);

/* policy_parse.c: policy files */
struct policy {
	bool warnings;				/* report probable mistakes */
	const char *root;			/* with warnings: has /etc/passwd; may be NULL */
	struct bytes values[NR_SETTINGS];	/* data is NULL if no file has the setting */
	char *places[NR_SETTINGS];		/* file and line */
	bool trouble;				/* an error was reported */
};

char *origin_line(const char *path);
void policy_parse(struct policy *policy, char *const *words, const char *root);
void policy_parse_text(struct policy *policy, const char *path, const struct bytes *text);
void policy_free(struct policy *policy);

/* policy_match.c: the decision of a policy */
struct placed_rule {
	struct rule rule;
	struct glob glob;
	struct glob cgroup;
	unsigned long number;	/* line in the kernel's text */
	const char *file;	/* NULL if unknown */
	unsigned long number_in_file;
};

struct rules {
	struct placed_rule *array;
	size_t count;
	char **files;		/* to which the rules point */
	size_t nr_files;
	bool trouble;		/* an error was reported */
};

struct requester {
	u64 uid;
	u64 capabilities;	/* in the initial user namespace */
	bool other_userns;
	const char *cgroup;
	bool kthread;
};

void rules_parse(struct rules *rules, const struct bytes *text);
void rules_free(struct rules *rules);
const struct placed_rule *rules_match(const struct rules *rules, bool module, const char *name,
				      const struct requester *requester);
bool mode_permits(char mode, const char *name, const struct requester *requester);
char *describe_place(const struct placed_rule *rule);
bool helpers_have(const struct bytes *helpers, const char *path);

/* policy_load.c, policy_check.c */
bool policy_load(struct policy *policy, const struct options *options);
bool helpers_allow_modprobe(const struct options *options, const struct bytes *mode,
			    const struct bytes *helpers);

/* policy_show.c */
const char *meaning_of(enum setting setting, const struct bytes *value);
struct json_object *json_of_string(const char *string);
struct json_object *json_of_rule(const struct placed_rule *rule);
void policy_print(const struct bytes values[NR_SETTINGS], FILE *file, bool escape);

#endif /* POLICY_H */
