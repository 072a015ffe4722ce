// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl policy show: the policy in force.
 */
#include <json-c/json.h>
#include <libsmartcols.h>
#include <string.h>

#include "policy.h"

struct state {
	struct bytes values[NR_SETTINGS];
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

static void state_free(struct state *state)
{
	enum setting setting;

	for (setting = 0; setting < NR_SETTINGS; setting++)
		bytes_free(&state->values[setting]);
}

/* Returns the first line of the file. The caller must free it. */
static char *value_of(const struct state *state, enum setting setting)
{
	const char *value = state->values[setting].data;

	return text("%.*s", (int)strcspn(value, "\n"), value);
}

/* Returns NULL for an unknown value. */
const char *meaning_of(enum setting setting, const struct bytes *value)
{
	size_t length = strcspn(value->data, "\n"), i;

	for (i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
		if (meanings[i].setting == setting && strlen(meanings[i].value) == length &&
		    !strncmp(meanings[i].value, value->data, length))
			return meanings[i].meaning;
	return NULL;
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

static void print_rules(const struct rules *rules)
{
	const struct placed_rule *rule;
	struct table table;

	table_init(&table, rule_columns, 3);
	for (rule = rules->array; rule < rules->array + rules->count; rule++) {
		table_add(&table, text("%lu", rule->number));
		table_add(&table, rule_describe(&rule->rule));
		table_add(&table, rule->file ? describe_place(rule) : text_copy(""));
	}
	table_print(&table);
}

/* Returns the path as in a 'helper' line. The caller must free it. */
static char *helper_escaped(const char *path)
{
	size_t length = strlen(path);
	bool prefix = path[length - 1] == '*';
	char *plain = text("%.*s", (int)(length - prefix), path), *shown = escaped(plain, "\\*");

	free(plain);
	return prefix ? text_append(shown, "", "*") : shown;
}

static void print_helpers(char *helpers)
{
	struct table table;
	char *line;

	table_init(&table, helper_columns, 1);
	while ((line = strsep(&helpers, "\n")))
		if (*line == '/')
			table_add(&table, helper_escaped(line));
	table_print(&table);
}

static void print_text(struct state *state)
{
	struct rules rules;

	print_settings(state);
	putchar('\n');
	rules_parse(&rules, &state->values[SET_RULES]);
	print_rules(&rules);
	state->trouble |= rules.trouble;
	rules_free(&rules);
	putchar('\n');
	print_helpers(state->values[SET_HELPERS].data);
}

struct json_object *json_of_string(const char *string)
{
	char *shown = string ? printable(string) : NULL;
	struct json_object *object = shown ? json_object_new_string(shown) : NULL;

	free(shown);
	return object;
}

static struct json_object *json_of_uid(const struct rule *rule, u64 uid)
{
	return rule_has_uid(rule) ? json_object_new_uint64(uid) : NULL;
}

static const char *name_of_userns(enum userns userns)
{
	static const char *const names[] = { NULL, "init", "other" };

	return names[userns];
}

struct json_object *json_of_rule(const struct placed_rule *placed)
{
	struct json_object *object = json_object_new_object();
	const struct rule *rule = &placed->rule;

	json_add(object, "line", json_object_new_uint64(placed->number));
	json_add(object, "allow", json_object_new_boolean(rule->allow));
	json_add(object, "kind", json_of_string(kind_of_rule(rule)));
	json_add(object, "pattern", json_of_string(rule->pattern));
	json_add(object, "uid", json_of_uid(rule, rule->first_uid));
	json_add(object, "last_uid", json_of_uid(rule, rule->last_uid));
	json_add(object, "cap", json_of_capabilities(rule->capabilities));
	json_add(object, "userns", json_of_string(name_of_userns(rule->userns)));
	json_add(object, "cgroup", json_of_string(rule->cgroup));
	json_add(object, "kthread", json_object_new_boolean(rule->kthread));
	json_add(object, "file", json_of_string(placed->file));
	json_add(object, "file_line", json_object_new_uint64(placed->number_in_file));
	return object;
}

static struct json_object *json_of_rules(struct state *state)
{
	struct json_object *array = json_object_new_array();
	const struct placed_rule *rule;
	struct rules rules;

	rules_parse(&rules, &state->values[SET_RULES]);
	for (rule = rules.array; rule < rules.array + rules.count; rule++)
		json_object_array_add(array, json_of_rule(rule));
	state->trouble |= rules.trouble;
	rules_free(&rules);
	return array;
}

static struct json_object *json_of_helpers(char *helpers)
{
	struct json_object *array = json_object_new_array();
	char *line, *shown;

	while ((line = strsep(&helpers, "\n"))) {
		if (*line != '/')
			continue;
		shown = helper_escaped(line);
		json_object_array_add(array, json_object_new_string(shown));
		free(shown);
	}
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
	json_add(all, "helpers", json_of_helpers(state->values[SET_HELPERS].data));
	json_print(all, true);
	free(helpers_mode);
}

static void print_directive(FILE *file, const char *name, const struct bytes *value)
{
	if (value->data)
		fprintf(file, "%s %.*s\n", name, (int)strcspn(value->data, "\n"), value->data);
}

static void print_helper_lines(FILE *file, const char *helpers)
{
	char *copy = text_copy(helpers ? helpers : ""), *rest = copy, *line, *shown;

	while ((line = strsep(&rest, "\n"))) {
		if (*line != '/')
			continue;
		shown = helper_escaped(line);
		fprintf(file, "helper %s\n", shown);
		free(shown);
	}
	free(copy);
}

static void print_lines(const struct bytes values[NR_SETTINGS], FILE *file)
{
	print_directive(file, "mode", &values[SET_MODE]);
	print_directive(file, "enforce", &values[SET_ENFORCE]);
	print_directive(file, "helpers", &values[SET_HELPERS_MODE]);
	print_helper_lines(file, values[SET_HELPERS].data);
	if (values[SET_LOCK].data && *values[SET_LOCK].data == '1')
		fputs("lock\n", file);
	fwrite(values[SET_RULES].data, 1, values[SET_RULES].length, file);
}

static bool is_shown(char byte)
{
	return byte == '\n' || byte == '\t' || (byte >= ' ' && byte <= '~');
}

/*
 * Prints a file that gives the same policy, with the origins of the rules, unless @escape is true
 * and some bytes are not printable.
 */
void policy_print(const struct bytes values[NR_SETTINGS], FILE *file, bool escape)
{
	char *lines = NULL;
	size_t length, i;
	FILE *stream = open_memstream(&lines, &length);

	if (!stream)
		return;
	print_lines(values, stream);
	fclose(stream);
	for (i = 0; i < length; i++)
		fprintf(file, escape && !is_shown(lines[i]) ? "\\x%02x" : "%c",
			(unsigned char)lines[i]);
	free(lines);
}

/* A terminal must not interpret the text. */
static void print_file(struct state *state)
{
	policy_print(state->values, stdout, on_terminal());
}

int cmd_policy_show(const struct options *options)
{
	void (*print)(struct state *state) = options->json ? print_json :
					     options->rules ? print_file : print_text;
	struct state state = { 0 };
	bool shown = settings_read(options, state.values);

	if (shown)
		print(&state);
	state_free(&state);
	return shown && !state.trouble ? EXIT_SUCCESS : EXIT_FAILURE;
}
