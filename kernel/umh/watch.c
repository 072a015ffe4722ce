// SPDX-License-Identifier: GPL-2.0-only
/*
 * Detection of hung helpers: kernel.umh_hung_secs.
 */
#define pr_fmt(fmt) "umh: " fmt

#include <linux/compiler.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysctl.h>
#include <linux/umh.h>
#include <linux/workqueue.h>

#include "internal.h"

/* Size of the buffer for the path in a report; longer paths are truncated */
#define UMH_REPORT_PATH		128

/* Default of kernel.umh_hung_secs, and the age of a hung helper if that is 0 */
#define UMH_HUNG_SECS		30

/* kernel.umh_hung_secs: 0 disables the reports; at most one day */
static unsigned int umh_hung_secs = UMH_HUNG_SECS;
static unsigned int umh_hung_max = 24 * 60 * 60;

/*
 * Until it completes, a helper is on one of these lists, linked by
 * subprocess_info.watched. The letters refer to the locking rules in internal.h.
 */
static DEFINE_RAW_SPINLOCK(umh_watch_lock);
static LIST_HEAD(umh_watched);	/* H: not hung yet, oldest first */
static LIST_HEAD(umh_hung);	/* H */

static void umh_watch_check(struct work_struct *work);
static DECLARE_DELAYED_WORK(umh_watch_work, umh_watch_check);

static unsigned long umh_hung_jiffies(void)
{
	return (READ_ONCE(umh_hung_secs) ?: UMH_HUNG_SECS) * (unsigned long)HZ;
}

/**
 * umh_watch - start watching a helper
 * @info: the helper, accepted. The engine must call umh_unwatch() when it completes.
 *
 * Context: any.
 */
void umh_watch(struct subprocess_info *info)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&umh_watch_lock, flags);
	info->since = jiffies;
	list_add_tail(&info->watched, &umh_watched);
	raw_spin_unlock_irqrestore(&umh_watch_lock, flags);
	schedule_delayed_work(&umh_watch_work, umh_hung_jiffies());
}

/**
 * umh_unwatch - stop watching a helper
 * @info: the helper, which need not be watched
 *
 * Context: any, including under tasklist_lock.
 */
void umh_unwatch(struct subprocess_info *info)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&umh_watch_lock, flags);
	list_del_init(&info->watched);
	raw_spin_unlock_irqrestore(&umh_watch_lock, flags);
}

/*
 * Returns the next helper that has become hung, with a reference, and copies its path.
 * A watched helper holds the engine's reference. The caller of a helper that is no
 * longer watched may free the path, hence the copy. If no helper is hung, schedules the
 * next check for the time when the oldest one would be.
 */
static struct subprocess_info *umh_watch_next(char path[UMH_REPORT_PATH])
{
	struct subprocess_info *info;
	unsigned long age = 0;

	raw_spin_lock_irq(&umh_watch_lock);
	info = list_first_entry_or_null(&umh_watched, struct subprocess_info,
					watched);
	if (info) {
		age = jiffies - info->since;
		if (age >= umh_hung_jiffies()) {
			umh_get(info);
			strscpy(path, info->path, UMH_REPORT_PATH);
			list_move_tail(&info->watched, &umh_hung);
			raw_spin_unlock_irq(&umh_watch_lock);
			return info;
		}
	}
	raw_spin_unlock_irq(&umh_watch_lock);

	if (info)
		schedule_delayed_work(&umh_watch_work, umh_hung_jiffies() - age);
	return NULL;
}

static const char *umh_waiter_state(const struct subprocess_info *info)
{
	if (READ_ONCE(info->waiter_killed))
		return "was killed";
	if ((info->wait & UMH_WAIT_PROC) || ((info->wait & UMH_WAIT_EXEC) &&
					     READ_ONCE(info->phase) != UMH_EXECED))
		return "is waiting";
	return "is not waiting";
}

static void umh_report_hung(const struct subprocess_info *info,
			    const char *path)
{
	if (!READ_ONCE(umh_hung_secs))
		return;
	pr_warn_ratelimited("helper %*pE (pid %d), requested by %*pE[%d], has not completed after %lu s; requester %s\n",
			    (int)strlen(path), path, READ_ONCE(info->pid),
			    (int)strlen(info->requester_comm),
			    info->requester_comm, info->requester,
			    (jiffies - info->since) / HZ, umh_waiter_state(info));
}

/* Unless the helper has completed meanwhile. */
static void umh_watch_again(struct subprocess_info *info)
{
	raw_spin_lock_irq(&umh_watch_lock);
	if (!list_empty(&info->watched)) {
		info->since = jiffies;
		list_move_tail(&info->watched, &umh_watched);
	}
	raw_spin_unlock_irq(&umh_watch_lock);
}

static void umh_watch_check(struct work_struct *work)
{
	struct subprocess_info *info;
	char path[UMH_REPORT_PATH];

	while ((info = umh_watch_next(path))) {
		if (!info->hung)
			umh_report_hung(info, path);
		else if (info->hung(info))
			umh_watch_again(info);
		umh_put(info);
	}
}

static int umh_hung_sysctl(const struct ctl_table *table, int write,
			   void *buffer, size_t *lenp, loff_t *ppos)
{
	int err = proc_douintvec_minmax(table, write, buffer, lenp, ppos);

	/* Some helpers may be hung by the new limit. */
	if (!err && write)
		mod_delayed_work(system_wq, &umh_watch_work, 0);
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
	register_sysctl_init("kernel", umh_watch_sysctls);
	return 0;
}
early_initcall(umh_watch_init);

#ifdef CONFIG_UMH_KUNIT_TEST
#include "tests/watch_kunit.c"
#endif
