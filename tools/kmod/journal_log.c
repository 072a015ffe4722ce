// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl log: the requests that have ended.
 */
#include <json-c/json.h>

#include "kmodctl.h"

static const char *const request_keys[] = { "id", "name", "outcome", "result", "begin", NULL };
static const char *const module_keys[] = { "id", "module", "state", NULL };

static const struct column columns[] = {
	{ "TIME", false },
	{ "ID", true },
	{ "NAME", false },
	{ "RESULT", false },
	{ "WAITED", true },
	{ "RAN", true },
	{ "WHO", false },
	{ "VIA", false },
	{ "MODULES", false },
};

#define WIDTH	(sizeof(columns) / sizeof(*columns))

static void add_row(struct table *table, const struct record *request,
		    const struct journal *modules)
{
	table_add(table, describe_time(record_number(request, "begin"), "%b %e %H:%M:%S"));
	table_add(table, text("%llu", record_number(request, "id")));
	table_add(table, describe_name(request, "name"));
	table_add_coloured(table, describe_outcome(request),
			   colour_of_outcome(record_text(request, "outcome")));
	table_add(table, describe_duration(record_number(request, "slot_ns")));
	table_add(table, describe_duration(record_number(request, "run_ns")));
	table_add(table, describe_requester(request));
	table_add(table, describe_relation(request));
	table_add(table, describe_loaded(modules, request));
}

static struct json_object *json_of_request(const struct record *request,
					   const struct journal *modules)
{
	struct json_object *object = json_of_record(request);

	json_add(object, "modules", json_of_loaded(modules, record_number(request, "id")));
	return object;
}

static void print_json(const struct journal *requests, size_t first, const struct journal *modules)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = first; i < requests->count; i++)
		json_object_array_add(array, json_of_request(&requests->records[i], modules));
	json_print(array, true);
}

static void print_table(const struct journal *requests, size_t first, const struct journal *modules)
{
	struct table table;
	size_t i;

	table_init(&table, columns, WIDTH);
	for (i = first; i < requests->count; i++)
		add_row(&table, &requests->records[i], modules);
	table_print(&table);
}

/* The modules are read last, so that those of every request are there. */
int cmd_log(const struct options *options)
{
	struct journal requests, modules;
	size_t first = 0;
	bool trouble;

	if (!journal_read(&requests, options, "requests", request_keys))
		return EXIT_FAILURE;
	trouble = !journal_read(&modules, options, "modules", module_keys);
	if (options->limited && options->lines < requests.count)
		first = requests.count - options->lines;
	(options->json ? print_json : print_table)(&requests, first, &modules);
	trouble |= requests.trouble || modules.trouble;
	journal_free(&requests);
	journal_free(&modules);
	return trouble ? EXIT_FAILURE : EXIT_SUCCESS;
}
