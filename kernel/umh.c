// SPDX-License-Identifier: GPL-2.0-only
/*
 * Usermode helpers: programs that the kernel starts.
 */
#include <linux/binfmts.h>
#include <linux/completion.h>
#include <linux/cred.h>
#include <linux/fs_struct.h>
#include <linux/init.h>
#include <linux/initrd.h>
#include <linux/kernel.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/pid.h>
#include <linux/panic.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/umh.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#define CREATE_TRACE_POINTS
#include <trace/events/umh.h>

#include "umh/internal.h"

/**
 * DOC: the helper engine
 *
 * call_usermodehelper_exec() queues a request on khelper, an ordered workqueue.
 * Its worker creates the helper's thread and goes on to the next request: it
 * never waits for a helper, so that no number of slow helpers delays another
 * one. The thread undoes what it inherited from the worker, narrows its
 * capabilities, lets the caller adjust the rest and execs.
 *
 * Nobody waits in wait(2) either. A helper is a child of kthreadd, which ignores
 * SIGCHLD, so that it reaps itself; the engine learns of its end by an entry on
 * the wait queue that the helper's struct pid has for pidfds.
 *
 * A request is reference-counted. Whoever waits for it holds one reference. The
 * engine holds one until the last phase that anybody asked for: the exec, or the
 * exit for UMH_WAIT_PROC and for those who set subprocess_info.exited. That
 * reference passes from khelper to the thread and from the thread to the exit
 * callback, never to two of them at a time. Dropping the last one runs cleanup(),
 * in process context. A waiter that is killed just drops its own.
 */

/*
 * Rules for the members of struct subprocess_info:
 *
 * A: set before the request enters the gate, constant afterwards; so are those
 *    that are not "private:", but for retval, which umh_settle() sets
 * D: written by the waiter only; others read what may be stale
 * Q: set before the request is queued, constant afterwards
 * E: written by the holder of the engine's reference only; others read a phase
 *    and a pid that may be stale
 *
 * What path points to may go as soon as the waiter is woken, if there is no
 * cleanup(). Read it before, or under the lock of a list that the helper is on.
 */

static struct workqueue_struct *khelper __ro_after_init;

static void umh_free(struct subprocess_info *info)
{
	if (info->cleanup)
		info->cleanup(info);
	kfree(info);
}

static void umh_release(struct kref *ref)
{
	umh_free(container_of(ref, struct subprocess_info, ref));
}

/**
 * umh_put - drop a reference
 * @info: the helper; cleaned up if that was the last one
 *
 * Context: process context.
 */
void umh_put(struct subprocess_info *info)
{
	kref_put(&info->ref, umh_release);
}

static void umh_release_work(struct work_struct *work)
{
	umh_free(container_of(work, struct subprocess_info, work));
}

/* For contexts in which cleanup() must not run. */
static void umh_release_deferred(struct kref *ref)
{
	struct subprocess_info *info =
		container_of(ref, struct subprocess_info, ref);

	INIT_WORK(&info->work, umh_release_work);
	queue_work(khelper, &info->work);
}

/* The phase that the caller waits for has come, or never will. Any context. */
static void umh_settle(struct subprocess_info *info, int result)
{
	info->retval = result;
	umh_gate_leave(info);
	complete(&info->done);
}

/* No program runs: refused, switched off, or failed. Process context. */
static void umh_failed(struct subprocess_info *info, int err)
{
	WRITE_ONCE(info->phase, UMH_FAILED);
	umh_unwatch(info);
	if (info->exited)
		info->exited(info, err);
	umh_settle(info, err);
	umh_put(info);
}

/* Interrupts are off and tasklist_lock is held, so the last put is khelper's. */
static void umh_exited(struct subprocess_info *info, int status)
{
	WRITE_ONCE(info->phase, UMH_EXITED);
	umh_unwatch(info);
	if (info->exited)
		info->exited(info, status);
	if (info->wait & UMH_WAIT_PROC)
		umh_settle(info, status);
	kref_put(&info->ref, umh_release_deferred);
}

/* What wait(2) would report for a process of which all threads are dead. */
static int umh_exit_status(const struct task_struct *leader)
{
	const struct signal_struct *sig = leader->signal;

	if (sig->flags & SIGNAL_GROUP_EXIT)
		return sig->group_exit_code;
	return leader->exit_code;
}

/*
 * Something happened to the helper's struct pid. It may be the exit of a leader
 * whose threads live on, one of which may even exec and become the new leader:
 * the process has ended when the leader of the day is dead and alone.
 */
static int umh_exit_wake(struct wait_queue_entry *entry, unsigned int mode,
			 int flags, void *key)
{
	struct subprocess_info *info =
		container_of(entry, struct subprocess_info, exit_wait);
	struct task_struct *leader;

	lockdep_assert_held(&tasklist_lock);
	leader = pid_task(entry->private, PIDTYPE_TGID);
	if (!leader->exit_state || !thread_group_empty(leader))
		return 0;

	list_del(&entry->entry);
	trace_umh_exit(leader, umh_exit_status(leader));
	umh_exited(info, umh_exit_status(leader));
	return 0;
}

