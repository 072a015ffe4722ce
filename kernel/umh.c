// SPDX-License-Identifier: GPL-2.0-only
/*
 * Usermode helpers: programs that the kernel starts.
 */
#include <linux/binfmts.h>
#include <linux/completion.h>
#include <linux/cred.h>
#include <linux/fs_struct.h>
#include <linux/initrd.h>
#include <linux/kernel.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/umh.h>
#include <linux/workqueue.h>

#define CREATE_TRACE_POINTS
#include <trace/events/umh.h>

#include "umh/internal.h"

/**
 * DOC: the helper engine
 *
 * call_usermodehelper_exec() queues a request for khelper. Its worker creates the
 * helpers' threads in the order of the requests, with the kernel's credentials, narrowed
 * by the kernel.usermodehelper sysctls. It does nothing else and never waits for a helper,
 * so slow helpers do not delay other helpers. If a thread takes longer than a second to
 * create, another worker continues. The thread resets the other state that it inherited
 * from the worker, calls init() and execs.
 *
 * No thread waits in wait(2) for a helper. A helper is a child of kthreadd, which
 * ignores SIGCHLD, and is therefore reaped automatically. The exiting process
 * wakes an entry on the wait queue that struct pid has for pidfds, and this entry
 * reports the exit to the engine.
 *
 * A request is reference-counted. The engine holds a reference until the helper
 * completes. A helper completes with its exit for UMH_WAIT_PROC or if
 * subprocess_info.exited is set, else with its exec. If no program can be run, it
 * completes with that failure. The reference passes from khelper to the helper's thread,
 * from there to the exit callback, and with the completion to the waiter, so it has one
 * holder at any time. Dropping the last reference calls cleanup(), in process context.
 * The waiter therefore calls cleanup() before it returns. A waiter that is killed leaves
 * the reference with the engine, and a copy of the path for reports.
 */

static void umh_free(struct subprocess_info *info)
{
	umh_origin_drop(info);
	if (info->cleanup)
		info->cleanup(info);
	kfree_const(info->name);
	kfree(info);
}

static void umh_release(struct kref *ref)
{
	umh_free(container_of(ref, struct subprocess_info, ref));
}

/**
 * umh_put - drop a reference
 * @info: the helper, cleaned up and freed with its last reference
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

/* Defers cleanup() to a worker, because it must not run in the caller's context. */
static void umh_release_deferred(struct kref *ref)
{
	struct subprocess_info *info =
		container_of(ref, struct subprocess_info, ref);

	INIT_WORK(&info->work, umh_release_work);
	queue_work(umh_cleanup_wq, &info->work);
}

/**
 * umh_put_deferred - drop a reference, and let a worker call cleanup() if it is the last one
 * @info: the helper
 *
 * Context: any.
 */
void umh_put_deferred(struct subprocess_info *info)
{
	kref_put(&info->ref, umh_release_deferred);
}

/*
 * Passes a reference to the waiter, which calls cleanup() before it returns. Without a
 * waiter the reference is dropped. The caller must not use info afterwards unless it
 * holds another reference.
 */
static void umh_hand_over(struct subprocess_info *info, struct completion *waiter,
			  void (*release)(struct kref *ref))
{
	if (waiter)
		complete(waiter);
	else
		kref_put(&info->ref, release);
}

/* Completes a helper that has not run a program. */
static void umh_failed(struct subprocess_info *info, int err,
		       void (*release)(struct kref *ref))
{
	WRITE_ONCE(info->phase, UMH_FAILED);
	if (info->exited)
		info->exited(info, err);
	info->retval = err;
	umh_hand_over(info, umh_complete(info), release);
}

/**
 * umh_exited - complete a helper whose process has ended
 * @info: the helper
 * @status: its wait status
 *
 * Context: under tasklist_lock, so cleanup() must be deferred.
 */
