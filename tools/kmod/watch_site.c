// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where in the kernel requests come from. An event has the address, the journal the name
 * of the function. /proc/kallsyms would have it as well, but takes too long to read.
 */
#include <string.h>

#include "kmodctl.h"

/* How soon to look for a name again that was not found. */
#define RETRY_NS	NSEC_PER_SEC

struct site {
	u64 address;
	char *name;		/* or NULL */
	u64 retry;		/* when */
};

static const struct options *options;
static struct site *known;
static size_t nr_known;

/* The options say where the journal is. */
void site_init(const struct options *with)
{
	options = with;
}

/* The site in this line of the journal if it is that request's, to be freed, or NULL. */
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

/* To be freed, or NULL. */
static char *look_up(const char *file_name, u64 id)
{
	char *path = journal_path(options, file_name), *line = NULL, *name = NULL;
	FILE *file = fopen(path, "re");
	size_t size = 0;

	while (file && !name && getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		name = site_in(line, id);
	}
	if (file)
		fclose(file);
	free(line);
	free(path);
	return name;
}

static struct site *find(u64 address)
{
	size_t i;

	for (i = 0; i < nr_known; i++)
		if (known[i].address == address)
			return &known[i];
	known = grown(known, nr_known, sizeof(*known));
	known[nr_known] = (struct site){ .address = address };
	return &known[nr_known++];
}

/*
 * The function that made the request, to be freed; the address if nobody knows. The journal
 * may have forgotten the request, but there will be others.
 */
char *site_of(u64 address, u64 id)
{
	struct site *site = find(address);

	if (!site->name && now_boottime() >= site->retry) {
		site->name = look_up("inflight", id);
		if (!site->name)
			site->name = look_up("requests", id);
		site->retry = now_boottime() + RETRY_NS;
	}
	return site->name ? text_copy(site->name) : text("0x%llx", address);
}
