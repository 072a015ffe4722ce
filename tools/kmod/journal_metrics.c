// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl metrics: the counters and the histogram, for Prometheus.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

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
	  "Modprobes that were loading a module when they would have been hung." },
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

static FILE *output;

/*
 * The heads of a metric. For counters, OpenMetrics names the family, and Prometheus the sample,
 * which has a suffix.
 */
static void print_head(const char *metric, bool openmetrics, const char *type, const char *help)
{
	const char *suffix = openmetrics || strcmp(type, "counter") ? "" : "_total";

	fprintf(output, "# HELP %s%s %s\n# TYPE %s%s %s\n", metric, suffix, help, metric, suffix,
		type);
}

static void print_outcomes(const struct stats *stats, bool openmetrics)
{
	bool first = true;
	size_t i;

	for (i = 0; i < stats->nr_counters; i++) {
		const char *key = stats->counters[i].key;

		if (strncmp(key, OUTCOME_PREFIX, strlen(OUTCOME_PREFIX)))
			continue;
		if (first)
			print_head("kmod_requests", openmetrics, "counter",
				   "Completed module requests, by outcome.");
		first = false;
		fprintf(output, "kmod_requests_total{outcome=\"%s\"} %llu\n",
			key + strlen(OUTCOME_PREFIX), stats->counters[i].value);
	}
}

static void print_counters(const struct stats *stats, bool openmetrics)
{
	const struct counter *counter;
	size_t i;

	for (i = 0; i < sizeof(metrics) / sizeof(*metrics); i++) {
		counter = find_counter(stats, metrics[i].key);
		if (!counter)
			continue;
		print_head(metrics[i].metric, openmetrics, "counter", metrics[i].help);
		fprintf(output, "%s_total %llu\n", metrics[i].metric, counter->value);
	}
}

/*
 * The kernel's limits are exclusive, those of the formats inclusive. A duration of exactly the
 * limit is counted one bucket higher; the error is below 1 us.
 */
static void print_histogram(const struct stats *stats, bool openmetrics)
{
	static const char metric[] = "kmod_request_duration_seconds";
	u64 count = 0;
	size_t i;

	print_head(metric, openmetrics, "histogram", "Durations of requests.");
	if (openmetrics)
		fprintf(output, "# UNIT %s seconds\n", metric);
	for (i = 0; i < stats->nr_buckets; i++) {
		count += stats->buckets[i].count;
		if (stats->buckets[i].infinite)
			fprintf(output, "%s_bucket{le=\"+Inf\"} %llu\n", metric, count);
		else
			fprintf(output, "%s_bucket{le=\"%.15g\"} %llu\n", metric,
				(double)stats->buckets[i].limit / 1e6, count);
	}
	fprintf(output, "%s_count %llu\n", metric, count);
	fprintf(output, "%s_sum %llu.%06llu\n", metric, stats->sum_us / 1000000,
		stats->sum_us % 1000000);
}

/* A histogram without its last bucket is invalid: omits it and returns false. */
static bool print_metrics(const struct stats *stats, bool openmetrics)
{
	bool complete = stats->nr_buckets && stats->buckets[stats->nr_buckets - 1].infinite;

	print_outcomes(stats, openmetrics);
	print_counters(stats, openmetrics);
	if (complete)
		print_histogram(stats, openmetrics);
	else
		complain("histogram without its last bucket");
	if (openmetrics)
		fputs("# EOF\n", output);
	return complete;
}

/* Reports errors. */
static bool write_file(const struct stats *stats, const struct options *options)
{
	struct bytes text = { 0 };
	struct stat old;
	bool good;

	/* The file is replaced, which must not happen to /dev/null, or to the link /dev/stdout. */
	if (!lstat(options->output, &old) && !S_ISREG(old.st_mode)) {
		complain("%s: %s", options->output,
			 S_ISDIR(old.st_mode) ? strerror(EISDIR) : "not a regular file");
		return false;
	}
	output = open_memstream(&text.data, &text.length);
	if (!output) {
		complain("%s: %s", options->output, strerror(errno));
		return false;
	}
	good = print_metrics(stats, options->openmetrics);
	if (fclose(output) || !replace_file(options->output, &text)) {
		complain("%s: %s", options->output, strerror(errno));
		good = false;
	}
	bytes_free(&text);
	return good;
}

int cmd_metrics(const struct options *options)
{
	struct stats stats;
	bool trouble;

	if (!stats_read(&stats, options, &trouble))
		return EXIT_FAILURE;
	output = stdout;
	if (options->output && strcmp(options->output, "-"))
		trouble |= !write_file(&stats, options);
	else
		trouble |= !print_metrics(&stats, options->openmetrics);
	stats_free(&stats);
	return trouble ? EXIT_FAILURE : EXIT_SUCCESS;
}
