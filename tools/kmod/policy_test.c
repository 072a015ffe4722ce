// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl policy test: the decision on a name, without a request.
 */
#include <json-c/json.h>
#include <limits.h>
#include <string.h>

#include "policy_decide.h"

/* The requester unless an option says otherwise: a user without capabilities. */
#define DEFAULT_UID	65534

static bool read_files(struct tested *tested, const struct options *options)
{
	char *const words[] = { (char *)options->file, NULL };

	policy_parse(&tested->policy, words, options->root);
	return !tested->policy.trouble;
}

/* Reports errors. */
static bool parse_capabilities(u64 *capabilities, const char *list)
{
	char *copy = text_copy(list), *rest = copy, *name;
	bool good = true;

	*capabilities = 0;
	while (good && strcmp(list, "none") && (name = strsep(&rest, ","))) {
		good = capability_parse(name, capabilities);
		if (!good)
			complain("unknown capability '%s'", name);
	}
	free(copy);
	return good;
}

/* Reports errors. User id 0 has all capabilities unless --cap is given. */
static bool requester_parse(struct requester *requester, const struct options *options)
{
	*requester = (struct requester){
		.uid = options->kthread ? 0 : DEFAULT_UID,
		.other_userns = options->userns && !strcmp(options->userns, "other"),
		.cgroup = options->cgroup ? options->cgroup : "/",
		.kthread = options->kthread,
	};
	if (options->userns && !requester->other_userns && strcmp(options->userns, "init")) {
		complain("expected 'init' or 'other' after --userns");
		return false;
	}
	if (*requester->cgroup != '/') {
		complain("expected a path that begins with '/' after --cgroup");
		return false;
	}
	if (options->uid && !uid_parse(options->uid, &requester->uid)) {
		complain("unknown user '%s'", options->uid);
		return false;
	}
	if (!requester->uid)
		requester->capabilities = ~0ULL;
	return !options->cap || parse_capabilities(&requester->capabilities, options->cap);
}

static void print_verdict(const struct tested *tested, const char *name, bool module,
			  const struct verdict *verdict)
{
	char *reason = describe_reason(tested, verdict), *shown = printable(name);

	printf("%s %s: %s", module ? "module" : "alias", shown,
	       verdict->allowed ? "allowed" : "denied");
	if (verdict->module)
		printf(", module %s", verdict->module);
	printf(" (%s)\n", reason);
	free(reason);
	free(shown);
}

/* Returns true if all names are allowed. */
static bool test_names(const struct tested *tested, const struct options *options)
{
	struct json_object *array = options->json ? json_object_new_array() : NULL;
	char *const *name;
	struct verdict verdict;
	bool all = true;

	for (name = options->files; *name; name++) {
		decide(tested, *name, options->module, &verdict);
		if (array)
			json_object_array_add(array, json_of_verdict(tested, *name,
								     options->module,
								     &verdict));
		else
			print_verdict(tested, *name, options->module, &verdict);
		all &= verdict.allowed;
		free(verdict.module);
	}
	if (array)
		json_print(array, true);
	return all;
}

int cmd_policy_test(const struct options *options)
{
	struct tested tested = { 0 };
	int status = EXIT_FAILURE;

	if (options->file && options->in_force)
		return misused("--file and --in-force exclude each other");
	if (!requester_parse(&tested.requester, options))
		return EXIT_USAGE;
	if (options->in_force ? settings_read(options, tested.policy.values) :
				read_files(&tested, options)) {
		tested_open(&tested, options);
		status = test_names(&tested, options) ? EXIT_SUCCESS : EXIT_DENIED;
		tested_close(&tested);
	}
	policy_free(&tested.policy);
	return status;
}
