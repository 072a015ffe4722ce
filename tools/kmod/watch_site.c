// SPDX-License-Identifier: GPL-2.0-only
/*
 * Call sites of requests. An event has the address, and the journal has the function's name.
 * A copy of /proc/kallsyms would lack modules that are loaded later.
 */
#include <string.h>

#include "journal.h"
#include "watch.h"

/* Interval between attempts to find a name. */
#define RETRY_NS	NSEC_PER_SEC

struct site {
	u64 address;
	char *address_text;
	char *name;		/* NULL if not found */
	u64 retry;		/* time of the next attempt */
};

static const struct options *options;
static struct site *known;
static size_t nr_known;

/* The options have the mount point of debugfs. */
void site_init(const struct options *with)
{
	options = with;
}

/* Returns the site if the line is of that request, or NULL. The caller must free it. */
static char *site_in(const char *line, u64 id)
{
	struct record record;
	const char *site = NULL;
	char *name;

	if (!record_parse(&record, line) && record_number(&record, "id") == id)
		site = record_text(&record, "site");
	name = site ? text_copy(site) : NULL;
	record_free(&record);
	return name;
}

static char *look_up(const char *file, u64 id)
{
	char *path = journal_path(options, file), *name = NULL;
	struct lines lines;

	if (lines_open_path(&lines, path)) {
		free(path);
		return NULL;
	}
	while (!name && lines_next(&lines))
		name = site_in(lines.line, id);
	lines_close(&lines);
	return name;
}

static struct site *find(u64 address)
{
	size_t i;

	for (i = 0; i < nr_known; i++)
		if (known[i].address == address)
			return &known[i];
	known = grown(known, nr_known, sizeof(*known));
	known[nr_known] = (struct site){
		.address = address, .address_text = text("0x%llx", address),
	};
	return &known[nr_known++];
}

/*
 * Returns the function that made the request, or its address if the journal no longer has the
 * request. The caller must not free it.
 */
const char *site_of(u64 address, u64 id)
{
	struct site *site = find(address);

	if (!site->name && now_boottime() >= site->retry) {
		site->name = look_up("inflight", id);
		if (!site->name)
			site->name = look_up("requests", id);
		site->retry = now_boottime() + RETRY_NS;
	}
	return site->name ? site->name : site->address_text;
}
