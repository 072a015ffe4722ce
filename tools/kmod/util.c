// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages, memory, mounts.
 */
#include <mntent.h>
#include <stdarg.h>
#include <string.h>

#include "kmodctl.h"

void complain(const char *format, ...)
{
	va_list arguments;

	fflush(stdout);
	fputs("kmodctl: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

static void *checked(void *memory)
{
	if (!memory) {
		complain("out of memory");
		exit(EXIT_FAILURE);
	}
	return memory;
}

/* A new string; never NULL. */
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

/* The array, with room for one more than @count elements. It grows by doubling. */
void *grown(void *array, size_t count, size_t size)
{
	if (count & (count - 1))
		return array;
	return checked(reallocarray(array, count ? count * 2 : 1, size));
}

/* Where a file system of that type is mounted, to be freed; NULL if nowhere. */
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
