// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl status: the state of autoloading on one screen.
 */
#include <errno.h>
#include <json-c/json.h>
#include <libsmartcols.h>
#include <string.h>
#include <unistd.h>

#include "journal.h"
#include "policy.h"
#include "status.h"

/* Number of denied requests, and of hung ones, that are shown. */
#define SHOWN	5

static const char *const inflight_keys[] = { "id", "name", "state", "begin", NULL };
static const char *const request_keys[] = { "id", "name", "outcome", "begin", NULL };

static const struct column columns[] = { { "ITEM", 0 }, { "STATE", SCOLS_FL_TRUNC } };

static const char *const seals[] = {
	[SEAL_UNKNOWN] = "unknown: the kernel log of the boot is gone, or cannot be read",
	[SEALED] = "kernel.modprobe is write-protected",
	[NOT_SEALED] = "kernel.modprobe is not write-protected",
};

struct status {
	char *modprobe;			/* empty: autoloading is disabled; NULL: unknown */
	u64 limit;			/* 0: unknown */
	enum seal seal;
	bool has_policy;
	struct bytes values[NR_SETTINGS];
	struct rules rules;
	bool has_journal;
	bool is_unreadable;		/* the journal */
	bool trouble;			/* with the journal, reported */
	struct journal inflight;
	struct journal requests;
	size_t running, waiting, hung;	/* requests in flight */
};

static u64 number_of(const struct options *options, const char *sysctl)
{
	char *value = sysctl_read(options, sysctl);
	u64 number = 0;

	if (value && !parse_unsigned(value, &number))
		number = 0;
	free(value);
	return number;
}

/* The kernel limits the slots to half of the threads. */
static u64 limit_of_slots(const struct options *options)
{
	u64 limit = number_of(options, "kernel/kmod-limit");
	u64 threads = number_of(options, "kernel/threads-max");

	return threads && threads / 2 < limit ? threads / 2 : limit;
}

static void count_states(struct status *status)
{
	const char *state;
	size_t i;

	for (i = 0; i < status->inflight.count; i++) {
		state = record_text(&status->inflight.records[i], "state");
		status->running += !strcmp(state, "running") || !strcmp(state, "loading");
		status->waiting += !strcmp(state, "waiting");
		status->hung += !strcmp(state, "hung");
	}
}

/* Without a readable journal, the other facts are still shown. */
static void read_journal(struct status *status, const struct options *options)
{
	char *path = journal_path(options, "inflight");

	status->has_journal = !access(path, F_OK) || errno != ENOENT;
	free(path);
	if (!status->has_journal)
		return;
	status->is_unreadable =
		!journal_read(&status->inflight, options, "inflight", inflight_keys) ||
		!journal_read(&status->requests, options, "requests", request_keys);
	status->trouble = status->is_unreadable || status->inflight.trouble ||
		status->requests.trouble;
	count_states(status);
}

/* Reports errors. A kernel without a policy or without a journal is not an error. */
static bool status_read(struct status *status, const struct options *options)
{
	status->modprobe = sysctl_read(options, "kernel/modprobe");
	status->limit = limit_of_slots(options);
	/* An unpatched kernel has no limit, and does not protect the path. */
	status->seal = status->limit ? seal_read() : NOT_SEALED;
	status->has_policy = policy_exists(options);
	if (status->has_policy && !settings_read(options, status->values))
		return false;
	if (status->has_policy)
		rules_parse(&status->rules, &status->values[SET_RULES]);
	read_journal(status, options);
	return true;
}

static void status_free(struct status *status)
{
	enum setting setting;

	for (setting = 0; setting < NR_SETTINGS; setting++)
		bytes_free(&status->values[setting]);
	rules_free(&status->rules);
	journal_free(&status->inflight);
	journal_free(&status->requests);
	free(status->modprobe);
}

static bool is_set(const struct status *status, enum setting setting)
{
	return status->has_policy && *status->values[setting].data == '1';
}

static bool has_denial(const struct rules *rules)
{
	size_t i;

	for (i = 0; i < rules->count; i++)
		if (!rules->array[i].rule.allow)
			return true;
	return false;
}

/* Returns the effect of the policy, and sets the colour. */
static const char *verdict_of(const struct status *status, const char **colour)
{
	*colour = RED;
	if (!status->modprobe)
		return "kernel.modprobe cannot be read: does this kernel have modules?";
	if (!*status->modprobe)
		return "autoloading is disabled: kernel.modprobe is empty";
	if (!status->has_policy)
		return "any user can have modules loaded: this kernel has no policy";
	if (!is_set(status, SET_ENFORCE))
		return boot_disables_policy() ?
		       "nothing is denied: kmod.enforce=0 is on the kernel command line" :
		       "nothing is denied: enforce is 0, the kernel only learns";
	if (*status->values[SET_MODE].data == '0' && !has_denial(&status->rules))
		return "any user can have modules loaded: mode is 0, and no rule denies";
	*colour = GREEN;
	return is_set(status, SET_LOCK) ?
	       "the policy is enforced, and locked until the next boot" :
	       "the policy is enforced, and can be changed";
}

static void add(struct table *table, const char *item, char *state, const char *colour)
{
	table_add(table, text_copy(item));
	table_add_coloured(table, state, colour);
}

static void add_setting(struct table *table, const struct status *status, const char *item,
			enum setting setting)
{
	const struct bytes *value = &status->values[setting];
	const char *meaning = meaning_of(setting, value);

	char *line = text("%.*s: %s", (int)strcspn(value->data, "\n"), value->data,
			  meaning ? meaning : "?");

	add(table, item, printable(line), NULL);
	free(line);
}

