/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The decision of a policy on a name.
 */
#ifndef POLICY_DECIDE_H
#define POLICY_DECIDE_H

#include "modules.h"
#include "policy.h"

/* The policy that is tested: files, or the policy in force. */
struct tested {
	struct policy policy;
	struct rules rules;
	struct requester requester;
	struct modules modules;
	bool has_modules;
	char mode;
};

/* A decision, and why. */
struct verdict {
	bool allowed;
	const struct placed_rule *rule;		/* NULL: the mode, or nothing */
	char *module;				/* NULL: the verdict is on the alias */
	bool by_mode;
};

void tested_open(struct tested *tested, const struct options *options);
void tested_close(struct tested *tested);
void decide(const struct tested *tested, const char *name, bool module, struct verdict *verdict);
char *describe_reason(const struct tested *tested, const struct verdict *verdict);
struct json_object *json_of_verdict(const struct tested *tested, const char *name, bool module,
				    const struct verdict *verdict);

#endif /* POLICY_DECIDE_H */