/*
 * Runs in the helper's thread, which cannot exit before it returns to user mode,
 * so no exit is missed. The entry needs no reference to the pid: the process has
 * one until long after it woke the entry for the last time.
 */
static void umh_follow(struct subprocess_info *info)
{
	struct pid *pid = task_pid(current);

	init_waitqueue_func_entry(&info->exit_wait, umh_exit_wake);
	info->exit_wait.private = pid;
	add_wait_queue(&pid->wait_pidfd, &info->exit_wait);
}

static void umh_execed(struct subprocess_info *info)
{
	bool wanted;

	WRITE_ONCE(info->phase, UMH_EXECED);
	wanted = (info->wait & UMH_WAIT_PROC) || info->exited;
	/* The path may be the caller's, who leaves when it is settled. */
	if (!wanted)
		umh_unwatch(info);
	if (!(info->wait & UMH_WAIT_PROC))
		umh_settle(info, 0);

	if (wanted || trace_umh_exit_enabled())
		umh_follow(info);
	else
		umh_put(info);
}

/*
 * The thread is a copy of khelper's worker, a kernel thread: it ignores signals,
 * shares the umask of PID 1, and runs at whatever priority somebody gave the
 * worker.
 */
static void umh_reset_inherited(void)
{
	struct sighand_struct *sighand;

	sighand = rcu_dereference_protected(current->sighand, true);
	spin_lock_irq(&sighand->siglock);
	/* flush_signal_handlers() does that signal by signal: SIG_DFL is 0. */
	memset(sighand->action, 0, sizeof(sighand->action));
	sigemptyset(&current->blocked);
	recalc_sigpending();
	spin_unlock_irq(&sighand->siglock);

	current->fs->umask = 0022;
	if (current->policy != SCHED_NORMAL || task_nice(current)) {
		/* A real-time worker has none to inherit. */
		current->default_timer_slack_ns = init_task.timer_slack_ns;
		sched_set_normal(current, 0);
	}
}

/* Kernel credentials have no keyrings; the caller's init() may install some. */
static int umh_set_creds(struct subprocess_info *info)
{
	struct cred *new = prepare_kernel_cred(current);
	int err = 0;

	if (!new)
		return -ENOMEM;

	umh_caps_narrow(new);
	if (info->init)
		err = info->init(info, new);
	if (err)
		abort_creds(new);
	else
		commit_creds(new);
	return err;
}

/* The helper's thread. Integrity monitors probe it by its name. */
static int call_usermodehelper_exec_async(void *data)
{
	struct subprocess_info *info = data;
	int err;

	WRITE_ONCE(info->pid, task_pid_nr(current));
	WRITE_ONCE(info->phase, UMH_SPAWNED);

	umh_reset_inherited();
	if (info->spawned)
		info->spawned(info);
	err = umh_set_creds(info);
	if (!err) {
		/* The first uevents come before the root file system does. */
		if (system_state < SYSTEM_RUNNING)
			wait_for_initramfs();
		err = kernel_execve(info->path, (const char *const *)info->argv,
				    (const char *const *)info->envp);
	}
	trace_umh_exec(info, err);
	if (err) {
		umh_failed(info, err);
		do_exit(0);
	}

	umh_execed(info);
	return 0;
}

static void umh_spawn(struct work_struct *work)
{
	struct subprocess_info *info =
		container_of(work, struct subprocess_info, work);
	pid_t pid;

	pid = user_mode_thread(call_usermodehelper_exec_async, info,
			       CLONE_PARENT | SIGCHLD);
	if (pid < 0)
		umh_failed(info, pid);
}

/**
 * call_usermodehelper_setup - prepare to run a helper
 * @path: program; stays the caller's, and must stay valid until @cleanup, or
 *	without one until what the caller waits for, and exited(), have come.
 *	Replaced by CONFIG_STATIC_USERMODEHELPER_PATH in kernels that have it.
 * @argv: arguments, NULL-terminated, valid as long as @path
 * @envp: environment, NULL-terminated, valid as long as @path; NULL for none
 * @gfp_mask: how to allocate
 * @init: called in the helper's thread before its exec, may change @new, the
 *	credentials to be, as well as current; an error that it returns is the
 *	helper's result. May be NULL.
 * @cleanup: called once, when the request is no longer used: also after a
 *	failure, and when @init was never called. Gets the result in retval.
 *	May run in another thread, when call_usermodehelper_exec() has returned.
 *	Must not wait for another helper. May be NULL.
 * @data: for @init and @cleanup
 *
 * Context: as @gfp_mask allows.
 * Return: what to pass to call_usermodehelper_exec(), which also frees it; NULL
 * without memory, and then @cleanup is not called.
 */
