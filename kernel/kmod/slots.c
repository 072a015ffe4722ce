// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slots: how many modprobes run at a time, and for which requesters.
 */
#define pr_fmt(fmt) "kmod: " fmt

#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/hashtable.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/panic.h>
#include <linux/printk.h>
#include <linux/rbtree.h>
#include <linux/sched/stat.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/sysctl.h>
#include <linux/workqueue.h>

#include "request.h"

/**
 * DOC: slots
 *
 * At most kernel.kmod-limit modprobes run for requests from outside any modprobe.
 * Administrators are served first. Users and kernel threads, which may act for users,
 * together hold at most half of these slots, rounded up. Among them, the user with the
 * fewest slots is served first, then the user that was served least recently, then the
 * oldest request. Kernel threads count as one user. If requests of several users wait for
 * a modprobe, it waits with the requests of the user that is expected to be served first.
 *
 * Requests from inside a modprobe have as many slots again for each depth. Except through
 * the module loader, where one modprobe may wait for another's load, a modprobe
 * therefore never waits for a slot that is held by a modprobe that waits for it.
 *
 * When no slot of a pool has been released for KMOD_STALL while a request waited, the
 * first waiter is granted a slot beyond the limit. When that is released, it passes to the
 * next waiter. Modprobes that hang, or wait for each other in the module loader, thus delay
 * requests. They make requests fail only if slots beyond the limit are not available either,
 * or if more requests wait than are granted one within KMOD_WAIT. The number of slots beyond
 * the limit is itself bounded by the limit. If the limit is 1, that slot is only for
 * administrators. Otherwise users and kernel threads together hold at most half (rounded down)
 * of them, and the last one is kept for administrators.
 */

/*
 * The time without a released slot after which one is lent, the minimum time between two
 * lent slots, and the interval of the checks, in jiffies
 */
#define KMOD_STALL		(2 * HZ)
#define KMOD_LEND_INTERVAL	HZ
#define KMOD_LEND_POLL		(HZ / 4)

/* Maximum number of waiters of a user that are counted to compare two users */
#define KMOD_AHEAD_MAX		16

/* Pools of slots: one each for administrators, users, depth 2, depth 3, ... */
enum kmod_slot_pool {
	KMOD_POOL_ADMINS,
	KMOD_POOL_USERS,
	KMOD_POOL_NESTED,
	KMOD_POOLS = KMOD_POOL_NESTED + KMOD_DEPTH_MAX - 1
};

/**
 * struct kmod_slot_queue - waiters that are served in the order of their tickets
 * @pool: index of the pool
 * @used: number of slots held
 * @served: value of kmod_served when this queue was last granted a slot
 * @waiting: the waiters
 * @node: entry in the pool's tree, if there are waiters
 * @uid: the user
 * @by_uid: entry in the hash of users
 * @users: number of struct kmod_slot that refer to it
 *
 * Protected by kmod_slots_lock, except @pool and @uid, which are constant.
 */
struct kmod_slot_queue {
	unsigned int pool;
	unsigned int used;
	u64 served;
	struct rb_root_cached waiting;
	struct rb_node node;
	uid_t uid;
	struct hlist_node by_uid;
	unsigned int users;
};

/*
 * Protects everything below except kmod_limit, which the sysctl writes locklessly.
 * Slots are released when a modprobe exits: nests inside tasklist_lock and
 * kmod_inflight_lock.
 */
static DEFINE_SPINLOCK(kmod_slots_lock);

/*
 * @used: number of slots held, not counting lent ones
 * @queues: queues with waiters, in the order in which they are served
 * @stalled: since when requests have waited, and no slot within the limit was free or was
 *	released, in jiffies
 */
static struct {
	unsigned int used;
	struct rb_root_cached queues;
	u64 stalled;
} kmod_pools[KMOD_POOLS];

/* The queues of pools that have only one queue, and that of kernel threads. */
static struct kmod_slot_queue kmod_queues[KMOD_POOLS];

/* The queues of users. */
static DEFINE_HASHTABLE(kmod_users, 6);

