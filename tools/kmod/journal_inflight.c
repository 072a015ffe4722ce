// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl inflight: the requests that have not ended yet.
 */
#include <json-c/json.h>
#include <string.h>

#include "kmodctl.h"

static const char *const keys[] = { "id", "name", "state", "begin", NULL };

static const struct column columns[] = {
	{ "AGE", true },
	{ "ID", true },
	{ "NAME", false },
	{ "STATE", false },
	{ "MODPROBE", true },
	{ "WHO", false },
	{ "VIA", false },
	{ "FROM", false },
};

#define WIDTH	(sizeof(columns) / sizeof(*columns))

static enum colour colour_of_state(const char *state)
{
	return strcmp(state, "hung") ? PLAIN : RED;
}

static char *describe_modprobe(u64 pid)
{
	return pid ? text("%llu", pid) : text_copy("-");
}

static void add_row(struct table *table, const struct record *request)
{
	table_add(table, describe_duration(record_number(request, "age_ns")));
	table_add(table, text("%llu", record_number(request, "id")));
	table_add(table, describe_name(request, "name"));
	table_add_coloured(table, describe_name(request, "state"),
			   colour_of_state(record_text(request, "state")));
	table_add(table, describe_modprobe(record_number(request, "modprobe")));
	table_add(table, describe_requester(request));
	table_add(table, describe_relation(request));
	table_add(table, describe_name(request, "site"));
}

static void print_json(const struct journal *requests)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < requests->count; i++)
		json_object_array_add(array, json_of_record(&requests->records[i]));
	json_print(array, true);
}

static void print_table(const struct journal *requests)
{
	struct table table;
	size_t i;

	table_init(&table, columns, WIDTH);
	for (i = 0; i < requests->count; i++)
		add_row(&table, &requests->records[i]);
	table_print(&table);
}

int cmd_inflight(const struct options *options)
{
	struct journal requests;

	if (!journal_read(&requests, options, "inflight", keys))
		return EXIT_FAILURE;
	(options->json ? print_json : print_table)(&requests);
	journal_free(&requests);
	return requests.trouble ? EXIT_FAILURE : EXIT_SUCCESS;
}
