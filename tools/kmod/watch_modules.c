// SPDX-License-Identifier: GPL-2.0-only
/*
 * The modules that requests in flight have loaded.
 */
#include <string.h>

#include "watch.h"

/* Limits the memory for requests whose done event was lost. */
#define MAX_OPEN	4096

static struct open_request {
	u64 id;
	char *modules;		/* separated by spaces */
} *requests;

static size_t nr_requests;

/* Returns @nr_requests if the request has loaded no module. */
static size_t find(u64 id)
{
	size_t i;

	for (i = 0; i < nr_requests; i++)
		if (requests[i].id == id)
			break;
	return i;
}

/* Removes the request. The caller must free its modules. */
static char *take(size_t i)
{
	char *modules = requests[i].modules;

	nr_requests--;
	memmove(&requests[i], &requests[i + 1], (nr_requests - i) * sizeof(*requests));
	return modules;
}

/* Notes that the request has loaded the module. */
void open_add_module(u64 id, const char *module)
{
	size_t i = find(id);

	if (i == MAX_OPEN)
		free(take(0));
	if (i >= nr_requests) {
		i = nr_requests;
		requests = grown(requests, nr_requests, sizeof(*requests));
		requests[nr_requests++] = (struct open_request){ id, text_copy("") };
	}
	requests[i].modules = text_append(requests[i].modules, " ", "%s", module);
}

/* Forgets the request. Returns its modules, separated by spaces; the caller must free them. */
char *open_end(u64 id)
{
	size_t i = find(id);

	return i == nr_requests ? text_copy("") : take(i);
}