static void add_policy(struct table *table, const struct status *status)
{
	const struct rules *rules = &status->rules;

	if (!status->has_policy) {
		add(table, "policy", text_copy("none in this kernel"), NULL);
		return;
	}
	add_setting(table, status, "mode", SET_MODE);
	add(table, "policy", text("%zu rule%s from %zu file%s", rules->count,
				  rules->count == 1 ? "" : "s", rules->nr_files,
				  rules->nr_files == 1 ? "" : "s"), NULL);
	add_setting(table, status, "enforce", SET_ENFORCE);
	add_setting(table, status, "helpers", SET_HELPERS_MODE);
	add_setting(table, status, "lock", SET_LOCK);
}

static void add_hung(struct table *table, const struct record *request)
{
	char *age = describe_duration(record_number(request, "age_ns"));
	char *name = describe_name(request, "name");
	char *requester = describe_requester(request);

	add(table, "", text("modprobe %llu for %s by %s, %s", record_number(request, "modprobe"),
			    name, requester, age), RED);
	free(age);
	free(name);
	free(requester);
}

static void add_denied(struct table *table, const struct record *request)
{
	char *time = describe_time_briefly(record_number(request, "begin"));
	char *name = describe_name(request, "name");
	char *requester = describe_requester(request);

	add(table, "", text("%s %s by %s", time, name, requester), YELLOW);
	free(time);
	free(name);
	free(requester);
}

static bool is_hung(const struct record *request)
{
	return !strcmp(record_text(request, "state"), "hung");
}

/* Adds the last of the requests. */
static void add_last(struct table *table, const struct journal *journal,
		     bool (*matches)(const struct record *request),
		     void (*add_one)(struct table *table, const struct record *request))
{
	size_t first = journal->count, found = 0, i;

	while (first && found < SHOWN)
		found += matches(&journal->records[--first]);
	for (i = first; i < journal->count; i++)
		if (matches(&journal->records[i]))
			add_one(table, &journal->records[i]);
}

static size_t count_denied(const struct journal *requests)
{
	size_t count = 0, i;

	for (i = 0; i < requests->count; i++)
		count += is_denied(&requests->records[i]);
	return count;
}

static void add_requests(struct table *table, const struct status *status)
{
	if (!status->has_journal || status->is_unreadable) {
		add(table, "journal", text_copy(status->has_journal ? "cannot be read" :
						"none: see kmodctl log"), NULL);
		return;
	}
	add(table, "slots", text("%zu with a running modprobe, %zu waiting, limit %llu",
				 status->running, status->waiting, status->limit),
	    status->waiting ? YELLOW : NULL);
	add(table, "hung", text("%zu", status->hung), NULL);
	add_last(table, &status->inflight, is_hung, add_hung);
	add(table, "denied", text("%zu of the last %zu requests", count_denied(&status->requests),
				  status->requests.count), NULL);
	add_last(table, &status->requests, is_denied, add_denied);
}

static void print_text(const struct status *status)
{
	const char *colour, *verdict = verdict_of(status, &colour);
	struct table table;

	table_init(&table, columns, 2);
	add(&table, "modprobe", printable(status->modprobe ? status->modprobe : "?"), NULL);
	add(&table, "seal", text_copy(seals[status->seal]),
	    status->seal == NOT_SEALED ? RED : NULL);
	add_policy(&table, status);
	add_requests(&table, status);
	add(&table, "verdict", text_copy(verdict), colour);
	table_print(&table);
}

static struct json_object *
json_of_matching(const struct journal *journal, bool (*matches)(const struct record *request))
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < journal->count; i++)
		if (matches(&journal->records[i]))
			json_object_array_add(array, json_of_record(&journal->records[i]));
	return array;
}

static void json_add_policy(struct json_object *all, const struct status *status)
{
	const char *helpers = status->values[SET_HELPERS_MODE].data;
	char *helpers_mode = text("%.*s", (int)strcspn(helpers, "\n"), helpers);

	json_add(all, "mode", json_object_new_int(atoi(status->values[SET_MODE].data)));
	json_add(all, "enforce", json_object_new_boolean(is_set(status, SET_ENFORCE)));
	json_add(all, "locked", json_object_new_boolean(is_set(status, SET_LOCK)));
	json_add(all, "rules", json_object_new_uint64(status->rules.count));
	json_add(all, "helpers_mode", json_of_string(helpers_mode));
	free(helpers_mode);
}

static void json_add_requests(struct json_object *all, const struct status *status)
{
	json_add(all, "running", json_object_new_uint64(status->running));
	json_add(all, "waiting", json_object_new_uint64(status->waiting));
	json_add(all, "limit", json_object_new_uint64(status->limit));
	json_add(all, "hung", json_of_matching(&status->inflight, is_hung));
	json_add(all, "denied", json_of_matching(&status->requests, is_denied));
}

static void print_json(const struct status *status)
{
	struct json_object *all = json_object_new_object();
	const char *colour;

	json_add(all, "modprobe", json_of_string(status->modprobe));
	json_add(all, "sealed", status->seal == SEAL_UNKNOWN ? NULL :
		 json_object_new_boolean(status->seal == SEALED));
	if (status->has_policy)
		json_add_policy(all, status);
	if (status->has_journal && !status->is_unreadable)
		json_add_requests(all, status);
	json_add(all, "verdict", json_of_string(verdict_of(status, &colour)));
	json_print(all, true);
}

int cmd_status(const struct options *options)
{
	struct status status = { 0 };
	bool good = status_read(&status, options);

	if (good)
		(options->json ? print_json : print_text)(&status);
	good &= !status.trouble && !status.rules.trouble;
	status_free(&status);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
