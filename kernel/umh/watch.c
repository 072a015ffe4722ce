// SPDX-License-Identifier: GPL-2.0-only
/*
 * Detection of hung helpers: kernel.umh_hung_secs.
 */
#define pr_fmt(fmt) "umh: " fmt

#include <linux/compiler.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/stringhash.h>
#include <linux/sysctl.h>
#include <linux/types.h>
#include <linux/umh.h>
#include <linux/workqueue.h>

#include "internal.h"

/* Number of rate limits for reports, one for each path that was reported lately */
#define UMH_REPORT_LIMITS	16

/* kernel.umh_hung_secs: 0 disables the reports; at most one day */
static unsigned int umh_hung_secs = UMH_HUNG_SECS;
static unsigned int umh_hung_max = 24 * 60 * 60;

/*
 * struct umh_report_limit - the rate limit of the reports for a path
 * @hash: hash of the path, or any number if the limit is not in use
 * @used: when it was last used, in jiffies, or 0
 * @rs: the rate limit
 *
 * Used by umh_watch_reported() only.
 */
static struct umh_report_limit {
	u32 hash;
	u64 used;
	struct ratelimit_state rs;
} umh_report_limits[UMH_REPORT_LIMITS];

/*
 * Until it completes, a helper is on one of these lists, linked by
 * subprocess_info.watched. The letters refer to the locking rules in internal.h.
 */
struct umh_watch {
	struct list_head helpers;	/* L: not hung yet, oldest first */
	struct delayed_work work;
};

static LIST_HEAD(umh_hung);		/* L */

static void umh_watch_reported(struct work_struct *work);
static void umh_watch_owned(struct work_struct *work);

/* Helpers that are reported after kernel.umh_hung_secs */
static struct umh_watch umh_reported = {
	.helpers = LIST_HEAD_INIT(umh_reported.helpers),
	.work = __DELAYED_WORK_INITIALIZER(umh_reported.work, umh_watch_reported, 0),
};

/* Helpers with subprocess_info.hung, which is called after UMH_HUNG_SECS */
static struct umh_watch umh_owned = {
	.helpers = LIST_HEAD_INIT(umh_owned.helpers),
	.work = __DELAYED_WORK_INITIALIZER(umh_owned.work, umh_watch_owned, 0),
};

/* Report of a hung helper. A copy, since the helper may complete and be freed meanwhile. */
struct umh_report {
	char path[UMH_NAME_SIZE];
	char comm[TASK_COMM_LEN];
	pid_t pid;
	pid_t requester;
	const char *requester_state;
	unsigned long secs;
};

static unsigned long umh_hung_jiffies(const struct umh_watch *w)
{
	if (w == &umh_owned)
		return UMH_HUNG_SECS * HZ;
	return (READ_ONCE(umh_hung_secs) ?: UMH_HUNG_SECS) * (unsigned long)HZ;
}

/**
 * umh_watch - start watching a helper
 * @info: an accepted helper. The engine must call umh_complete() later.
 *
 * Context: any, under umh_lock.
 * Return: the watch, which the caller must pass to umh_watch_arm() after releasing the
 * lock; NULL if the work is already pending for an older helper.
 */
struct umh_watch *umh_watch(struct subprocess_info *info)
{
	struct umh_watch *w = info->hung ? &umh_owned : &umh_reported;

	lockdep_assert_held(&umh_lock);
	info->since = jiffies;
	list_add_tail(&info->watched, &w->helpers);
	return list_is_singular(&w->helpers) ? w : NULL;
}

/**
 * umh_watch_arm - schedule the check of the first helper of a watch
 * @w: from umh_watch()
 *
 * Context: any.
 */
void umh_watch_arm(struct umh_watch *w)
{
	queue_delayed_work(umh_wq, &w->work, umh_hung_jiffies(w));
}

static const char *umh_requester_state(const struct subprocess_info *info)
{
	if (info->name)
		return "was killed";
	return info->waiter ? "is waiting" : "is not waiting";
}

static void umh_report_fill(struct umh_report *report, const struct subprocess_info *info)
{
	lockdep_assert_held(&umh_lock);
	strscpy(report->path, umh_name(info), sizeof(report->path));
	memcpy(report->comm, info->requester_comm, sizeof(report->comm));
	report->pid = READ_ONCE(info->pid);
	report->requester = info->requester;
	report->requester_state = umh_requester_state(info);
	report->secs = (jiffies - info->since) / HZ;
}

