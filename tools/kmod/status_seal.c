// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether the kernel has write-protected kernel.modprobe. It logs at boot if it has not.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kmodctl.h"
#include "status.h"

#define NOT_PROTECTED	"kmod: kernel.modprobe is not write-protected"

/* Longer than any record: the kernel rejects a shorter buffer. */
#define MAX_RECORD	16384

/* A record begins with its priority and its number: "6,0,0,-;Linux version ...". */
static bool is_first(const char *record)
{
	const char *comma = strchr(record, ',');

	return comma && !strncmp(comma, ",0,", 3);
}

static bool is_not_protected(const char *record)
{
	const char *message = strchr(record, ';');

	return message && !strncmp(message + 1, NOT_PROTECTED, strlen(NOT_PROTECTED));
}

/* Lines that begin with a space belong to the record before. */
static enum seal read_log(FILE *log)
{
	enum seal seal = SEAL_UNKNOWN;
	char *line = NULL;
	size_t size = 0;

	while (seal != NOT_SEALED && getline(&line, &size, log) > 0) {
		if (*line == ' ')
			continue;
		if (is_first(line))
			seal = SEALED;
		if (is_not_protected(line))
			seal = NOT_SEALED;
	}
	/* Otherwise a record was overwritten before it was read. */
	if (seal == SEALED && ferror(log) && errno != EAGAIN)
		seal = SEAL_UNKNOWN;
	free(line);
	return seal;
}

enum seal seal_read(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	FILE *log = fd < 0 ? NULL : fdopen(fd, "r");
	enum seal seal;

	if (!log)
		return SEAL_UNKNOWN;
	setvbuf(log, NULL, _IOFBF, MAX_RECORD);
	seal = read_log(log);
	fclose(log);
	return seal;
}
