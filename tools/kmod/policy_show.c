// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl policy show: the policy in force.
 */
#include <json-c/json.h>
#include <libsmartcols.h>
#include <string.h>

#include "policy.h"

#define NR_SHOWN	(SET_LOCK + 1)

struct state {
	struct bytes values[NR_SHOWN];
	bool trouble;
};

static const struct column setting_columns[] = {
	{ "SETTING", 0 }, { "VALUE", 0 }, { "MEANING", SCOLS_FL_TRUNC },
};

static const struct column rule_columns[] = {
	{ "LINE", SCOLS_FL_RIGHT }, { "RULE", SCOLS_FL_TRUNC }, { "FILE", SCOLS_FL_TRUNC },
};

static const struct column helper_columns[] = { { "HELPER", SCOLS_FL_TRUNC } };

/* In the order of the output. */
static const struct {
	enum setting setting;
	const char *name;
	const char *value;
	const char *meaning;
} meanings[] = {
	{ SET_MODE, "mode", "0", "without a matching rule, every request is allowed" },
	{ SET_MODE, "mode", "1", "without a matching rule, a request needs CAP_SYS_MODULE" },
	{ SET_MODE, "mode", "2", "without a matching rule, no request is allowed" },
	{ SET_ENFORCE, "enforce", "0", "requests that would be denied are learned and allowed" },
	{ SET_ENFORCE, "enforce", "1", "denied requests fail with EPERM" },
	{ SET_LOCK, "lock", "0", "the policy can be changed" },
	{ SET_LOCK, "lock", "1", "the policy is locked until the next boot" },
	{ SET_HELPERS_MODE, "helpers", "off", "the kernel may run any helper" },
	{ SET_HELPERS_MODE, "helpers", "log", "the kernel logs helpers that are not listed" },
	{ SET_HELPERS_MODE, "helpers", "enforce", "the kernel may run only the listed helpers" },
};

/* A line of the kernel's policy, and its origin. */
struct place {
	char *next;		/* the rest of the file */
	char *line;
	unsigned long number;
	char *file;		/* NULL if unknown */
	unsigned long number_in_file;
};

static void place_init(struct place *place, struct bytes *bytes)
{
	*place = (struct place){ .next = bytes->data };
}

/* Cuts off the next line. Returns false at the end. */
static bool place_next(struct place *place)
{
	place->line = strsep(&place->next, "\n");
	if (!place->line)
		return false;
	place->number++;
	place->number_in_file++;
	if (!strncmp(place->line, MARK, strlen(MARK))) {
		place->file = place->line + strlen(MARK);
		place->number_in_file = 0;
	}
	return true;
}

/* Escapes bytes that are not printable as \xHH. The caller must free the string. */
static char *printable(const char *string)
{
	struct bytes result = { 0 };
	char escaped[5];

	bytes_add(&result, "", 0);
	for (; *string; string++) {
		if (*string >= ' ' && *string <= '~') {
			bytes_add(&result, string, 1);
		} else {
			snprintf(escaped, sizeof(escaped), "\\x%02x", (unsigned char)*string);
			bytes_add(&result, escaped, 4);
		}
	}
	return result.data;
}

static bool state_read(struct state *state, const struct options *options)
{
	enum setting setting;

	for (setting = 0; setting < NR_SHOWN; setting++)
		if (!setting_read(options, setting, &state->values[setting]))
			return false;
	return true;
}

static void state_free(struct state *state)
{
	enum setting setting;

	for (setting = 0; setting < NR_SHOWN; setting++)
		bytes_free(&state->values[setting]);
}

/* Returns the first line of the file. The caller must free it. */
static char *value_of(const struct state *state, enum setting setting)
{
	const char *value = state->values[setting].data;

	return text("%.*s", (int)strcspn(value, "\n"), value);
}

static void print_settings(const struct state *state)
{
	struct table table;
	char *value;
	size_t i;

	table_init(&table, setting_columns, 3);
	for (i = 0; i < sizeof(meanings) / sizeof(*meanings); i++) {
		value = value_of(state, meanings[i].setting);
		if (!strcmp(value, meanings[i].value)) {
			table_add(&table, text_copy(meanings[i].name));
			table_add(&table, text_copy(value));
			table_add(&table, text_copy(meanings[i].meaning));
		}
		free(value);
	}
	table_print(&table);
}

