// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slots: how many modprobes run at a time. First come, first served.
 */
#define pr_fmt(fmt) "kmod: " fmt

#include <linux/compiler.h>
#include <linux/completion.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/sched/stat.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysctl.h>

#include "internal.h"

/*
 * Seconds. Whoever needs longer is taken for a part of a loop: modprobes that
 * wait for modules that wait for them.
 */
#define KMOD_SLOT_TIMEOUT	5

/*
 * struct kmod_slot_waiter - somebody who wants a slot
 * @node: in kmod_slot_waiters; empty once the slot is theirs
 * @granted: the slot is theirs
 */
struct kmod_slot_waiter {
	struct list_head node;
	struct completion granted;
};

/*
 * Protects all below, but for kmod_limit, which the sysctl writes as it likes.
 * Slots come back when a modprobe exits: nests inside tasklist_lock.
 */
static DEFINE_SPINLOCK(kmod_slots_lock);
static LIST_HEAD(kmod_slot_waiters);
static unsigned int kmod_slots_used;

/* kernel.kmod-limit; 50 is what it was before it could be changed. */
static unsigned int kmod_limit = 50;

/* Half of all threads at most, so that the modprobes can do their work. */
static unsigned int kmod_slots_max(void)
{
	return min_t(unsigned int, READ_ONCE(max_threads) / 2,
		     READ_ONCE(kmod_limit));
}

static void kmod_slots_grant(void)
{
	struct kmod_slot_waiter *w, *next;

	lockdep_assert_held(&kmod_slots_lock);
	list_for_each_entry_safe(w, next, &kmod_slot_waiters, node) {
		if (kmod_slots_used >= kmod_slots_max())
			break;
		kmod_slots_used++;
		list_del_init(&w->node);
		complete(&w->granted);
	}
}

/* Returns whether the slot was granted after all, which the caller then has. */
static bool kmod_slot_give_up(struct kmod_slot_waiter *w)
{
	bool granted;

	spin_lock_irq(&kmod_slots_lock);
	granted = list_empty(&w->node);
	list_del(&w->node);
	spin_unlock_irq(&kmod_slots_lock);
	return granted;
}

/**
 * kmod_slot_get - get a slot, wait for it if need be
 * @name: what the slot is for, for the log
 *
 * Context: process context, sleeps for 5 seconds at most, killable.
 * Return: 0, and the slot is to be returned by kmod_slot_put(); -ETIME after
 * that time; -ERESTARTSYS when a fatal signal is pending.
 */
int kmod_slot_get(const char *name)
{
	struct kmod_slot_waiter self;
	long left;

	init_completion(&self.granted);
	spin_lock_irq(&kmod_slots_lock);
	list_add_tail(&self.node, &kmod_slot_waiters);
	kmod_slots_grant();
	spin_unlock_irq(&kmod_slots_lock);

	left = wait_for_completion_killable_timeout(&self.granted,
						    KMOD_SLOT_TIMEOUT * HZ);
	if (left > 0 || kmod_slot_give_up(&self))
		return 0;
	if (left < 0)
		return left;

	pr_warn_ratelimited("no slot for modprobe %*pE: all %u in use for %d seconds\n",
			    (int)strlen(name), name, kmod_slots_max(),
			    KMOD_SLOT_TIMEOUT);
	return -ETIME;
}

/**
 * kmod_slot_put - return a slot
 *
 * Context: any, also under tasklist_lock.
 */
void kmod_slot_put(void)
{
	unsigned long flags;

	spin_lock_irqsave(&kmod_slots_lock, flags);
	kmod_slots_used--;
	kmod_slots_grant();
	spin_unlock_irqrestore(&kmod_slots_lock, flags);
}

static int kmod_limit_sysctl(const struct ctl_table *table, int write,
			     void *buffer, size_t *lenp, loff_t *ppos)
{
	int err = proc_douintvec_minmax(table, write, buffer, lenp, ppos);

	if (err || !write)
		return err;

	spin_lock_irq(&kmod_slots_lock);
	kmod_slots_grant();
	spin_unlock_irq(&kmod_slots_lock);
	return 0;
}

static struct ctl_table kmod_slots_sysctls[] = {
	{
		.procname	= "kmod-limit",
		.data		= &kmod_limit,
		.maxlen		= sizeof(kmod_limit),
		.mode		= 0644,
		.proc_handler	= kmod_limit_sysctl,
		.extra1		= SYSCTL_ONE,
	},
};

static int __init kmod_slots_init(void)
{
	register_sysctl_init("kernel", kmod_slots_sysctls);
	return 0;
}
early_initcall(kmod_slots_init);

#ifdef CONFIG_KMOD_KUNIT_TEST
#include "tests/slots_kunit.c"
#endif
