// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl log: the requests that have ended.
 */
#include <json-c/json.h>
#include <libsmartcols.h>

#include "journal.h"

static const char *const request_keys[] = { "id", "name", "outcome", "result", "begin", NULL };
static const char *const module_keys[] = { "id", "module", "state", NULL };

static const struct column columns[] = {
	{ "TIME", 0 },
	{ "ID", SCOLS_FL_RIGHT },
	{ "NAME", SCOLS_FL_TRUNC },
	{ "RESULT", SCOLS_FL_TRUNC | CUT_LESS },
	{ "WAITED", SCOLS_FL_RIGHT | OPTIONAL | IF_USED },
	{ "RAN", SCOLS_FL_RIGHT | OPTIONAL },
	{ "TASK", SCOLS_FL_TRUNC | CUT_LESS },
	{ "VIA", SCOLS_FL_TRUNC | OPTIONAL | IF_USED },
	{ "MODULES", SCOLS_FL_TRUNC },
};

static struct journal modules;

static void add_row(struct table *table, const struct record *request)
{
	table_add(table, describe_begin(table, request));
	table_add(table, text("%llu", record_number(request, "id")));
	table_add(table, describe_name(request, "name"));
	table_add_coloured(table, describe_outcome(request), colour_of_result(request));
	table_add(table, describe_duration(record_number(request, "slot_ns")));
	table_add(table, describe_duration(record_number(request, "run_ns")));
	table_add(table, describe_requester(request));
	table_add(table, describe_relation(request));
	table_add(table, describe_loaded(&modules, request));
}

static struct json_object *json_of_request(const struct record *request)
{
	struct json_object *object = json_of_record(request);

	json_add(object, "modules", json_of_loaded(&modules, record_number(request, "id")));
	return object;
}

static const struct view view = {
	columns, sizeof(columns) / sizeof(*columns), add_row, json_of_request,
};

static void remove_allowed(struct journal *requests)
{
	size_t i, kept = 0;

	for (i = 0; i < requests->count; i++)
		if (is_denied(&requests->records[i]))
			requests->records[kept++] = requests->records[i];
		else
			record_free(&requests->records[i]);
	requests->count = kept;
}

/* Must read the modules last: a request in the journal has loaded all of its modules. */
int cmd_log(const struct options *options)
{
	struct journal requests;
	u64 lines;
	bool trouble;

	if (options->lines && !parse_unsigned(options->lines, &lines))
		return misused("expected a number of lines, not '%s'", options->lines);
	if (!journal_read(&requests, options, "requests", request_keys))
		return EXIT_FAILURE;
	trouble = !journal_read(&modules, options, "modules", module_keys);
	if (options->denied)
		remove_allowed(&requests);
	if (options->lines && lines < requests.count)
		requests.first = requests.count - lines;
	journal_print(&requests, &view, options);
	trouble |= requests.trouble || modules.trouble;
	journal_free(&requests);
	journal_free(&modules);
	return trouble ? EXIT_FAILURE : EXIT_SUCCESS;
}