static char *describe_place(const struct place *place)
{
	char *file, *description;

	if (!place->file)
		return text_copy("");
	file = printable(place->file);
	description = text("%s:%lu", file, place->number_in_file);
	free(file);
	return description;
}

/* Describes the rule, with single spaces. */
static char *describe_rule(const char *line)
{
	char *copy = text_copy(line), *description, *pattern;
	struct rule rule;

	if (rule_parse(&rule, copy)) {
		description = printable(line);
	} else {
		pattern = printable(rule.pattern);
		description = text(rule.any_user ? "%s %s %s" : "%s %s %s uid %llu",
				   rule.allow ? "allow" : "deny", rule.kind, pattern, rule.uid);
		free(pattern);
	}
	free(copy);
	return description;
}

static void print_rules(struct bytes *rules)
{
	struct place place;
	struct table table;

	table_init(&table, rule_columns, 3);
	place_init(&place, rules);
	while (place_next(&place)) {
		if (rule_is_none(place.line))
			continue;
		table_add(&table, text("%lu", place.number));
		table_add(&table, describe_rule(place.line));
		table_add(&table, describe_place(&place));
	}
	table_print(&table);
}

static void print_helpers(struct bytes *helpers)
{
	struct place place;
	struct table table;

	table_init(&table, helper_columns, 1);
	place_init(&place, helpers);
	while (place_next(&place))
		if (*place.line == '/')
			table_add(&table, printable(place.line));
	table_print(&table);
}

static void print_text(struct state *state)
{
	print_settings(state);
	putchar('\n');
	print_rules(&state->values[SET_RULES]);
	putchar('\n');
	print_helpers(&state->values[SET_HELPERS]);
}

static struct json_object *json_of_string(const char *string)
{
	char *shown = string ? printable(string) : NULL;
	struct json_object *object = shown ? json_object_new_string(shown) : NULL;

	free(shown);
	return object;
}

static struct json_object *json_of_rule(const struct place *place, const struct rule *rule)
{
	struct json_object *object = json_object_new_object();

	json_add(object, "line", json_object_new_uint64(place->number));
	json_add(object, "allow", json_object_new_boolean(rule->allow));
	json_add(object, "kind", json_of_string(rule->kind));
	json_add(object, "pattern", json_of_string(rule->pattern));
	json_add(object, "uid", rule->any_user ? NULL : json_object_new_uint64(rule->uid));
	json_add(object, "file", json_of_string(place->file));
	json_add(object, "file_line", json_object_new_uint64(place->number_in_file));
	return object;
}

static struct json_object *json_of_rules(struct state *state)
{
	struct json_object *array = json_object_new_array();
	struct place place;
	struct rule rule;
	const char *error;

	place_init(&place, &state->values[SET_RULES]);
	while (place_next(&place)) {
		if (rule_is_none(place.line))
			continue;
		error = rule_parse(&rule, place.line);
		if (error)
			complain("line %lu: %s; rule omitted", place.number, error);
		else
			json_object_array_add(array, json_of_rule(&place, &rule));
		state->trouble |= !!error;
	}
	return array;
}

static struct json_object *json_of_helpers(struct bytes *helpers)
{
	struct json_object *array = json_object_new_array();
	struct place place;

	place_init(&place, helpers);
	while (place_next(&place))
		if (*place.line == '/')
			json_object_array_add(array, json_of_string(place.line));
	return array;
}

static void print_json(struct state *state)
{
	struct json_object *all = json_object_new_object();
	char *helpers_mode = value_of(state, SET_HELPERS_MODE);

	json_add(all, "mode", json_object_new_int(atoi(state->values[SET_MODE].data)));
	json_add(all, "enforce",
		 json_object_new_boolean(*state->values[SET_ENFORCE].data == '1'));
	json_add(all, "locked", json_object_new_boolean(*state->values[SET_LOCK].data == '1'));
	json_add(all, "rules", json_of_rules(state));
	json_add(all, "helpers_mode", json_of_string(helpers_mode));
	json_add(all, "helpers", json_of_helpers(&state->values[SET_HELPERS]));
	json_print(all, true);
	free(helpers_mode);
}

int cmd_policy_show(const struct options *options)
{
	struct state state = { 0 };
	bool shown = state_read(&state, options);

	if (shown)
		(options->json ? print_json : print_text)(&state);
	state_free(&state);
	return shown && !state.trouble ? EXIT_SUCCESS : EXIT_FAILURE;
}
