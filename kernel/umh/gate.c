// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate that usermode helpers pass: it is shut while user space is frozen or
 * not there, and whoever shuts it waits for those inside.
 */
#define pr_fmt(fmt) "umh: " fmt

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/pid.h>
#include <linux/printk.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/umh.h>
#include <linux/wait.h>

#include "internal.h"

/* How long the freezer and reboot wait for running helpers, in jiffies. */
#define UMH_IDLE_TIMEOUT	(5 * HZ)

/* How many of them a failure names. */
#define UMH_REPORT_MAX		10

/*
 * L: umh_gate_lock, which nests inside tasklist_lock and the wait queues' locks
 * W: written under umh_gate_rwsem (for writing) and umh_gate_lock, read under
 *    either
 */
static DEFINE_RAW_SPINLOCK(umh_gate_lock);
static DECLARE_RWSEM(umh_gate_rwsem);

/* L: subprocess_info.running of those that have entered and not left */
static LIST_HEAD(umh_running);
static DECLARE_WAIT_QUEUE_HEAD(umh_idle_wait);

/* W: the gate is open with UMH_ENABLED only */
static enum umh_disable_depth umh_depth = UMH_DISABLED;
static DECLARE_WAIT_QUEUE_HEAD(umh_depth_wait);

/**
 * umh_gate_enter - count a helper as running
 * @info: the helper; only umh_gate_leave() makes it leave
 *
 * Context: any.
 * Return: 0, or -EBUSY when helpers are disabled.
 */
int umh_gate_enter(struct subprocess_info *info)
{
	unsigned long flags;
	bool open;

	raw_spin_lock_irqsave(&umh_gate_lock, flags);
	open = umh_depth == UMH_ENABLED;
	if (open)
		list_add_tail(&info->running, &umh_running);
	raw_spin_unlock_irqrestore(&umh_gate_lock, flags);
	return open ? 0 : -EBUSY;
}

/**
 * umh_gate_leave - count a helper as running no longer
 * @info: the helper, which need not have entered
 *
 * Context: any, also under tasklist_lock.
 */
void umh_gate_leave(struct subprocess_info *info)
{
	unsigned long flags;
	bool idle;

	raw_spin_lock_irqsave(&umh_gate_lock, flags);
	list_del_init(&info->running);
	idle = list_empty(&umh_running);
	raw_spin_unlock_irqrestore(&umh_gate_lock, flags);
	if (idle)
		wake_up(&umh_idle_wait);
}

/**
 * umh_requester - find the task that requested the current helper
 * @pid: set to its pid
 * @comm: set to its name
 *
 * Takes time in proportion to the number of running helpers.
 *
 * Context: process context.
 * Return: true; false, and nothing is set, if the current task is not about to exec a
 * helper.
 */
bool umh_requester(pid_t *pid, char comm[TASK_COMM_LEN])
{
	struct subprocess_info *info;

	raw_spin_lock_irq(&umh_gate_lock);
	list_for_each_entry(info, &umh_running, running)
		if (READ_ONCE(info->pid) == task_pid_nr(current))
			break;
	raw_spin_unlock_irq(&umh_gate_lock);
	if (list_entry_is_head(info, &umh_running, running))
		return false;

	/* The current task has the engine's reference. */
	*pid = info->requester;
	memcpy(comm, info->requester_comm, TASK_COMM_LEN);
	return true;
}

/**
 * usermodehelper_read_trylock - keep helpers enabled, or learn that they are not
 *
 * While tasks are being frozen or thawed this waits for the outcome, in which
 * the caller may be frozen itself. A signal does not end that wait: it is
 * bounded by the freezer's own time limit.
 *
 * Context: process context, may sleep. With 0 returned umh_gate_rwsem is held for
 * reading until usermodehelper_read_unlock().
 * Return: 0, or -EAGAIN when helpers are disabled.
 */
int usermodehelper_read_trylock(void)
{
	enum umh_disable_depth depth;

	do {
		wait_event_state(umh_depth_wait,
				 READ_ONCE(umh_depth) != UMH_FREEZING,
				 (TASK_UNINTERRUPTIBLE | TASK_FREEZABLE));
		down_read(&umh_gate_rwsem);
		depth = umh_depth;
		if (depth == UMH_ENABLED)
			return 0;
		up_read(&umh_gate_rwsem);
	} while (depth == UMH_FREEZING);

	return -EAGAIN;
}
EXPORT_SYMBOL_GPL(usermodehelper_read_trylock);

