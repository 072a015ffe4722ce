// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes as a shell cannot.
 *
 *	kmod_write FILE [OFFSET]	copies standard input there in one write,
 *					prints OK or the errno's name
 *	kmod_write FILE flip A B	writes A and B in turn until killed
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void flip(int fd, char **paths)
{
	int i;

	for (i = 0; ; i = !i) {
		if (pwrite(fd, paths[i], strlen(paths[i]), 0) < 0)
			exit(1);
	}
}

int main(int argc, char **argv)
{
	static char data[65536];
	ssize_t size, written = -1;
	off_t offset = 0;
	int fd;

	if (argc < 2)
		return 2;
	fd = open(argv[1], O_WRONLY);
	if (fd >= 0 && argc == 5)
		flip(fd, &argv[3]);
	if (argc == 3)
		offset = atol(argv[2]);
	size = read(0, data, sizeof(data));
	if (fd >= 0 && size >= 0)
		written = pwrite(fd, data, size, offset);
	puts(written < 0 ? strerrorname_np(errno) : "OK");
	return 0;
}