static unsigned int kmod_waiting;		/* waiters */
static unsigned int kmod_lent;			/* slots beyond the limit */
static unsigned int kmod_lent_to_users;
static u64 kmod_served = 1;			/* slots granted so far */
static u64 kmod_lent_last;			/* when a slot was last lent, in jiffies */

/* kernel.kmod-limit; the default is the constant that it replaces. */
static unsigned int kmod_limit = 50;

/*
 * For work items that start modprobes, end waits and settle requests. They must not be
 * delayed by work items that wait for modules. No work item on this queue may do so. A
 * rescuer runs them if no worker can be created. Those that start modprobes allocate memory,
 * so that all may be late under reclaim.
 */
struct workqueue_struct *kmod_wq __ro_after_init;

static void kmod_lend(struct work_struct *work);
static DECLARE_DELAYED_WORK(kmod_lend_work, kmod_lend);

/**
 * kmod_slots_max - get the effective limit
 *
 * At most half of kernel.threads-max, so that modprobes can start other processes.
 *
 * Context: any.
 * Return: the limit, at least 1.
 */
unsigned int kmod_slots_max(void)
{
	return clamp_t(unsigned int, READ_ONCE(max_threads) / 2, 1, READ_ONCE(kmod_limit));
}

static struct kmod_slot *kmod_queue_first(const struct kmod_slot_queue *q)
{
	return rb_entry_safe(rb_first_cached(&q->waiting), struct kmod_slot, node);
}

static bool kmod_slot_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct kmod_slot, node)->ticket <
	       rb_entry(b, struct kmod_slot, node)->ticket;
}

static bool kmod_queue_less(struct rb_node *a, const struct rb_node *b)
{
	const struct kmod_slot_queue *qa = rb_entry(a, struct kmod_slot_queue, node);
	const struct kmod_slot_queue *qb = rb_entry(b, struct kmod_slot_queue, node);

	if (qa->used != qb->used)
		return qa->used < qb->used;
	if (qa->served != qb->served)
		return qa->served < qb->served;
	return kmod_queue_first(qa)->ticket < kmod_queue_first(qb)->ticket;
}

/* A queue must be removed from its pool's tree while its sort keys change. */
static void kmod_queue_remove(struct kmod_slot_queue *q)
{
	if (!RB_EMPTY_ROOT(&q->waiting.rb_root))
		rb_erase_cached(&q->node, &kmod_pools[q->pool].queues);
}

static void kmod_queue_insert(struct kmod_slot_queue *q)
{
	if (!RB_EMPTY_ROOT(&q->waiting.rb_root))
		rb_add_cached(&q->node, &kmod_pools[q->pool].queues, kmod_queue_less);
}

static void kmod_slot_enqueue(struct kmod_slot *s)
{
	struct kmod_slot_queue *q = s->queue;

	if (RB_EMPTY_ROOT(&kmod_pools[q->pool].queues.rb_root))
		kmod_pools[q->pool].stalled = get_jiffies_64();
	kmod_queue_remove(q);
	rb_add_cached(&s->node, &q->waiting, kmod_slot_less);
	kmod_queue_insert(q);
	s->waiting = true;
	kmod_waiting++;
}

static void kmod_slot_dequeue(struct kmod_slot *s)
{
	struct kmod_slot_queue *q = s->queue;

	kmod_queue_remove(q);
	rb_erase_cached(&s->node, &q->waiting);
	kmod_queue_insert(q);
	s->waiting = false;
	kmod_waiting--;
}

/* Takes a slot if n is 1, releases it if n is -1. */
static void kmod_slot_use(struct kmod_slot *s, int n)
{
	struct kmod_slot_queue *q = s->queue;

	s->held = n > 0;
	kmod_queue_remove(q);
	q->used += n;
	if (n > 0)
		q->served = ++kmod_served;
	kmod_queue_insert(q);
	if (!s->lent) {
		kmod_pools[q->pool].used += n;
		return;
	}
	kmod_lent += n;
	if (q->pool == KMOD_POOL_USERS)
		kmod_lent_to_users += n;
}