struct subprocess_info *
call_usermodehelper_setup(const char *path, char **argv, char **envp,
			  gfp_t gfp_mask,
			  int (*init)(struct subprocess_info *info,
				      struct cred *new),
			  void (*cleanup)(struct subprocess_info *info),
			  void *data)
{
	struct subprocess_info *info = kzalloc(sizeof(*info), gfp_mask);

	if (!info)
		return NULL;

	INIT_WORK(&info->work, umh_spawn);
	INIT_LIST_HEAD(&info->running);
	INIT_LIST_HEAD(&info->watched);
	init_completion(&info->done);
	kref_init(&info->ref);
#ifdef CONFIG_STATIC_USERMODEHELPER
	info->path = CONFIG_STATIC_USERMODEHELPER_PATH;
#else
	info->path = path;
#endif
	info->argv = argv;
	info->envp = envp;
	info->init = init;
	info->cleanup = cleanup;
	info->data = data;
	return info;
}
EXPORT_SYMBOL(call_usermodehelper_setup);

static int umh_wait(struct subprocess_info *info, int wait)
{
	unsigned int state = TASK_UNINTERRUPTIBLE;
	int err;

	if (wait & UMH_KILLABLE)
		state |= TASK_KILLABLE;
	if (wait & UMH_FREEZABLE)
		state |= TASK_FREEZABLE;

	err = wait_for_completion_state(&info->done, state);
	WRITE_ONCE(info->waiter_killed, err);
	return err ?: info->retval;
}

/**
 * call_usermodehelper_exec - run a helper
 * @info: from call_usermodehelper_setup(); belongs to this function now
 * @wait: UMH_NO_WAIT, UMH_WAIT_EXEC or UMH_WAIT_PROC; UMH_KILLABLE and
 *	UMH_FREEZABLE may be added to the last two
 *
 * The helper runs with the kernel's own credentials, narrowed by the
 * kernel.usermodehelper sysctls, as a child of kthreadd, in the root directory
 * and the name spaces of PID 1.
 *
 * Context: any with UMH_NO_WAIT (a refusal then calls cleanup() in it), else
 * process context, may sleep. The wait is bounded by the helper only; without
 * UMH_KILLABLE nothing else ends it.
 *
 * Return: with UMH_WAIT_PROC the status of the exited process as wait(2) has it
 * (exit code 1 is 256, SIGKILL is 9), which is never negative; with
 * UMH_WAIT_EXEC 0 once the program was exec'ed; with UMH_NO_WAIT 0 once it was
 * queued. 0 too when the path is empty, which is how
 * CONFIG_STATIC_USERMODEHELPER_PATH="" switches helpers off. Else one of
 *
 * * -EINVAL: there is no path
 * * -EBUSY: helpers are disabled: early boot, suspend, reboot
 * * -ERESTARTSYS: UMH_KILLABLE and a fatal signal; the helper goes on
 * * -ENOMEM, -EAGAIN: no memory or no process for the thread
 * * -EPERM: a security module denied the program
 * * what init() returned
 * * what the exec failed with: -ENOENT, -EACCES, -ENOEXEC, -ELOOP, -E2BIG, ...
 */
int call_usermodehelper_exec(struct subprocess_info *info, int wait)
{
	int ret;

	info->wait = wait;
	info->requester = task_pid_nr(current);
	memcpy(info->requester_comm, current->comm, TASK_COMM_LEN);

	ret = info->path ? umh_gate_enter(info) : -EINVAL;
	if (ret || !*info->path) {
		umh_failed(info, ret);
		return ret;
	}

	trace_umh_queue(info);
	umh_watch(info);
	WRITE_ONCE(info->phase, UMH_QUEUED);
	if (wait == UMH_NO_WAIT) {
		queue_work(khelper, &info->work);
		return 0;
	}

	umh_get(info);
	queue_work(khelper, &info->work);
	ret = umh_wait(info, wait);
	umh_put(info);
	return ret;
}
EXPORT_SYMBOL(call_usermodehelper_exec);

/**
 * call_usermodehelper - set up and run a helper
 * @path: program
 * @argv: arguments, NULL-terminated
 * @envp: environment, NULL-terminated; NULL for none
 * @wait: as for call_usermodehelper_exec()
 *
 * With UMH_NO_WAIT, or after a wait that a fatal signal has ended, all of them
 * must stay valid for good, since nothing tells when they are no longer used.
 *
 * Context: any with UMH_NO_WAIT, else process context, may sleep.
 * Return: as call_usermodehelper_exec(), and -ENOMEM.
 */
int call_usermodehelper(const char *path, char **argv, char **envp, int wait)
{
	gfp_t gfp_mask = wait == UMH_NO_WAIT ? GFP_ATOMIC : GFP_KERNEL;
	struct subprocess_info *info;

	info = call_usermodehelper_setup(path, argv, envp, gfp_mask,
					 NULL, NULL, NULL);
	if (!info)
		return -ENOMEM;
	return call_usermodehelper_exec(info, wait);
}
EXPORT_SYMBOL(call_usermodehelper);

static int __init umh_init(void)
{
	khelper = alloc_ordered_workqueue("khelper", WQ_MEM_RECLAIM);
	if (!khelper)
		panic("umh: no memory for khelper\n");
	return 0;
}
early_initcall(umh_init);

#ifdef CONFIG_UMH_KUNIT_TEST
#include "umh/tests/umh_kunit.c"
#endif
