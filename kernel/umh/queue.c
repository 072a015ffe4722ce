// SPDX-License-Identifier: GPL-2.0-only
/*
 * khelper: the queue of accepted helpers, and the workers that create their threads.
 *
 * One worker creates the threads one by one, in the order of the requests. Creating a
 * thread may block for a long time, for example in direct reclaim. When it has taken a
 * second while other helpers wait, another worker takes over the queue, and the first one
 * stops once it is no longer blocked. Nothing else runs on khelper.
 */
#define pr_fmt(fmt) "umh: " fmt

#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/panic.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/umh.h>
#include <linux/workqueue.h>

#include "internal.h"

/* Time after which another worker takes over from a blocked one, in jiffies */
#define UMH_STUCK	HZ

/* Maximum number of workers, all but one of which are blocked */
#define UMH_SPAWNERS	16

struct umh_spawner {
	struct work_struct work;
	bool busy;		/* creating a thread; set under umh_lock, cleared by the worker */
	unsigned long since;	/* L: when that began, in jiffies */
};

static void umh_spawn_all(struct work_struct *work);
static void umh_stuck_check(struct work_struct *work);

/* The letters refer to the locking rules in internal.h. */
static struct umh_spawner umh_spawners[UMH_SPAWNERS];
static struct umh_spawner *umh_spawner = umh_spawners;	/* L: serves the queue */
static LIST_HEAD(umh_queue);				/* L: oldest first */
static DECLARE_DELAYED_WORK(umh_stuck_work, umh_stuck_check);
static struct workqueue_struct *khelper __ro_after_init;
struct workqueue_struct *umh_wq __ro_after_init;
struct workqueue_struct *umh_cleanup_wq __ro_after_init;

/**
 * umh_queue_add - queue a helper on khelper, and start watching it
 * @info: an accepted helper. The caller's reference passes to khelper.
 *
 * Context: any.
 */
void umh_queue_add(struct subprocess_info *info)
{
	struct umh_spawner *spawner;
	struct umh_watch *watch;
	unsigned long flags;
	bool waits;

	raw_spin_lock_irqsave(&umh_lock, flags);
	spawner = umh_spawner;
	waits = READ_ONCE(spawner->busy) || !list_empty(&umh_queue);
	WRITE_ONCE(info->phase, UMH_QUEUED);
	watch = umh_watch(info);
	list_add_tail(&info->queued, &umh_queue);
	raw_spin_unlock_irqrestore(&umh_lock, flags);

	queue_work(khelper, &spawner->work);
	if (watch)
		umh_watch_arm(watch);
	if (waits)
		queue_delayed_work(umh_wq, &umh_stuck_work, UMH_STUCK);
}

/* Returns the oldest helper, or NULL if the queue is empty or another worker serves it. */
static struct subprocess_info *umh_queue_pop(struct umh_spawner *s)
{
	struct subprocess_info *info = NULL;

	/* Adding a helper after this check queues the work again. */
	if (list_empty(&umh_queue))
		return NULL;

	raw_spin_lock_irq(&umh_lock);
	if (s == umh_spawner)
		info = list_first_entry_or_null(&umh_queue, struct subprocess_info, queued);
	if (info) {
		list_del(&info->queued);
		s->since = jiffies;
		WRITE_ONCE(s->busy, true);
	}
	raw_spin_unlock_irq(&umh_lock);
	return info;
}

static void umh_spawn_all(struct work_struct *work)
{
	struct umh_spawner *s = container_of(work, struct umh_spawner, work);
	struct subprocess_info *info;

	while ((info = umh_queue_pop(s))) {
		umh_spawn(info);
		WRITE_ONCE(s->busy, false);
		cond_resched();
	}
}

/* Returns a worker that is not blocked, or NULL. */
static struct umh_spawner *umh_spawner_idle(void)
{
	int i;

	for (i = 0; i < UMH_SPAWNERS; i++)
		if (!READ_ONCE(umh_spawners[i].busy))
			return &umh_spawners[i];
	return NULL;
}

/*
 * Makes another worker serve the queue if the present one is blocked. Returns the new
 * worker, or NULL. Sets @delay to the time until the next check in jiffies, or to 0.
 */
static struct umh_spawner *umh_take_over(unsigned long *delay)
{
	unsigned long age = jiffies - umh_spawner->since;
	struct umh_spawner *next = NULL;

	lockdep_assert_held(&umh_lock);
	*delay = 0;
	if (list_empty(&umh_queue))
		return NULL;
	*delay = UMH_STUCK;
	if (!READ_ONCE(umh_spawner->busy))
		return NULL;
	if (age >= UMH_STUCK)
		next = umh_spawner_idle();
	else
		*delay = UMH_STUCK - age;
	/* The present worker may have finished just now. */
	if (!next || next == umh_spawner)
		return NULL;
	umh_spawner = next;
	return next;
}

static void umh_stuck_report(struct work_struct *work)
{
	pr_warn_ratelimited("creating the thread of a helper has taken 1 s; another worker takes over\n");
}

static DECLARE_WORK(umh_stuck_report_work, umh_stuck_report);

static void umh_stuck_check(struct work_struct *work)
{
	struct umh_spawner *next;
	unsigned long delay;

	raw_spin_lock_irq(&umh_lock);
	next = umh_take_over(&delay);
	raw_spin_unlock_irq(&umh_lock);

	if (next)
		queue_work(khelper, &next->work);
	if (delay)
		queue_delayed_work(umh_wq, &umh_stuck_work, delay);
	/* A slow console must not delay the next check. */
	if (next)
		queue_work(umh_wq, &umh_stuck_report_work);
}

static int __init umh_queue_init(void)
{
	int i;

	for (i = 0; i < UMH_SPAWNERS; i++)
		INIT_WORK(&umh_spawners[i].work, umh_spawn_all);
	/*
	 * Not ordered: another worker must take over. With rescuers: it must do so even if no
	 * worker can be created. cleanup() needs none, and may wait for workqueues that have
	 * none. The limits of workqueues are divided among NUMA nodes; one of UMH_SPAWNERS would
	 * be too small.
	 */
	khelper = alloc_workqueue("khelper", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	umh_wq = alloc_workqueue("umh", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	umh_cleanup_wq = alloc_workqueue("umh_cleanup", WQ_UNBOUND, 0);
	if (!khelper || !umh_wq || !umh_cleanup_wq)
		panic("umh: cannot allocate workqueues\n");
	return 0;
}
early_initcall(umh_queue_init);

#ifdef CONFIG_UMH_KUNIT_TEST
#include "tests/queue_kunit.c"
#endif
