// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl policy allow ID: the narrowest rule that would have allowed a denied request.
 */
#include <string.h>

#include "journal.h"
#include "policy_decide.h"
#include "policy_dropin.h"
#include "policy_narrow.h"

#define COMMENT	"# Written by kmodctl policy allow."

static const char *const keys[] = { "id", "name", "outcome", "uid", NULL };

static const struct record *find_request(const struct journal *journal, u64 id)
{
	size_t i;

	for (i = 0; i < journal->count; i++)
		if (record_number(&journal->records[i], "id") == id)
			return &journal->records[i];
	return NULL;
}

/* The kernel would reject a file with any other line. */
static bool is_rule(const char *line)
{
	char *copy = text_copy(line);
	struct rule rule;
	bool good = !rule_parse(&rule, copy);

	free(copy);
	return good;
}

/* Returns the rule, or NULL if no rule can match the request. The caller must free it. */
static char *narrowest_rule(const struct record *request)
{
	char *pattern = pattern_of(record_text(request, "name")), *scope, *rule;

	if (!pattern)
		return NULL;
	scope = scope_of(request);
	rule = scope ? text("allow alias %s%s", pattern, scope) :
		       text("allow alias %s uid %llu userns %s", pattern,
			    record_number(request, "uid"),
			    record_number(request, "userns_level") ? "other" : "init");
	free(scope);
	free(pattern);
	if (is_rule(rule))
		return rule;
	free(rule);
	return NULL;
}

/*
 * If the control group is gone, its service or container is unknown, and only the user is left.
 * Reports an error if that user is gone with it.
 */
static bool check_group(const struct record *request)
{
	u64 uid = record_number(request, "uid");
	char *group = cgroup_path(request);
	bool gone = group && *group != '/', good = true;

	if (gone && uid >= FIRST_DYNAMIC && uid <= LAST_DYNAMIC) {
		complain("request %llu: %s was not found, and user id %llu is temporary",
			 record_number(request, "id"), group, uid);
		good = false;
	} else if (gone) {
		complain("warning: %s was not found; the rule is for user id %llu in any group",
			 group, uid);
	}
	free(group);
	return good;
}

/* Reports an error if a rule that comes first at boot denies the name. */
static bool is_overridden(const struct tested *tested, u64 id, const char *name, bool module)
{
	const struct placed_rule *rule = rules_match(&tested->rules, module, name,
						     &tested->requester);
	char *place;

	if (!rule || rule->rule.allow || !rule->file || !is_deny_file(rule->file))
		return false;
	place = describe_place(rule);
	if (strcmp(rule->file, POLICY_DIRECTORY "/" DENY_FILE))
		complain("request %llu is denied by %s, which precedes " ALLOW_FILE, id, place);
	else
		complain("request %llu is denied by %s; take it back by: kmodctl policy allow %s%s",
			 id, place, module ? "--module " : "", rule->rule.pattern);
	free(place);
	return true;
}

/* Returns the module that the policy denies, or NULL. The caller must free it. */
static char *denied_module(const struct tested *tested, const char *alias)
{
	char **modules = tested->has_modules ? modules_lookup(&tested->modules, alias, true) : NULL;
	struct verdict verdict = { .allowed = true };
	char **module, *denied = NULL;

	for (module = modules; module && *module && !denied; module++) {
		decide(tested, *module, true, &verdict);
		if (!verdict.allowed && !module_is_builtin(&tested->modules, *module))
			denied = text_copy(*module);
	}
	free_names(modules);
	return denied;
}

/* Returns the rule, or NULL after an error message. The caller must free it. */
static char *rule_for_module(const struct tested *tested, u64 id, const char *name)
{
	char *module = denied_module(tested, name), *rule = NULL;

	if (!module) {
		complain("request %llu was denied because of a module; no rule denies it now", id);
	} else if (!is_overridden(tested, id, module, true)) {
		complain("warning: a rule for a module applies to any requester");
		rule = text("allow module %s", module);
	}
	free(module);
	return rule;
}

/* If a modprobe ran for the request, its name was allowed. */
static bool has_modprobe(const struct record *request)
{
	return record_number(request, "modprobe") || record_number(request, "into");
}

/* Returns the rule, or NULL after an error message. The caller must free it. */
static char *rule_for(const struct record *request, const struct tested *tested)
{
	char *name = unescaped(record_text(request, "name")), *rule = NULL;
	u64 id = record_number(request, "id");

	if (!is_denied(request)) {
		complain("request %llu was not denied", id);
	} else if (has_modprobe(request)) {
		rule = rule_for_module(tested, id, name);
	} else if (!is_overridden(tested, id, name, false)) {
		rule = narrowest_rule(request);
		if (!rule) {
			complain("no rule can match request %llu", id);
		} else if (!check_group(request)) {
			free(rule);
			rule = NULL;
		}
	}
	free(name);
	return rule;
}

/* Uses the policy in force, if this kernel has one. */
static char *find_rule(const struct record *request, const struct options *options)
{
	struct tested tested = { .requester = {
		.uid = record_number(request, "uid"),
		.other_userns = record_number(request, "userns_level"),
		.cgroup = "/",
	} };
	bool good = options->root || !policy_exists(options) ||
		    settings_read(options, tested.policy.values);
	char *rule = NULL;

	if (good) {
		tested_open(&tested, options);
		rule = rule_for(request, &tested);
		tested_close(&tested);
	}
	policy_free(&tested.policy);
	return rule;
}

static bool install(const char *rule, const struct options *options)
{
	struct dropin dropin;
	bool done = dropin_open(&dropin, ALLOW_FILE, COMMENT, options);

	if (done) {
		dropin_add(&dropin, rule);
		done = dropin_write(&dropin, options);
	}
	if (done && !options->root)
		done = dropin_load(&dropin, options);
	dropin_close(&dropin);
	return done;
}

/* Prints the rule, or with --write installs it. */
int policy_allow_request(const struct options *options, u64 id)
{
	struct journal journal;
	const struct record *request;
	bool done = false;
	char *rule = NULL;

	if (!journal_read(&journal, options, "requests", keys))
		return EXIT_FAILURE;
	request = find_request(&journal, id);
	if (request)
		rule = find_rule(request, options);
	else
		complain("the journal has no request %llu", id);
	if (rule) {
		puts(rule);
		done = !options->write || install(rule, options);
	}
	free(rule);
	journal_free(&journal);
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
