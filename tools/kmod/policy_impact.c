// SPDX-License-Identifier: GPL-2.0-only
/*
 * The effect of a rule on this machine: modules, their aliases and users, and the requests for
 * them in the journal.
 */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>
#include <unistd.h>

#include "policy.h"
#include "policy_impact.h"

static const char *const request_keys[] = { "id", "name", "outcome", "result", "begin", NULL };
static const char *const load_keys[] = { "id", "module", "state", "name", NULL };

/* A kernel without the journal has no requests to show. */
static void read_optional(struct journal *journal, const struct options *options,
			  const char *name, const char *const *keys)
{
	char *path = journal_path(options, name);

	if (!access(path, F_OK) || errno != ENOENT)
		journal->trouble |= !journal_read(journal, options, name, keys);
	free(path);
}

void machine_open(struct machine *machine, const struct options *options)
{
	*machine = (struct machine){ .is_running = !options->root };
	machine->has_modules = modules_open(&machine->modules, options);
	if (!machine->is_running)
		return;
	read_optional(&machine->requests, options, "requests", request_keys);
	read_optional(&machine->loads, options, "modules", load_keys);
}

void machine_close(struct machine *machine)
{
	modules_close(&machine->modules);
	journal_free(&machine->requests);
	journal_free(&machine->loads);
}

static void add_matching_modules(const struct machine *machine, const struct glob *glob,
				 char ***names)
{
	const struct modules *modules = &machine->modules;
	struct glob name;
	size_t i;

	for (i = 0; i < modules->nr_depends; i++) {
		glob_of_name(&name, NAMES, modules->depends[i].module);
		if (globs_meet(glob, &name))
			add_name(names, modules->depends[i].module);
		glob_free(&name);
	}
}

static void add_modules_of_aliases(const struct machine *machine, const struct glob *glob,
				   char ***names)
{
	size_t i;

	for (i = 0; i < machine->modules.nr_aliases; i++)
		if (globs_meet(glob, &machine->modules.aliases[i].glob))
			add_name(names, machine->modules.aliases[i].module);
}

/* Returns the modules that the rule concerns, as an array that ends with NULL. */
char **modules_of_rule(const struct machine *machine, const char *pattern, bool module)
{
	char **names = NULL;
	struct glob glob;

	glob_parse(&glob, NAMES, pattern);
	if (!module)
		add_modules_of_aliases(machine, &glob, &names);
	add_matching_modules(machine, &glob, &names);
	if (module && !names)
		add_name(&names, pattern);
	glob_free(&glob);
	return names;
}

/* True if the pattern matches names of modules, and no alias. */
bool is_module_only(const struct machine *machine, const char *pattern)
{
	char **aliased = NULL, **named = NULL;
	struct glob glob;
	bool only;

	glob_parse(&glob, NAMES, pattern);
	add_modules_of_aliases(machine, &glob, &aliased);
	add_matching_modules(machine, &glob, &named);
	only = named && !aliased;
	glob_free(&glob);
	free_names(aliased);
	free_names(named);
	return only;
}

bool is_in_kernel(const struct machine *machine, const char *module)
{
	struct module_use use;

	if (!machine->is_running)
		return false;
	module_use(&machine->modules, module, &use);
	free(use.holders);
	return use.state == LOADED || use.state == BUILT_IN;
}

static char **aliases_of(const struct modules *modules, const char *module)
{
	char **aliases = NULL;
	size_t i;

	for (i = 0; i < modules->nr_aliases; i++)
		if (is_same_name(modules->aliases[i].module, module))
			add_name(&aliases, modules->aliases[i].pattern);
	return aliases;
}

static char *joined(char *const *names)
{
	char *list = text_copy("");

	for (; names && *names; names++)
		list = text_append(list, " ", "%s", *names);
	return list;
}

static void print_aliases(const struct modules *modules, const char *module, const char *title)
{
	char **aliases = aliases_of(modules, module);
	char *list = joined(aliases);

	if (*list)
		printf("  %s: %s\n", title, list);
	free(list);
	free_names(aliases);
}

/* Other modules load this one as well. */
static void print_dependents(const struct modules *modules, const char *module)
{
	const struct depends *depends = modules->depends;
	char *title;

	for (; depends < modules->depends + modules->nr_depends; depends++) {
		if (!module_needs(depends, module))
			continue;
		title = text("aliases of %s, which needs it", depends->module);
		print_aliases(modules, depends->module, title);
		free(title);
	}
}

/* Prints whether the running kernel has the module, and its users. */
void module_print(const struct modules *modules, const char *module)
{
	static const char *const states[] = {
		[NOT_FOUND] = "not installed",
		[NOT_LOADED] = "not loaded",
		[LOADED] = "loaded",
		[BUILT_IN] = "built in: no rule can deny it",
	};
	struct module_use use;

	module_use(modules, module, &use);
	printf("module %s: %s", module, states[use.state]);
	if (use.references > 0)
		printf(", used %d time%s", use.references, use.references == 1 ? "" : "s");
	if (*use.holders)
		printf(", by %s", use.holders);
	putchar('\n');
	free(use.holders);
}

static void print_loads(const struct machine *machine, const char *module)
{
	const struct record *load = machine->loads.records;
	char *requester, *name;

	for (; load < machine->loads.records + machine->loads.count; load++) {
		if (!is_same_name(record_text(load, "module"), module))
			continue;
		requester = describe_requester(load);
		name = describe_name(load, "name");
		printf("  loaded for %s, request %llu by %s\n", name, record_number(load, "id"),
		       requester);
		free(requester);
		free(name);
	}
}

