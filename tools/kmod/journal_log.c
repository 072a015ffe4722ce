// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl log: the requests that have ended.
 */
#include <json-c/json.h>
#include <libsmartcols.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "journal.h"

#define FOLLOW_MS	500

static const char *const request_keys[] = { "id", "name", "outcome", "result", "begin", NULL };
static const char *const module_keys[] = { "id", "module", "state", NULL };

static const struct column columns[] = {
	{ "TIME", 0 },
	{ "ID", SCOLS_FL_RIGHT | USUAL(5) },
	{ "NAME", SCOLS_FL_TRUNC | USUAL(18) },
	{ "RESULT", SCOLS_FL_TRUNC | CUT_LESS | USUAL(14) },
	{ "UNIT", SCOLS_FL_TRUNC | OPTIONAL | IF_USED | USUAL(16) },
	{ "WAITED", SCOLS_FL_RIGHT | OPTIONAL | IF_USED | USUAL(7) },
	{ "RAN", SCOLS_FL_RIGHT | OPTIONAL | USUAL(7) },
	{ "TASK", SCOLS_FL_TRUNC | CUT_LESS | USUAL(17) },
	{ "EXECUTABLE", SCOLS_FL_TRUNC | OPTIONAL | IF_USED | USUAL(16) },
	{ "VIA", SCOLS_FL_TRUNC | OPTIONAL | IF_USED | USUAL(9) },
	{ "MODULES", SCOLS_FL_TRUNC | USUAL(8) },
};

static struct journal modules;

static void add_row(struct table *table, const struct record *request)
{
	char *unit = describe_unit(request);

	table_add(table, describe_begin(table, record_number(request, "begin")));
	table_add(table, text("%llu", record_number(request, "id")));
	table_add(table, describe_name(request, "name"));
	table_add_coloured(table, describe_outcome(request), colour_of_result(request));
	table_add(table, text_copy(*unit ? unit : "-"));
	table_add(table, describe_duration(record_number(request, "slot_ns")));
	table_add(table, describe_duration(record_number(request, "run_ns")));
	table_add(table, describe_requester(request));
	table_add(table, describe_exe(request));
	table_add(table, describe_relation(request));
	table_add(table, describe_loaded(&modules, request));
	free(unit);
}

static struct json_object *json_of_request(const struct record *request)
{
	struct json_object *object = json_of_record(request);
	u64 id = record_number(request, "id");

	json_add(object, "modules", json_of_loaded(&modules, id, false));
	json_add(object, "failed_modules", json_of_loaded(&modules, id, true));
	return object;
}

static const struct view view = {
	columns, sizeof(columns) / sizeof(*columns), add_row, json_of_request,
};

/* Prints requests that another command has selected. */
void requests_print(const struct journal *requests, const struct journal *loads,
		    const struct options *options)
{
	modules = *loads;
	journal_print(requests, &view, options);
}

/* Removes the requests up to the one that was read last, and remembers the last one. */
static void remove_read(struct journal *requests)
{
	static u64 last;
	size_t i = requests->count, first = 0;

	while (last && i-- > 0 && !first)
		if (record_number(&requests->records[i], "id") == last)
			first = i + 1;
	if (last && requests->count && !first)
		complain("some requests may be missing: the journal was overwritten");
	for (i = 0; i < first; i++)
		record_free(&requests->records[i]);
	requests->count -= first;
	if (first)
		memmove(requests->records, requests->records + first,
			requests->count * sizeof(*requests->records));
	if (requests->count)
		last = record_number(&requests->records[requests->count - 1], "id");
}

/* Reads the modules last: a request in the journal has loaded all of its modules. */
static bool print_requests(const struct options *options, u64 lines)
{
	struct journal requests;
	bool good, filtered;

	if (!journal_read(&requests, options, "requests", request_keys))
		return false;
	good = journal_read(&modules, options, "modules", module_keys);
	remove_read(&requests);
	filtered = filter_apply(&requests);
	if (lines < requests.count)
		requests.first = requests.count - lines;
	if (filtered)
		journal_print(&requests, &view, options);
	good &= filtered && !requests.trouble && !modules.trouble;
	journal_free(&requests);
	journal_free(&modules);
	return good;
}

/* The kernel's files cannot be waited for. */
static void wait_for_requests(void)
{
	struct pollfd output = { .fd = STDOUT_FILENO };

	poll(&output, 1, FOLLOW_MS);
	if (output.revents)
		raise(SIGPIPE);		/* the reader of the output has exited */
}

int cmd_log(const struct options *options)
{
	u64 lines = ULLONG_MAX;
	bool good;

	if (options->lines && !parse_unsigned(options->lines, &lines))
		return misused("expected a number of lines, not '%s'", options->lines);
	if (!filter_init(options))
		return EXIT_USAGE;
	good = print_requests(options, lines);
	while (good && options->follow && !ferror(stdout)) {
		wait_for_requests();
		good = print_requests(options, ULLONG_MAX);
	}
	filter_free();
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
