// SPDX-License-Identifier: GPL-2.0-only
/*
 * Origins: the helper that a process belongs to.
 *
 * A helper is a child of kthreadd. From a descendant of the helper, the chain of parents
 * therefore leads to the helper, even if processes in between have exited: a helper that has
 * an origin is a child subreaper. If a descendant makes the kernel start another helper, that
 * is a child of kthreadd again. It inherits the origin of the process that requested it.
 */
#include <linux/errno.h>
#include <linux/hashtable.h>
#include <linux/pid.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/umh.h>
#include <linux/wait.h>

#include "internal.h"

/* Maximum number of ancestors to visit. Bounds the time under RCU. */
#define UMH_ANCESTORS_MAX	1000

/* Protects umh_origins. Nests inside tasklist_lock and the locks of wait queues. */
static DEFINE_RAW_SPINLOCK(umh_origin_lock);

/* The running helpers that have an origin, by their struct pid. */
static DEFINE_HASHTABLE(umh_origins, 6);

static void umh_origin_link_free(struct umh_origin_link *link)
{
	struct umh_origin *origin = link->origin;

	if (link != &origin->link)
		kfree(link);
	umh_origin_put(origin);
}

/* Returns the current task or its ancestor, whichever is a child of a kernel thread. */
static struct task_struct *umh_origin_top(void)
{
	struct task_struct *t = current, *parent;
	int i;

	for (i = 0; i < UMH_ANCESTORS_MAX; i++) {
		parent = rcu_dereference(t->real_parent);
		if (parent->flags & PF_KTHREAD)
			break;
		t = parent;
	}
	return t;
}

static struct umh_origin *umh_origin_find(const struct pid *pid)
{
	struct umh_origin *origin = NULL;
	struct umh_origin_link *link;
	unsigned long flags;

	raw_spin_lock_irqsave(&umh_origin_lock, flags);
	hash_for_each_possible(umh_origins, link, by_pid, (unsigned long)pid) {
		if (link->pid == pid) {
			origin = link->origin;
			refcount_inc(&origin->ref);
			break;
		}
	}
	raw_spin_unlock_irqrestore(&umh_origin_lock, flags);
	return origin;
}

/**
 * umh_origin_current - find the origin of the current task
 *
 * Context: any; NULL in interrupts and in kernel threads.
 * Return: the origin, with a reference that the caller must drop by umh_origin_put();
 * NULL if there is none.
 */
struct umh_origin *umh_origin_current(void)
{
	struct umh_origin *origin;

	if (!in_task() || (current->flags & PF_KTHREAD))
		return NULL;

	rcu_read_lock();
	origin = umh_origin_find(task_tgid(umh_origin_top()));
	rcu_read_unlock();
	return origin;
}

/**
 * umh_origin_inherit - make a helper belong to the origin of the current task
 * @info: a helper without an origin, requested by the current task
 * @gfp_mask: allocation flags. If out of memory, the helper gets no origin.
 *
 * Context: as @gfp_mask allows.
 */
void umh_origin_inherit(struct subprocess_info *info, gfp_t gfp_mask)
{
	struct umh_origin *origin = umh_origin_current();

	if (!origin)
		return;
	info->origin = kmalloc(sizeof(*info->origin), gfp_mask);
	if (info->origin)
		info->origin->origin = origin;
	else
		umh_origin_put(origin);
}

/**
 * umh_set_origin - set the origin and the requester of a helper
 * @info: from call_usermodehelper_setup(), not started yet
 * @origin: origin of the helper and of the helpers that its descendants cause. Must not
 *	be set for another helper.
 * @requester: pid of the task that requested the helper
 * @requester_comm: name of that task
 *
 * Context: any.
 */
void umh_set_origin(struct subprocess_info *info, struct umh_origin *origin,
		    pid_t requester, const char *requester_comm)
{
	refcount_inc(&origin->ref);
	origin->link.origin = origin;
	info->origin = &origin->link;
	info->requester = requester;
	memcpy(info->requester_comm, requester_comm, TASK_COMM_LEN);
}

/* Runs under tasklist_lock. */
static int umh_origin_exit_wake(struct wait_queue_entry *entry, unsigned int mode,
				int flags, void *key)
{
	struct umh_origin_link *link = container_of(entry, struct umh_origin_link, exit);

	if (!umh_process_ended(link->pid))
		return 0;

	list_del(&entry->entry);
	raw_spin_lock(&umh_origin_lock);
	hash_del(&link->by_pid);
	raw_spin_unlock(&umh_origin_lock);
	umh_origin_link_free(link);
	return 0;
}

/**
 * umh_origin_enter - make the current process and its descendants belong to the origin
 * @info: the helper whose thread is the current task
 *
 * The link passes to the process. It is freed when the process has ended.
 *
 * Context: process context.
 */
void umh_origin_enter(struct subprocess_info *info)
{
	struct umh_origin_link *link = info->origin;

	if (!link)
		return;
	info->origin = NULL;
	link->pid = task_pid(current);
	/* Orphans among its descendants become its children. */
	current->signal->is_child_subreaper = 1;

	raw_spin_lock_irq(&umh_origin_lock);
	hash_add(umh_origins, &link->by_pid, (unsigned long)link->pid);
	raw_spin_unlock_irq(&umh_origin_lock);

	init_waitqueue_func_entry(&link->exit, umh_origin_exit_wake);
	add_wait_queue(&link->pid->wait_pidfd, &link->exit);
}

/**
 * umh_origin_drop - drop the origin of a helper that did not get a thread
 * @info: the helper, which need not have an origin
 *
 * Context: any.
 */
void umh_origin_drop(struct subprocess_info *info)
{
	if (info->origin)
		umh_origin_link_free(info->origin);
	info->origin = NULL;
}

#ifdef CONFIG_UMH_KUNIT_TEST
#include "tests/origin_kunit.c"
#endif