static bool kmod_pool_has_slot(unsigned int pool)
{
	unsigned int max = kmod_slots_max();
	unsigned int users = kmod_pools[KMOD_POOL_USERS].used;

	if (pool >= KMOD_POOL_NESTED)
		return kmod_pools[pool].used < max;
	if (pool == KMOD_POOL_USERS && users >= DIV_ROUND_UP(max, 2))
		return false;
	return kmod_pools[KMOD_POOL_ADMINS].used + users < max;
}

/* Returns the first waiter of the pool. */
static struct kmod_slot *kmod_pool_first(unsigned int pool)
{
	struct rb_node *node = rb_first_cached(&kmod_pools[pool].queues);

	return node ? kmod_queue_first(rb_entry(node, struct kmod_slot_queue, node)) : NULL;
}

static void kmod_slot_grant(struct kmod_slot *s, bool lent)
{
	kmod_slot_dequeue(s);
	s->lent = lent;
	kmod_slot_use(s, 1);
	queue_work(kmod_wq, s->work);
}

static void kmod_slots_grant(void)
{
	struct kmod_slot *s;
	unsigned int pool;

	lockdep_assert_held(&kmod_slots_lock);
	for (pool = 0; kmod_waiting && pool < KMOD_POOLS; pool++)
		while ((s = kmod_pool_first(pool)) && kmod_pool_has_slot(pool))
			kmod_slot_grant(s, false);
}

static struct kmod_slot_queue *kmod_queue_find(uid_t uid)
{
	struct kmod_slot_queue *q;

	hash_for_each_possible(kmod_users, q, by_uid, uid)
		if (q->uid == uid)
			return q;
	return NULL;
}

static struct kmod_slot_queue *kmod_queue_alloc(uid_t uid, gfp_t gfp_mask)
{
	struct kmod_slot_queue *q = kzalloc(sizeof(*q), gfp_mask);

	if (q) {
		q->pool = KMOD_POOL_USERS;
		q->uid = uid;
	}
	return q;
}

/* Returns the queue of the user of *new, with a reference. If that is *new, clears new. */
static struct kmod_slot_queue *kmod_queue_get(struct kmod_slot_queue **new)
{
	struct kmod_slot_queue *q = kmod_queue_find((*new)->uid);

	lockdep_assert_held(&kmod_slots_lock);
	if (!q) {
		q = *new;
		*new = NULL;
		/* Goes before the queue that was served last, and behind all others. */
		q->served = kmod_served - 1;
		hash_add(kmod_users, &q->by_uid, q->uid);
	}
	q->users++;
	return q;
}

static unsigned int kmod_slot_pool(const struct kmod_slot *s)
{
	return s->class == KMOD_SLOT_ADMIN ? KMOD_POOL_ADMINS :
	       s->class == KMOD_SLOT_KTHREAD ? KMOD_POOL_USERS :
	       KMOD_POOL_NESTED + s->depth - 2;
}

/**
 * kmod_slot_init - prepare to get a slot
 * @s: the slot
 * @r: the request that needs it
 * @work: queued when the slot is granted after a wait
 *
 * Context: process context, may sleep.
 * Return: 0, or -ENOMEM.
 */
int kmod_slot_init(struct kmod_slot *s, const struct kmod_request *r,
		   struct work_struct *work)
{
	struct kmod_slot_queue *new;

	*s = (struct kmod_slot) {
		.class	= r->class,
		.depth	= r->depth,
		.ticket	= r->rec.id,
		.work	= work,
	};
	if (s->class != KMOD_SLOT_USER) {
		s->queue = &kmod_queues[kmod_slot_pool(s)];
		return 0;
	}