void umh_exited(struct subprocess_info *info, int status)
{
	if (info->wait & UMH_WAIT_PROC)
		info->retval = status;
	else if (info->phase != UMH_EXECED)
		info->retval = -EINTR;
	WRITE_ONCE(info->phase, UMH_EXITED);
	if (info->exited)
		info->exited(info, status);
	umh_hand_over(info, umh_complete(info), umh_release_deferred);
}

static void umh_execed(struct subprocess_info *info)
{
	/* Pairs with umh_gate_waiter_killed(): at least one side sees the other's store. */
	smp_store_mb(info->phase, UMH_EXECED);
	if (info->execed)
		info->execed(info);

	if (info->wait & UMH_WAIT_PROC) {
		if (READ_ONCE(info->name))
			umh_abandon(info);
	} else if (info->exited) {
		/* The engine keeps a reference until the exit. */
		umh_get(info);
		umh_hand_over(info, umh_gate_leave(info), umh_release);
	} else {
		umh_exit_untrack(info);
		umh_hand_over(info, umh_complete(info), umh_release);
		/* Allocates memory, which must not delay the waiter. */
		if (trace_umh_exit_enabled())
			umh_exit_trace();
	}
}

/*
 * The thread is a copy of khelper's worker, a kernel thread. It has inherited ignored
 * signals, the umask that kernel threads share with PID 1, and the worker's scheduling
 * policy and priority, which an administrator may have changed.
 */
static void umh_reset_inherited(void)
{
	struct sighand_struct *sighand;

	sighand = rcu_dereference_protected(current->sighand, true);
	spin_lock_irq(&sighand->siglock);
	/* SIG_DFL is 0. flush_signal_handlers() would do the same signal by signal. */
	memset(sighand->action, 0, sizeof(sighand->action));
	sigemptyset(&current->blocked);
	recalc_sigpending();
	spin_unlock_irq(&sighand->siglock);

	current->fs->umask = 0022;
	if (current->policy != SCHED_NORMAL || task_nice(current)) {
		/* The timer slack of a real-time worker is 0. */
		current->default_timer_slack_ns = init_task.timer_slack_ns;
		sched_set_normal(current, 0);
	}
}

/* Lets init() change the thread and its credentials, which have no keyrings yet. */
static int umh_init(struct subprocess_info *info)
{
	struct cred *new;
	int err;

	if (!info->init)
		return 0;
	new = prepare_creds();
	if (!new)
		return -ENOMEM;

	err = info->init(info, new);
	if (err)
		abort_creds(new);
	else
		commit_creds(new);
	return err;
}

static int umh_run(struct subprocess_info *info)
{
	int err;

	umh_reset_inherited();
	umh_origin_enter(info);
	if (info->spawned)
		info->spawned(info);
	err = umh_init(info);
	if (err)
		return err;
	/* The first uevents are sent before the initramfs is unpacked. */
	if (system_state < SYSTEM_RUNNING)
		wait_for_initramfs();
	return kernel_execve(info->path, (const char *const *)info->argv,
			     (const char *const *)info->envp);
}

/* The caller may have freed the path if its wait was killed. */
static noinline void umh_trace_exec(struct subprocess_info *info, int result)
{
	char path[UMH_NAME_SIZE];

	raw_spin_lock_irq(&umh_lock);
	strscpy(path, umh_name(info), sizeof(path));
	raw_spin_unlock_irq(&umh_lock);
	trace_umh_exec(path, info->pid, result);
}

/* The helper's thread. Integrity monitors attach kprobes to this function by name. */
static int call_usermodehelper_exec_async(void *data)
{
	struct subprocess_info *info = data;
	bool killed;
	int err;

	WRITE_ONCE(info->pid, task_pid_nr(current));
	WRITE_ONCE(info->phase, UMH_SPAWNED);
	/* Must precede everything that can fail: the thread may be killed, or may oops. */
	umh_exit_track(info);

	err = umh_run(info);
	killed = err && fatal_signal_pending(current);
	if (trace_umh_exec_enabled())
		umh_trace_exec(info, killed ? -EINTR : err);
	if (!err) {
		umh_execed(info);
		return 0;
	}
	/* umh_exited() reports the signal that killed the thread. */
	if (!killed) {
		umh_exit_untrack(info);
		umh_failed(info, err, umh_release);
	}
	do_exit(killed ? SIGKILL : 0);
}

