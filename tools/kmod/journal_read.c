// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the kernel's journal, the files in debugfs's kmod/, and says why if it cannot.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kmodctl.h"

#define DEFAULT_DEBUGFS	"/sys/kernel/debug"

static bool is_missing(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

/* Why a file of the journal could not be opened. */
static void explain(const char *path, const char *debugfs, bool mounted, int error)
{
	if (error == EACCES || (error == EPERM && geteuid()))
		complain("%s: %s: only root may read it, or a task with CAP_DAC_READ_SEARCH",
			 path, strerror(error));
	else if (error == EPERM)
		complain("%s: %s: is the kernel locked down?", path, strerror(error));
	else if (is_missing(error) && !mounted)
		complain("debugfs is not mounted; try: mount -t debugfs none %s", debugfs);
	else if (is_missing(error) && !access(debugfs, F_OK))
		complain("%s: this kernel keeps no journal (CONFIG_KMOD_JOURNAL)", path);
	else
		complain("%s: %s", path, strerror(error));
}

static char *find_debugfs(const struct options *options, bool *mounted)
{
	char *debugfs = options->debugfs ? text_copy(options->debugfs) :
						      find_mount("debugfs");

	*mounted = debugfs;
	return debugfs ? debugfs : text_copy(DEFAULT_DEBUGFS);
}

/* To be freed. */
char *journal_path(const struct options *options, const char *name)
{
	bool mounted;
	char *debugfs = find_debugfs(options, &mounted);
	char *path = text("%s/kmod/%s", debugfs, name);

	free(debugfs);
	return path;
}

/* Opens the file at the path, which is to be freed only if that fails. 0 or an errno. */
int lines_open_path(struct lines *lines, char *path)
{
	*lines = (struct lines){ .path = path, .file = fopen(path, "re") };
	return lines->file ? 0 : errno;
}

/* Opens a file of the journal. */
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

void lines_complain(struct lines *lines, const char *what)
{
	complain("%s:%lu: malformed line: %s", lines->path, lines->number, what);
	lines->trouble = true;
}

/* Cuts the newline off. What is wrong with the line, or NULL. */
static const char *check_line(char *line, ssize_t length)
{
	if (line[length - 1] != '\n')
		return "its end is missing";
	line[length - 1] = '\0';
	return strlen(line) == (size_t)length - 1 ? NULL : "there is a NUL byte in it";
}

/* Reads the next good line. False at the end. */
bool lines_next(struct lines *lines)
{
	const char *wrong;
	ssize_t length;

	for (;;) {
		errno = 0;
		length = getline(&lines->line, &lines->size, lines->file);
		if (length < 0)
			break;
		lines->number++;
		wrong = check_line(lines->line, length);
		if (!wrong)
			return true;
		lines_complain(lines, wrong);
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
		if (!record_text(record, *required))
			return *required;
	return NULL;
}

/* The record of the line, to be freed, if it is as it should be. */
bool lines_record(struct lines *lines, struct record *record, const char *const *required)
{
	const char *wrong = record_parse(record, lines->line), *missing;
	char *message;

	if (wrong) {
		lines_complain(lines, wrong);
		record_free(record);
		return false;
	}
	missing = missing_key(record, required);
	if (!missing)
		return true;
	message = text("it has no %s", missing);
	lines_complain(lines, message);
	free(message);
	record_free(record);
	return false;
}

/*
 * Reads a whole file of the journal. Malformed lines are reported and left out; false only
 * if there is nothing to read.
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
