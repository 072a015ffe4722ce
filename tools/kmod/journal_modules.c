// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl modules: the modules that requests have loaded.
 */
#include <libsmartcols.h>
#include <string.h>

#include "journal.h"

static const char *const keys[] = { "module", "state", "id", "name", "begin", NULL };

static const struct column columns[] = {
	{ "LOADED", 0 },
	{ "MODULE", SCOLS_FL_TRUNC },
	{ "STATE", 0 },
	{ "ID", SCOLS_FL_RIGHT },
	{ "REQUEST", SCOLS_FL_TRUNC },
	{ "TASK", SCOLS_FL_TRUNC | CUT_LESS },
	{ "CALLER", SCOLS_FL_TRUNC | OPTIONAL },
};

static const char *colour_of_state(const char *state)
{
	if (!strcmp(state, "failed"))
		return RED;
	return strcmp(state, "live") ? NULL : GREEN;
}

static void add_row(struct table *table, const struct record *module)
{
	const char *state = record_text(module, "state");

	table_add(table, describe_begin(table, record_number(module, "begin")));
	table_add(table, describe_name(module, "module"));
	table_add_coloured(table, text_copy(state), colour_of_state(state));
	table_add(table, text("%llu", record_number(module, "id")));
	table_add(table, describe_name(module, "name"));
	table_add(table, describe_requester(module));
	table_add(table, describe_site(module));
}

static const struct view view = {
	columns, sizeof(columns) / sizeof(*columns), add_row, json_of_record,
};

static void remove_others(struct journal *modules)
{
	const char *state;
	size_t i, kept = 0;

	for (i = 0; i < modules->count; i++) {
		state = record_text(&modules->records[i], "state");
		if (!strcmp(state, "loading") || !strcmp(state, "live"))
			modules->records[kept++] = modules->records[i];
		else
			record_free(&modules->records[i]);
	}
	modules->count = kept;
}

int cmd_modules(const struct options *options)
{
	struct journal modules;

	if (!journal_read(&modules, options, "modules", keys))
		return EXIT_FAILURE;
	if (!options->all)
		remove_others(&modules);
	journal_print(&modules, &view, options);
	journal_free(&modules);
	return modules.trouble ? EXIT_FAILURE : EXIT_SUCCESS;
}
