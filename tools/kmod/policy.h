/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The policy: rules for names and modules, the list of helpers, and the settings.
 */
#ifndef POLICY_H
#define POLICY_H

#include "kmodctl.h"

/* policy_kernel.c: the kernel's files */
enum setting {
	SET_HELPERS,
	SET_HELPERS_MODE,
	SET_RULES,
	SET_MODE,
	SET_ENFORCE,
	NR_SETTINGS,		/* the settings above are loaded, in this order */
	SET_LOCK = NR_SETTINGS,
	SET_LEARNED
};

/* The kernel's limits, in bytes. */
#define MAX_RULES	(1024 * 1024)
#define MAX_HELPERS	(64 * 1024)

char *setting_path(const struct options *options, enum setting setting);
void setting_explain(const struct options *options, const char *path, int error);
bool setting_read(const struct options *options, enum setting setting, struct bytes *bytes);
bool setting_write(const struct options *options, enum setting setting,
		   const struct bytes *bytes);

/* policy_rules.c: one line of the policy */
struct rule {
	bool allow;
	const char *kind;	/* alias or module */
	const char *pattern;
	bool any_user;
	u64 uid;		/* unless @any_user is set */
};

bool rule_is_none(const char *line);
const char *rule_parse(struct rule *rule, char *line);
char *next_word(char **line);

/* policy_parse.c: policy files */
#define MARK		"# kmodctl: "	/* is followed by the path of the file that begins here */

struct policy {
	struct bytes values[NR_SETTINGS];	/* data is NULL if no file has the setting */
	bool trouble;				/* an error was reported */
};

void policy_parse(struct policy *policy, char *const *words);
void policy_free(struct policy *policy);

#endif /* POLICY_H */
