// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records: lines of key=value pairs, and events.
 *
 * The kernel escapes space, quote, backslash and every byte that is not printable ASCII as \xHH.
 * kmodctl undoes this for spaces only, see describe_name().
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "kmodctl.h"

/* The keys of the journal that are numbers. Any other key is text. */
static const char *const numbers[] = {
	"age_ns", "auid", "begin", "cgroup", "count", "id", "into", "joiners", "kthread",
	"loginuid", "missed", "mntns", "mode", "modprobe", "modules", "parent", "pid", "pidns",
	"run_ns", "since_ns", "slot_ns", "uid", "userns", "userns_level", "wait",
};

/* The user namespace and the control group are text in denials and learned requests. */
static enum kind kind_of(const char *key, const char *value)
{
	size_t i;

	if ((!strcmp(key, "userns") || !strcmp(key, "cgroup")) && !isdigit((unsigned char)*value))
		return TEXT;
	if (!strcmp(key, "result"))
		return SIGNED;
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (!strcmp(key, numbers[i]))
			return UNSIGNED;
	return TEXT;
}

/* Accepts digits only, unlike strtoull(), which skips blanks and takes a sign. */
bool parse_unsigned(const char *string, u64 *value)
{
	char *end;

	if (!isdigit((unsigned char)*string))
		return false;
	errno = 0;
	*value = strtoull(string, &end, 10);
	return !*end && !errno;
}

static bool parse_signed(const char *string, u64 *value)
{
	char *end;

	if (!isdigit((unsigned char)string[*string == '-']))
		return false;
	errno = 0;
	*value = (u64)strtoll(string, &end, 10);
	return !*end && !errno;
}

bool is_key(const char *string)
{
	return *string && !string[strspn(string, "abcdefghijklmnopqrstuvwxyz0123456789_")];
}

static bool is_escaped(const char *value)
{
	for (; *value; value++) {
		if (*value <= ' ' || *value > '~' || *value == '"')
			return false;
		if (*value == '\\') {
			if (value[1] != 'x' || strspn(value + 2, "0123456789abcdef") < 2)
				return false;
			value += 3;
		}
	}
	return true;
}

/* Reads one byte, escaped as \xHH or not. */
char take_byte(const char **escaped)
{
	char digits[3] = "";
	char byte = **escaped;

	if (byte != '\\') {
		*escaped += 1;
		return byte;
	}
	memcpy(digits, *escaped + 2, 2);
	*escaped += 4;
	return (char)strtoul(digits, NULL, 16);
}

/* Returns the bytes that the kernel escaped. The caller must free them. */
char *unescaped(const char *escaped)
{
	char *bytes = text_copy(escaped), *end = bytes;

	while (*escaped)
		*end++ = take_byte(&escaped);
	*end = '\0';
	return bytes;
}

static bool parse_value(struct field *field, const char *value)
{
	switch (field->kind) {
	case UNSIGNED:
		return parse_unsigned(value, &field->number);
	case SIGNED:
		return parse_signed(value, &field->number);
	default:
		field->text = value;
		return is_escaped(value);
	}
}

void record_add(struct record *record, struct field field)
{
	record->fields = grown(record->fields, record->count, sizeof(field));
	record->fields[record->count++] = field;
}

/* Splits the pair. Returns an error message or NULL. */
static const char *add_pair(struct record *record, char *pair)
{
	char *equals = strchr(pair, '=');
	struct field field = { .key = pair };

	if (!equals)
		return "expected key=value pairs separated by single spaces";
	*equals = '\0';
	if (!is_key(pair))
		return "expected lower-case letters, digits and underscores in a key";
	if (record_field(record, pair))
		return "duplicate key";
	field.kind = kind_of(pair, equals + 1);
	if (!parse_value(&field, equals + 1))
		return field.kind == TEXT ? "value is not escaped" : "value is not a number";
	record_add(record, field);
	return NULL;
}

/* Returns an error message or NULL. The caller must free the record in either case. */
const char *record_parse(struct record *record, const char *line)
{
	const char *error = NULL;
	char *rest, *pair;

	rest = text_copy(line);
	*record = (struct record){ .data = rest };
	while (!error && (pair = strsep(&rest, " ")))
		error = add_pair(record, pair);
	return error;
}

void record_free(struct record *record)
{
	free(record->fields);
	free(record->data);
}

/* Returns NULL if the record lacks the key. */
const struct field *record_field(const struct record *record, const char *key)
{
	size_t i;

	for (i = 0; i < record->count; i++)
		if (!strcmp(record->fields[i].key, key))
			return &record->fields[i];
	return NULL;
}

/* Returns NULL if the record lacks the key, or its value is a number. */
const char *record_text(const struct record *record, const char *key)
{
	const struct field *field = record_field(record, key);

	return field && field->kind == TEXT ? field->text : NULL;
}

/* Returns 0 if the record lacks the key, or its value is text. */
u64 record_number(const struct record *record, const char *key)
{
	const struct field *field = record_field(record, key);

	return field && field->kind != TEXT ? field->number : 0;
}

s64 record_signed(const struct record *record, const char *key)
{
	return (s64)record_number(record, key);
}
