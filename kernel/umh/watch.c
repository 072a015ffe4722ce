// SPDX-License-Identifier: GPL-2.0-only
/*
 * Helpers that do not come to an end: kernel.umh_hung_secs.
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

/* How much of a path a report has. */
#define UMH_REPORT_PATH		128

/* Seconds after which a helper is taken for hung when nobody has said so. */
#define UMH_HUNG_SECS		30

/* kernel.umh_hung_secs: 0 for no report; at most a day. */
static unsigned int umh_hung_secs = UMH_HUNG_SECS;
static unsigned int umh_hung_max = 24 * 60 * 60;

/*
 * W: umh_watch_lock, which nests inside tasklist_lock. It protects the two lists, in
 * one of which a helper is until whatever somebody waits for has come.
 */
static DEFINE_RAW_SPINLOCK(umh_watch_lock);
static LIST_HEAD(umh_watched);	/* the oldest first */
static LIST_HEAD(umh_hung);

static void umh_watch_check(struct work_struct *work);
static DECLARE_DELAYED_WORK(umh_watch_work, umh_watch_check);

static unsigned long umh_hung_jiffies(void)
{
	return (READ_ONCE(umh_hung_secs) ?: UMH_HUNG_SECS) * (unsigned long)HZ;
}

/**
 * umh_watch - see whether a helper comes to an end
 * @info: accepted; only umh_unwatch() ends the watch
 *
 * Context: any.
 */
void umh_watch(struct subprocess_info *info)
{
	unsigned long flags;

	info->since = jiffies;
	raw_spin_lock_irqsave(&umh_watch_lock, flags);
	list_add_tail(&info->watched, &umh_watched);
	raw_spin_unlock_irqrestore(&umh_watch_lock, flags);
	schedule_delayed_work(&umh_watch_work, umh_hung_jiffies());
}

/**
 * umh_unwatch - it has ended, or nobody cares any more
 * @info: the helper, which need not be watched
 *
 * Context: any, also under tasklist_lock.
 */
void umh_unwatch(struct subprocess_info *info)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&umh_watch_lock, flags);
	list_del_init(&info->watched);
	raw_spin_unlock_irqrestore(&umh_watch_lock, flags);
}

/*
 * Returns a helper that has newly become hung, with a reference: one that is
 * watched has the engine's. Its path may be somebody's who goes when it is no longer
 * watched, hence the copy. Else looks again when there can be one.
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

static const char *umh_who_waits(const struct subprocess_info *info)
{
	if (READ_ONCE(info->waiter_killed))
		return "which has been killed";
	if ((info->wait & UMH_WAIT_PROC) || ((info->wait & UMH_WAIT_EXEC) &&
					     READ_ONCE(info->phase) != UMH_EXECED))
		return "which waits for it";
	return "which does not wait for it";
}

static void umh_report_hung(const struct subprocess_info *info,
			    const char *path)
{
	if (!READ_ONCE(umh_hung_secs))
		return;
	pr_warn_ratelimited("helper %*pE (pid %d), asked for by %*pE[%d], %s, has not ended in %lu seconds\n",
			    (int)strlen(path), path, READ_ONCE(info->pid),
			    (int)strlen(info->requester_comm),
			    info->requester_comm, info->requester,
			    umh_who_waits(info), (jiffies - info->since) / HZ);
}

static void umh_watch_check(struct work_struct *work)
{
	struct subprocess_info *info;
	char path[UMH_REPORT_PATH];

	while ((info = umh_watch_next(path))) {
		umh_report_hung(info, path);
		if (info->hung)
			info->hung(info);
		umh_put(info);
	}
}

static int umh_hung_sysctl(const struct ctl_table *table, int write,
			   void *buffer, size_t *lenp, loff_t *ppos)
{
	int err = proc_douintvec_minmax(table, write, buffer, lenp, ppos);

	/* Those that are watched may be hung by now. */
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
