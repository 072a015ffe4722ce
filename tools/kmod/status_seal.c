// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether the kernel has write-protected kernel.modprobe. It logs at boot if it has not.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kmodctl.h"
#include "status.h"

#define NOT_PROTECTED	";kmod: kernel.modprobe is not write-protected"

/* Longer than any record: the kernel rejects a shorter buffer. */
#define MAX_RECORD	16384

/* A record begins with its priority and its number: "6,0,0,-;Linux version ...". */
static bool is_first(const char *record)
{
	const char *comma = strchr(record, ',');

	return comma && !strncmp(comma, ",0,", 3);
}

enum seal seal_read(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	enum seal seal = SEAL_UNKNOWN;
	char record[MAX_RECORD];
	ssize_t length;

	if (fd < 0)
		return SEAL_UNKNOWN;
	/* Each read returns one record; it fails after the last one. */
	while ((length = read(fd, record, sizeof(record) - 1)) > 0) {
		record[length] = '\0';
		if (is_first(record))
			seal = SEALED;
		if (strstr(record, NOT_PROTECTED)) {
			seal = NOT_SEALED;
			break;
		}
	}
	close(fd);
	return seal;
}
