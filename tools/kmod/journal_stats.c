// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl stats: counters and a histogram of durations.
 *
 * The file has lines "KEY NUMBER", and "latency_us LIMIT COUNT" for each bucket.
 */
#include <json-c/json.h>
#include <libsmartcols.h>
#include <limits.h>
#include <string.h>

#include "journal.h"

#define BAR	40

static const struct column counter_columns[] = {
	{ "COUNTER", 0 }, { "VALUE", SCOLS_FL_RIGHT },
};

static const struct column bucket_columns[] = {
	{ "SHORTER THAN", SCOLS_FL_RIGHT },
	{ "REQUESTS", SCOLS_FL_RIGHT },
	{ "SHARE", SCOLS_FL_TRUNC },
};

static const char *add_bucket(struct stats *stats, char *rest)
{
	const char *limit = strsep(&rest, " ");
	struct bucket bucket = { 0 }, *last;

	if (!strcmp(limit, "inf"))
		bucket.infinite = true;
	else if (!parse_unsigned(limit, &bucket.limit))
		return "expected a number or 'inf' as the limit of a bucket";
	if (!rest || !parse_unsigned(rest, &bucket.count))
		return "count of a bucket is not a number";
	last = stats->nr_buckets ? &stats->buckets[stats->nr_buckets - 1] : NULL;
	if (last && (last->infinite || (!bucket.infinite && last->limit >= bucket.limit)))
		return "limits of buckets must increase";
	stats->buckets = grown(stats->buckets, stats->nr_buckets, sizeof(bucket));
	stats->buckets[stats->nr_buckets++] = bucket;
	return NULL;
}

static const char *add_counter(struct stats *stats, const char *key, const char *number)
{
	u64 value;
	size_t i;

	if (!parse_unsigned(number, &value))
		return "value is not a number";
	for (i = 0; i < stats->nr_counters; i++)
		if (!strcmp(stats->counters[i].key, key))
			return "duplicate key";
	stats->counters = grown(stats->counters, stats->nr_counters, sizeof(*stats->counters));
	stats->counters[stats->nr_counters++] = (struct counter){ text_copy(key), value };
	if (!strcmp(key, "latency_us_sum"))
		stats->sum_us = value;
	return NULL;
}

/* Returns an error message or NULL. */
static const char *add_line(struct stats *stats, char *line)
{
	const char *key = strsep(&line, " ");

	if (!is_key(key))
		return "expected lower-case letters, digits and underscores in a key";
	if (!line)
		return "key without a value";
	if (!strcmp(key, "latency_us"))
		return add_bucket(stats, line);
	return add_counter(stats, key, line);
}

/* Returns false if the file cannot be opened. Sets @trouble if a line is malformed. */
bool stats_read(struct stats *stats, const struct options *options, bool *trouble)
{
	struct lines lines;
	const char *error;

	*stats = (struct stats){ 0 };
	if (!lines_open(&lines, options, "stats"))
		return false;
	while (lines_next(&lines)) {
		error = add_line(stats, lines.line);
		if (error)
			lines_complain(&lines, error);
	}
	*trouble = lines.trouble;
	lines_close(&lines);
	return true;
}

void stats_free(struct stats *stats)
{
	size_t i;

	for (i = 0; i < stats->nr_counters; i++)
		free(stats->counters[i].key);
	free(stats->counters);
	free(stats->buckets);
}

static void print_json(const struct stats *stats)
{
	struct json_object *all = json_object_new_object(), *array = json_object_new_array();
	struct json_object *object;
	size_t i;

	for (i = 0; i < stats->nr_counters; i++)
		json_add(all, stats->counters[i].key,
			 json_object_new_uint64(stats->counters[i].value));
	for (i = 0; i < stats->nr_buckets; i++) {
		const struct bucket *bucket = &stats->buckets[i];

		object = json_object_new_object();
		json_add(object, "below",
			 bucket->infinite ? NULL : json_object_new_uint64(bucket->limit));
		json_add(object, "count", json_object_new_uint64(bucket->count));
		json_object_array_add(array, object);
	}
	json_add(all, "latency_us", array);
	json_print(all, true);
}

static void print_counters(const struct stats *stats)
{
	struct table table;
	size_t i;

	table_init(&table, counter_columns, 2);
	for (i = 0; i < stats->nr_counters; i++) {
		const char *key = stats->counters[i].key;
		bool outcome = !strncmp(key, OUTCOME_PREFIX, strlen(OUTCOME_PREFIX));

		if (!strcmp(key, "latency_us_sum"))
			continue;
		table_add(&table, outcome ? text("  %s", key + strlen(OUTCOME_PREFIX)) :
			  text_copy(key));
		table_add(&table, text("%llu", stats->counters[i].value));
	}
	table_print(&table);
}

static u64 largest_count(const struct stats *stats)
{
	u64 largest = 1;
	size_t i;

	for (i = 0; i < stats->nr_buckets; i++)
		if (stats->buckets[i].count > largest)
			largest = stats->buckets[i].count;
	return largest;
}

static char *describe_limit(const struct bucket *bucket)
{
	if (bucket->infinite)
		return text_copy("any");
	if (bucket->limit > ULLONG_MAX / 1000)
		return text("%llu us", bucket->limit);
	return describe_duration(bucket->limit * 1000);
}

static char *bar(u64 count, u64 largest)
{
	char hashes[BAR + 1] = "";

	memset(hashes, '#', (size_t)((double)count / (double)largest * BAR));
	return text_copy(hashes);
}

/* Prints the buckets from the first to the last one that is not empty. */
static void print_histogram(const struct stats *stats)
{
	size_t first = 0, end = stats->nr_buckets, i;
	u64 largest = largest_count(stats);
	struct table table;

	while (end && !stats->buckets[end - 1].count)
		end--;
	while (first < end && !stats->buckets[first].count)
		first++;
	if (first == end)
		return;
	putchar('\n');
	table_init(&table, bucket_columns, 3);
	for (i = first; i < end; i++) {
		table_add(&table, describe_limit(&stats->buckets[i]));
		table_add(&table, text("%llu", stats->buckets[i].count));
		table_add(&table, bar(stats->buckets[i].count, largest));
	}
	table_print(&table);
}

static void print_text(const struct stats *stats)
{
	print_counters(stats);
	print_histogram(stats);
}

int cmd_stats(const struct options *options)
{
	struct stats stats;
	bool trouble;

	if (!stats_read(&stats, options, &trouble))
		return EXIT_FAILURE;
	if (options->json)
		print_json(&stats);
	else
		print_text(&stats);
	stats_free(&stats);
	return trouble ? EXIT_FAILURE : EXIT_SUCCESS;
}
