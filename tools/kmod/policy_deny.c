// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl policy deny: deny names at once and at each boot. kmodctl policy allow takes it back.
 */
#include <json-c/json.h>
#include <string.h>
#include <unistd.h>

#include "policy_dropin.h"
#include "policy_impact.h"

#define COMMENT	"# Written by kmodctl policy deny; kmodctl policy allow removes lines."

/* The unit that loads the drop-in at boot, if it is enabled. */
static const char *const enabled_units[] = {
	"/etc/systemd/system/sysinit.target.wants/kmod-policy.service",
	"/usr/lib/systemd/system/sysinit.target.wants/kmod-policy.service",
};

/* The changes that a command has made. */
struct brake {
	const struct options *options;
	struct dropin dropin;
	struct machine machine;
	bool in_force;
	bool loaded;		/* a module is in the kernel already */
};

static char *rule_of(const char *name, bool module)
{
	return text("deny %s %s", module ? "module" : "alias", name);
}

/* Returns an error message or NULL. */
static const char *check_name(const char *name, bool module)
{
	struct rule rule;
	const char *error;
	char *line;

	if (strpbrk(name, BLANKS "\n"))
		return "unexpected blank";
	if (!module && *name && !name[strspn(name, "0123456789")])
		return "policy allow takes a number for an ID; expected a pattern such as [1]23";
	line = rule_of(name, module);
	error = rule_parse(&rule, line);
	free(line);
	return error;
}

/* Reports errors. */
static bool check_names(const struct options *options)
{
	char *const *name;
	const char *error;
	bool good = true;

	for (name = options->files; *name; name++) {
		error = check_name(*name, options->module);
		if (error)
			complain("'%s': %s", *name, error);
		good &= !error;
	}
	return good;
}

/* Reports errors. */
static bool edit(struct brake *brake, bool (*edit_line)(struct dropin *dropin, const char *line))
{
	char *const *name;
	char *line;

	for (name = brake->options->files; *name; name++) {
		line = rule_of(*name, brake->options->module);
		edit_line(&brake->dropin, line);
		free(line);
	}
	return dropin_write(&brake->dropin, brake->options);
}

static bool is_enforced(const struct options *options)
{
	struct bytes enforce;
	bool enforced;

	if (!setting_read(options, SET_ENFORCE, &enforce))
		return false;
	enforced = *enforce.data == '1';
	if (!enforced)
		complain("enforce is 0: the kernel learns denied requests, and allows them");
	bytes_free(&enforce);
	return enforced;
}

static void warn_unless_at_boot(const struct brake *brake)
{
	struct policy policy = { 0 };
	size_t i;

	policy_parse(&policy, NULL, brake->options->root);
	if (policy.trouble)
		complain("warning: the files have errors: nothing is loaded at boot");
	policy_free(&policy);
	if (brake->options->root || access("/run/systemd/system", F_OK))
		return;
	for (i = 0; i < sizeof(enabled_units) / sizeof(*enabled_units); i++)
		if (!access(enabled_units[i], F_OK))
			return;
	complain("warning: kmod-policy.service is not enabled: nothing is loaded at boot");
}

/* Reports errors. */
static bool put_in_force(struct brake *brake)
{
	const struct options *options = brake->options;

	if (options->root || (options->dry_run && options->json))
		return true;
	brake->in_force = dropin_load(&brake->dropin, options);
	return brake->in_force;
}

static struct json_object *report_name(struct brake *brake, const char *name)
{
	bool as_json = brake->options->json;
	struct json_object *object = as_json ? json_object_new_object() : NULL;
	struct json_object *list = as_json ? json_object_new_array() : NULL;
	char **modules = modules_of_rule(&brake->machine, name, brake->options->module), **module;

	for (module = modules; module && *module; module++) {
		brake->loaded |= is_in_kernel(&brake->machine, *module);
		if (as_json)
			json_object_array_add(list, json_of_impact(&brake->machine, *module));
		else
			impact_print(&brake->machine, *module);
	}
	if (as_json) {
		json_add(object, "name", json_of_string(name));
		json_add(object, "kind",
			 json_of_string(brake->options->module ? "module" : "alias"));
		json_add(object, "modules", list);
		json_add(object, "requesters",
			 json_of_requesters(&brake->machine, name, modules));
	} else {
		requesters_print(&brake->machine, name, modules);
	}
	free_names(modules);
	return object;
}

