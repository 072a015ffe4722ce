/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What crosses kmodctl's files.
 */
#ifndef KMODCTL_H
#define KMODCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define NSEC_PER_SEC	1000000000ULL

#define EXIT_USAGE	2

#define __attr(x)	__attribute__((x))
#define __printf(a, b)	__attr(format(printf, a, b))

typedef unsigned long long u64;
typedef long long s64;

struct json_object;
struct kbuffer;
struct tep_handle;

/* main.c */
struct options {
	const char *debugfs;	/* as given, or NULL */
	const char *securityfs;	/* likewise */
	const char *sysctl;	/* likewise */
	char *const *words;	/* after the command, the last is NULL */
	bool json;
	bool all;
	bool openmetrics;
	bool limited;		/* to that many lines */
	u64 lines;
};

int misused(const char *why, const char *what);

/* journal_*.c, watch.c, policy.c: each returns the exit status */
int cmd_log(const struct options *options);
int cmd_inflight(const struct options *options);
int cmd_modules(const struct options *options);
int cmd_stats(const struct options *options);
int cmd_watch(const struct options *options);
int cmd_policy(const struct options *options);

/* util.c */
void complain(const char *format, ...) __printf(1, 2);
char *text(const char *format, ...) __printf(1, 2);
char *text_copy(const char *string);
void *grown(void *array, size_t count, size_t size);
char *find_mount(const char *type);

/* Any bytes. There is a NUL behind them, which does not count. */
struct bytes {
	char *data;		/* NULL: not even an empty string */
	size_t length;
	size_t room;
};

void bytes_add(struct bytes *bytes, const char *data, size_t length);
void bytes_free(struct bytes *bytes);
int read_whole(const char *path, size_t max, struct bytes *bytes);
void flush(void);
int finish(int status);

/* record.c: a line of key=value pairs, or an event */
#define MAX_FIELDS	64

struct field {
	const char *key;
	const char *value;
};

struct record {
	char *line;
	int count;
	struct field fields[MAX_FIELDS];
};

enum kind { TEXT, UNSIGNED, SIGNED };

const char *record_parse(struct record *record, const char *line);
void record_free(struct record *record);
const char *record_text(const struct record *record, const char *key);
u64 record_number(const struct record *record, const char *key);
s64 record_signed(const struct record *record, const char *key);
enum kind kind_of(const char *key);
bool parse_unsigned(const char *string, u64 *value);
bool parse_signed(const char *string, s64 *value);
bool is_key(const char *string);

/* journal_read.c: the kernel's files, in debugfs */
struct lines {
	char *path;
	FILE *file;
	char *line;		/* the last one that was read, without its newline */
	size_t size;
	unsigned long number;
	bool trouble;		/* something was wrong, and said so */
};

char *journal_path(const struct options *options, const char *name);
int lines_open_path(struct lines *lines, char *path);
bool lines_open(struct lines *lines, const struct options *options, const char *name);
bool lines_next(struct lines *lines);
bool lines_record(struct lines *lines, struct record *record, const char *const *required);
void lines_complain(struct lines *lines, const char *what);
void lines_close(struct lines *lines);

struct journal {
	struct record *records;
	size_t count;
	bool trouble;
};

bool journal_read(struct journal *journal, const struct options *options, const char *name,
		  const char *const *required);
void journal_free(struct journal *journal);

/* describe.c: records in words; all but the colours are to be freed */
enum colour { PLAIN, BOLD, GREEN, YELLOW, RED };

u64 now_boottime(void);
char *describe_time(u64 boottime, const char *format);
char *describe_utc(u64 boottime);
char *describe_duration(u64 ns);
char *describe_result(s64 result);
char *describe_outcome(const struct record *record);
enum colour colour_of_outcome(const char *outcome);
char *describe_requester(const struct record *record);
char *describe_relation(const struct record *record);
char *describe_name(const struct record *record, const char *key);

/* table.c */
#define MAX_COLUMNS	16

struct column {
	const char *title;
	bool right;
};

struct cell {
	char *text;
	enum colour colour;
};

struct table {
	const struct column *columns;
	size_t width;		/* in cells, up to MAX_COLUMNS */
	size_t count;		/* of cells */
	struct cell *cells;
};

