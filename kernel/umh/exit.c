// SPDX-License-Identifier: GPL-2.0-only
/*
 * Detection of a helper's exit, without a thread that waits for it.
 */
#include <linux/container_of.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/umh.h>
#include <linux/wait.h>
#include <trace/events/umh.h>

#include "internal.h"

/**
 * umh_exit_status - get the wait status of a process, as in wait(2)
 * @leader: leader of its thread group, in which no thread is alive
 *
 * Context: any.
 * Return: the wait status.
 */
int umh_exit_status(const struct task_struct *leader)
{
	const struct signal_struct *sig = leader->signal;

	if (sig->flags & SIGNAL_GROUP_EXIT)
		return sig->group_exit_code;
	return leader->exit_code;
}

/**
 * umh_process_ended - test whether all threads of a process have exited
 * @pid: pid of the process. Its wait queue for pidfds is being woken.
 *
 * The wake-up may be for the exit of a group leader while other threads are alive. One
 * of them may even exec and become the new leader. The process has ended when the
 * current group leader is dead and its thread group is empty.
 *
 * Context: under tasklist_lock.
 * Return: true if the process has ended.
 */
bool umh_process_ended(struct pid *pid)
{
	struct task_struct *leader;

	lockdep_assert_held(&tasklist_lock);
	leader = pid_task(pid, PIDTYPE_TGID);
	return leader->exit_state && thread_group_empty(leader);
}

/*
 * If the process has ended, traces its exit, removes the entry, and returns the leader of
 * the thread group. Otherwise returns NULL.
 */
static const struct task_struct *umh_exit_take(struct wait_queue_entry *entry)
{
	struct pid *pid = entry->private;
	struct task_struct *leader;

	if (!umh_process_ended(pid))
		return NULL;

	leader = pid_task(pid, PIDTYPE_TGID);
	list_del(&entry->entry);
	trace_umh_exit(leader, umh_exit_status(leader));
	return leader;
}

static int umh_exit_wake(struct wait_queue_entry *entry, unsigned int mode,
			 int flags, void *key)
{
	const struct task_struct *leader = umh_exit_take(entry);

	if (leader)
		umh_exited(container_of(entry, struct subprocess_info, exit_wait),
			   umh_exit_status(leader));
	return 0;
}

/**
 * umh_exit_track - have umh_exited() called when the current process ends
 * @info: the helper whose thread is the current task
 *
 * The entry needs no reference to the pid, because the process holds one until after the
 * last wake-up of the entry.
 *
 * Context: process context.
 */
void umh_exit_track(struct subprocess_info *info)
{
	struct pid *pid = task_pid(current);

	init_waitqueue_func_entry(&info->exit_wait, umh_exit_wake);
	info->exit_wait.private = pid;
	add_wait_queue(&pid->wait_pidfd, &info->exit_wait);
}

/**
 * umh_exit_untrack - undo umh_exit_track()
 * @info: the helper whose thread is the current task
 *
 * Context: process context.
 */
void umh_exit_untrack(struct subprocess_info *info)
{
	remove_wait_queue(&task_pid(current)->wait_pidfd, &info->exit_wait);
}

static int umh_trace_wake(struct wait_queue_entry *entry, unsigned int mode,
			  int flags, void *key)
{
	if (umh_exit_take(entry))
		kfree(entry);
	return 0;
}

/**
 * umh_exit_trace - have the end of the current process traced
 *
 * For helpers that outlive their request.
 *
 * Context: process context, may sleep.
 */
void umh_exit_trace(void)
{
	struct wait_queue_entry *entry = kmalloc(sizeof(*entry), GFP_KERNEL);

	if (!entry)
		return;
	init_waitqueue_func_entry(entry, umh_trace_wake);
	entry->private = task_pid(current);
	add_wait_queue(&task_pid(current)->wait_pidfd, entry);
}
