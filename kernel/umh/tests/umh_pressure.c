// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory pressure in which a worker is blocked, for tools/testing/selftests/umh.
 *
 * A write to /sys/kernel/debug/umh_pressure takes all free memory and then starts a helper, until
 * a worker of a workqueue has to reclaim memory. That worker is blocked until the writer is
 * killed. Other tasks get memory back when they reclaim some. A read returns "blocked" if
 * there is such a worker, or "none".
 *
 * The module cannot be unloaded.
 */
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/shrinker.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/swap.h>
#include <linux/uaccess.h>
#include <linux/umh.h>

/* How many pages a task gets back at once */
#define PRESSURE_BATCH		1024

static char *pressure_argv[] = { "/nowhere/nothing", NULL };
static DEFINE_SPINLOCK(pressure_lock);
static LIST_HEAD(pressure_pages);		/* protected by pressure_lock */
static unsigned long pressure_held;		/* pages; written under pressure_lock */
static bool pressure_wanted;			/* a worker is to be blocked; pressure_lock */
static bool pressure_blocked;			/* a worker is blocked, which alone writes this */
static DEFINE_MUTEX(pressure_mutex);		/* held by the writer */
static DECLARE_COMPLETION(pressure_over);

static void pressure_want(bool wanted)
{
	spin_lock(&pressure_lock);
	pressure_wanted = wanted;
	spin_unlock(&pressure_lock);
}

static bool pressure_must_block(void)
{
	bool must = false;

	if (!(current->flags & PF_WQ_WORKER))
		return false;
	spin_lock(&pressure_lock);
	swap(must, pressure_wanted);
	spin_unlock(&pressure_lock);
	return must;
}

static unsigned long pressure_count(struct shrinker *shrinker, struct shrink_control *sc)
{
	if (pressure_must_block()) {
		WRITE_ONCE(pressure_blocked, true);
		wait_for_completion(&pressure_over);
		WRITE_ONCE(pressure_blocked, false);
	}
	/* kswapd would end the pressure. */
	return current_is_kswapd() ? 0 : READ_ONCE(pressure_held);
}

/* Frees up to @max pages. Returns the number of pages. */
static unsigned long pressure_free(unsigned long max)
{
	struct page *page, *next;
	unsigned long n = 0;
	LIST_HEAD(pages);

	spin_lock(&pressure_lock);
	for (; n < max && !list_empty(&pressure_pages); n++)
		list_move(pressure_pages.next, &pages);
	WRITE_ONCE(pressure_held, pressure_held - n);
	spin_unlock(&pressure_lock);

	list_for_each_entry_safe(page, next, &pages, lru)
		__free_page(page);
	return n;
}

static unsigned long pressure_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	unsigned long n = pressure_free(sc->nr_to_scan);

	mm_account_reclaimed_pages(n);
	return n ?: SHRINK_STOP;
}

static void pressure_take(void)
{
	struct page *page;

	while (!fatal_signal_pending(current) &&
	       (page = alloc_page(GFP_NOWAIT | __GFP_NOWARN))) {
		spin_lock(&pressure_lock);
		list_add(&page->lru, &pressure_pages);
		WRITE_ONCE(pressure_held, pressure_held + 1);
		spin_unlock(&pressure_lock);
		cond_resched();
	}
}

static ssize_t pressure_write(struct file *file, const char __user *from, size_t count,
			      loff_t *ppos)
{
	if (!mutex_trylock(&pressure_mutex))
		return -EBUSY;
	/* The call does not return while the worker that creates the thread is blocked. */
	while (!fatal_signal_pending(current)) {
		reinit_completion(&pressure_over);
		pressure_want(true);
		pressure_take();
		call_usermodehelper(pressure_argv[0], pressure_argv, NULL,
				    UMH_WAIT_EXEC | UMH_KILLABLE);
		pressure_want(false);
		complete_all(&pressure_over);
	}
	pressure_free(ULONG_MAX);
	mutex_unlock(&pressure_mutex);
	return count;
}

static ssize_t pressure_read(struct file *file, char __user *to, size_t count, loff_t *ppos)
{
	const char *text = READ_ONCE(pressure_blocked) ? "blocked\n" : "none\n";

	return simple_read_from_buffer(to, count, ppos, text, strlen(text));
}

static const struct file_operations pressure_fops = {
	.owner		= THIS_MODULE,
	.open		= simple_open,
	.read		= pressure_read,
	.write		= pressure_write,
};

static int __init umh_pressure_init(void)
{
	struct shrinker *shrinker = shrinker_alloc(0, "umh_pressure");

	if (!shrinker)
		return -ENOMEM;
	shrinker->count_objects = pressure_count;
	shrinker->scan_objects = pressure_scan;
	shrinker->batch = PRESSURE_BATCH;
	shrinker_register(shrinker);
	debugfs_create_file("umh_pressure", 0600, NULL, NULL, &pressure_fops);
	return 0;
}
module_init(umh_pressure_init);

MODULE_DESCRIPTION("Memory pressure that blocks a worker");
MODULE_LICENSE("GPL");
