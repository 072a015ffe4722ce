// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes records of trace events.
 */
#include <event-parse.h>
#include <string.h>

#include "watch.h"

static const char prefix[] = "kmod_";

/*
 * Returns the name for the number in the event's print format. The running kernel supplies the
 * format, so kmodctl needs no list of outcomes.
 */
static const char *symbol_of(const struct tep_event *format, const char *field, u64 number)
{
	const struct tep_print_arg *arg;
	const struct tep_print_flag_sym *symbol;

	for (arg = format->print_fmt.args; arg; arg = arg->next) {
		if (arg->type != TEP_PRINT_SYMBOL || arg->symbol.field->type != TEP_PRINT_FIELD ||
		    strcmp(arg->symbol.field->field.name, field))
			continue;
		for (symbol = arg->symbol.symbols; symbol; symbol = symbol->next)
			if (strtoull(symbol->value, NULL, 0) == number)
				return symbol->str;
	}
	return NULL;
}

/* Extends the sign, which the library does not. */
static u64 extended(u64 value, int size)
{
	int unused = 64 - size * 8;

	return (u64)((s64)(value << unused) >> unused);
}

static struct field read_number(struct tep_event *format, struct tep_format_field *from,
				struct tep_record *raw)
{
	struct field field = { .key = from->name, .kind = UNSIGNED };
	unsigned long long id = 0, number = 0;
	const char *string;

	tep_read_number_field(from, raw->data, &number);
	if (!strcmp(from->name, "site")) {
		tep_get_field_val(NULL, format, "id", raw, &id, 0);
		string = site_of(number, id);
	} else {
		string = symbol_of(format, from->name, number);
	}
	if (string)
		return (struct field){ .key = from->name, .kind = TEXT, .text = string };
	field.number = number;
	if (from->flags & TEP_FIELD_IS_SIGNED) {
		field.kind = SIGNED;
		field.number = extended(number, from->size);
	}
	return field;
}

static struct field read_field(struct tep_event *format, struct tep_format_field *from,
			       struct tep_record *raw)
{
	const char *string;
	int length;

	if (!(from->flags & TEP_FIELD_IS_STRING))
		return read_number(format, from, raw);
	string = tep_get_field_raw(NULL, format, from->name, raw, &length, 0);
	return (struct field){ .key = from->name, .kind = TEXT, .text = string ? string : "" };
}

static struct event *new_event(u64 boottime, const char *type)
{
	struct event *event = grown(NULL, 0, sizeof(*event));

	*event = (struct event){ .boottime = boottime, .type = type };
	return event;
}

/* Copies the raw data, which the record's strings point to. */
struct event *event_new(struct tep_event *format, const struct tep_record *raw)
{
	bool ours = !strncmp(format->name, prefix, strlen(prefix));
	struct event *event = new_event(raw->ts, format->name + (ours ? strlen(prefix) : 0));
	struct record *record = &event->record;
	struct tep_format_field *field;
	struct tep_record copy = *raw;

	record->data = grown(NULL, 0, raw->size);
	copy.data = memcpy(record->data, raw->data, raw->size);
	for (field = format->format.fields; field; field = field->next)
		record_add(record, read_field(format, field, &copy));
	return event;
}

/* @lost is negative if the kernel does not know the number. */
struct event *event_new_lost(u64 boottime, int lost)
{
	struct event *event = new_event(boottime, "lost");

	event->lost = lost > 0 ? lost : 1;
	return event;
}

void event_free(struct event *event)
{
	record_free(&event->record);
	free(event);
}
