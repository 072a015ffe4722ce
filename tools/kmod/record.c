// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines of key=value pairs.
 *
 * The kernel writes every byte of a value that is not printable ASCII, and space, quote
 * and backslash, as \xHH. Values stay like that wherever they are shown: a user chooses
 * them, and with a real space in it a name could look like another column.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "kmodctl.h"

/* Those that are not text. What this program does not know is text, too. */
static const struct {
	const char *key;
	enum kind kind;
} kinds[] = {
	{ "age_ns", UNSIGNED },
	{ "begin", UNSIGNED },
	{ "count", UNSIGNED },
	{ "id", UNSIGNED },
	{ "into", UNSIGNED },
	{ "joiners", UNSIGNED },
	{ "loginuid", UNSIGNED },
	{ "missed", UNSIGNED },
	{ "modprobe", UNSIGNED },
	{ "modules", UNSIGNED },
	{ "parent", UNSIGNED },
	{ "pid", UNSIGNED },
	{ "pidns", UNSIGNED },
	{ "result", SIGNED },
	{ "run_ns", UNSIGNED },
	{ "slot_ns", UNSIGNED },
	{ "uid", UNSIGNED },
	{ "userns", UNSIGNED },
	{ "userns_level", UNSIGNED },
	{ "wait", UNSIGNED },
};

enum kind kind_of(const char *key)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(key, kinds[i].key))
			return kinds[i].kind;
	return TEXT;
}

/* Digits only, unlike strtoull(), which takes blanks and signs. */
bool parse_unsigned(const char *string, u64 *value)
{
	char *end;

	if (!isdigit((unsigned char)*string))
		return false;
	errno = 0;
	*value = strtoull(string, &end, 10);
	return !*end && !errno;
}

bool parse_signed(const char *string, s64 *value)
{
	char *end;

	if (!isdigit((unsigned char)string[*string == '-']))
		return false;
	errno = 0;
	*value = strtoll(string, &end, 10);
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

static bool is_of_kind(const char *value, enum kind kind)
{
	u64 u;
	s64 s;

	switch (kind) {
	case UNSIGNED:
		return parse_unsigned(value, &u);
	case SIGNED:
		return parse_signed(value, &s);
	default:
		return is_escaped(value);
	}
}

/* Takes a pair apart. What is wrong with it, or NULL. */
static const char *add_field(struct record *record, char *pair)
{
	char *equals = strchr(pair, '=');

	if (!equals)
		return "not key=value pairs with one space between them";
	*equals = '\0';
	if (!is_key(pair))
		return "a key is not of lower-case letters, digits and underscores";
	if (record_text(record, pair))
		return "a key comes twice";
	if (!is_of_kind(equals + 1, kind_of(pair)))
		return kind_of(pair) == TEXT ? "a value is not escaped" : "a value is not a number";
	if (record->count == MAX_FIELDS)
		return "too many keys";
	record->fields[record->count++] = (struct field){ pair, equals + 1 };
	return NULL;
}

/* What is wrong with the line, or NULL. The record is to be freed in either case. */
const char *record_parse(struct record *record, const char *line)
{
	const char *wrong = NULL;
	char *rest, *pair;

	record->count = 0;
	record->line = text_copy(line);
	rest = record->line;
	while (!wrong && (pair = strsep(&rest, " ")))
		wrong = add_field(record, pair);
	return wrong;
}

void record_free(struct record *record)
{
	free(record->line);
}

/* NULL if there is no such key. */
const char *record_text(const struct record *record, const char *key)
{
	int i;

	for (i = 0; i < record->count; i++)
		if (!strcmp(record->fields[i].key, key))
			return record->fields[i].value;
	return NULL;
}

/* 0 if there is no such key. */
u64 record_number(const struct record *record, const char *key)
{
	const char *value = record_text(record, key);
	u64 number = 0;

	return value && parse_unsigned(value, &number) ? number : 0;
}

s64 record_signed(const struct record *record, const char *key)
{
	const char *value = record_text(record, key);
	s64 number = 0;

	return value && parse_signed(value, &number) ? number : 0;
}
