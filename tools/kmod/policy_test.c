// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl policy test: the decision on a name, without a request.
 */
#include <json-c/json.h>
#include <limits.h>
#include <string.h>

#include "modules.h"
#include "policy.h"

/* The requester unless an option says otherwise: a user without capabilities. */
#define DEFAULT_UID	65534

/* What is tested: files, or the policy in force. */
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

static char first_of(const struct bytes *value, char missing)
{
	return value->data && value->length ? *value->data : missing;
}

static bool read_in_force(struct tested *tested, const struct options *options)
{
	return settings_read(options, tested->policy.values);
}

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
bool requester_parse(struct requester *requester, const struct options *options)
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
	if (options->uid && !uid_parse(options->uid, &requester->uid)) {
		complain("unknown user '%s'", options->uid);
		return false;
	}
	if (!requester->uid)
		requester->capabilities = ~0ULL;
	return !options->cap || parse_capabilities(&requester->capabilities, options->cap);
}

static void decide_module(const struct tested *tested, const char *module,
			  struct verdict *verdict)
{
	const struct placed_rule *rule = rules_match(&tested->rules, true, module,
						     &tested->requester);

	*verdict = (struct verdict){ .rule = rule, .allowed = !rule || rule->rule.allow };
}

/* Without a denial of its own, an alias is denied if one of its modules is. */
static void decide_modules_of(const struct tested *tested, const char *alias,
			      struct verdict *verdict)
{
	char **modules = modules_lookup(&tested->modules, alias), **module;
	struct verdict of_module;

	for (module = modules; module && *module && verdict->allowed; module++) {
		decide_module(tested, *module, &of_module);
		if (of_module.allowed)
			continue;
		*verdict = of_module;
		verdict->module = text_copy(*module);
	}
	free_names(modules);
}

static void decide(const struct tested *tested, const char *name, bool module,
		   struct verdict *verdict)
{
	const struct placed_rule *rule;

	if (module) {
		decide_module(tested, name, verdict);
		return;
	}
	rule = rules_match(&tested->rules, false, name, &tested->requester);
	*verdict = (struct verdict){
		.rule = rule,
		.by_mode = !rule,
		.allowed = rule ? rule->rule.allow :
				  mode_permits(tested->mode, name, &tested->requester),
	};
	if (verdict->allowed && tested->has_modules)
		decide_modules_of(tested, name, verdict);
}

static char *describe_reason(const struct tested *tested, const struct verdict *verdict)
{
	char *place, *rule, *reason;

	if (verdict->by_mode)
		return text("no rule matches, mode %c", tested->mode);
	if (!verdict->rule)
		return text_copy("no rule matches");
	place = describe_place(verdict->rule);
	rule = rule_describe(&verdict->rule->rule);
	reason = text("%s: %s", place, rule);
	free(place);
	free(rule);
	return reason;
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

static struct json_object *json_of_verdict(const struct tested *tested, const char *name,
					   bool module, const struct verdict *verdict)
{
	struct json_object *object = json_object_new_object();
	char mode[] = { tested->mode, '\0' };

	json_add(object, "name", json_of_string(name));
	json_add(object, "kind", json_of_string(module ? "module" : "alias"));
	json_add(object, "allowed", json_object_new_boolean(verdict->allowed));
	json_add(object, "module", json_of_string(verdict->module));
	json_add(object, "mode", verdict->by_mode ? json_object_new_int(atoi(mode)) : NULL);
	json_add(object, "rule", verdict->rule ? json_of_rule(verdict->rule) : NULL);
	return object;
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
	if ((options->in_force ? read_in_force : read_files)(&tested, options)) {
		rules_parse(&tested.rules, &tested.policy.values[SET_RULES]);
		tested.mode = first_of(&tested.policy.values[SET_MODE], '0');
		tested.has_modules = modules_open(&tested.modules, options);
		status = test_names(&tested, options) ? EXIT_SUCCESS : EXIT_DENIED;
		modules_close(&tested.modules);
		rules_free(&tested.rules);
	}
	policy_free(&tested.policy);
	return status;
}
