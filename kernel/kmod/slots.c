// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slots: how many modprobes run at a time. First come, first served.
 */
#include <linux/compiler.h>
#include <linux/completion.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/sched/stat.h>
#include <linux/spinlock.h>
#include <linux/sysctl.h>

#include "request.h"

/*
 * struct kmod_slot_waiter - somebody who wants a slot
 * @node: in kmod_slots[class].waiters; empty once the slot is theirs
 * @ticket: the lower, the earlier they came
 * @granted: the slot is theirs
 */
struct kmod_slot_waiter {
	struct list_head node;
	u64 ticket;
	struct completion granted;
};

/*
 * Protects everything below except kmod_limit, which the sysctl writes locklessly.
 * Slots are released when a modprobe exits: nests inside tasklist_lock.
 */
static DEFINE_SPINLOCK(kmod_slots_lock);
static u64 kmod_slot_tickets;
static struct {
	unsigned int used;
	struct list_head waiters;	/* first come, first served */
} kmod_slots[KMOD_SLOT_CLASSES] = {
	{ .waiters = LIST_HEAD_INIT(kmod_slots[0].waiters) },
	{ .waiters = LIST_HEAD_INIT(kmod_slots[1].waiters) },
	{ .waiters = LIST_HEAD_INIT(kmod_slots[2].waiters) },
};

static_assert(KMOD_SLOT_CLASSES == 3);

/* kernel.kmod-limit; 50 is what it was before it could be changed. */
static unsigned int kmod_limit = 50;

/* Half of all threads at most, so that the modprobes can do their work. At least 1. */
static unsigned int kmod_slots_max(void)
{
	return min_t(unsigned int, READ_ONCE(max_threads) / 2,
		     READ_ONCE(kmod_limit));
}

/*
 * Nested requests have slots of their own: those who hold the others wait for
 * them. Users without privileges get half, so that they cannot keep the
 * administrator waiting.
 */
static bool kmod_slot_is_free(enum kmod_slot_class class)
{
	unsigned int max = kmod_slots_max();
	unsigned int users = kmod_slots[KMOD_SLOT_USER].used;

	if (class == KMOD_SLOT_NESTED)
		return kmod_slots[KMOD_SLOT_NESTED].used < max;
	if (class == KMOD_SLOT_USER && users >= DIV_ROUND_UP(max, 2))
		return false;
	return kmod_slots[KMOD_SLOT_ADMIN].used + users < max;
}

/* Grants the slot to whoever came first of those who may have one. */
static bool kmod_slot_grant_one(void)
{
	struct kmod_slot_waiter *w, *first = NULL;
	enum kmod_slot_class class, its = 0;

	for (class = 0; class < KMOD_SLOT_CLASSES; class++) {
		w = list_first_entry_or_null(&kmod_slots[class].waiters,
					     struct kmod_slot_waiter, node);
		if (w && (!first || w->ticket < first->ticket) &&
		    kmod_slot_is_free(class)) {
			first = w;
			its = class;
		}
	}
	if (!first)
		return false;

	kmod_slots[its].used++;
	list_del_init(&first->node);
	complete(&first->granted);
	return true;
}

static void kmod_slots_grant(void)
{
	lockdep_assert_held(&kmod_slots_lock);
	while (kmod_slot_grant_one())
		;
}

/* Nobody who waits could have a slot that is free, so there is no one to pass. */
static bool kmod_slot_take(enum kmod_slot_class class,
			   struct kmod_slot_waiter *w)
{
	bool taken;

	spin_lock_irq(&kmod_slots_lock);
	taken = kmod_slot_is_free(class);
	if (taken) {
		kmod_slots[class].used++;
	} else {
		init_completion(&w->granted);
		w->ticket = kmod_slot_tickets++;
		list_add_tail(&w->node, &kmod_slots[class].waiters);
	}
	spin_unlock_irq(&kmod_slots_lock);
	return taken;
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
 * @class: whose slot
 * @deadline: how long to wait, in jiffies
 *
 * Context: process context, may sleep, killable.
 * Return: 0, and the slot is to be returned by kmod_slot_put(); -ETIME after
 * @deadline; -ERESTARTSYS when a fatal signal is pending.
 */
int kmod_slot_get(enum kmod_slot_class class, unsigned long deadline)
{
	struct kmod_slot_waiter self;
	long left;

	if (kmod_slot_take(class, &self))
		return 0;

	left = max((long)(deadline - jiffies), 0L);
	left = wait_for_completion_killable_timeout(&self.granted, left);
	if (left > 0 || kmod_slot_give_up(&self))
		return 0;
	return left ?: -ETIME;
}

/**
 * kmod_slot_put - return a slot
 * @class: whose slot
 *
 * Context: any, also under tasklist_lock.
 */
void kmod_slot_put(enum kmod_slot_class class)
{
	unsigned long flags;

	spin_lock_irqsave(&kmod_slots_lock, flags);
	kmod_slots[class].used--;
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