	new = kmod_queue_alloc(r->user, GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	spin_lock_irq(&kmod_slots_lock);
	s->queue = kmod_queue_get(&new);
	spin_unlock_irq(&kmod_slots_lock);
	kfree(new);
	return 0;
}

static void kmod_queue_put(struct kmod_slot_queue *q)
{
	if (q->users && !--q->users) {
		hash_del(&q->by_uid);
		kfree(q);
	}
}

/**
 * kmod_slot_destroy - undo kmod_slot_init()
 * @s: neither held nor waiting
 *
 * Context: any.
 */
void kmod_slot_destroy(struct kmod_slot *s)
{
	unsigned long flags;

	/* The other queues are never freed. */
	if (s->class != KMOD_SLOT_USER)
		return;
	spin_lock_irqsave(&kmod_slots_lock, flags);
	kmod_queue_put(s->queue);
	spin_unlock_irqrestore(&kmod_slots_lock, flags);
}

/* A slot is free only if no waiter is allowed to have it, so no waiter is overtaken. */
static bool kmod_slot_take(struct kmod_slot *s)
{
	lockdep_assert_held(&kmod_slots_lock);
	if (!kmod_pool_has_slot(s->queue->pool))
		return false;
	s->lent = false;
	kmod_slot_use(s, 1);
	kmod_pools[s->queue->pool].stalled = get_jiffies_64();
	return true;
}

/**
 * kmod_slot_get - get a slot
 * @s: from kmod_slot_init()
 * @queue: if none is free, queue for one
 *
 * Context: any.
 * Return: true, and the slot must be released by kmod_slot_put(); false if none is
 * free. With @queue it is granted later, which queues the work, unless
 * kmod_slot_cancel() returns true.
 */
bool kmod_slot_get(struct kmod_slot *s, bool queue)
{
	unsigned long flags;
	bool taken;

	spin_lock_irqsave(&kmod_slots_lock, flags);
	taken = kmod_slot_take(s);
	if (!taken && queue)
		kmod_slot_enqueue(s);
	spin_unlock_irqrestore(&kmod_slots_lock, flags);
	if (!taken && queue)
		queue_delayed_work(kmod_wq, &kmod_lend_work, KMOD_STALL);
	return taken;
}

/**
 * kmod_slot_cancel - stop waiting for a slot
 * @s: a slot for which kmod_slot_get() returned false
 *
 * Context: any.
 * Return: true; false if the slot was granted meanwhile.
 */
bool kmod_slot_cancel(struct kmod_slot *s)
{
	unsigned long flags;
	bool waiting;

	spin_lock_irqsave(&kmod_slots_lock, flags);
	waiting = s->waiting;
	if (waiting)
		kmod_slot_dequeue(s);
	spin_unlock_irqrestore(&kmod_slots_lock, flags);
	return waiting;
}

static bool kmod_slot_may_move(const struct kmod_slot *s)
{
	return s->class != KMOD_SLOT_ADMIN && s->class != KMOD_SLOT_NESTED && !s->held;
}

/* Moves a slot to a queue. The caller's reference to the queue passes to the slot. */
static void kmod_slot_move(struct kmod_slot *s, enum kmod_slot_class class,
			   struct kmod_slot_queue *q)
{
	u64 stalled = kmod_pools[q->pool].stalled;
	bool waiting = s->waiting, same_pool = q->pool == s->queue->pool;

	lockdep_assert_held(&kmod_slots_lock);
	if (waiting)
		kmod_slot_dequeue(s);
	kmod_queue_put(s->queue);
	s->class = class;
	s->queue = q;
	if (waiting)
		kmod_slot_enqueue(s);
	/* Moves must not put off the next lent slot. */
	if (same_pool)
		kmod_pools[q->pool].stalled = stalled;
	kmod_slots_grant();
}

/**
 * kmod_slot_promote - let a waiter queue with the administrators
 * @s: the slot. Unchanged if it is held, or if its request is from inside a modprobe.
 *
 * Context: any.
 */
void kmod_slot_promote(struct kmod_slot *s)
{
	unsigned long flags;

	spin_lock_irqsave(&kmod_slots_lock, flags);
	if (kmod_slot_may_move(s))
		kmod_slot_move(s, KMOD_SLOT_ADMIN, &kmod_queues[KMOD_POOL_ADMINS]);
	spin_unlock_irqrestore(&kmod_slots_lock, flags);
}

/*
 * Returns how many slots the user of q will hold when a waiter with this ticket is served, if
 * none is released until then.
 */
static unsigned int kmod_queue_used_before(const struct kmod_slot_queue *q, u64 ticket)
{
	struct rb_node *node = rb_first_cached(&q->waiting);
	unsigned int n = 0;

	while (node && n < KMOD_AHEAD_MAX &&
	       rb_entry(node, struct kmod_slot, node)->ticket < ticket) {
		node = rb_next(node);
		n++;
	}
	return q->used + n;
}

/* Returns whether a waiter with this ticket is expected to be served earlier in a than in b. */
static bool kmod_queue_is_faster(const struct kmod_slot_queue *a,
				 const struct kmod_slot_queue *b, u64 ticket)
{
	unsigned int used_a = kmod_queue_used_before(a, ticket);
	unsigned int used_b = kmod_queue_used_before(b, ticket);

	return used_a != used_b ? used_a < used_b : a->served < b->served;
}

/* Returns the queue of a user, or the empty queue of users that have none. */
static struct kmod_slot_queue *kmod_queue_of(const struct kmod_slot_user *user)
{
	static struct kmod_slot_queue none = { .pool = KMOD_POOL_USERS };