void impact_print(const struct machine *machine, const char *module)
{
	if (machine->is_running)
		module_print(&machine->modules, module);
	else
		printf("module %s\n", module);
	print_aliases(&machine->modules, module, "aliases");
	print_dependents(&machine->modules, module);
	print_loads(machine, module);
}

static bool is_alias_of(const struct modules *modules, const struct glob *name,
			char *const *of)
{
	size_t i;

	for (; of && *of; of++)
		for (i = 0; i < modules->nr_aliases; i++)
			if (is_same_name(modules->aliases[i].module, *of) &&
			    globs_meet(&modules->aliases[i].glob, name))
				return true;
	return false;
}

/* True if the request is for the name, or for one of the modules. */
bool concerns(const struct machine *machine, const struct record *request,
	      const struct glob *pattern, char *const *modules)
{
	const char *requested = record_text(request, "name");
	char *const *module;
	struct glob name;
	bool result;

	glob_of_name(&name, NAMES, requested);
	result = globs_meet(pattern, &name) || is_alias_of(&machine->modules, &name, modules);
	glob_free(&name);
	for (module = modules; module && *module && !result; module++)
		result = is_same_name(*module, requested);
	return result;
}

/* The requests of one program for one name. */
struct requester_group {
	const struct record *first;
	size_t count;
};

static bool is_same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool is_same_text(const struct record *a, const struct record *b, const char *key)
{
	return is_same(record_text(a, key), record_text(b, key));
}

static bool is_same_requester(const struct record *a, const struct record *b)
{
	return is_same_text(a, b, "name") && is_same_text(a, b, "comm") &&
	       is_same_text(a, b, "cgroup") &&
	       record_number(a, "cgroup") == record_number(b, "cgroup") &&
	       record_number(a, "uid") == record_number(b, "uid");
}

static void add_request(struct requester_group **groups, size_t *count,
			const struct record *request)
{
	size_t i;

	for (i = 0; i < *count; i++) {
		if (is_same_requester((*groups)[i].first, request)) {
			(*groups)[i].count++;
			return;
		}
	}
	*groups = grown(*groups, *count, sizeof(**groups));
	(*groups)[(*count)++] = (struct requester_group){ request, 1 };
}

static struct requester_group *find_requesters(const struct machine *machine,
					       const char *pattern, char *const *modules,
					       size_t *count)
{
	const struct record *request = machine->requests.records;
	struct requester_group *groups = NULL;
	struct glob glob;

	*count = 0;
	glob_parse(&glob, NAMES, pattern);
	for (; request < machine->requests.records + machine->requests.count; request++)
		if (concerns(machine, request, &glob, modules))
			add_request(&groups, count, request);
	glob_free(&glob);
	return groups;
}

void requesters_print(const struct machine *machine, const char *pattern, char *const *modules)
{
	size_t count, i;
	struct requester_group *groups = find_requesters(machine, pattern, modules, &count);
	char *name, *requester, *unit;

	for (i = 0; i < count; i++) {
		name = describe_name(groups[i].first, "name");
		requester = describe_requester(groups[i].first);
		unit = describe_unit(groups[i].first);
		printf("requested: %s by %s%s%s, %zu time%s\n", name, requester,
		       *unit ? " in " : "", unit, groups[i].count,
		       groups[i].count == 1 ? "" : "s");
		free(name);
		free(requester);
		free(unit);
	}
	free(groups);
}

static struct json_object *json_of_names(char **names)
{
	struct json_object *array = json_object_new_array();
	char **name;

	for (name = names; name && *name; name++)
		json_object_array_add(array, json_of_string(*name));
	free_names(names);
	return array;
}

static struct json_object *json_of_dependents(const struct modules *modules, const char *module)
{
	const struct depends *depends = modules->depends;
	struct json_object *object = json_object_new_object();

	for (; depends < modules->depends + modules->nr_depends; depends++)
		if (module_needs(depends, module))
			json_add(object, depends->module,
				 json_of_names(aliases_of(modules, depends->module)));
	return object;
}

void json_add_use(struct json_object *object, const struct machine *machine, const char *module)
{
	static const char *const states[] = {
		[NOT_FOUND] = "not_installed",
		[NOT_LOADED] = "not_loaded",
		[LOADED] = "loaded",
		[BUILT_IN] = "built_in",
	};
	struct module_use use;

	module_use(&machine->modules, module, &use);
	json_add(object, "state", json_object_new_string(states[use.state]));
	json_add(object, "references", json_object_new_int(use.references));
	json_add(object, "holders", json_object_new_string(use.holders));
	free(use.holders);
}

struct json_object *json_of_impact(const struct machine *machine, const char *module)
{
	struct json_object *object = json_object_new_object();

	json_add(object, "module", json_of_string(module));
	if (machine->is_running)
		json_add_use(object, machine, module);
	json_add(object, "aliases", json_of_names(aliases_of(&machine->modules, module)));
	json_add(object, "dependents", json_of_dependents(&machine->modules, module));
	return object;
}

struct json_object *json_of_requesters(const struct machine *machine, const char *pattern,
				       char *const *modules)
{
	size_t count, i;
	struct requester_group *groups = find_requesters(machine, pattern, modules, &count);
	struct json_object *array = json_object_new_array(), *object;

	for (i = 0; i < count; i++) {
		object = json_of_record(groups[i].first);
		json_add(object, "count", json_object_new_uint64(groups[i].count));
		json_object_array_add(array, object);
	}
	free(groups);
	return array;
}