static void print_rule(const struct brake *brake, const char *name)
{
	char *rule = rule_of(name, brake->options->module), *shown = printable(rule);
	char *path = printable(brake->dropin.path);

	printf("%s: %s%s\n", shown, path,
	       brake->in_force && !brake->options->dry_run ? ", in force" : "");
	free(rule);
	free(shown);
	free(path);
}

/* Most modules are requested by their aliases. */
static void warn_of_modules(const struct brake *brake)
{
	char *const *name;

	for (name = brake->options->files; *name; name++) {
		if (brake->options->module || !is_module_only(&brake->machine, *name))
			continue;
		complain("warning: %s is a module, and its aliases are not denied; see --module",
			 *name);
	}
}

static void report(struct brake *brake)
{
	struct json_object *names = json_object_new_array(), *all, *of_name;
	char *const *name;

	for (name = brake->options->files; *name; name++) {
		if (!brake->options->json)
			print_rule(brake, *name);
		of_name = report_name(brake, *name);
		if (of_name)
			json_object_array_add(names, of_name);
	}
	if (!brake->options->json) {
		json_object_put(names);
		return;
	}
	all = json_object_new_object();
	json_add(all, "file", json_of_string(brake->dropin.path));
	json_add(all, "changed", json_object_new_boolean(brake->dropin.changed));
	json_add(all, "in_force", json_object_new_boolean(brake->in_force));
	json_add(all, "names", names);
	json_print(all, true);
}

static bool is_denied_by(const struct rules *rules, const struct brake *brake, const char *name)
{
	static const struct requester anyone = { .uid = 65534, .cgroup = "/" };
	const struct placed_rule *rule = rules_match(rules, brake->options->module, name, &anyone);
	char *description;

	if (!rule || rule->rule.allow)
		return false;
	description = rule_describe(&rule->rule);
	complain("%s is still denied by %s:%lu: %s", name, brake->dropin.path, rule->number,
		 description);
	free(description);
	return true;
}

/* Reports an error if another rule of the drop-in matches a name. */
static bool is_taken_back(const struct brake *brake)
{
	struct policy policy = { 0 };
	struct rules rules;
	char *const *name;
	bool good = true;

	if (!brake->dropin.text.length)
		return true;
	policy_parse_text(&policy, brake->dropin.path, &brake->dropin.text);
	rules_parse(&rules, &policy.values[SET_RULES]);
	for (name = brake->options->files; *name; name++)
		good &= !is_denied_by(&rules, brake, *name);
	rules_free(&rules);
	policy_free(&policy);
	return good;
}

static int run(const struct options *options,
	       bool (*edit_line)(struct dropin *dropin, const char *line), bool denies)
{
	struct brake brake = { .options = options };
	bool done = false;

	if (!check_names(options))
		return EXIT_USAGE;
	if (dropin_open(&brake.dropin, DENY_FILE, COMMENT, options) &&
	    edit(&brake, edit_line)) {
		done = put_in_force(&brake);
		if (denies && done && !options->root && !options->dry_run) {
			brake.in_force = is_enforced(options);
			done = brake.in_force;
		}
		if (!denies)
			done &= is_taken_back(&brake);
		if (denies && !options->dry_run)
			warn_unless_at_boot(&brake);
		machine_open(&brake.machine, options);
		if (denies)
			warn_of_modules(&brake);
		if (denies || options->json)
			report(&brake);
		machine_close(&brake.machine);
	}
	dropin_close(&brake.dropin);
	if (!done)
		return EXIT_FAILURE;
	return denies && brake.loaded ? EXIT_LOADED : EXIT_SUCCESS;
}

int cmd_policy_deny(const struct options *options)
{
	return run(options, dropin_add, true);
}

int cmd_policy_allow(const struct options *options)
{
	u64 id;

	if (options->module || !parse_unsigned(*options->files, &id))
		return options->write ? misused("--write requires the ID of a request") :
					run(options, dropin_remove, false);
	if (options->files[1])
		return misused("unexpected argument '%s'", options->files[1]);
	if (options->json)
		return misused("--json does not apply to the ID of a request");
	return policy_allow_request(options, id);
}