	lockdep_assert_held(&kmod_slots_lock);
	if (user->class == KMOD_SLOT_KTHREAD)
		return &kmod_queues[KMOD_POOL_USERS];
	none.served = kmod_served - 1;
	return kmod_queue_find(user->uid) ?: &none;
}

/* Moves a slot to the queue of a user, unless out of memory. */
static void kmod_slot_move_to_user(struct kmod_slot *s, const struct kmod_slot_user *user)
{
	struct kmod_slot_queue *q = &kmod_queues[KMOD_POOL_USERS], *new;

	if (user->class == KMOD_SLOT_USER) {
		new = kmod_queue_alloc(user->uid, GFP_NOWAIT | __GFP_NOWARN);
		if (!new)
			return;
		q = kmod_queue_get(&new);
		kfree(new);
	}
	kmod_slot_move(s, user->class, q);
}

/**
 * kmod_slot_share - let a waiter queue with the requests of another user
 * @s: the slot. Unchanged if it is held, if its class is another one than that of users or
 *	kernel threads, if it is not expected to be served earlier, or if out of memory.
 * @user: the other user, or kernel threads
 *
 * Context: any.
 */
void kmod_slot_share(struct kmod_slot *s, const struct kmod_slot_user *user)
{
	const struct kmod_slot_queue *q;
	unsigned long flags;

	spin_lock_irqsave(&kmod_slots_lock, flags);
	q = kmod_queue_of(user);
	if (kmod_slot_may_move(s) && q != s->queue &&
	    kmod_queue_is_faster(q, s->queue, s->ticket))
		kmod_slot_move_to_user(s, user);
	spin_unlock_irqrestore(&kmod_slots_lock, flags);
}

/**
 * kmod_slot_is_faster - compare the places of two users
 * @a: a user, or kernel threads
 * @b: likewise
 * @ticket: ticket of a waiter
 *
 * Context: any.
 * Return: true if the waiter is expected to be served earlier as one of @a.
 */
bool kmod_slot_is_faster(const struct kmod_slot_user *a, const struct kmod_slot_user *b,
			 u64 ticket)
{
	unsigned long flags;
	bool faster;

	spin_lock_irqsave(&kmod_slots_lock, flags);
	faster = kmod_queue_is_faster(kmod_queue_of(a), kmod_queue_of(b), ticket);
	spin_unlock_irqrestore(&kmod_slots_lock, flags);
	return faster;
}

/* Returns true if a waiter of the pool may be granted a slot beyond the limit. */
static bool kmod_pool_may_borrow(unsigned int pool, u64 now)
{
	unsigned int max = kmod_slots_max();

	if (pool != KMOD_POOL_ADMINS && kmod_lent + 1 >= max)
		return false;
	if (pool == KMOD_POOL_USERS && kmod_lent_to_users >= max / 2)
		return false;
	return time_after_eq64(now, kmod_pools[pool].stalled + KMOD_STALL) && kmod_lent < max;
}

/* Passes a slot beyond the limit that was released to the first waiter that may have it. */
static void kmod_slots_pass(void)
{
	u64 now = get_jiffies_64();
	struct kmod_slot *s;
	unsigned int pool;

	lockdep_assert_held(&kmod_slots_lock);
	for (pool = 0; kmod_waiting && pool < KMOD_POOLS; pool++) {
		s = kmod_pool_first(pool);
		if (s && kmod_pool_may_borrow(pool, now)) {
			kmod_slot_grant(s, true);
			return;
		}
	}
}

/**
 * kmod_slot_put - release a slot
 * @s: held, or released before
 *
 * Context: any, also under tasklist_lock.
 * Return: true if it was held.
 */
bool kmod_slot_put(struct kmod_slot *s)
{
	unsigned long flags;
	bool held;

	spin_lock_irqsave(&kmod_slots_lock, flags);
	held = s->held;
	if (held) {
		kmod_slot_use(s, -1);
		if (!s->lent)
			kmod_pools[s->queue->pool].stalled = get_jiffies_64();
		kmod_slots_grant();
		if (s->lent)
			kmod_slots_pass();
	}
	spin_unlock_irqrestore(&kmod_slots_lock, flags);
	return held;
}

/**
 * kmod_slots_stalled - test whether slots of a pool are being released
 * @s: a slot of the pool. Administrators and users share slots, and count as one pool.
 *
 * Context: any.
 * Return: true if no slot of the pool has been taken without a wait, or released, for
 * KMOD_WAIT.
 */
bool kmod_slots_stalled(const struct kmod_slot *s)
{
	unsigned long flags;
	u64 since;

	spin_lock_irqsave(&kmod_slots_lock, flags);
	since = kmod_pools[s->queue->pool].stalled;
	if (s->queue->pool < KMOD_POOL_NESTED)
		since = max(kmod_pools[KMOD_POOL_ADMINS].stalled,
			    kmod_pools[KMOD_POOL_USERS].stalled);
	spin_unlock_irqrestore(&kmod_slots_lock, flags);
	return time_after_eq64(get_jiffies_64(), since + KMOD_WAIT);
}

/* Lends a slot if that is due. Returns true if the check must be repeated. */
static bool kmod_slots_lend(bool *lent)
{
	u64 now = get_jiffies_64();
	bool waiting = false;
	struct kmod_slot *s;
	unsigned int pool;

	lockdep_assert_held(&kmod_slots_lock);
	/* kernel.threads-max may have been raised. */
	kmod_slots_grant();
	for (pool = 0; pool < KMOD_POOLS; pool++) {
		s = kmod_pool_first(pool);
		if (s && time_after_eq64(now, kmod_lent_last + KMOD_LEND_INTERVAL) &&
		    kmod_pool_may_borrow(pool, now)) {
			kmod_slot_grant(s, true);
			kmod_lent_last = now;
			*lent = true;
		}
		waiting |= !!s;
	}
	return waiting;
}

static void kmod_lend_report(struct work_struct *work)
{
	pr_warn_ratelimited("no slot released for %u s; starting one modprobe beyond the limit of %u\n",
			    KMOD_STALL / HZ, kmod_slots_max());
}

static DECLARE_WORK(kmod_lend_report_work, kmod_lend_report);

static void kmod_lend(struct work_struct *work)
{
	bool lent = false, waiting;

	spin_lock_irq(&kmod_slots_lock);
	waiting = kmod_slots_lend(&lent);
	spin_unlock_irq(&kmod_slots_lock);

	if (waiting)
		queue_delayed_work(kmod_wq, &kmod_lend_work, KMOD_LEND_POLL);
	if (lent) {
		kmod_journal_note(KMOD_LENT);
		/* A slow console must not delay the next lent slot. */
		queue_work(kmod_wq, &kmod_lend_report_work);
	}
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
	unsigned int pool;

	for (pool = 0; pool < KMOD_POOLS; pool++) {
		kmod_queues[pool].pool = pool;
		kmod_pools[pool].stalled = get_jiffies_64();
	}
	kmod_wq = alloc_workqueue("kmod", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!kmod_wq)
		panic("kmod: cannot allocate the kmod workqueue\n");
	register_sysctl_init("kernel", kmod_slots_sysctls);
	return 0;
}
early_initcall(kmod_slots_init);

#ifdef CONFIG_KMOD_KUNIT_TEST
#include "tests/slots_kunit.c"
#endif
