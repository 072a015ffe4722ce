// SPDX-License-Identifier: GPL-2.0-only
/*
 * What watch prints: a line when a request comes and one when it has ended, or as JSON
 * one for each event.
 */
#include <json-c/json.h>
#include <string.h>

#include "kmodctl.h"

static void print_start(const char *time, const char *id, const char *what, enum colour colour)
{
	printf("%-12s  %6s  ", time, id);
	print_coloured(colour, "%-7s", what);
}

static void print_line(const struct event *event, const char *what, enum colour colour,
		       const char *details)
{
	char *time = describe_time(event->boottime, "%H:%M:%S");
	char *id = describe_name(&event->record, "id");
	char *name = describe_name(&event->record, "name");

	print_start(time, id, what, colour);
	printf("  %-24s  %s\n", name, details);
	free(time);
	free(id);
	free(name);
}

static void print_request(const struct event *event)
{
	char *who = describe_requester(&event->record);
	char *site = describe_name(&event->record, "site");
	char *relation = describe_relation(&event->record);
	bool related = strcmp(relation, "-");
	char *details = text("%s from %s%s%s", who, site, related ? ", " : "",
			     related ? relation : "");

	print_line(event, "asked", BOLD, details);
	free(who);
	free(site);
	free(relation);
	free(details);
}

/* Appends to what is there already, and frees it. */
static char *also(char *before, const char *what, const char *value)
{
	char *after = text("%s%s%s%s", before, *before ? ", " : "", what, value);

	free(before);
	return after;
}

/* A number of nanoseconds, if it is not 0. */
static char *also_time(char *before, const char *what, u64 ns)
{
	char *duration;

	if (!ns)
		return before;
	duration = describe_duration(ns);
	before = also(before, what, duration);
	free(duration);
	return before;
}

/* "exit 1, took 3.10 ms, waited 1.02 ms, joined 17, loaded libcrc32c xfs" */
static char *describe_end(const struct record *done, const char *modules)
{
	u64 waited = record_number(done, "slot_ns"), into = record_number(done, "into");
	s64 result = record_signed(done, "result");
	char *details = result ? describe_result(result) : text_copy("");
	char *number;

	details = also_time(details, "took ", waited + record_number(done, "run_ns"));
	details = also_time(details, "waited ", waited);
	if (into) {
		number = text("%llu", into);
		details = also(details, "joined ", number);
		free(number);
	}
	return *modules ? also(details, "loaded ", modules) : details;
}

static void print_done(const struct event *event, const char *modules)
{
	const char *outcome = record_text(&event->record, "outcome");
	char *details = describe_end(&event->record, modules);

	print_line(event, outcome ? outcome : "?", colour_of_outcome(outcome ? outcome : "?"),
		   details);
	free(details);
}

static void print_lost(const struct event *event)
{
	complain("at least %llu events were lost", event->lost);
}

/* A refusal has a line of its own anyway: that of its end. */
static void print_text(const struct event *event, const char *modules)
{
	if (event->lost)
		print_lost(event);
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
	if (!event->lost && !strcmp(event->type, "done"))
		json_add(object, "modules", json_of_names(modules));
	json_print(object, false);
}

/* Also says that from now on no request is missed. */
void print_watch_head(bool json)
{
	if (json) {
		json_print(json_of_event("start", now_boottime()), false);
	} else {
		print_coloured(BOLD, "%-12s  %6s  %-7s  %-24s  %s", "TIME", "ID", "WHAT", "NAME",
			       "DETAILS");
		putchar('\n');
	}
	flush();
}

void print_event(const struct event *event, bool json)
{
	const char *module = event->lost ? NULL : record_text(&event->record, "module");
	char *modules = text_copy("");

	if (module && !strcmp(event->type, "load"))
		open_add_module(record_number(&event->record, "id"), module);
	if (!event->lost && !strcmp(event->type, "done")) {
		free(modules);
		modules = open_end(record_number(&event->record, "id"));
	}
	if (json)
		print_json(event, modules);
	else
		print_text(event, modules);
	free(modules);
	flush();
}
