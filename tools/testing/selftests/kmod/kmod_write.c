// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes to files in ways that a shell cannot.
 *
 *	kmod_write FILE [OFFSET]	copies the standard input to FILE with one write(),
 *					prints OK or the name of the errno
 *	kmod_write FILE parts		likewise with one writev(), of two buffers that end with
 *					a newline
 *	kmod_write FILE flip A B	writes the strings A and B in turn until killed
 *	kmod_write FILE swap COUNT A B	writes the contents of the files A and B in turn,
 *					COUNT times
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* More than any of the files accepts */
#define SIZE_MAX_WRITTEN	(2 << 20)

struct text {
	char data[SIZE_MAX_WRITTEN];
	size_t size;
};

/* Some files do not support pwrite(). */
static ssize_t write_at(int fd, const struct text *text, off_t offset)
{
	if (offset)
		return pwrite(fd, text->data, text->size, offset);
	return write(fd, text->data, text->size);
}

static void flip(int fd, char **paths)
{
	int i;

	for (i = 0; ; i = !i) {
		if (pwrite(fd, paths[i], strlen(paths[i]), 0) < 0)
			exit(1);
	}
}

static void read_all(int fd, struct text *text)
{
	ssize_t n = 1;

	while (n > 0 && text->size < sizeof(text->data)) {
		n = read(fd, text->data + text->size, sizeof(text->data) - text->size);
		if (n < 0)
			exit(2);
		text->size += n;
	}
}

static void swap(const char *path, int count, char **files)
{
	static struct text texts[2];
	int i, fd;

	for (i = 0; i < 2; i++)
		read_all(open(files[i], O_RDONLY), &texts[i]);
	for (i = 0; i < count; i++) {
		fd = open(path, O_WRONLY);
		if (write_at(fd, &texts[i % 2], 0) != (ssize_t)texts[i % 2].size)
			exit(1);
		close(fd);
	}
	exit(0);
}

/* The first line, and the others. */
static ssize_t write_parts(int fd, struct text *text)
{
	char *rest = memchr(text->data, '\n', text->size);
	struct iovec parts[2];

	if (!rest++)
		exit(2);
	parts[0] = (struct iovec){ text->data, rest - text->data };
	parts[1] = (struct iovec){ rest, text->size - (rest - text->data) };
	return writev(fd, parts, 2);
}

int main(int argc, char **argv)
{
	static struct text text;
	ssize_t written = -1;
	off_t offset = 0;
	int fd;

	if (argc < 2)
		return 2;
	fd = open(argv[1], O_WRONLY);
	if (fd >= 0 && argc == 5)
		flip(fd, &argv[3]);
	if (fd >= 0 && argc == 6)
		swap(argv[1], atoi(argv[3]), &argv[4]);
	if (argc == 3)
		offset = atol(argv[2]);
	if (fd >= 0) {
		read_all(0, &text);
		written = argc == 3 && !strcmp(argv[2], "parts") ? write_parts(fd, &text) :
								  write_at(fd, &text, offset);
	}
	puts(written < 0 ? strerrorname_np(errno) : "OK");
	return 0;
}
