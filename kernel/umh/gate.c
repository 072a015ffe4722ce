// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate of the helper engine. It rejects helpers while user space is frozen or
 * absent. Closing the gate waits for the running helpers.
 */
#define pr_fmt(fmt) "umh: " fmt

#include <linux/compiler.h>
#include <linux/completion.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/pid.h>
#include <linux/printk.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/umh.h>
#include <linux/wait.h>

#include "internal.h"

/* How long suspend and reboot wait for running helpers, in jiffies */
#define UMH_IDLE_TIMEOUT	(5 * HZ)

/* Maximum number of helpers that are reported after this timeout */
#define UMH_REPORT_MAX		10

/*
 * The letters refer to the locking rules in internal.h. umh_lock is raw, because helpers may be
 * started in any context with UMH_NO_WAIT.
 */
DEFINE_RAW_SPINLOCK(umh_lock);
static DECLARE_RWSEM(umh_gate_rwsem);

/* L: helpers that have entered and not left, linked by subprocess_info.running */
static LIST_HEAD(umh_running);
static DECLARE_WAIT_QUEUE_HEAD(umh_idle_wait);

/* R: helpers may enter only with UMH_ENABLED */
static enum umh_disable_depth umh_depth = UMH_DISABLED;
static DECLARE_WAIT_QUEUE_HEAD(umh_depth_wait);

/**
 * umh_gate_enter - count a helper as running
 * @info: the helper. If this succeeds, the engine must call umh_gate_leave() or
 *	umh_complete() later.
 *
 * Context: any.
 * Return: 0, or -EBUSY if helpers are disabled.
 */
int umh_gate_enter(struct subprocess_info *info)
{
	unsigned long flags;
	bool open;

	raw_spin_lock_irqsave(&umh_lock, flags);
	open = umh_depth == UMH_ENABLED;
	if (open)
		list_add_tail(&info->running, &umh_running);
	raw_spin_unlock_irqrestore(&umh_lock, flags);
	return open ? 0 : -EBUSY;
}

/* Returns true if __usermodehelper_disable() must be woken. */
static bool umh_gate_remove(struct subprocess_info *info)
{
	lockdep_assert_held(&umh_lock);
	list_del_init(&info->running);
	/* __usermodehelper_disable() sets umh_depth before it checks the list. */
	return umh_depth != UMH_ENABLED && list_empty(&umh_running);
}

static struct completion *umh_gate_take_waiter(struct subprocess_info *info)
{
	struct completion *waiter = info->waiter;

	lockdep_assert_held(&umh_lock);
	info->waiter = NULL;
	return waiter;
}

static struct completion *umh_gate_release(struct subprocess_info *info, bool completed)
{
	struct completion *waiter;
	unsigned long flags;
	bool idle;

	raw_spin_lock_irqsave(&umh_lock, flags);
	if (completed)
		list_del_init(&info->watched);
	idle = umh_gate_remove(info);
	waiter = umh_gate_take_waiter(info);
	raw_spin_unlock_irqrestore(&umh_lock, flags);
	if (idle)
		wake_up(&umh_idle_wait);
	return waiter;
}

/**
 * umh_gate_leave - stop counting a helper as running, and detach its waiter
 * @info: the helper, which need not have entered the gate
 *
 * Context: any.
 * Return: the waiter, to be passed to umh_hand_over(); NULL if there is none.
 */
struct completion *umh_gate_leave(struct subprocess_info *info)
{
	return umh_gate_release(info, false);
}

/**
 * umh_complete - stop counting and watching a helper, and detach its waiter
 * @info: the helper, whose retval is set. It need not have entered the gate, and need
 *	not be watched.
 *
 * Context: any, including under tasklist_lock.
 * Return: the waiter, to be passed to umh_hand_over(); NULL if there is none.
 */
struct completion *umh_complete(struct subprocess_info *info)
{
	return umh_gate_release(info, true);
}

/**
 * umh_abandon - stop counting a helper without waiters as running
 * @info: a helper that was exec'ed. The caller must hold a reference.
 *
 * Suspend no longer waits for the helper, and may freeze it.
 *
 * Context: any.
 */
void umh_abandon(struct subprocess_info *info)
{
	unsigned long flags;
	bool idle;

	raw_spin_lock_irqsave(&umh_lock, flags);
	idle = umh_gate_remove(info);
	raw_spin_unlock_irqrestore(&umh_lock, flags);
	if (idle)
		wake_up(&umh_idle_wait);
}

/**
 * umh_await - count a helper as running again
 * @info: a helper for which umh_abandon() may have been called, and whose exited() has not been
 *	called. The caller must hold a lock that keeps exited() from returning.
 *
 * Suspend waits for the helper, unless helpers are disabled already.
 *
 * Context: any.
 * Return: true; false if suspend may freeze the helper, so nobody must begin to wait for it.
 */
bool umh_await(struct subprocess_info *info)
{
	unsigned long flags;
	bool counted;

	raw_spin_lock_irqsave(&umh_lock, flags);
	if (umh_depth == UMH_ENABLED && list_empty(&info->running))
		list_add_tail(&info->running, &umh_running);
	counted = !list_empty(&info->running);
	raw_spin_unlock_irqrestore(&umh_lock, flags);
	return counted;
}

/**
 * umh_gate_waiter_killed - stop waiting for a helper
 * @info: the helper, whose only waiter is the current task
 *
 * Afterwards only the exec reads the caller's path. A helper that was exec'ed leaves the
 * gate at once. Any other helper leaves it with its exec.
 *
 * Context: process context, does not sleep.
 * Return: true; false if the helper has completed and wakes its waiter.
 */
