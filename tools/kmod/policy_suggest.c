// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl policy suggest: rules that allow exactly the learned requests.
 *
 * Requests of a service are allowed to its control group. A request of users is allowed to any
 * user if several persons have made it, else to one user. A rule for a module, which applies to any
 * requester, is only a comment otherwise.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "journal.h"
#include "policy.h"
#include "modules.h"
#include "policy_narrow.h"

/* Ids of users: see UID_MIN in login.defs(5), and systemd's "Users, Groups, UIDs and GIDs". */
#define FIRST_PERSON		1000
#define NOBODY			65534
#define FIRST_SUBORDINATE	100000

static const char *const keys[] = { "kind", "name", "uid", "count", "comm", NULL };
static const char *const missed_keys[] = { "missed", NULL };
static const char *const since_keys[] = { "since_ns", "mode", NULL };

/* A learned request, of one machine or of several. */
struct need {
	struct record record;
	const char *kind;
	char *pattern;		/* matches exactly the name; NULL if no pattern can */
	char *scope;		/* qualifiers; NULL: those of a user */
	u64 uid;
	u64 count;
	bool other_userns;
	bool kthread;		/* that works for the user */
	bool done;		/* its rule has been printed */
};

struct needs {
	struct need *array;
	size_t count;
	u64 missed;
	u64 since;		/* latest begin of learning, in ns since boot */
	u64 mode;
	char *late;		/* the file with this begin */
	bool trouble;
};

static bool is_text(const struct record *record, const char *key, const char *expected)
{
	const char *value = record_text(record, key);

	return value && !strcmp(value, expected);
}

static bool is_same_scope(const struct need *a, const struct need *b)
{
	if (a->kthread != b->kthread)
		return false;
	return a->scope && b->scope ? !strcmp(a->scope, b->scope) : a->scope == b->scope;
}

/* The lines of several machines are added up. Returns NULL if the request is new. */
static struct need *find_need(const struct needs *needs, const struct need *need)
{
	const char *name = record_text(&need->record, "name");
	struct need *n;

	for (n = needs->array; n < needs->array + needs->count; n++)
		if (n->uid == need->uid && is_text(&n->record, "name", name) &&
		    !strcmp(n->kind, need->kind) && is_same_scope(n, need) &&
		    n->other_userns == need->other_userns)
			return n;
	return NULL;
}

static void need_free(struct need *need)
{
	record_free(&need->record);
	free(need->pattern);
	free(need->scope);
}

static void add_need(struct needs *needs, const struct record *record)
{
	struct need *known, need = {
		.record = *record,
		.kind = record_text(record, "kind"),
		.pattern = pattern_of(record_text(record, "name")),
		.scope = scope_of(record),
		.uid = record_number(record, "uid"),
		.count = record_number(record, "count"),
		.other_userns = is_text(record, "userns", "other"),
		.kthread = record_number(record, "kthread"),
	};

	known = find_need(needs, &need);
	if (known) {
		known->count += need.count;
		need_free(&need);
		return;
	}
	needs->array = grown(needs->array, needs->count, sizeof(need));
	needs->array[needs->count++] = need;
}

static void take_since(struct needs *needs, struct record *record, const char *path)
{
	if (record_number(record, "since_ns") >= needs->since) {
		needs->since = record_number(record, "since_ns");
		needs->mode = record_number(record, "mode");
		free(needs->late);
		needs->late = printable(path);
	}
}

static bool has_start(const char *line, const char *start)
{
	return !strncmp(line, start, strlen(start));
}

static void take_line(struct needs *needs, struct lines *lines)
{
	struct record record;

	if (has_start(lines->line, "missed=")) {
		if (!lines_record(lines, &record, missed_keys))
			return;
		needs->missed += record_number(&record, "missed");
		record_free(&record);
	} else if (has_start(lines->line, "since_ns=")) {
		if (!lines_record(lines, &record, since_keys))
			return;
		take_since(needs, &record, lines->path);
		record_free(&record);
	} else if (lines_record(lines, &record, keys)) {
		add_need(needs, &record);
	}
}

/* Takes the path. Returns 0 or an errno; then the caller must free the path. */
static int read_lines(struct needs *needs, char *path)
{
	struct lines lines;
	int error = lines_open_path(&lines, path);

	if (error)
		return error;
	while (lines_next(&lines))
		take_line(needs, &lines);
	needs->trouble |= lines.trouble;
	lines_close(&lines);
	return 0;
}

static bool read_kernel(struct needs *needs, const struct options *options)
{
	char *path = setting_path(options, SET_LEARNED);
	int error = read_lines(needs, path);

	if (!error)
		return true;
	setting_explain(options, path, error);
	free(path);
	return false;
}

