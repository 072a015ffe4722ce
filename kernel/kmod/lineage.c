// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lineage: requests that come from inside a modprobe, and loops of them.
 *
 * A modprobe is a child of kthreadd and a subreaper. So while it runs, the way
 * up from any of its descendants ends in it, just below kthreadd, whichever of
 * the processes between have exited. From there on the chain goes from request
 * to parent request.
 */
#define pr_fmt(fmt) "request_module: " fmt

#include <linux/errno.h>
#include <linux/pid.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "request.h"

/* The longest chain of requests. Real ones have two or three. */
#define KMOD_DEPTH_MAX		8

/* Steps from a process to its oldest ancestor; bounds the time under RCU. */
#define KMOD_ANCESTORS_MAX	1000

/* The ancestor of the current task whose parent is a kernel thread, or itself. */
static struct task_struct *kmod_lineage_top(void)
{
	struct task_struct *t = current, *parent;
	int i;

	for (i = 0; i < KMOD_ANCESTORS_MAX; i++) {
		parent = rcu_dereference(t->real_parent);
		if (parent->flags & PF_KTHREAD)
			break;
		t = parent;
	}
	return t;
}

/**
 * kmod_lineage_parent - the request from inside whose modprobe this one comes
 *
 * Context: process context.
 * Return: the request, with a reference; NULL when there is none, which is so
 * for kernel threads too.
 */
struct kmod_request *kmod_lineage_parent(void)
{
	struct kmod_request *r = NULL;
	struct task_struct *top;

	if (current->flags & PF_KTHREAD)
		return NULL;

	rcu_read_lock();
	top = kmod_lineage_top();
	if (!is_global_init(top))
		r = kmod_inflight_find(task_tgid(top));
	rcu_read_unlock();
	return r;
}

/* Writes "a -> b -> c" for the chain that ends in r. */
static void kmod_lineage_print(const struct kmod_request *r, char *text,
			       size_t size)
{
	const struct kmod_request *chain[KMOD_DEPTH_MAX];
	size_t len = 0;
	int n = 0;

	for (; r && n < KMOD_DEPTH_MAX; r = r->parent)
		chain[n++] = r;
	while (n--)
		len += scnprintf(text + len, size - len, "%*pE -> ",
				 (int)strlen(chain[n]->rec.name),
				 chain[n]->rec.name);
}

/**
 * kmod_lineage_check - refuse a request that is part of a loop
 * @parent: from kmod_lineage_parent(), may be NULL
 * @name: what is asked for
 *
 * Context: any.
 * Return: 0; -ELOOP when a request of the chain asks for the same, or when the
 * chain is too long.
 */
int kmod_lineage_check(const struct kmod_request *parent, const char *name)
{
	const struct kmod_request *r = parent;
	/* Two names of full length, or a lot of usual ones. */
	char chain[160];

	while (r && strcmp(r->rec.name, name))
		r = r->parent;
	if (!parent || (!r && parent->depth < KMOD_DEPTH_MAX))
		return 0;

	kmod_lineage_print(parent, chain, sizeof(chain));
	pr_warn_ratelimited("runaway loop modprobe %s%*pE, by %*pE[%d]\n",
			    chain, (int)strlen(name), name,
			    (int)strlen(current->comm), current->comm,
			    task_pid_nr(current));
	return -ELOOP;
}

#ifdef CONFIG_KMOD_KUNIT_TEST
#include "tests/lineage_kunit.c"
#endif
