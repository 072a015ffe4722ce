// SPDX-License-Identifier: GPL-2.0-only
/*
 * The counters as OpenMetrics text, for collectors.
 */
#include <string.h>

#include "kmodctl.h"

static const char outcome_prefix[] = "outcome_";

static const struct {
	const char *key;
	const char *metric;
	const char *help;
} metrics[] = {
	{ "joined", "kmod_requests_joined",
	  "Requests that shared the modprobe of another one for the same name." },
	{ "nested", "kmod_requests_nested", "Requests from inside of a modprobe." },
	{ "nowait", "kmod_requests_nowait", "Requests that nobody waited for." },
	{ "unrecorded", "kmod_requests_unrecorded",
	  "Requests that are not in the journal, for want of memory." },
	{ "modprobes", "kmod_modprobes", "Modprobes that the kernel started." },
	{ "hung", "kmod_modprobes_hung", "Modprobes that ran too long." },
	{ "modules", "kmod_modules_loaded", "Modules that were loaded for requests." },
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

		if (strncmp(key, outcome_prefix, strlen(outcome_prefix)))
			continue;
		if (first)
			print_head("kmod_requests", "counter",
				   "Requests for modules that have ended, by outcome.");
		first = false;
		printf("kmod_requests_total{outcome=\"%s\"} %llu\n",
		       key + strlen(outcome_prefix), stats->counters[i].value);
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
 * The kernel counts whole microseconds below a limit, OpenMetrics seconds up to it: the
 * difference is less than a nanosecond.
 */
static void print_histogram(const struct stats *stats)
{
	static const char metric[] = "kmod_request_duration_seconds";
	u64 count = 0;
	size_t i;

	print_head(metric, "histogram", "Time from a request to its end.");
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

/* A histogram without a last bucket would be invalid. False if it is missing. */
bool print_openmetrics(const struct stats *stats)
{
	bool complete = stats->nr_buckets && stats->buckets[stats->nr_buckets - 1].infinite;

	print_outcomes(stats);
	print_counters(stats);
	if (complete)
		print_histogram(stats);
	else
		complain("the histogram is incomplete");
	puts("# EOF");
	return complete;
}