bool use_colour(void);
void print_coloured(enum colour colour, const char *format, ...) __printf(2, 3);
void table_init(struct table *table, const struct column *columns, size_t width);
void table_add(struct table *table, char *text);
void table_add_coloured(struct table *table, char *text, enum colour colour);
void table_print(struct table *table);

/* json.c */
struct json_object *json_of_record(const struct record *record);
void json_add_record(struct json_object *object, const struct record *record);
void json_add(struct json_object *object, const char *key, struct json_object *value);
void json_add_time(struct json_object *object, u64 boottime);
void json_print(struct json_object *object, bool pretty);

/* journal_loaded.c: which request loaded which modules */
char *describe_loaded(const struct journal *modules, const struct record *request);
struct json_object *json_of_loaded(const struct journal *modules, u64 id);

/* journal_stats.c, journal_openmetrics.c */
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

bool print_openmetrics(const struct stats *stats);

/* watch_instance.c: a trace instance of our own */
#define TRACE_BUFFER_KB	512	/* of each CPU; an event takes 100 to 200 bytes */

bool trace_start(void);
void trace_stop(void);
int trace_open(const char *file);
struct tep_handle *trace_formats(void);

/* watch_ring.c: its events */
struct event {
	u64 boottime;
	u64 lost;		/* before it; the rest is not set then */
	const char *type;	/* request, deny, join, load, refuse, done; lost */
	struct record record;
};

struct ring {
	int cpu_count;
	int *fds;
	size_t page_size;
	void *page;
	struct kbuffer *kbuffer;
	struct queue *queue;
	bool trouble;
};

bool ring_open(struct ring *ring, struct queue *queue);
void ring_read(struct ring *ring);
void ring_close(struct ring *ring);
void event_free(struct event *event);

/* watch_queue.c: brings the events of several CPUs into order */
struct queue {
	struct event **events;
	size_t head;		/* the oldest one */
	size_t count;		/* from the array's beginning */
};

bool queue_is_empty(const struct queue *queue);

void queue_add(struct queue *queue, struct event *event);
struct event *queue_take(struct queue *queue, u64 until);

/* watch_site.c */
void site_init(const struct options *options);
char *site_of(u64 address, u64 id);

/* watch_modules.c: modules of requests that have not ended */
void open_add_module(u64 id, const char *module);
char *open_end(u64 id);

/* watch_print.c: what watch prints of an event */
void print_watch_head(bool json);
void print_event(const struct event *event, bool json);

/* policy_kernel.c: the kernel's side of the policy */
enum setting {
	SET_HELPERS,
	SET_HELPERS_MODE,
	SET_RULES,
	SET_MODE,
	SET_ENFORCE,
	NR_SETTINGS,		/* up to here, what can be loaded, and in this order */
	SET_LOCK = NR_SETTINGS,
	SET_LEARNED
};

#define MAX_RULES	(1024 * 1024)
#define MAX_HELPERS	(64 * 1024)

char *setting_path(const struct options *options, enum setting setting);
void setting_explain(const struct options *options, const char *path, int error);
bool setting_read(const struct options *options, enum setting setting, struct bytes *bytes);
bool setting_write(const struct options *options, enum setting setting,
		   const struct bytes *bytes);

/* policy_rules.c: a line of the policy */
struct rule {
	bool allow;
	const char *kind;	/* alias, module */
	const char *pattern;
	bool anybody;
	u64 uid;		/* if not for anybody */
};

bool rule_is_none(const char *line);
const char *rule_parse(struct rule *rule, char *line);
char *next_word(char **line);

/* policy_parse.c: files of the policy */
#define MARK		"# kmodctl: "	/* a file's name follows, then its lines */

struct policy {
	struct bytes values[NR_SETTINGS];	/* without data where no file has any */
	bool trouble;
};

void policy_parse(struct policy *policy, char *const *words);
void policy_free(struct policy *policy);

/* policy_show.c, policy_load.c, policy_suggest.c: each returns the exit status */
int policy_show(const struct options *options);
int policy_check(const struct options *options);
int policy_load(const struct options *options);
int policy_suggest(const struct options *options);
int policy_lock(const struct options *options);

#endif /* KMODCTL_H */
