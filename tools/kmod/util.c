// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages, strings, arrays, files.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <mntent.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kmodctl.h"

static void *checked(void *memory)
{
	if (!memory) {
		fputs("kmodctl: out of memory\n", stderr);
		exit(EXIT_FAILURE);
	}
	return memory;
}

/* Names of files and users may have any bytes. */
void complain(const char *format, ...)
{
	char *message, *shown;
	va_list arguments;

	flush();
	va_start(arguments, format);
	if (vasprintf(&message, format, arguments) < 0)
		message = NULL;
	va_end(arguments);
	shown = printable(checked(message));
	fprintf(stderr, "kmodctl: %s\n", shown);
	free(shown);
	free(message);
}

/* Returns a new string, never NULL. */
char *text(const char *format, ...)
{
	va_list arguments;
	char *string;

	va_start(arguments, format);
	if (vasprintf(&string, format, arguments) < 0)
		string = NULL;
	va_end(arguments);
	return checked(string);
}

char *text_copy(const char *string)
{
	return checked(strdup(string));
}

/* Appends to @before, after @separator unless @before is empty, and frees it. */
char *text_append(char *before, const char *separator, const char *format, ...)
{
	va_list arguments;
	char *rest, *both;

	va_start(arguments, format);
	if (vasprintf(&rest, format, arguments) < 0)
		rest = NULL;
	va_end(arguments);
	both = text("%s%s%s", before, *before ? separator : "", (char *)checked(rest));
	free(before);
	free(rest);
	return both;
}

/* Returns an array of zeros. */
void *zeroed(size_t count, size_t size)
{
	return checked(calloc(count ? count : 1, size));
}

void *resized(void *array, size_t count, size_t size)
{
	return checked(reallocarray(array, count, size));
}

/* Resizes the array for at least @count + 1 elements. It grows by doubling. */
void *grown(void *array, size_t count, size_t size)
{
	if (count & (count - 1))
		return array;
	return resized(array, count ? count * 2 : 1, size);
}

/* The errno of the first failed write, if known. */
static int write_error;

void flush(void)
{
	errno = 0;
	if (fflush(stdout) && !write_error)
		write_error = errno;
}

/* Returns the exit status: @status, or EXIT_FAILURE if output was lost. */
int finish(int status)
{
	flush();
	if (!ferror(stdout))
		return status;
	complain("cannot write to standard output: %s",
		 write_error ? strerror(write_error) : "output was lost");
	return EXIT_FAILURE;
}

/* Returns the first mount point of that type of file system, or NULL. The caller must free it. */
char *find_mount(const char *type)
{
	FILE *mounts = setmntent("/proc/mounts", "re");
	struct mntent *mount;
	char *dir = NULL;

	if (!mounts)
		return NULL;
	while (!dir && (mount = getmntent(mounts)))
		if (!strcmp(mount->mnt_type, type))
			dir = text_copy(mount->mnt_dir);
	endmntent(mounts);
	return dir;
}

static void bytes_make_room(struct bytes *bytes, size_t length)
{
	size_t needed = bytes->length + length + 1;

	if (needed <= bytes->room)
		return;
	bytes->room = needed * 2;
	bytes->data = checked(realloc(bytes->data, bytes->room));
}

void bytes_add(struct bytes *bytes, const char *data, size_t length)
{
	bytes_make_room(bytes, length);
	memcpy(bytes->data + bytes->length, data, length);
	bytes->length += length;
	bytes->data[bytes->length] = '\0';
}

void bytes_free(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){ 0 };
}

/* Escapes bytes that are not printable as \xHH. The caller must free the string. */
char *printable(const char *string)
{
	struct bytes result = { 0 };
	char escaped[5];

	bytes_add(&result, "", 0);
	for (; *string; string++) {
		if (*string >= ' ' && *string <= '~') {
			bytes_add(&result, string, 1);
		} else {
			snprintf(escaped, sizeof(escaped), "\\x%02x", (unsigned char)*string);
			bytes_add(&result, escaped, 4);
		}
	}
	return result.data;
}

/*
 * Escapes blanks, bytes that are not printable, and those in @also as \xHH. The caller must free
 * the string.
 */
char *escaped(const char *string, const char *also)
{
	struct bytes result = { 0 };
	char hex[5];

	bytes_add(&result, "", 0);
	for (; *string; string++) {
		if (*string > ' ' && *string <= '~' && !strchr(also, *string)) {
			bytes_add(&result, string, 1);
		} else {
			snprintf(hex, sizeof(hex), "\\x%02x", (unsigned char)*string);
			bytes_add(&result, hex, 4);
		}
	}
	return result.data;
}

/* Reads up to the end of the file. Returns 0 or an errno: EFBIG beyond @max bytes. */
static int bytes_read(struct bytes *bytes, int fd, size_t max)
{
	char buffer[4096];
	ssize_t got = 1;
	int error = 0;

	bytes_add(bytes, "", 0);
	while (!error && got > 0) {
		got = read(fd, buffer, sizeof(buffer));
		if (got < 0)
			error = errno;
		else
			bytes_add(bytes, buffer, (size_t)got);
		if (bytes->length > max)
			error = EFBIG;
	}
	return error;
}

/*
 * Reads a whole file; "-" is standard input. Returns 0 or an errno. The caller must free the
 * bytes.
 */
int read_whole(const char *path, size_t max, struct bytes *bytes)
{
	int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
	int error;

	*bytes = (struct bytes){ 0 };
	if (fd < 0)
		return errno;
	error = bytes_read(bytes, fd, max);
	close(fd);
	if (error)
		bytes_free(bytes);
	return error;
}

static bool write_and_sync(int fd, const struct bytes *text)
{
	mode_t mask = umask(0);
	ssize_t written;

	umask(mask);
	written = write(fd, text->data, text->length);
	if (written >= 0 && (size_t)written != text->length)
		errno = ENOSPC;
	return written == (ssize_t)text->length && !fchmod(fd, 0644 & ~mask) && !fsync(fd);
}

/* Makes a rename in the file's directory durable. Some file systems cannot. */
static bool sync_directory(const char *path)
{
	char *copy = text_copy(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool synced = fd >= 0 && (!fsync(fd) || errno == EINVAL);
	int error = errno;

	if (fd >= 0)
		close(fd);
	free(copy);
	errno = error;
	return synced;
}

/* Replaces the file atomically. Returns false and sets errno. */
bool replace_file(const char *path, const struct bytes *text)
{
	char *temporary = text_append(text_copy(path), "", ".XXXXXX");
	int fd = mkostemp(temporary, O_CLOEXEC), error;
	bool replaced;

	if (fd < 0) {
		free(temporary);
		return false;
	}
	replaced = write_and_sync(fd, text) && !rename(temporary, path) && sync_directory(path);
	error = errno;
	close(fd);
	if (!replaced)
		unlink(temporary);
	free(temporary);
	errno = error;
	return replaced;
}
