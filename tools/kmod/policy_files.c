// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policy files: those that an argument names, and those of the system.
 *
 * A file in /etc replaces a file of the same name in /run, which replaces one in /usr/lib. A link
 * to /dev/null or an empty file hides such a file. The files are sorted by name, whatever their
 * directory; those that policy deny and policy allow write come first.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "policy_dropin.h"

/* The first one has precedence. */
static const char *const directories[] = {
	POLICY_DIRECTORY, "/run/kmod/policy.d", "/usr/lib/kmod/policy.d",
};

#define NR_DIRECTORIES	(sizeof(directories) / sizeof(*directories))

/*
 * Returns the file of this name that one in /etc would hide, or NULL. It may be a mask. The caller
 * must free the path.
 */
char *find_lower(const char *name, const char *root)
{
	struct stat status;
	char *path;
	size_t i;

	for (i = 1; i < NR_DIRECTORIES; i++) {
		path = text("%s%s/%s", root ? root : "", directories[i], name);
		if (!lstat(path, &status))
			return path;
		free(path);
	}
	return NULL;
}

/* True if the path is that of the file that comes first, in one of the directories. */
bool is_deny_file(const char *path)
{
	size_t i, length;

	for (i = 0; i < NR_DIRECTORIES; i++) {
		length = strlen(directories[i]);
		if (!strncmp(path, directories[i], length) && !strcmp(path + length, "/" DENY_FILE))
			return true;
	}
	return false;
}

static void add_path(struct paths *paths, char *path)
{
	paths->array = grown(paths->array, paths->count, sizeof(*paths->array));
	paths->array[paths->count++] = path;
}

static const char *name_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

static bool has_name(const struct paths *paths, const char *name)
{
	size_t i;

	for (i = 0; i < paths->count; i++)
		if (!strcmp(name_of(paths->array[i]), name))
			return true;
	return false;
}

/* True if the path leads to /dev/null. */
bool is_mask(const char *path)
{
	struct stat null;

	return !stat(path, &null) && S_ISCHR(null.st_mode) && null.st_rdev == makedev(1, 3);
}

/* Opening a FIFO would wait for a writer. An argument may be one. */
bool is_special(const char *path)
{
	struct stat status;

	return !stat(path, &status) && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

static int rank(const char *name)
{
	return !strcmp(name, DENY_FILE) ? 0 : !strcmp(name, ALLOW_FILE) ? 1 : 2;
}

/* Unlike strcoll(), must not depend on the locale. */
static int compare_names(const void *a, const void *b)
{
	const char *x = name_of(*(char *const *)a), *y = name_of(*(char *const *)b);
	int difference = rank(x) - rank(y);

	return difference ? difference : strcmp(x, y);
}

static int is_configuration(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return *entry->d_name != '.' && length > 5 &&
	       !strcmp(entry->d_name + length - 5, ".conf");
}

/* Adds the files whose names are not in @files yet. Returns 0 or an errno. */
static int add_directory(struct paths *files, const char *directory)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, is_configuration, NULL), i;

	if (count < 0)
		return errno;
	for (i = 0; i < count; i++) {
		if (!has_name(files, entries[i]->d_name))
			add_path(files, text("%s/%s", directory, entries[i]->d_name));
		free(entries[i]);
	}
	free(entries);
	return 0;
}

/*
 * Appends the files in order, without those that are hidden. Reports errors.
 * If no file is left, this is an error.
 */
static bool move_sorted(struct paths *paths, struct paths *files, const char *where)
{
	size_t before = paths->count, i;
	bool good = true;

	if (files->count)
		qsort(files->array, files->count, sizeof(*files->array), compare_names);
	for (i = 0; i < files->count; i++) {
		if (is_mask(files->array[i])) {
			free(files->array[i]);
		} else if (is_special(files->array[i])) {
			complain("%s: not a regular file", files->array[i]);
			free(files->array[i]);
			good = false;
		} else {
			add_path(paths, files->array[i]);
		}
	}
	free(files->array);
	if (!good || paths->count > before)
		return good;
	complain("no file *.conf in %s", where);
	return false;
}

/* Reports errors. */
static bool add_word(struct paths *paths, const char *word)
{
	struct paths files = { 0 };
	struct stat stat_buf;
	int error;

	if (!strcmp(word, "-") || stat(word, &stat_buf) || !S_ISDIR(stat_buf.st_mode)) {
		add_path(paths, text_copy(word));
		return true;
	}
	error = add_directory(&files, word);
	if (!error)
		return move_sorted(paths, &files, word);
	complain("%s: %s", word, strerror(error));
	return false;
}

/* Reports errors. A missing directory is not an error. */
static bool add_system(struct paths *paths, const char *root)
{
	struct paths files = { 0 };
	char *directory, *where;
	bool good = true;
	int error;
	size_t i;

	for (i = 0; i < NR_DIRECTORIES; i++) {
		directory = text("%s%s", root ? root : "", directories[i]);
		error = add_directory(&files, directory);
		if (error && error != ENOENT) {
			complain("%s: %s", directory, strerror(error));
			good = false;
		}
		free(directory);
	}
	where = text("%s, %s or %s", directories[0], directories[1], directories[2]);
	good &= move_sorted(paths, &files, where);
	free(where);
	return good;
}

/*
 * Finds the files that the words name, or without a word those of the system. Reports errors. If
 * there is no file at all, this is an error. The caller must free the paths.
 */
bool paths_find(struct paths *paths, char *const *words, const char *root)
{
	bool good = true;

	*paths = (struct paths){ 0 };
	if (!words || !*words)
		return add_system(paths, root);
	for (; *words; words++)
		good &= add_word(paths, *words);
	return good;
}

void paths_free(struct paths *paths)
{
	size_t i;

	for (i = 0; i < paths->count; i++)
		free(paths->array[i]);
	free(paths->array);
}
