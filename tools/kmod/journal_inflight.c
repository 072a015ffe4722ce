// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl inflight: the requests that have not ended.
 */
#include <libsmartcols.h>
#include <string.h>

#include "journal.h"

static const char *const keys[] = { "id", "name", "state", "begin", NULL };

static const struct column columns[] = {
	{ "AGE", SCOLS_FL_RIGHT },
	{ "ID", SCOLS_FL_RIGHT },
	{ "NAME", SCOLS_FL_TRUNC },
	{ "STATE", 0 },
	{ "MODPROBE", SCOLS_FL_RIGHT },
	{ "TASK", SCOLS_FL_TRUNC | CUT_LESS },
	{ "VIA", SCOLS_FL_TRUNC | OPTIONAL | IF_USED },
	{ "CALLER", SCOLS_FL_TRUNC | OPTIONAL },
};

static void add_row(struct table *table, const struct record *request)
{
	const char *state = record_text(request, "state");
	u64 modprobe = record_number(request, "modprobe");

	table_add(table, describe_duration(record_number(request, "age_ns")));
	table_add(table, text("%llu", record_number(request, "id")));
	table_add(table, describe_name(request, "name"));
	table_add_coloured(table, text_copy(state), strcmp(state, "hung") ? NULL : RED);
	table_add(table, modprobe ? text("%llu", modprobe) : text_copy("-"));
	table_add(table, describe_requester(request));
	table_add(table, describe_relation(request));
	table_add(table, describe_site(request));
}

static const struct view view = {
	columns, sizeof(columns) / sizeof(*columns), add_row, json_of_record,
};

int cmd_inflight(const struct options *options)
{
	struct journal requests;

	if (!journal_read(&requests, options, "inflight", keys))
		return EXIT_FAILURE;
	journal_print(&requests, &view, options);
	journal_free(&requests);
	return requests.trouble ? EXIT_FAILURE : EXIT_SUCCESS;
}
