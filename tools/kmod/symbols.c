// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of functions in the kernel. /proc/kallsyms is long, and requests come from few
 * places: it is read when a new one turns up, and what was found is kept.
 */
#include <string.h>

#include "kmodctl.h"

#define MAX_NAME	512

struct symbol {
	u64 address;	/* asked for */
	char *name;
};

static struct symbol *known;
static size_t nr_known;

/* Is this the last function so far that begins at or below the address? */
static bool is_nearer(u64 begin, char type, u64 address, u64 nearest)
{
	return begin && begin <= address && begin >= nearest && strchr("tTwW", type);
}

static char *look_up(u64 address)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	char *line = NULL, name[MAX_NAME], found[MAX_NAME] = "", type;
	u64 begin, nearest = 0;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0) {
		if (sscanf(line, "%llx %c %511s", &begin, &type, name) != 3)
			continue;
		if (is_nearer(begin, type, address, nearest)) {
			nearest = begin;
			snprintf(found, sizeof(found), "%s", name);
		}
	}
	free(line);
	if (file)
		fclose(file);
	return *found ? text_copy(found) : text("0x%llx", address);
}

/* The function that has this address, or the address itself. */
const char *symbol_at(u64 address)
{
	size_t i;

	for (i = 0; i < nr_known; i++)
		if (known[i].address == address)
			return known[i].name;
	known = grown(known, nr_known, sizeof(*known));
	known[nr_known] = (struct symbol){ address, look_up(address) };
	return known[nr_known++].name;
}
