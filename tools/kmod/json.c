// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records as JSON.
 *
 * Strings keep the kernel's \xHH escapes. The JSON is valid for any bytes in a name, and
 * a program can recover these bytes.
 */
#include <json-c/json.h>
#include <string.h>

#include "kmodctl.h"

/* The key "modules" is used for the array of names. */
static const char *name_of(const char *key)
{
	return strcmp(key, "modules") ? key : "nr_modules";
}

static struct json_object *value_of(const struct field *field)
{
	switch (field->kind) {
	case UNSIGNED:
		return json_object_new_uint64(field->number);
	case SIGNED:
		return json_object_new_int64((s64)field->number);
	default:
		return json_object_new_string(field->text);
	}
}

void json_add_record(struct json_object *object, const struct record *record)
{
	size_t i;

	for (i = 0; i < record->count; i++)
		json_add(object, name_of(record->fields[i].key), value_of(&record->fields[i]));
}

/* The unit is null if the control group belongs to none. */
void json_add_unit(struct json_object *object, const struct record *record)
{
	char *unit;

	if (!record_field(record, "cgroup"))
		return;
	unit = describe_unit(record);
	json_add(object, "unit", *unit ? json_object_new_string(unit) : NULL);
	free(unit);
}

struct json_object *json_of_record(const struct record *record)
{
	struct json_object *object = json_object_new_object();

	json_add_record(object, record);
	json_add_time(object, record_number(record, "begin"));
	json_add_unit(object, record);
	return object;
}

void json_add(struct json_object *object, const char *key, struct json_object *value)
{
	json_object_object_add(object, key, value);
}

void json_add_time(struct json_object *object, u64 boottime)
{
	char *time = describe_utc(boottime);

	json_add(object, "time", json_object_new_string(time));
	free(time);
}

/* Prints and frees the object. */
void json_print(struct json_object *object, bool pretty)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;

	if (pretty)
		flags |= JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
	puts(json_object_to_json_string_ext(object, flags));
	json_object_put(object);
}
