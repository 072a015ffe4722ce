// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl policy suggest: rules that allow exactly the learned requests.
 *
 * An alias rule is for any user if several users other than root need it, else for one.
 */
#include <limits.h>
#include <string.h>

#include "journal.h"
#include "policy.h"

static const char *const keys[] = { "kind", "name", "uid", "count", "comm", NULL };

static const char *const missed_keys[] = { "missed", NULL };

/* A line of the learned requests. */
struct need {
	struct record record;
	const char *kind;
	char *pattern;		/* matches exactly the name; NULL if no pattern can */
	u64 uid;
	bool done;		/* its rule has been printed */
};

struct needs {
	struct need *array;
	size_t count;
	u64 missed;
	bool trouble;
};

/* Reads one byte, escaped as \xHH or not. */
static char take_byte(const char **escaped)
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

/* Returns the pattern that matches exactly the name, or NULL. The caller must free it. */
static char *pattern_of(const char *escaped)
{
	struct bytes pattern = { 0 };
	char byte;

	while (*escaped) {
		byte = take_byte(&escaped);
		if (byte <= ' ' || byte > '~') {
			bytes_free(&pattern);
			return NULL;
		}
		if (strchr("*?[\\", byte))
			bytes_add(&pattern, "\\", 1);
		bytes_add(&pattern, &byte, 1);
	}
	return pattern.data;
}

static void add_need(struct needs *needs, const struct record *record)
{
	struct need need = {
		.record = *record,
		.kind = record_text(record, "kind"),
		.pattern = pattern_of(record_text(record, "name")),
		.uid = record_number(record, "uid"),
	};

	needs->array = grown(needs->array, needs->count, sizeof(need));
	needs->array[needs->count++] = need;
}

static void take_line(struct needs *needs, struct lines *lines)
{
	struct record record;

	if (strncmp(lines->line, "missed=", strlen("missed="))) {
		if (lines_record(lines, &record, keys))
			add_need(needs, &record);
	} else if (lines_record(lines, &record, missed_keys)) {
		needs->missed = record_number(&record, "missed");
		record_free(&record);
	}
}

static bool needs_read(struct needs *needs, const struct options *options)
{
	char *path = setting_path(options, SET_LEARNED);
	struct lines lines;
	int error = lines_open_path(&lines, path);

	*needs = (struct needs){ 0 };
	if (error) {
		setting_explain(options, path, error);
		free(path);
		return false;
	}
	while (lines_next(&lines))
		take_line(needs, &lines);
	needs->trouble = lines.trouble;
	lines_close(&lines);
	return true;
}

static void needs_free(struct needs *needs)
{
	size_t i;

	for (i = 0; i < needs->count; i++) {
		record_free(&needs->array[i].record);
		free(needs->array[i].pattern);
	}
	free(needs->array);
}

/* Rules treat - and _ as equal. */
static bool is_same_pattern(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (*a != *b && !(strchr("-_", *a) && strchr("-_", *b)))
			return false;
	return *a == *b;
}

static bool is_same(const struct need *a, const struct need *b)
{
	if (!a->pattern || !b->pattern)
		return a == b;
	return !strcmp(a->kind, b->kind) && is_same_pattern(a->pattern, b->pattern);
}

/* Module rules are for any user. So are alias rules that several users other than root need. */
static bool is_for_any_user(const struct needs *needs, const struct need *need)
{
	const struct need *n, *first = NULL;

	if (!strcmp(need->kind, "module"))
		return true;
	for (n = needs->array; n < needs->array + needs->count; n++) {
		if (!n->uid || !is_same(n, need))
			continue;
		if (first && first->uid != n->uid)
			return true;
		first = n;
	}
	return false;
}

static void print_user(const struct need *need)
{
	u64 count = record_number(&need->record, "count");
	char *comm = describe_name(&need->record, "comm");

	printf("# uid %llu: %llu time%s, first by %s\n", need->uid, count,
	       count == 1 ? "" : "s", comm);
	free(comm);
}

static void print_rule(const struct needs *needs, const struct need *need)
{
	bool any_user = is_for_any_user(needs, need);
	struct need *n;

	putchar('\n');
	for (n = needs->array; n < needs->array + needs->count; n++) {
		if (!is_same(n, need) || !(any_user || n->uid == need->uid))
			continue;
		print_user(n);
		n->done = true;
	}
	printf("allow %s %s", need->kind, need->pattern);
	if (!any_user)
		printf(" uid %llu", need->uid);
	putchar('\n');
}

/* Checks the kind and the user id, although the kernel writes only valid ones. */
static bool can_be_rule(const struct need *need)
{
	return need->pattern && need->uid < UINT_MAX &&
	       (!strcmp(need->kind, "alias") || !strcmp(need->kind, "module"));
}

static void print_none(const struct need *need)
{
	char *name = describe_name(&need->record, "name");

	printf("\n# No rule can match the %s %s:\n", need->kind, name);
	print_user(need);
	free(name);
}

static void print_rules(const struct needs *needs)
{
	const struct need *need;

	puts("# Rules for learned requests, from kmodctl policy suggest. The first matching rule\n"
	     "# applies: load these before rules that deny.");
	for (need = needs->array; need < needs->array + needs->count; need++) {
		if (need->done)
			continue;
		if (can_be_rule(need))
			print_rule(needs, need);
		else
			print_none(need);
	}
	if (!needs->count)
		printf("\n# No requests were learned.\n");
	if (needs->missed)
		printf("\n# Warning: incomplete; the kernel had no room for %llu more requests.\n",
		       needs->missed);
}

int cmd_policy_suggest(const struct options *options)
{
	struct needs needs;

	if (!needs_read(&needs, options))
		return EXIT_FAILURE;
	print_rules(&needs);
	needs_free(&needs);
	return needs.trouble ? EXIT_FAILURE : EXIT_SUCCESS;
}
