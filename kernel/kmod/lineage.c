// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lineage: requests from inside a modprobe, and loops of such requests.
 *
 * The helper engine finds the modprobe inside which a process runs, even if processes
 * between the two have exited, or if the process is inside a helper that was started on
 * behalf of a process inside that modprobe. From there, the chain leads from each request
 * to the modprobe inside which it was made.
 */
#define pr_fmt(fmt) "request_module: " fmt

#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/errno.h>
#include <linux/pid.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/umh.h>

#include "request.h"

/**
 * kmod_lineage_parent - find the modprobe inside which the current task runs
 *
 * Context: process context.
 * Return: the modprobe, with a reference; NULL if there is none, as for kernel threads.
 */
struct kmod_modprobe *kmod_lineage_parent(void)
{
	struct umh_origin *origin = umh_origin_current();

	return origin ? container_of(origin, struct kmod_modprobe, origin) : NULL;
}

/**
 * kmod_lineage_running - find the running modprobe inside which the current task runs
 *
 * A helper that was started for a process inside a modprobe may outlive that modprobe. Nothing
 * waits for its requests then, except perhaps a modprobe further up in the chain.
 *
 * Context: process context.
 * Return: the modprobe, with a reference; NULL if there is none.
 */
struct kmod_modprobe *kmod_lineage_running(void)
{
	struct kmod_modprobe *m = kmod_lineage_parent(), *ended;

	while (m && READ_ONCE(m->ended)) {
		ended = m;
		m = m->request->parent;
		if (m)
			kmod_modprobe_get(m);
		kmod_modprobe_put(ended);
	}
	return m;
}

/* Returns the request of the modprobe inside which r was made, or NULL. */
static const struct kmod_request *kmod_lineage_up(const struct kmod_request *r)
{
	return r->parent ? r->parent->request : NULL;
}

/* Writes "a -> b -> " for the chain that ends in r. */
static void kmod_lineage_print(const struct kmod_request *r, char *text, size_t size)
{
	const struct kmod_request *chain[KMOD_DEPTH_MAX];
	size_t len = 0;
	int n = 0;

	for (; r && n < KMOD_DEPTH_MAX; r = kmod_lineage_up(r))
		chain[n++] = r;
	while (n--)
		len += scnprintf(text + len, size - len, "%s -> ",
				 kmod_escaped(chain[n]->rec.name));
}

/* Logs that @name closes a loop, or makes the chain that ends in @last too long. */
static void kmod_lineage_report(const struct kmod_request *last, const char *name, bool loop)
{
	/* Room for two names of maximum length, or for a chain of typical ones */
	char chain[160];

	kmod_lineage_print(last, chain, sizeof(chain));
	pr_warn_ratelimited("%s modprobe %s%s, requested by %s[%d]\n",
			    loop ? "runaway loop" : "chain too long:", chain,
			    kmod_escaped(name), kmod_escaped(current->comm),
			    task_pid_nr(current));
}

/**
 * kmod_lineage_check - check whether a request closes a loop
 * @parent: from kmod_lineage_running(), may be NULL
 * @name: the requested name
 *
 * Context: any.
 * Return: 0; -ELOOP when a request of the chain is for the same name, or when the
 * chain is too long.
 */
int kmod_lineage_check(const struct kmod_modprobe *parent, const char *name)
{
	const struct kmod_request *r = parent ? parent->request : NULL;

	while (r && strcmp(r->rec.name, name))
		r = kmod_lineage_up(r);
	if (!parent || (!r && parent->request->depth < KMOD_DEPTH_MAX))
		return 0;

	kmod_lineage_report(parent->request, name, r);
	return -ELOOP;
}

#ifdef CONFIG_KMOD_KUNIT_TEST
#include "tests/lineage_kunit.c"
#endif