/**
 * umh_spawn - create the thread of a helper
 * @info: the helper
 *
 * Context: khelper's worker, which must not call cleanup().
 */
void umh_spawn(struct subprocess_info *info)
{
	const struct cred *cred = umh_caps_cred(), *old = override_creds(cred);
	pid_t pid;

	/* copy_process() copies the credentials that are in effect. */
	pid = user_mode_thread(call_usermodehelper_exec_async, info,
			       CLONE_PARENT | SIGCHLD);
	revert_creds(old);
	put_cred(cred);
	if (pid < 0)
		umh_failed(info, pid, umh_release_deferred);
}

/**
 * call_usermodehelper_setup - prepare to run a helper
 * @path: program. Owned by the caller. Must stay valid until @cleanup is called.
 *	Without @cleanup it must stay valid until the wait has ended, and also until
 *	the exec if that comes later. Replaced by CONFIG_STATIC_USERMODEHELPER_PATH in
 *	kernels that have this option.
 * @argv: arguments, NULL-terminated, must stay valid as long as @path
 * @envp: environment, NULL-terminated, must stay valid as long as @path; may be
 *	NULL
 * @gfp_mask: allocation flags
 * @init: called in the helper's thread before its exec. May change the current
 *	task and @new, the credentials that the thread will commit. An error that
 *	@init returns is the result of the helper. May be NULL.
 * @cleanup: called exactly once, when the request is no longer used, even if the
 *	helper failed or @init was never called. The result is in retval. Runs before
 *	call_usermodehelper_exec() returns, unless that call does not wait, a signal
 *	ended its wait, or subprocess_info.hung or .exited is set. Then it may run
 *	later and in another thread. Must not wait for a helper. May be NULL.
 * @data: stored in the request, for @init and @cleanup
 *
 * Context: as @gfp_mask allows.
 * Return: the request, which the caller must pass to call_usermodehelper_exec();
 * that also frees it. NULL if out of memory, and @cleanup is not called then.
 */
struct subprocess_info *
call_usermodehelper_setup(const char *path, char **argv, char **envp,
			  gfp_t gfp_mask,
			  int (*init)(struct subprocess_info *info,
				      struct cred *new),
			  void (*cleanup)(struct subprocess_info *info),
			  void *data)
{
	/* The task that an interrupt has interrupted requests nothing. */
	struct task_struct *requester = in_task() ? current : &init_task;
	struct subprocess_info *info = kzalloc(sizeof(*info), gfp_mask);

	if (!info)
		return NULL;

	INIT_LIST_HEAD(&info->running);
	INIT_LIST_HEAD(&info->watched);
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
	info->requester = task_pid_nr(requester);
	memcpy(info->requester_comm, requester->comm, TASK_COMM_LEN);
	return info;
}
EXPORT_SYMBOL(call_usermodehelper_setup);

/**
 * umh_start - queue a helper and do not wait for it
 * @info: from call_usermodehelper_setup(); the caller's reference passes to the
 *	engine
 * @wait: the flags of call_usermodehelper_exec(): with UMH_WAIT_PROC the helper
 *	counts as running until its exit, else until its exec
 *
 * For callers that follow the helper by its callbacks. The helper does not inherit the
 * origin of the current task, see umh_set_origin().
 *
 * Context: any.
 * Return: 0; -EINVAL if the path is NULL; -EBUSY if helpers are disabled. On an error,
 * exited() has been called with that error. If the path is empty, returns 0 and has called
 * exited() with 0.
 */
int umh_start(struct subprocess_info *info, int wait)
{
	int err;

	info->wait = wait;
	err = info->path ? umh_gate_enter(info) : -EINVAL;
	if (err || !*info->path) {
		umh_failed(info, err, umh_release);
		return err;
	}

	trace_umh_queue(info);
	umh_queue_add(info);
	return 0;
}