bool umh_gate_waiter_killed(struct subprocess_info *info)
{
	bool killed, idle = false;
	const char *name;

	/* Reclaim may block, and the task must exit. */
	name = kstrndup(info->path, UMH_NAME_SIZE - 1, GFP_NOWAIT | __GFP_NOWARN) ?: "?";
	raw_spin_lock_irq(&umh_lock);
	killed = umh_gate_take_waiter(info);
	if (killed) {
		/* Pairs with umh_execed(): at least one side sees the other's store. */
		smp_store_mb(info->name, name);
		if (READ_ONCE(info->phase) == UMH_EXECED)
			idle = umh_gate_remove(info);
	}
	raw_spin_unlock_irq(&umh_lock);
	if (!killed)
		kfree_const(name);
	if (idle)
		wake_up(&umh_idle_wait);
	return killed;
}

/**
 * umh_requester - find the task that requested the current helper
 * @pid: set to the pid of the requester
 * @comm: set to the name of the requester
 *
 * The cost is linear in the number of running helpers.
 *
 * Context: process context.
 * Return: true if the current task is about to exec a helper. Otherwise false, and
 * @pid and @comm are not modified.
 */
bool umh_requester(pid_t *pid, char comm[TASK_COMM_LEN])
{
	struct subprocess_info *info;

	raw_spin_lock_irq(&umh_lock);
	list_for_each_entry(info, &umh_running, running)
		if (READ_ONCE(info->pid) == task_pid_nr(current))
			break;
	raw_spin_unlock_irq(&umh_lock);
	if (list_entry_is_head(info, &umh_running, running))
		return false;

	/* The current task holds the engine's reference. */
	*pid = info->requester;
	memcpy(comm, info->requester_comm, TASK_COMM_LEN);
	return true;
}

/**
 * usermodehelper_read_trylock - keep helpers enabled if they are enabled
 *
 * While tasks are being frozen or thawed, waits until that is done. The caller may
 * be frozen while it waits, even if it holds locks, as the firmware loader does. A
 * signal does not end the wait, which is bounded by the time limit of the freezer.
 *
 * Context: process context, may sleep. On success umh_gate_rwsem is held for reading,
 * and the caller must call usermodehelper_read_unlock().
 * Return: 0, or -EAGAIN if helpers are disabled.
 */
int usermodehelper_read_trylock(void)
{
	enum umh_disable_depth depth;

	do {
		wait_event_state(umh_depth_wait,
				 READ_ONCE(umh_depth) != UMH_FREEZING,
				 (TASK_UNINTERRUPTIBLE | TASK_FREEZABLE_UNSAFE));
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
 * usermodehelper_read_lock_wait - wait until helpers are enabled, and keep them enabled
 * @timeout: maximum wait in jiffies; 0 does not wait
 *
 * Context: process context, may sleep, uninterruptible. If the return value is positive,
 * umh_gate_rwsem is held for reading, and the caller must call
 * usermodehelper_read_unlock(). Otherwise the lock is not held.
 * Return: the remaining jiffies, at least 1; 0 after a timeout; -EINVAL if @timeout is
 * negative.
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
 * usermodehelper_read_unlock - allow helpers to be disabled again
 *
 * Context: process context. Must be called by the task that holds umh_gate_rwsem for
 * reading.
 */
void usermodehelper_read_unlock(void)
{
	up_read(&umh_gate_rwsem);
}
EXPORT_SYMBOL_GPL(usermodehelper_read_unlock);

/**
 * __usermodehelper_set_disable_depth - enable or disable helpers
 * @depth: the new state
 *
 * Waits until all readers have called usermodehelper_read_unlock(). Does not wait for
 * running helpers.
 *
 * Context: process context, may sleep. Takes umh_gate_rwsem for writing.
 */
void __usermodehelper_set_disable_depth(enum umh_disable_depth depth)
{
	down_write(&umh_gate_rwsem);
	raw_spin_lock_irq(&umh_lock);
	WRITE_ONCE(umh_depth, depth);
	raw_spin_unlock_irq(&umh_lock);
	up_write(&umh_gate_rwsem);
	wake_up_all(&umh_depth_wait);
}

static bool umh_idle(void)
{
	bool idle;

	raw_spin_lock_irq(&umh_lock);
	idle = list_empty(&umh_running);
	raw_spin_unlock_irq(&umh_lock);
	return idle;
}

static void umh_report_running(void)
{
	struct subprocess_info *info;
	int n = 0;

	raw_spin_lock_irq(&umh_lock);
	/* An exiting helper takes this lock under tasklist_lock: do not hold it for long. */
	printk_deferred_enter();
	list_for_each_entry(info, &umh_running, running) {
		if (n++ == UMH_REPORT_MAX)
			break;
		pr_err("helper %*pE (pid %d), requested by %*pE[%d], is still running; cannot disable helpers\n",
		       (int)strlen(umh_name(info)), umh_name(info), READ_ONCE(info->pid),
		       (int)strlen(info->requester_comm), info->requester_comm,
		       info->requester);
	}
	printk_deferred_exit();
	raw_spin_unlock_irq(&umh_lock);
}

/**
 * __usermodehelper_disable - disable helpers and wait for the running ones
 * @depth: UMH_FREEZING or UMH_DISABLED
 *
 * A helper counts as running until its exec. With UMH_WAIT_PROC it counts until its exit,
 * or until its waiter is killed. If a helper is still running after 5 seconds, reports
 * the running helpers in the kernel log and enables helpers again.
 *
 * Context: process context, may sleep, uninterruptible.
 * Return: 0, and no helper is running or will start; -EAGAIN if a helper is still
 * running; -EINVAL if @depth is UMH_ENABLED.
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