static bool read_files(struct needs *needs, char *const *files)
{
	bool good = true;
	char *path;
	int error;

	for (; *files; files++) {
		path = text_copy(strcmp(*files, "-") ? *files : "/dev/stdin");
		error = read_lines(needs, path);
		if (!error)
			continue;
		complain("%s: %s", path, strerror(error));
		free(path);
		good = false;
	}
	return good;
}

static void needs_free(struct needs *needs)
{
	size_t i;

	for (i = 0; i < needs->count; i++)
		need_free(&needs->array[i]);
	free(needs->array);
	free(needs->late);
}

static bool is_same(const struct need *a, const struct need *b)
{
	if (!a->pattern || !b->pattern)
		return a == b;
	return !strcmp(a->kind, b->kind) && is_same_scope(a, b) &&
	       is_same_name(a->pattern, b->pattern);
}

/*
 * False for the users of services, whose ids differ from machine to machine, and for those of
 * containers.
 */
static bool is_person(const struct need *need)
{
	if (need->uid < FIRST_PERSON || (need->uid >= FIRST_DYNAMIC && need->uid <= NOBODY))
		return false;
	return !need->other_userns || need->uid < FIRST_SUBORDINATE;
}

static bool several_persons(const struct needs *needs, const struct need *need)
{
	const struct need *n, *first = NULL;

	for (n = needs->array; n < needs->array + needs->count; n++) {
		if (!is_person(n) || !is_same(n, need))
			continue;
		if (first && first->uid != n->uid)
			return true;
		first = n;
	}
	return false;
}

static void print_user(const struct need *need)
{
	char *comm = describe_name(&need->record, "comm"), *unit = describe_unit(&need->record);

	printf("# uid %llu%s%s: %llu time%s, first by %s\n", need->uid, *unit ? " in " : "", unit,
	       need->count, need->count == 1 ? "" : "s", comm);
	free(comm);
	free(unit);
}

static void print_rule(const struct needs *needs, const struct need *need)
{
	bool several = several_persons(needs, need), other_userns = !need->scope;
	bool any_user = need->scope || several;
	struct need *n;

	putchar('\n');
	for (n = needs->array; n < needs->array + needs->count; n++) {
		if (!is_same(n, need) || !(any_user || n->uid == need->uid))
			continue;
		print_user(n);
		other_userns &= n->other_userns;
		n->done = true;
	}
	if (need->scope && !*need->scope && !several)
		fputs("# A rule for a module applies to any requester. Remove the # to add it:\n"
		      "# ", stdout);
	printf("allow %s %s", need->kind, need->pattern);
	if (!any_user)
		printf(" uid %llu", need->uid);
	printf("%s%s%s\n", other_userns ? " userns other" : "", need->scope ? need->scope : "",
	       need->kthread ? " kthread" : "");
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

/* The rules of a unit are printed together. */
static void print_rules_of(const struct needs *needs, const struct need *first)
{
	struct need *need = needs->array + (first - needs->array);

	for (; need < needs->array + needs->count; need++) {
		if (need->done || !is_same_scope(need, first))
			continue;
		if (can_be_rule(need))
			print_rule(needs, need);
		else
			print_none(need);
		need->done = true;
	}
}

static void print_warnings(const struct needs *needs)
{
	char *since;

	if (!needs->count)
		printf("\n# No requests were learned.\n");
	if (needs->missed)
		printf("\n# Warning: incomplete; the kernel had no room for %llu more requests.\n",
		       needs->missed);
	if (!needs->since)
		return;
	since = describe_duration(needs->since);
	printf("\n# Warning: incomplete; learning began %s after boot, in %s\n"
	       "# To learn the boot as well, boot with: kmod.enforce=0 kmod.autoload=%llu\n",
	       since, needs->late, needs->mode);
	free(since);
}

static void print_rules(const struct needs *needs)
{
	const struct need *need;

	puts("# From kmodctl policy suggest. The first matching rule applies:\n"
	     "# load these before rules that deny.");
	for (need = needs->array; need < needs->array + needs->count; need++)
		if (!need->done)
			print_rules_of(needs, need);
	print_warnings(needs);
}

int cmd_policy_suggest(const struct options *options)
{
	struct needs needs = { 0 };
	bool good = *options->files ? read_files(&needs, options->files) :
				      read_kernel(&needs, options);

	if (good || needs.count)
		print_rules(&needs);
	needs_free(&needs);
	return good && !needs.trouble ? EXIT_SUCCESS : EXIT_FAILURE;
}
