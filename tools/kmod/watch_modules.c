// SPDX-License-Identifier: GPL-2.0-only
/*
 * The modules that requests have loaded, until the requests end.
 */
#include <string.h>

#include "kmodctl.h"

/* An end can get lost. No more requests than that load modules at a time. */
#define MAX_OPEN	4096

struct open_request {
	struct open_request *next;
	u64 id;
	char *modules;		/* with blanks between them */
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

/* A module was loaded for the request. Most requests load none, and are not here. */
void open_add_module(u64 id, const char *module)
{
	struct open_request *r = *find(id);
	char *modules;

	if (!r)
		r = open_new(id);
	modules = text("%s%s%s", r->modules, *r->modules ? " " : "", module);
	free(r->modules);
	r->modules = modules;
}

/* Ends the request. Its modules, with blanks between them, to be freed. */
char *open_end(u64 id)
{
	struct open_request **r = find(id);
	char *modules = text_copy(*r ? (*r)->modules : "");

	if (*r)
		forget(r);
	return modules;
}
