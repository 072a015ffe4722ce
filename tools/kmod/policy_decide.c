// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decision of a policy on a name, and its reason.
 */
#include <json-c/json.h>
#include <string.h>

#include "policy_decide.h"

static char first_of(const struct bytes *value, char missing)
{
	return value->data && value->length ? *value->data : missing;
}

/* Parses the values of the policy, which must have been read. */
void tested_open(struct tested *tested, const struct options *options)
{
	rules_parse(&tested->rules, &tested->policy.values[SET_RULES]);
	tested->mode = first_of(&tested->policy.values[SET_MODE], '0');
	tested->has_modules = modules_open(&tested->modules, options);
}

void tested_close(struct tested *tested)
{
	modules_close(&tested->modules);
	rules_free(&tested->rules);
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
	char **modules = modules_lookup(&tested->modules, alias, true), **module;
	struct verdict of_module;

	for (module = modules; module && *module && verdict->allowed; module++) {
		decide_module(tested, *module, &of_module);
		if (of_module.allowed || module_is_builtin(&tested->modules, *module))
			continue;
		*verdict = of_module;
		verdict->module = text_copy(*module);
	}
	free_names(modules);
}

/* The caller must free the module of the verdict. */
void decide(const struct tested *tested, const char *name, bool module,
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

/* The caller must free the text. */
char *describe_reason(const struct tested *tested, const struct verdict *verdict)
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

struct json_object *json_of_verdict(const struct tested *tested, const char *name, bool module,
				    const struct verdict *verdict)
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