/*
 * Returns the next helper that has become hung, or NULL. If @report is not NULL, fills it
 * in, and the caller must not use the helper. Otherwise takes a reference to the helper.
 * If none is hung, schedules the next check for the time when the oldest one would be.
 */
static struct subprocess_info *umh_watch_next(struct umh_watch *w, struct umh_report *report)
{
	unsigned long age = 0, limit = umh_hung_jiffies(w);
	struct subprocess_info *info;

	raw_spin_lock_irq(&umh_lock);
	info = list_first_entry_or_null(&w->helpers, struct subprocess_info, watched);
	if (info) {
		age = jiffies - info->since;
		if (age >= limit) {
			list_move_tail(&info->watched, &umh_hung);
			if (report)
				umh_report_fill(report, info);
			else
				umh_get(info);
			raw_spin_unlock_irq(&umh_lock);
			return info;
		}
	}
	raw_spin_unlock_irq(&umh_lock);

	if (info)
		queue_delayed_work(umh_wq, &w->work, limit - age);
	return NULL;
}

/* Returns the limit of the path, or else the one that has not been used for the longest time. */
static struct umh_report_limit *umh_report_limit_of(const char *path)
{
	u32 hash = full_name_hash(NULL, path, strlen(path));
	struct umh_report_limit *l, *oldest = umh_report_limits;

	for (l = umh_report_limits; l < umh_report_limits + UMH_REPORT_LIMITS; l++) {
		if (l->hash == hash)
			return l;
		if (time_before64(l->used, oldest->used))
			oldest = l;
	}
	/* With more paths than limits, several paths share one. */
	if (time_after64(get_jiffies_64(), oldest->used + DEFAULT_RATELIMIT_INTERVAL)) {
		oldest->hash = hash;
		ratelimit_default_init(&oldest->rs);
	}
	return oldest;
}

/* Reports of helpers with one path must not suppress those of helpers with another path. */
static bool umh_report_permitted(const char *path)
{
	struct umh_report_limit *l = umh_report_limit_of(path);

	l->used = get_jiffies_64();
	return READ_ONCE(umh_hung_secs) && __ratelimit(&l->rs);
}

static void umh_watch_reported(struct work_struct *work)
{
	struct umh_report r;

	while (umh_watch_next(&umh_reported, &r)) {
		if (!umh_report_permitted(r.path))
			continue;
		pr_warn("helper %*pE (pid %d), requested by %*pE[%d], has not completed after %lu s; requester %s\n",
			(int)strlen(r.path), r.path, r.pid, (int)strlen(r.comm), r.comm,
			r.requester, r.secs, r.requester_state);
	}
}

/* Watches the helper again, unless it has completed meanwhile. */
static void umh_watch_again(struct subprocess_info *info)
{
	raw_spin_lock_irq(&umh_lock);
	if (!list_empty(&info->watched)) {
		info->since = jiffies;
		list_move_tail(&info->watched, &umh_owned.helpers);
	}
	raw_spin_unlock_irq(&umh_lock);
}

static void umh_watch_owned(struct work_struct *work)
{
	struct subprocess_info *info;

	while ((info = umh_watch_next(&umh_owned, NULL))) {
		if (info->hung(info))
			umh_watch_again(info);
		umh_put_deferred(info);
	}
}

static int umh_hung_sysctl(const struct ctl_table *table, int write,
			   void *buffer, size_t *lenp, loff_t *ppos)
{
	int err = proc_douintvec_minmax(table, write, buffer, lenp, ppos);

	/* Some helpers may already be older than the new limit. */
	if (!err && write)
		mod_delayed_work(umh_wq, &umh_reported.work, 0);
	return err;
}

static struct ctl_table umh_watch_sysctls[] = {
	{
		.procname	= "umh_hung_secs",
		.data		= &umh_hung_secs,
		.maxlen		= sizeof(umh_hung_secs),
		.mode		= 0644,
		.proc_handler	= umh_hung_sysctl,
		.extra1		= SYSCTL_ZERO,
		.extra2		= &umh_hung_max,
	},
};

static int __init umh_watch_init(void)
{
	int i;

	for (i = 0; i < UMH_REPORT_LIMITS; i++)
		ratelimit_default_init(&umh_report_limits[i].rs);
	register_sysctl_init("kernel", umh_watch_sysctls);
	return 0;
}
early_initcall(umh_watch_init);

#ifdef CONFIG_UMH_KUNIT_TEST
#include "tests/watch_kunit.c"
#endif
