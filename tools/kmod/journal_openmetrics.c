// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl stats --openmetrics.
 */
#include <string.h>

#include "journal.h"

static const struct {
	const char *key;
	const char *metric;
	const char *help;
} metrics[] = {
	{ "joined", "kmod_requests_joined",
	  "Requests that joined an earlier request for the same name." },
	{ "nested", "kmod_requests_nested", "Requests from inside a modprobe." },
	{ "nowait", "kmod_requests_nowait", "Requests whose requester did not wait." },
	{ "unrecorded", "kmod_requests_unrecorded",
	  "Requests that are not in the journal for lack of memory." },
	{ "modprobes", "kmod_modprobes", "Started modprobes." },
	{ "hung", "kmod_modprobes_hung", "Hung modprobes, which have released their slots." },
	{ "slow_inits", "kmod_modprobes_slow_init",
	  "Modprobes that were running the init of a module when they would have been hung." },
	{ "beyond_limit", "kmod_modprobes_beyond_limit",
	  "Modprobes that were started beyond the limit." },
	{ "modules", "kmod_modules_loaded", "Modules loaded by requests." },
};

static const struct counter *find_counter(const struct stats *stats, const char *key)
{
	size_t i;

	for (i = 0; i < stats->nr_counters; i++)
		if (!strcmp(stats->counters[i].key, key))
			return &stats->counters[i];
	return NULL;
}

static void print_head(const char *metric, const char *type, const char *help)
{
	printf("# TYPE %s %s\n# HELP %s %s\n", metric, type, metric, help);
}

static void print_outcomes(const struct stats *stats)
{
	bool first = true;
	size_t i;

	for (i = 0; i < stats->nr_counters; i++) {
		const char *key = stats->counters[i].key;

		if (strncmp(key, OUTCOME_PREFIX, strlen(OUTCOME_PREFIX)))
			continue;
		if (first)
			print_head("kmod_requests", "counter",
				   "Completed module requests, by outcome.");
		first = false;
		printf("kmod_requests_total{outcome=\"%s\"} %llu\n",
		       key + strlen(OUTCOME_PREFIX), stats->counters[i].value);
	}
}

static void print_counters(const struct stats *stats)
{
	const struct counter *counter;
	size_t i;

	for (i = 0; i < sizeof(metrics) / sizeof(*metrics); i++) {
		counter = find_counter(stats, metrics[i].key);
		if (!counter)
			continue;
		print_head(metrics[i].metric, "counter", metrics[i].help);
		printf("%s_total %llu\n", metrics[i].metric, counter->value);
	}
}

/*
 * The kernel's limits are exclusive, those of OpenMetrics inclusive. The kernel counts
 * whole microseconds, so no request has a duration of exactly the limit.
 */
static void print_histogram(const struct stats *stats)
{
	static const char metric[] = "kmod_request_duration_seconds";
	u64 count = 0;
	size_t i;

	print_head(metric, "histogram", "Durations of requests.");
	printf("# UNIT %s seconds\n", metric);
	for (i = 0; i < stats->nr_buckets; i++) {
		count += stats->buckets[i].count;
		if (stats->buckets[i].infinite)
			printf("%s_bucket{le=\"+Inf\"} %llu\n", metric, count);
		else
			printf("%s_bucket{le=\"%.15g\"} %llu\n", metric,
			       (double)stats->buckets[i].limit / 1e6, count);
	}
	printf("%s_count %llu\n", metric, count);
	printf("%s_sum %llu.%06llu\n", metric, stats->sum_us / 1000000,
	       stats->sum_us % 1000000);
}

/* A histogram without its last bucket is invalid: omits it and returns false. */
bool print_openmetrics(const struct stats *stats)
{
	bool complete = stats->nr_buckets && stats->buckets[stats->nr_buckets - 1].infinite;

	print_outcomes(stats);
	print_counters(stats);
	if (complete)
		print_histogram(stats);
	else
		complain("histogram without its last bucket");
	puts("# EOF");
	return complete;
}