static int umh_wait(struct subprocess_info *info, int wait, struct completion *waiter)
{
	unsigned int state = TASK_UNINTERRUPTIBLE;
	int err, ret;

	if (wait & UMH_KILLABLE)
		state |= TASK_KILLABLE;
	if (wait & UMH_FREEZABLE)
		state |= TASK_FREEZABLE;

	err = wait_for_completion_state(waiter, state);
	if (err) {
		if (umh_gate_waiter_killed(info))
			return err;
		/* The helper has just completed. */
		wait_for_completion(waiter);
	}
	ret = info->retval;
	umh_put(info);
	return ret;
}

/**
 * call_usermodehelper_exec - run a helper
 * @info: from call_usermodehelper_setup(). Ownership passes to this function; the
 *	caller must not use @info afterwards.
 * @wait: UMH_NO_WAIT, UMH_WAIT_EXEC or UMH_WAIT_PROC. UMH_KILLABLE and
 *	UMH_FREEZABLE may be combined with the last two.
 *
 * The helper runs with the kernel's own credentials, narrowed by the
 * kernel.usermodehelper sysctls, as a child of kthreadd, with the root directory of
 * PID 1 and in the initial namespaces.
 *
 * Context: any with UMH_NO_WAIT. If such a request is rejected, cleanup() is called
 * in the caller's context. Otherwise process context, may sleep. The wait lasts as
 * long as the helper. Only UMH_KILLABLE lets a fatal signal end it earlier.
 *
 * Return: with UMH_WAIT_PROC the wait status of the process as in wait(2), which is
 * never negative (256 for exit code 1, 9 for SIGKILL). With UMH_WAIT_EXEC 0 after
 * the exec. With UMH_NO_WAIT 0 when the helper is queued. In all modes 0 if the path
 * is empty: CONFIG_STATIC_USERMODEHELPER_PATH="" disables helpers this way. On
 * failure, one of
 *
 * * -EINVAL: the path is NULL
 * * -EBUSY: helpers are disabled (early boot, suspend, reboot)
 * * -ERESTARTSYS: a fatal signal with UMH_KILLABLE; the helper keeps running
 * * -EINTR: with UMH_WAIT_EXEC, the helper was killed before its exec. With
 *   UMH_WAIT_PROC the result is its wait status.
 * * -ENOMEM, -EAGAIN: the thread could not be created
 * * -EPERM: a security module denied the program
 * * the error that init() returned
 * * the error of the exec: -ENOENT, -EACCES, -ENOEXEC, -ELOOP, -E2BIG, ...
 */
int call_usermodehelper_exec(struct subprocess_info *info, int wait)
{
	DECLARE_COMPLETION_ONSTACK(waiter);

	if (!info->origin)
		umh_origin_inherit(info, wait == UMH_NO_WAIT ? GFP_ATOMIC : GFP_KERNEL);
	if (wait == UMH_NO_WAIT)
		return umh_start(info, wait);

	info->waiter = &waiter;
	umh_start(info, wait);
	return umh_wait(info, wait, &waiter);
}
EXPORT_SYMBOL(call_usermodehelper_exec);

/**
 * call_usermodehelper - set up and run a helper
 * @path: program
 * @argv: arguments, NULL-terminated
 * @envp: environment, NULL-terminated; may be NULL
 * @wait: see call_usermodehelper_exec()
 *
 * With UMH_NO_WAIT, or after a fatal signal has ended the wait, the caller cannot
 * know when the exec has read @path, @argv and @envp. They must then never be freed.
 *
 * Context: any with UMH_NO_WAIT, otherwise process context, may sleep.
 * Return: see call_usermodehelper_exec(); -ENOMEM if out of memory.
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

#ifdef CONFIG_UMH_KUNIT_TEST
#include "umh/tests/umh_kunit.c"
#endif
