// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the files of the journal, in the directory kmod of debugfs or securityfs.
 */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>
#include <unistd.h>

#include "journal.h"

#define DEFAULT_DEBUGFS	"/sys/kernel/debug"

static bool is_missing(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

/* Reports why a file of the journal cannot be opened. */
static void explain(const char *path, const char *debugfs, bool mounted, int error)
{
	if (error == EACCES || (error == EPERM && geteuid()))
		complain("%s: %s (are you root? CAP_DAC_READ_SEARCH is needed)",
			 path, strerror(error));
	else if (error == EPERM)
		complain("%s: %s (is the kernel locked down?)", path, strerror(error));
	else if (is_missing(error) && !mounted)
		complain("debugfs is not mounted; try: mount -t debugfs none %s", debugfs);
	else if (is_missing(error) && !access(debugfs, F_OK))
		complain("%s: no journal in this kernel (CONFIG_KMOD_JOURNAL)", path);
	else
		complain("%s: %s", path, strerror(error));
}

static bool has_journal(const char *mount)
{
	char *directory = text("%s/kmod", mount);
	bool found = !access(directory, F_OK);

	free(directory);
	return found;
}

/* Prefers debugfs to securityfs. */
static char *find_debugfs(const struct options *options, bool *mounted)
{
	char *debugfs = find_mount("debugfs"), *securityfs = find_mount("securityfs");

	if (options->debugfs) {
		free(debugfs);
		debugfs = text_copy(options->debugfs);
	} else if (!(debugfs && has_journal(debugfs)) && securityfs && has_journal(securityfs)) {
		free(debugfs);
		debugfs = text_copy(securityfs);
	}
	free(securityfs);
	*mounted = debugfs;
	return debugfs ? debugfs : text_copy(DEFAULT_DEBUGFS);
}

/* The caller must free the path. */
char *journal_path(const struct options *options, const char *name)
{
	bool mounted;
	char *debugfs = find_debugfs(options, &mounted);
	char *path = text("%s/kmod/%s", debugfs, name);

	free(debugfs);
	return path;
}

/* Returns 0 or an errno. After an error the caller must free the path. */
int lines_open_path(struct lines *lines, char *path)
{
	*lines = (struct lines){ .path = path, .file = fopen(path, "re") };
	return lines->file ? 0 : errno;
}

bool lines_open(struct lines *lines, const struct options *options, const char *name)
{
	int error = lines_open_path(lines, journal_path(options, name));
	char *debugfs;
	bool mounted;

	if (!error)
		return true;
	debugfs = find_debugfs(options, &mounted);
	explain(lines->path, debugfs, mounted, error);
	free(debugfs);
	free(lines->path);
	return false;
}

void lines_complain(struct lines *lines, const char *error)
{
	complain("%s:%lu: malformed line: %s", lines->path, lines->number, error);
	lines->trouble = true;
}

/* Removes the newline. Returns an error message or NULL. */
static const char *check_line(char *line, ssize_t length)
{
	if (line[length - 1] != '\n')
		return "missing newline at the end";
	line[length - 1] = '\0';
	return strlen(line) == (size_t)length - 1 ? NULL : "embedded NUL";
}

/* Reads the next well-formed line. Returns false at the end. */
bool lines_next(struct lines *lines)
{
	const char *error;
	ssize_t length;

	for (;;) {
		errno = 0;
		length = getline(&lines->line, &lines->size, lines->file);
		if (length < 0)
			break;
		lines->number++;
		error = check_line(lines->line, length);
		if (!error)
			return true;
		lines_complain(lines, error);
	}
	if (errno || ferror(lines->file)) {
		complain("%s: %s", lines->path, strerror(errno));
		lines->trouble = true;
	}
	return false;
}

void lines_close(struct lines *lines)
{
	fclose(lines->file);
	free(lines->line);
	free(lines->path);
}

static const char *missing_key(const struct record *record, const char *const *required)
{
	for (; *required; required++)
		if (!record_field(record, *required))
			return *required;
	return NULL;
}

/* Parses the current line. On success the caller must free the record. */
bool lines_record(struct lines *lines, struct record *record, const char *const *required)
{
	const char *error = record_parse(record, lines->line), *missing;
	char *message;

	if (error) {
		lines_complain(lines, error);
		record_free(record);
		return false;
	}
	missing = missing_key(record, required);
	if (!missing)
		return true;
	message = text("missing key %s", missing);
	lines_complain(lines, message);
	free(message);
	record_free(record);
	return false;
}

/*
 * Reads a whole file of the journal. Reports malformed lines and skips them. Returns false
 * only if the file cannot be opened.
 */
bool journal_read(struct journal *journal, const struct options *options, const char *name,
		  const char *const *required)
{
	struct lines lines;
	struct record *next;

	*journal = (struct journal){ 0 };
	if (!lines_open(&lines, options, name))
		return false;
	while (lines_next(&lines)) {
		journal->records = grown(journal->records, journal->count, sizeof(*next));
		next = &journal->records[journal->count];
		if (lines_record(&lines, next, required))
			journal->count++;
	}
	journal->trouble = lines.trouble;
	lines_close(&lines);
	return true;
}

void journal_free(struct journal *journal)
{
	size_t i;

	for (i = 0; i < journal->count; i++)
		record_free(&journal->records[i]);
	free(journal->records);
}

/* Returns the time in a form that is short on a terminal. */
char *describe_begin(const struct table *table, u64 begin)
{
	return on_terminal() && !table->wide ? describe_time_briefly(begin) :
					       describe_time(begin, "%b %e %H:%M:%S");
}

/* Continues the table of the previous call, if there was one. */
static void print_table(const struct journal *journal, const struct view *view,
			const struct options *options)
{
	static struct table table;
	size_t i;

	if (table.columns) {
		table_continue(&table);
	} else {
		table_init(&table, view->columns, view->width);
		table.follow = options->follow;
		table.wide = options->wide;
		table.no_trunc = options->no_trunc;
		if (table.follow)
			table_reserve(&table, 0, describe_begin(&table, now_boottime()));
	}
	for (i = journal->first; i < journal->count; i++)
		view->add_row(&table, &journal->records[i]);
	table_print(&table);
}

/* Prints an array, or with --follow one object per line. */
static void print_json(const struct journal *journal, const struct view *view,
		       const struct options *options)
{
	struct json_object *array = options->follow ? NULL : json_object_new_array(), *object;
	size_t i;

	for (i = journal->first; i < journal->count; i++) {
		object = view->json(&journal->records[i]);
		if (array)
			json_object_array_add(array, object);
		else
			json_print(object, false);
	}
	if (array)
		json_print(array, true);
}

/* May be called again for more records with --follow. */
void journal_print(const struct journal *journal, const struct view *view,
		   const struct options *options)
{
	pager_start(options);
	(options->json ? print_json : print_table)(journal, view, options);
	flush();
}
