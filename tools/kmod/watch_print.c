// SPDX-License-Identifier: GPL-2.0-only
/*
 * The output of watch: a row when a request begins and when it ends, or a JSON object for
 * each event.
 */
#include <json-c/json.h>
#include <libsmartcols.h>
#include <string.h>

#include "watch.h"

static const struct column columns[] = {
	{ "TIME", 0 },
	{ "ID", SCOLS_FL_RIGHT | USUAL(5) },
	{ "EVENT", SCOLS_FL_TRUNC | USUAL(7) },
	{ "NAME", SCOLS_FL_TRUNC | USUAL(18) },
	{ "DETAILS", SCOLS_FL_TRUNC | CUT_LESS | USUAL(32) },
};

static struct table table;

static char *describe_when(u64 boottime)
{
	return on_terminal() && !table.wide ? describe_time_briefly(boottime) :
					      describe_time(boottime, "%H:%M:%S");
}

/* Takes the texts. */
static void print_row(const struct event *event, char *type, const char *colour, char *details)
{
	table_continue(&table);
	table_add(&table, describe_when(event->boottime));
	table_add(&table, text("%llu", record_number(&event->record, "id")));
	table_add_coloured(&table, type, colour);
	table_add(&table, describe_name(&event->record, "name"));
	table_add(&table, details);
	table_print(&table);
}

static char *append_word(char *before, const char *separator, const char *label, char *word)
{
	if (*word && strcmp(word, "-"))
		before = text_append(before, separator, "%s%s", label, word);
	free(word);
	return before;
}

/* Returns, for example, "mount[312] uid 0 in ssh.service, /bin/mount, from get_fs_type". */
static void print_request(const struct event *event)
{
	const struct record *record = &event->record;
	char *details = describe_requester(record);

	details = append_word(details, " ", "in ", describe_unit(record));
	details = append_word(details, ", ", "", describe_exe(record));
	details = append_word(details, ", ", "from ", describe_site(record));
	details = append_word(details, ", ", "", describe_relation(record));
	print_row(event, text_copy("request"), BOLD, details);
}

static char *append_time(char *before, const char *label, u64 ns)
{
	char *duration;

	if (!ns)
		return before;
	duration = describe_duration(ns);
	before = text_append(before, ", ", "%s %s", label, duration);
	free(duration);
	return before;
}

/* Returns, for example, "exit 1, took 3.10 ms, waited 1.02 ms, joined 17, loaded libcrc32c xfs". */
static char *describe_end(const struct record *done, const char *modules)
{
	u64 waited = record_number(done, "slot_ns"), into = record_number(done, "into");
	s64 result = record_signed(done, "result");
	char *details = result ? describe_result(result) : text_copy("");

	details = append_time(details, "took", waited + record_number(done, "run_ns"));
	details = append_time(details, "waited", waited);
	if (into)
		details = text_append(details, ", ", "joined %llu", into);
	if (*modules)
		details = text_append(details, ", ", "loaded %s", modules);
	return *details ? details : text_append(details, "", "-");
}

static void print_done(const struct event *event, const char *modules)
{
	print_row(event, describe_name(&event->record, "outcome"),
		  colour_of_result(&event->record), describe_end(&event->record, modules));
}

/* Other events have no line: the line of the request's end includes them. */
static void print_text(const struct event *event, const char *modules)
{
	if (event->lost)
		complain("at least %llu events were lost", event->lost);
	else if (!strcmp(event->type, "request"))
		print_request(event);
	else if (!strcmp(event->type, "done"))
		print_done(event, modules);
}

static struct json_object *json_of_names(char *names)
{
	struct json_object *array = json_object_new_array();
	char *name;

	while (names && *names) {
		name = strsep(&names, " ");
		json_object_array_add(array, json_object_new_string(name));
	}
	return array;
}

static struct json_object *json_of_event(const char *type, u64 boottime)
{
	struct json_object *object = json_object_new_object();

	json_add(object, "event", json_object_new_string(type));
	json_add_time(object, boottime);
	json_add(object, "boottime", json_object_new_uint64(boottime));
	return object;
}

static void print_json(const struct event *event, char *modules)
{
	struct json_object *object = json_of_event(event->type, event->boottime);

	if (event->lost)
		json_add(object, "lost", json_object_new_uint64(event->lost));
	json_add_record(object, &event->record);
	json_add_unit(object, &event->record);
	if (modules)
		json_add(object, "modules", json_of_names(modules));
	json_print(object, false);
}

/* Prints the titles, or the event start. Must be called when tracing has begun. */
void print_watch_head(const struct options *options)
{
	if (options->json) {
		json_print(json_of_event("start", now_boottime()), false);
	} else {
		table_init(&table, columns, sizeof(columns) / sizeof(*columns));
		table.follow = true;
		table.wide = options->wide;
		table.no_trunc = options->no_trunc;
		table_reserve(&table, 0, describe_when(now_boottime()));
		table_print(&table);
	}
	flush();
}

void print_event(const struct event *event, bool json)
{
	const char *module = record_text(&event->record, "module");
	u64 id = record_number(&event->record, "id");
	char *modules = NULL;

	if (module && !strcmp(event->type, "load"))
		open_add_module(id, module);
	if (!strcmp(event->type, "done"))
		modules = open_end(id);
	if (json)
		print_json(event, modules);
	else
		print_text(event, modules);
	free(modules);
	flush();
}
