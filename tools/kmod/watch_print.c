// SPDX-License-Identifier: GPL-2.0-only
/*
 * The output of watch: a line when a request begins and when it ends, or a JSON object for
 * each event.
 */
#include <json-c/json.h>
#include <string.h>

#include "watch.h"

static void print_line(const struct event *event, const char *type, const char *colour,
		       const char *details)
{
	char *time = describe_time(event->boottime, "%H:%M:%S");
	char *name = describe_name(&event->record, "name");

	printf("%-12s  %6llu  ", time, record_number(&event->record, "id"));
	print_coloured(colour, "%-7s", type);
	printf("  %-24s  %s\n", name, details);
	free(time);
	free(name);
}

static void print_request(const struct event *event)
{
	char *details = describe_requester(&event->record);
	char *site = describe_site(&event->record);
	char *relation = describe_relation(&event->record);

	details = text_append(details, " ", "from %s", site);
	if (strcmp(relation, "-"))
		details = text_append(details, ", ", "%s", relation);
	print_line(event, "request", BOLD, details);
	free(site);
	free(relation);
	free(details);
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
	return *modules ? text_append(details, ", ", "loaded %s", modules) : details;
}

static void print_done(const struct event *event, const char *modules)
{
	char *outcome = describe_name(&event->record, "outcome");
	char *details = describe_end(&event->record, modules);

	print_line(event, outcome, colour_of_result(&event->record), details);
	free(outcome);
	free(details);
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
	else
		json_add_record(object, &event->record);
	if (modules)
		json_add(object, "modules", json_of_names(modules));
	json_print(object, false);
}

/* Prints the titles, or the event start. Must be called when tracing has begun. */
void print_watch_head(bool json)
{
	if (json) {
		json_print(json_of_event("start", now_boottime()), false);
	} else {
		print_coloured(BOLD, "%-12s  %6s  %-7s  %-24s  %s", "TIME", "ID", "EVENT", "NAME",
			       "DETAILS");
		putchar('\n');
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
