// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl policy: who may have which modules loaded.
 */
#include <string.h>

#include "kmodctl.h"

static const struct action {
	const char *name;
	int (*run)(const struct options *options);
	bool takes_files;
	bool has_json;
} actions[] = {
	{ "show", policy_show, false, true },
	{ "check", policy_check, true, false },
	{ "load", policy_load, true, false },
	{ "suggest", policy_suggest, false, false },
	{ "lock", policy_lock, false, false },
};

static const struct action *find_action(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(actions) / sizeof(*actions); i++)
		if (!strcmp(actions[i].name, name))
			return &actions[i];
	return NULL;
}

int cmd_policy(const struct options *options)
{
	const char *name = options->words[0], *file = name ? options->words[1] : NULL;
	const struct action *action = name ? find_action(name) : NULL;

	if (!name)
		return misused("policy needs an action: show, check, load, suggest or lock", "");
	if (!action)
		return misused("policy has no action ", name);
	if (file && !action->takes_files)
		return misused("what does this mean: ", file);
	if (!file && action->takes_files)
		return misused("it needs a file: policy ", name);
	if (options->json && !action->has_json)
		return misused("--json is not for policy ", name);
	return action->run(options);
}
