/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Declarations that all commands share.
 */
#ifndef KMODCTL_H
#define KMODCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NSEC_PER_SEC	1000000000ULL

#define EXIT_USAGE	2
#define EXIT_DENIED	3	/* policy test: a name is denied */
#define EXIT_LOADED	3	/* policy deny: a module is loaded already */

#define __attr(x)	__attribute__((x))
#define __printf(a, b)	__attr(format(printf, a, b))

typedef unsigned long long u64;
typedef long long s64;

struct json_object;

/* main.c */
struct options {
	bool all;
	bool json;
	bool openmetrics;
	bool denied;
	bool dry_run;
	bool failed;
	bool follow;
	bool force;
	bool in_force;
	bool kthread;
	bool module;
	bool no_pager;
	bool no_trunc;
	bool rules;
	bool wide;
	bool write;
	const char *cap;	/* NULL by default, as are the other strings */
	const char *cgroup;
	const char *debugfs;
	const char *file;
	const char *modules;
	const char *name;
	const char *output;
	const char *root;
	const char *since;
	const char *uid;
	const char *unit;
	const char *userns;
	const char *lines;
	const char *securityfs;
	const char *sysctl;
	char *const *files;	/* ends with NULL */
};

/* Reports wrong arguments. Evaluates to the exit status. */
#define misused(format, ...) \
	(complain(format "; try 'kmodctl --help'", ##__VA_ARGS__), EXIT_USAGE)

/* status.c, explain.c, journal_*.c, watch.c, policy_*.c: each command returns the exit status */
int cmd_status(const struct options *options);
int cmd_explain(const struct options *options);
int cmd_log(const struct options *options);
int cmd_inflight(const struct options *options);
int cmd_modules(const struct options *options);
int cmd_stats(const struct options *options);
int cmd_metrics(const struct options *options);
int cmd_watch(const struct options *options);
int cmd_policy_show(const struct options *options);
int cmd_policy_check(const struct options *options);
int cmd_policy_test(const struct options *options);
int cmd_policy_deny(const struct options *options);
int cmd_policy_allow(const struct options *options);
int cmd_policy_load(const struct options *options);
int cmd_policy_suggest(const struct options *options);
int cmd_policy_lock(const struct options *options);

/* util.c */
void complain(const char *format, ...) __printf(1, 2);
char *text(const char *format, ...) __printf(1, 2);
char *text_copy(const char *string);
char *text_append(char *before, const char *separator, const char *format, ...) __printf(3, 4);
void *zeroed(size_t count, size_t size);
void *resized(void *array, size_t count, size_t size);
void *grown(void *array, size_t count, size_t size);
char *find_mount(const char *type);

/* Any bytes, followed by a NUL that @length does not count. */
struct bytes {
	char *data;		/* NULL: no value, as opposed to an empty one */
	size_t length;
	size_t room;
};

void bytes_add(struct bytes *bytes, const char *data, size_t length);
void bytes_free(struct bytes *bytes);
char *printable(const char *string);
char *escaped(const char *string, const char *also);
int read_whole(const char *path, size_t max, struct bytes *bytes);
bool replace_file(const char *path, const struct bytes *text);
void flush(void);
int finish(int status);

/* record.c: a line of the journal, or an event */
enum kind { TEXT, UNSIGNED, SIGNED };

struct field {
	const char *key;
	enum kind kind;
	union {
		const char *text;	/* TEXT */
		u64 number;		/* UNSIGNED; SIGNED is converted */
	};
};

struct record {
	void *data;		/* holds the strings that the fields point to */
	struct field *fields;
	size_t count;
};

const char *record_parse(struct record *record, const char *line);
void record_add(struct record *record, struct field field);
void record_free(struct record *record);
const struct field *record_field(const struct record *record, const char *key);
const char *record_text(const struct record *record, const char *key);
u64 record_number(const struct record *record, const char *key);
s64 record_signed(const struct record *record, const char *key);
char take_byte(const char **escaped);
char *unescaped(const char *escaped);
bool parse_unsigned(const char *string, u64 *value);
bool is_key(const char *string);

/* cgroups.c: the caller must free the path */
char *cgroup_path(const struct record *record);

/* describe.c: the caller must free the returned strings, except colours */
u64 now_boottime(void);
u64 boottime_of(time_t wall);
char *describe_time(u64 boottime, const char *format);
char *describe_time_briefly(u64 boottime);
char *describe_utc(u64 boottime);
char *describe_duration(u64 ns);
char *describe_result(s64 result);
char *describe_outcome(const struct record *record);
const char *colour_of_result(const struct record *record);
bool is_denied(const struct record *request);
char *describe_site(const struct record *record);
char *describe_requester(const struct record *record);
char *describe_relation(const struct record *record);
char *describe_unit(const struct record *record);
char *describe_exe(const struct record *record);
char *describe_name(const struct record *record, const char *key);

/* terminal.c */
#define BOLD	"\033[1m"
#define RED	"\033[31m"
#define GREEN	"\033[32m"
#define YELLOW	"\033[33m"

bool on_terminal(void);
size_t terminal_width(void);
bool use_colour(void);
void print_coloured(const char *colour, const char *format, ...) __printf(2, 3);
void pager_start(const struct options *options);
bool pager_wait(void);

/* table.c */
#define MAX_COLUMNS	11

/*
 * Flags of a column, besides SCOLS_FL_RIGHT and SCOLS_FL_TRUNC, which allows to cut its cells.
 * OPTIONAL: hide the column first if the terminal is too narrow. CUT_LESS: cut its cells
 * less than others, if possible. IF_USED: hide the column if all its cells are "-".
 * USUAL(): the width of usual cells, which a table that grows reserves.
 */
#define OPTIONAL	0x40000000
#define CUT_LESS	0x20000000
#define IF_USED		0x10000000
#define USUAL(width)	((width) << 16)
#define USUAL_WIDTH(flags)	((flags) >> 16 & 0xff)

struct column {
	const char *title;
	int flags;
};

struct table {
	struct libscols_table *table;
	struct libscols_line *line;
	const struct column *columns;
	size_t width;		/* in columns */
	size_t next;		/* column of the next cell */
	size_t longest[MAX_COLUMNS];	/* longest cell of each column */
	bool used[MAX_COLUMNS];		/* some cell is not "-" */
	bool hidden[MAX_COLUMNS];
	size_t widths[MAX_COLUMNS];	/* in the layout */
	size_t room;			/* width of the terminal in the layout */
	bool follow;			/* rows will be added after it is printed */
	bool wide;			/* show all columns in full */
	bool no_trunc;			/* do not cut cells */
};

void table_init(struct table *table, const struct column *columns, size_t width);
void table_continue(struct table *table);
void table_reserve(struct table *table, size_t i, char *text);
void table_add(struct table *table, char *text);
void table_add_coloured(struct table *table, char *text, const char *colour);
void table_print(struct table *table);

/* json.c */
struct json_object *json_of_record(const struct record *record);
void json_add_record(struct json_object *object, const struct record *record);
void json_add_unit(struct json_object *object, const struct record *record);
void json_add(struct json_object *object, const char *key, struct json_object *value);
void json_add_time(struct json_object *object, u64 boottime);
void json_print(struct json_object *object, bool pretty);

#endif /* KMODCTL_H */
