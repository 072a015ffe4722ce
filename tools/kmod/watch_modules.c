// SPDX-License-Identifier: GPL-2.0-only
/*
 * The modules that requests in flight have loaded.
 */
#include <string.h>

#include "watch.h"

/* Limits the memory for requests whose done event was lost. */
#define MAX_OPEN	4096

struct open_request {
	struct open_request *next;
	u64 id;
	char *modules;		/* separated by spaces */
};

static struct open_request *requests;
static size_t nr_requests;

static struct open_request **find(u64 id)
{
	struct open_request **r;

	for (r = &requests; *r; r = &(*r)->next)
		if ((*r)->id == id)
			break;
	return r;
}

static void forget(struct open_request **r)
{
	struct open_request *gone = *r;

	*r = gone->next;
	nr_requests--;
	free(gone->modules);
	free(gone);
}

static void forget_oldest(void)
{
	struct open_request **r = &requests;

	while ((*r)->next)
		r = &(*r)->next;
	forget(r);
}

static struct open_request *open_new(u64 id)
{
	struct open_request *r = grown(NULL, 0, sizeof(*r));

	*r = (struct open_request){ .next = requests, .id = id, .modules = text_copy("") };
	requests = r;
	if (++nr_requests > MAX_OPEN)
		forget_oldest();
	return r;
}

/* Notes that the request has loaded the module. */
void open_add_module(u64 id, const char *module)
{
	struct open_request *r = *find(id);

	if (!r)
		r = open_new(id);
	r->modules = text_append(r->modules, " ", "%s", module);
}

/* Forgets the request. Returns its modules, separated by spaces; the caller must free them. */
char *open_end(u64 id)
{
	struct open_request **r = find(id);
	char *modules = text_copy(*r ? (*r)->modules : "");

	if (*r)
		forget(r);
	return modules;
}