/**
 * usermodehelper_read_lock_wait - wait until helpers are enabled, keep them so
 * @timeout: how long to wait, in jiffies; 0 to try only
 *
 * Context: process context, may sleep, uninterruptible. With a positive value
 * returned umh_gate_rwsem is held for reading until usermodehelper_read_unlock().
 * Return: what is left of @timeout, at least 1; 0 when it ran out; -EINVAL when
 * @timeout is negative. The lock is held in the first case only.
 */
long usermodehelper_read_lock_wait(long timeout)
{
	if (timeout < 0)
		return -EINVAL;

	do {
		timeout = wait_event_timeout(umh_depth_wait,
					     READ_ONCE(umh_depth) == UMH_ENABLED,
					     timeout);
		if (!timeout)
			break;
		down_read(&umh_gate_rwsem);
		if (umh_depth == UMH_ENABLED)
			break;
		up_read(&umh_gate_rwsem);
	} while (1);

	return timeout;
}
EXPORT_SYMBOL_GPL(usermodehelper_read_lock_wait);

/**
 * usermodehelper_read_unlock - let helpers be disabled again
 *
 * Context: process context, by the task that took the lock.
 */
void usermodehelper_read_unlock(void)
{
	up_read(&umh_gate_rwsem);
}
EXPORT_SYMBOL_GPL(usermodehelper_read_unlock);

/**
 * __usermodehelper_set_disable_depth - say whether helpers may start
 * @depth: from now on
 *
 * Waits until nobody relies on the previous answer.
 *
 * Context: process context, may sleep; takes umh_gate_rwsem for writing.
 */
void __usermodehelper_set_disable_depth(enum umh_disable_depth depth)
{
	down_write(&umh_gate_rwsem);
	raw_spin_lock_irq(&umh_gate_lock);
	WRITE_ONCE(umh_depth, depth);
	raw_spin_unlock_irq(&umh_gate_lock);
	up_write(&umh_gate_rwsem);
	wake_up_all(&umh_depth_wait);
}

static bool umh_idle(void)
{
	bool idle;

	raw_spin_lock_irq(&umh_gate_lock);
	idle = list_empty(&umh_running);
	raw_spin_unlock_irq(&umh_gate_lock);
	return idle;
}

/* A request on umh_running has not been cleaned up, so its path is valid. */
static void umh_report_running(void)
{
	static const char * const phases[] = {
		[UMH_SETUP] = "accepted", [UMH_QUEUED] = "queued",
		[UMH_SPAWNED] = "starting", [UMH_EXECED] = "running",
		[UMH_EXITED] = "exited", [UMH_FAILED] = "failed",
	};
	struct subprocess_info *info;
	int n = 0;

	raw_spin_lock_irq(&umh_gate_lock);
	/* A helper that ends waits for this lock with tasklist_lock. */
	printk_deferred_enter();
	list_for_each_entry(info, &umh_running, running) {
		if (n++ == UMH_REPORT_MAX)
			break;
		pr_err("helper %*pE (pid %d, %s), asked for by %*pE[%d], is in the way\n",
		       (int)strlen(info->path), info->path,
		       READ_ONCE(info->pid), phases[READ_ONCE(info->phase)],
		       (int)strlen(info->requester_comm), info->requester_comm,
		       info->requester);
	}
	printk_deferred_exit();
	raw_spin_unlock_irq(&umh_gate_lock);
}

/**
 * __usermodehelper_disable - start no more helpers, wait for the running ones
 * @depth: UMH_FREEZING or UMH_DISABLED
 *
 * A helper is running until its exec, with UMH_WAIT_PROC until its exit, also
 * when whoever waited for it was killed. Waits for 5 seconds at most; then it
 * gives up, names those that still run in the kernel log, and enables helpers.
 *
 * Context: process context, may sleep, uninterruptible.
 * Return: 0, and no helper runs or starts; -EAGAIN when one runs; -EINVAL when
 * @depth is UMH_ENABLED.
 */
int __usermodehelper_disable(enum umh_disable_depth depth)
{
	if (depth == UMH_ENABLED)
		return -EINVAL;

	__usermodehelper_set_disable_depth(depth);
	if (wait_event_timeout(umh_idle_wait, umh_idle(), UMH_IDLE_TIMEOUT))
		return 0;

	umh_report_running();
	__usermodehelper_set_disable_depth(UMH_ENABLED);
	return -EAGAIN;
}

#ifdef CONFIG_UMH_KUNIT_TEST
#include "tests/gate_kunit.c"
#endif
