// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl modules: the modules that were loaded for a request, and for whom.
 */
#include <json-c/json.h>
#include <string.h>

#include "kmodctl.h"

static const char *const keys[] = { "module", "state", "id", "name", "begin", NULL };

static const struct column columns[] = {
	{ "LOADED", false },
	{ "MODULE", false },
	{ "STATE", false },
	{ "ID", true },
	{ "ASKED FOR", false },
	{ "WHO", false },
	{ "FROM", false },
};

#define WIDTH	(sizeof(columns) / sizeof(*columns))

static bool is_shown(const struct record *module, const struct options *options)
{
	const char *state = record_text(module, "state");

	return options->all || !strcmp(state, "loading") || !strcmp(state, "live");
}

static enum colour colour_of_state(const char *state)
{
	if (!strcmp(state, "failed"))
		return RED;
	return strcmp(state, "live") ? PLAIN : GREEN;
}

static void add_row(struct table *table, const struct record *module)
{
	table_add(table, describe_time(record_number(module, "begin"), "%b %e %H:%M:%S"));
	table_add(table, describe_name(module, "module"));
	table_add_coloured(table, describe_name(module, "state"),
			   colour_of_state(record_text(module, "state")));
	table_add(table, text("%llu", record_number(module, "id")));
	table_add(table, describe_name(module, "name"));
	table_add(table, describe_requester(module));
	table_add(table, describe_name(module, "site"));
}

static void print_json(const struct journal *modules, const struct options *options)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < modules->count; i++)
		if (is_shown(&modules->records[i], options))
			json_object_array_add(array, json_of_record(&modules->records[i]));
	json_print(array, true);
}

static void print_table(const struct journal *modules, const struct options *options)
{
	struct table table;
	size_t i;

	table_init(&table, columns, WIDTH);
	for (i = 0; i < modules->count; i++)
		if (is_shown(&modules->records[i], options))
			add_row(&table, &modules->records[i]);
	table_print(&table);
}

int cmd_modules(const struct options *options)
{
	struct journal modules;

	if (!journal_read(&modules, options, "modules", keys))
		return EXIT_FAILURE;
	(options->json ? print_json : print_table)(&modules, options);
	journal_free(&modules);
	return modules.trouble ? EXIT_FAILURE : EXIT_SUCCESS;
}
