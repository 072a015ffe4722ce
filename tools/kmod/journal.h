/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's journal: text files in debugfs.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include "kmodctl.h"

/* journal_read.c */
struct lines {
	char *path;
	FILE *file;
	char *line;		/* the current one, without its newline */
	size_t size;
	unsigned long number;
	bool trouble;		/* an error was reported */
};

char *journal_path(const struct options *options, const char *name);
int lines_open_path(struct lines *lines, char *path);
bool lines_open(struct lines *lines, const struct options *options, const char *name);
bool lines_next(struct lines *lines);
bool lines_record(struct lines *lines, struct record *record, const char *const *required);
void lines_complain(struct lines *lines, const char *error);
void lines_close(struct lines *lines);

struct journal {
	struct record *records;
	size_t count;
	size_t first;		/* number of records to skip when printing */
	bool trouble;		/* an error was reported */
};

bool journal_read(struct journal *journal, const struct options *options, const char *name,
		  const char *const *required);
void journal_free(struct journal *journal);

/* journal_filter.c */
bool filter_init(const struct options *options);
bool filter_apply(struct journal *requests);
void filter_free(void);

/* The output of a command. */
struct view {
	const struct column *columns;
	size_t width;		/* in columns */
	void (*add_row)(struct table *table, const struct record *record);
	struct json_object *(*json)(const struct record *record);
};

char *describe_begin(const struct table *table, u64 begin);
void journal_print(const struct journal *journal, const struct view *view,
		   const struct options *options);

/* journal_log.c */
void requests_print(const struct journal *requests, const struct journal *loads,
		    const struct options *options);

/* journal_loaded.c */
char *describe_loaded(const struct journal *modules, const struct record *request);
struct json_object *json_of_loaded(const struct journal *modules, u64 id, bool failed);

/* journal_stats.c */
#define OUTCOME_PREFIX	"outcome_"

struct counter {
	char *key;
	u64 value;
};

struct bucket {
	u64 limit;		/* exclusive, in microseconds */
	bool infinite;		/* no limit */
	u64 count;
};

struct stats {
	struct counter *counters;
	size_t nr_counters;
	struct bucket *buckets;
	size_t nr_buckets;
	u64 sum_us;
};

bool stats_read(struct stats *stats, const struct options *options, bool *trouble);
void stats_free(struct stats *stats);

#endif /* JOURNAL_H */
