// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl explain: all that is known about a name.
 */
#include <json-c/json.h>
#include <string.h>

#include "policy_decide.h"
#include "policy_impact.h"

/* Number of requests that are shown. */
#define SHOWN	5

/* A user without capabilities, and root. */
static const struct {
	const char *name;
	struct requester requester;
} requesters[] = {
	{ "a user", { .uid = 65534, .cgroup = "/" } },
	{ "root", { .uid = 0, .capabilities = ~0ULL, .cgroup = "/" } },
};

#define NR_REQUESTERS	(sizeof(requesters) / sizeof(*requesters))

struct subject {
	const char *name;
	struct machine machine;
	struct tested tested;
	bool has_policy;
	char **modules;			/* that have the name or the alias */
	char **needed;			/* and those that they need */
};

/* Keeps the last requests for the name, or for a module that has it. */
static void select_requests(struct subject *subject)
{
	struct journal *requests = &subject->machine.requests;
	struct glob name;
	size_t i, kept = 0;

	glob_of_name(&name, NAMES, subject->name);
	for (i = 0; i < requests->count; i++)
		if (concerns(&subject->machine, &requests->records[i], &name, subject->modules))
			requests->records[kept++] = requests->records[i];
		else
			record_free(&requests->records[i]);
	glob_free(&name);
	requests->count = kept;
	requests->first = kept > SHOWN ? kept - SHOWN : 0;
}

/* Reports errors. */
static bool subject_open(struct subject *subject, const struct options *options)
{
	machine_open(&subject->machine, options);
	if (subject->machine.has_modules) {
		subject->modules = modules_lookup(&subject->machine.modules, subject->name, false);
		subject->needed = modules_lookup(&subject->machine.modules, subject->name, true);
	}
	select_requests(subject);
	subject->has_policy = policy_exists(options);
	if (!subject->has_policy)
		return true;
	if (!settings_read(options, subject->tested.policy.values))
		return false;
	tested_open(&subject->tested, options);
	return true;
}

static void subject_close(struct subject *subject)
{
	tested_close(&subject->tested);
	policy_free(&subject->tested.policy);
	machine_close(&subject->machine);
	free_names(subject->modules);
	free_names(subject->needed);
}

static void print_modules(const struct subject *subject)
{
	char *name = printable(subject->name), **module;

	if (!subject->machine.has_modules)
		printf("%s: the modules of this kernel are not installed\n", name);
	else if (!subject->modules)
		printf("%s: no module has this name or alias\n", name);
	for (module = subject->modules; module && *module; module++)
		if (is_same_name(*module, subject->name))
			printf("%s: a module\n", name);
		else
			printf("%s: an alias of %s\n", name, *module);
	for (module = subject->needed; module && *module; module++)
		module_print(&subject->machine.modules, *module);
	free(name);
}

static void print_decisions(struct subject *subject)
{
	struct verdict verdict;
	char *reason;
	size_t i;

	if (!subject->has_policy)
		puts("policy: none in this kernel");
	else if (*subject->tested.policy.values[SET_ENFORCE].data != '1')
		puts("policy: not enforced, the kernel learns what it would deny");
	for (i = 0; i < NR_REQUESTERS && subject->has_policy; i++) {
		subject->tested.requester = requesters[i].requester;
		decide(&subject->tested, subject->name, false, &verdict);
		reason = describe_reason(&subject->tested, &verdict);
		printf("policy for %s: %s%s%s\n  %s\n", requesters[i].name,
		       verdict.allowed ? "allowed" : "denied",
		       verdict.module ? ", module " : "", verdict.module ? verdict.module : "",
		       reason);
		free(reason);
		free(verdict.module);
	}
}

static void print_text(struct subject *subject, const struct options *options)
{
	pager_start(options);
	print_modules(subject);
	print_decisions(subject);
	if (!subject->machine.requests.count) {
		puts(subject->machine.requests.trouble ? "requests: cannot be read" :
		     "requests: none in the journal");
		return;
	}
	puts("last requests:");
	requests_print(&subject->machine.requests, &subject->machine.loads, options);
}

static struct json_object *json_of_modules(const struct subject *subject)
{
	struct json_object *array = json_object_new_array(), *object;
	char **module;

	for (module = subject->needed; module && *module; module++) {
		object = json_object_new_object();
		json_add(object, "module", json_of_string(*module));
		json_add_use(object, &subject->machine, *module);
		json_object_array_add(array, object);
	}
	return array;
}

static struct json_object *json_of_decisions(struct subject *subject)
{
	struct json_object *array = json_object_new_array(), *object;
	struct verdict verdict;
	size_t i;

	for (i = 0; i < NR_REQUESTERS && subject->has_policy; i++) {
		subject->tested.requester = requesters[i].requester;
		decide(&subject->tested, subject->name, false, &verdict);
		object = json_of_verdict(&subject->tested, subject->name, false, &verdict);
		json_add(object, "uid", json_object_new_uint64(requesters[i].requester.uid));
		json_object_array_add(array, object);
		free(verdict.module);
	}
	return array;
}

static void print_json(struct subject *subject, const struct options *options)
{
	struct json_object *all = json_object_new_object(), *array = json_object_new_array();
	const struct journal *requests = &subject->machine.requests;
	size_t i;

	for (i = requests->first; i < requests->count; i++)
		json_object_array_add(array, json_of_record(&requests->records[i]));
	json_add(all, "name", json_of_string(subject->name));
	json_add(all, "modules", json_of_modules(subject));
	json_add(all, "policy", json_of_decisions(subject));
	json_add(all, "requests", array);
	pager_start(options);
	json_print(all, true);
}

int cmd_explain(const struct options *options)
{
	struct subject subject = { .name = *options->files };
	bool good;

	if (options->files[1])
		return misused("unexpected argument '%s'", options->files[1]);
	good = subject_open(&subject, options);
	if (good)
		(options->json ? print_json : print_text)(&subject, options);
	good &= !subject.machine.requests.trouble && !subject.machine.loads.trouble &&
		!subject.tested.rules.trouble;
	subject_close(&subject);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
