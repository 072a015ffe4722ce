// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the helper engine. Included by kernel/umh.c.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/hardirq.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/pid.h>
#include <linux/ptrace.h>
#include <linux/signal.h>
#include <linux/syscalls.h>

struct umh_status_case {
	const char *name;
	unsigned int flags;
	int group_exit_code;
	int exit_code;
	int status;
};

static const struct umh_status_case umh_status_cases[] = {
	{ "exit 0", 0, 0, 0, 0 },
	{ "exit 1", 0, 0, 1 << 8, 256 },
	{ "exit_group 3", SIGNAL_GROUP_EXIT, 3 << 8, 0, 768 },
	{ "exit_group 0, leader killed", SIGNAL_GROUP_EXIT, 0, 9, 0 },
	{ "SIGKILL", SIGNAL_GROUP_EXIT, 9, 9, 9 },
	{ "SIGSEGV with core dump", SIGNAL_GROUP_EXIT, 139, 11, 139 },
	{ "stale group_exit_code", 0, 7 << 8, 2 << 8, 512 },
};

KUNIT_ARRAY_PARAM_DESC(umh_status, umh_status_cases, name);

static void umh_status_matches_wait(struct kunit *test)
{
	const struct umh_status_case *c = test->param_value;
	struct signal_struct *sig = kunit_kzalloc(test, sizeof(*sig), GFP_KERNEL);
	struct task_struct *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, sig);
	KUNIT_ASSERT_NOT_NULL(test, t);
	sig->flags = c->flags;
	sig->group_exit_code = c->group_exit_code;
	t->signal = sig;
	t->exit_code = c->exit_code;
	KUNIT_EXPECT_EQ(test, umh_exit_status(t), c->status);
}

static struct kunit_case umh_status_tests[] = {
	KUNIT_CASE_PARAM(umh_status_matches_wait, umh_status_gen_params),
	{}
};

static struct kunit_suite umh_status_suite = {
	.name = "umh_status",
	.test_cases = umh_status_tests,
};

/* The callbacks of one request: how often each was called, and with which arguments */
struct umh_life {
	struct kunit *test;
	struct subprocess_info *info;
	int init_result;
	bool init_blocks;
	struct completion init_entered;
	struct completion init_go_on;
	int inits;
	int exits;
	int exit_status;
	int cleanups;
	int cleanup_retval;
	int exits_at_cleanup;
	enum umh_phase phase_at_init;
	enum umh_phase phase_at_cleanup;
	struct completion cleaned_up;
	int wait_result;
	struct completion waiter_left;
	struct path root;
	struct pid *pid;
};

static char *umh_test_argv[] = { "nothing", NULL };

static int umh_life_init(struct subprocess_info *info, struct cred *new)
{
	struct umh_life *life = info->data;

	life->inits++;
	life->phase_at_init = info->phase;
	complete(&life->init_entered);
	if (life->init_blocks)
		wait_for_completion(&life->init_go_on);
	return life->init_result;
}

static void umh_life_exited(struct subprocess_info *info, int status)
{
	struct umh_life *life = info->data;

	life->exits++;
	life->exit_status = status;
}

static void umh_life_cleanup(struct subprocess_info *info)
{
	struct umh_life *life = info->data;

	life->cleanups++;
	life->cleanup_retval = info->retval;
	life->exits_at_cleanup = life->exits;
	life->phase_at_cleanup = info->phase;
	complete(&life->cleaned_up);
}

static struct umh_life *umh_life_new(struct kunit *test, const char *path)
{
	struct umh_life *life = kunit_kzalloc(test, sizeof(*life), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, life);
	life->test = test;
	init_completion(&life->init_entered);
	init_completion(&life->init_go_on);
	init_completion(&life->cleaned_up);
	init_completion(&life->waiter_left);
	life->info = call_usermodehelper_setup(path, umh_test_argv, NULL,
					       GFP_KERNEL, umh_life_init,
					       umh_life_cleanup, life);
	KUNIT_ASSERT_NOT_NULL(test, life->info);
	KUNIT_EXPECT_EQ(test, life->info->phase, UMH_SETUP);
	life->info->exited = umh_life_exited;
	return life;
}

static void umh_life_expect(struct kunit *test, struct umh_life *life,
			    int inits, int result)
{
	KUNIT_ASSERT_NE(test, 0, wait_for_completion_timeout(&life->cleaned_up,
							     10 * HZ));
	KUNIT_EXPECT_EQ(test, life->inits, inits);
	KUNIT_EXPECT_EQ(test, life->exits, 1);
	KUNIT_EXPECT_EQ(test, life->exits_at_cleanup, 1);
	KUNIT_EXPECT_EQ(test, life->exit_status, result);
	KUNIT_EXPECT_EQ(test, life->cleanup_retval, result);
	KUNIT_EXPECT_EQ(test, life->cleanups, 1);
	KUNIT_EXPECT_EQ(test, life->phase_at_cleanup, UMH_FAILED);
}

static void umh_life_missing_program_returns_enoent(struct kunit *test)
{
	static const int modes[] = {
		UMH_WAIT_EXEC, UMH_WAIT_PROC, UMH_WAIT_PROC | UMH_KILLABLE,
		UMH_WAIT_EXEC | UMH_KILLABLE | UMH_FREEZABLE,
	};
	struct umh_life *life;
	int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		life = umh_life_new(test, "/nowhere/nothing");
		KUNIT_EXPECT_EQ(test, call_usermodehelper_exec(life->info,
							       modes[i]),
				-ENOENT);
		KUNIT_EXPECT_EQ(test, life->cleanups, 1);
		umh_life_expect(test, life, 1, -ENOENT);
		KUNIT_EXPECT_EQ(test, life->phase_at_init, UMH_SPAWNED);
	}
}

static void umh_life_nowait_failure_calls_cleanup(struct kunit *test)
{
	struct umh_life *life = umh_life_new(test, "/nowhere/nothing");

	KUNIT_EXPECT_EQ(test, call_usermodehelper_exec(life->info, UMH_NO_WAIT),
			0);
	umh_life_expect(test, life, 1, -ENOENT);
}

static void umh_life_init_error_is_returned(struct kunit *test)
{
	struct umh_life *life = umh_life_new(test, "/nowhere/nothing");

	life->init_result = -EDOM;
	KUNIT_EXPECT_EQ(test, call_usermodehelper_exec(life->info, UMH_WAIT_PROC),
			-EDOM);
	umh_life_expect(test, life, 1, -EDOM);
}

static void umh_life_null_path_returns_einval(struct kunit *test)
{
	struct umh_life *life = umh_life_new(test, NULL);

	KUNIT_EXPECT_EQ(test, call_usermodehelper_exec(life->info, UMH_WAIT_PROC),
			-EINVAL);
	umh_life_expect(test, life, 0, -EINVAL);
}

static void umh_life_empty_path_skips_init(struct kunit *test)
{
	struct umh_life *life = umh_life_new(test, "");

	KUNIT_EXPECT_EQ(test, call_usermodehelper_exec(life->info, UMH_WAIT_EXEC),
			0);
	umh_life_expect(test, life, 0, 0);
}

static void umh_life_disabled_returns_ebusy(struct kunit *test)
{
	struct umh_life *life = umh_life_new(test, "/nowhere/nothing");

	KUNIT_ASSERT_EQ(test, usermodehelper_disable(), 0);
	KUNIT_EXPECT_EQ(test, call_usermodehelper_exec(life->info, UMH_WAIT_EXEC),
			-EBUSY);
	usermodehelper_enable();
	umh_life_expect(test, life, 0, -EBUSY);
}

static void umh_life_interrupt_is_no_requester(struct kunit *test)
{
	struct subprocess_info *info;

	local_irq_disable();
	__irq_enter_raw();
	info = call_usermodehelper_setup("/nowhere", NULL, NULL, GFP_ATOMIC, NULL, NULL, NULL);
	__irq_exit_raw();
	local_irq_enable();
	KUNIT_ASSERT_NOT_NULL(test, info);
	KUNIT_EXPECT_EQ(test, info->requester, 0);
	umh_put(info);
}

static int umh_life_init_kills(struct subprocess_info *info, struct cred *new)
{
	struct umh_life *life = info->data;

	life->inits++;
	send_sig(SIGKILL, current, 1);
	return life->init_result;
}

/* Exits as a thread does after an oops. */
static int umh_life_init_dies(struct subprocess_info *info, struct cred *new)
{
	struct umh_life *life = info->data;

	life->inits++;
	abort_creds(new);
	do_exit(SIGSEGV);
}

static void umh_life_expect_killed(struct kunit *test,
				   int (*init)(struct subprocess_info *info, struct cred *new),
				   int status)
{
	struct umh_life *life;
	int wait, result;

	for (wait = UMH_NO_WAIT; wait <= UMH_WAIT_PROC; wait++) {
		result = wait == UMH_WAIT_PROC ? status : -EINTR;
		life = umh_life_new(test, "/nowhere/nothing");
		life->info->init = init;
		KUNIT_EXPECT_EQ(test, call_usermodehelper_exec(life->info, wait),
				wait == UMH_NO_WAIT ? 0 : result);
		KUNIT_ASSERT_NE(test, 0, wait_for_completion_timeout(&life->cleaned_up,
								     10 * HZ));
		KUNIT_EXPECT_EQ(test, life->inits, 1);
		KUNIT_EXPECT_EQ(test, life->exits, 1);
		KUNIT_EXPECT_EQ(test, life->exit_status, status);
		KUNIT_EXPECT_EQ(test, life->cleanup_retval, result);
		KUNIT_EXPECT_EQ(test, life->phase_at_cleanup, UMH_EXITED);
	}
}

static void umh_life_killed_before_exec_reports_the_signal(struct kunit *test)
{
	umh_life_expect_killed(test, umh_life_init_kills, SIGKILL);
}

static void umh_life_dead_thread_is_noticed(struct kunit *test)
{
	umh_life_expect_killed(test, umh_life_init_dies, SIGSEGV);
}

static int umh_life_wait_killable(void *data)
{
	struct umh_life *life = data;

	allow_signal(SIGKILL);
	life->wait_result = call_usermodehelper_exec(life->info, UMH_WAIT_PROC |
						     UMH_KILLABLE);
	complete(&life->waiter_left);
	return 0;
}

static void umh_life_helper_survives_killed_waiter(struct kunit *test)
{
	struct umh_life *life = umh_life_new(test, "/nowhere/nothing");
	struct task_struct *waiter;

	life->init_blocks = true;
	waiter = kthread_run(umh_life_wait_killable, life, "umh_waiter");
	KUNIT_ASSERT_FALSE(test, IS_ERR(waiter));
	wait_for_completion(&life->init_entered);
	KUNIT_EXPECT_FALSE(test, completion_done(&life->waiter_left));

	send_sig(SIGKILL, waiter, 1);
	wait_for_completion(&life->waiter_left);
	KUNIT_EXPECT_EQ(test, life->wait_result, -ERESTARTSYS);
	KUNIT_EXPECT_EQ(test, life->cleanups, 0);

	complete(&life->init_go_on);
	umh_life_expect(test, life, 1, -ENOENT);
}

/* Suspend must wait for a helper that was not exec'ed yet, even without a waiter. */
static void umh_life_leaves_gate_after_killed_wait(struct kunit *test)
{
	struct umh_life *life = umh_life_new(test, "/nowhere/nothing");
	struct task_struct *waiter;

	life->init_blocks = true;
	waiter = kthread_run(umh_life_wait_killable, life, "umh_waiter");
	KUNIT_ASSERT_FALSE(test, IS_ERR(waiter));
	wait_for_completion(&life->init_entered);
	send_sig(SIGKILL, waiter, 1);
	wait_for_completion(&life->waiter_left);

	KUNIT_EXPECT_FALSE(test, list_empty(&life->info->running));
	umh_abandon(life->info);
	KUNIT_EXPECT_TRUE(test, list_empty(&life->info->running));
	complete(&life->init_go_on);
	umh_life_expect(test, life, 1, -ENOENT);
}

static int umh_life_init_root(struct subprocess_info *info, struct cred *new)
{
	struct umh_life *life = info->data;

	life->root = current->fs->root;
	return umh_life_init(info, new);
}

/* Returns true if the root directory of a helper is that of PID 1. */
static bool umh_life_has_root(struct kunit *test)
{
	struct umh_life *life = umh_life_new(test, "/nowhere/nothing");

	life->info->init = umh_life_init_root;
	KUNIT_EXPECT_EQ(test, call_usermodehelper_exec(life->info, UMH_WAIT_EXEC), -ENOENT);
	return path_equal(&life->root, &current->fs->root);
}

/* The test runs in a kernel thread, which shares its root directory with PID 1. */
static void umh_life_follows_root_of_pid_1(struct kunit *test)
{
	struct path old, dev;

	KUNIT_EXPECT_TRUE(test, umh_life_has_root(test));
	KUNIT_ASSERT_EQ(test, kern_path("/dev", LOOKUP_DIRECTORY, &dev), 0);
	get_fs_root(current->fs, &old);
	set_fs_root(current->fs, &dev);
	KUNIT_EXPECT_TRUE(test, umh_life_has_root(test));
	set_fs_root(current->fs, &old);
	path_put(&old);
	path_put(&dev);
}

#ifndef CONFIG_ARCH_HAS_SYSCALL_WRAPPER
static int umh_life_init_traced(struct subprocess_info *info, struct cred *new)
{
	struct umh_life *life = info->data;

	life->pid = get_pid(task_pid(current));
	sys_ptrace(PTRACE_TRACEME, 0, 0, 0);
	return umh_life_init(info, new);
}

static bool umh_life_has_process(const struct umh_life *life)
{
	bool found;

	rcu_read_lock();
	found = pid_task(life->pid, PIDTYPE_PID);
	rcu_read_unlock();
	return found;
}

static void umh_life_traceme_leaves_no_zombie(struct kunit *test)
{
	struct umh_life *life = umh_life_new(test, "/nowhere/nothing");
	int tries = 100;

	life->info->init = umh_life_init_traced;
	KUNIT_EXPECT_EQ(test, call_usermodehelper_exec(life->info, UMH_WAIT_EXEC), -ENOENT);
	KUNIT_ASSERT_NOT_NULL(test, life->pid);
	while (umh_life_has_process(life) && tries--)
		msleep(20);
	KUNIT_EXPECT_FALSE(test, umh_life_has_process(life));
	put_pid(life->pid);
}
#endif

/* More than a workqueue executes at the same time */
#define UMH_LIFE_CLEANUPS	1100

static DECLARE_COMPLETION(umh_life_go_on);

static void umh_life_cleanup_blocks(struct subprocess_info *info)
{
	wait_for_completion(&umh_life_go_on);
}

static void umh_life_engine_works(struct work_struct *work)
{
}

static void umh_life_blocked_cleanups_stop_no_other_work(struct kunit *test)
{
	struct subprocess_info *info;
	struct work_struct work;
	int i;

	reinit_completion(&umh_life_go_on);
	for (i = 0; i < UMH_LIFE_CLEANUPS; i++) {
		info = call_usermodehelper_setup("/nowhere", NULL, NULL, GFP_KERNEL, NULL,
						 umh_life_cleanup_blocks, NULL);
		if (!info)
			break;
		kref_put(&info->ref, umh_release_deferred);
	}
	KUNIT_EXPECT_EQ(test, i, UMH_LIFE_CLEANUPS);
	INIT_WORK_ONSTACK(&work, umh_life_engine_works);
	queue_work(umh_wq, &work);
	for (i = 0; i < 100 && work_busy(&work); i++)
		msleep(50);
	KUNIT_EXPECT_FALSE(test, work_busy(&work));
	complete_all(&umh_life_go_on);
	flush_work(&work);
	destroy_work_on_stack(&work);
	flush_workqueue(umh_cleanup_wq);
}

static void umh_life_cleanup_flushes(struct subprocess_info *info)
{
	struct work_struct *work = info->data;

	schedule_work(work);
	flush_work(work);
}

/* A workqueue with a rescuer would warn. */
static void umh_life_deferred_cleanup_may_flush_work(struct kunit *test)
{
	struct subprocess_info *info;
	struct work_struct work;

	INIT_WORK_ONSTACK(&work, umh_life_engine_works);
	info = call_usermodehelper_setup("/nowhere", NULL, NULL, GFP_KERNEL, NULL,
					 umh_life_cleanup_flushes, &work);
	KUNIT_ASSERT_NOT_NULL(test, info);
	kref_put(&info->ref, umh_release_deferred);
	flush_workqueue(umh_cleanup_wq);
	destroy_work_on_stack(&work);
}

static struct kunit_case umh_life_tests[] = {
	KUNIT_CASE(umh_life_missing_program_returns_enoent),
	KUNIT_CASE(umh_life_nowait_failure_calls_cleanup),
	KUNIT_CASE(umh_life_init_error_is_returned),
	KUNIT_CASE(umh_life_null_path_returns_einval),
	KUNIT_CASE(umh_life_empty_path_skips_init),
	KUNIT_CASE(umh_life_disabled_returns_ebusy),
	KUNIT_CASE(umh_life_interrupt_is_no_requester),
	KUNIT_CASE(umh_life_helper_survives_killed_waiter),
	KUNIT_CASE(umh_life_killed_before_exec_reports_the_signal),
	KUNIT_CASE(umh_life_dead_thread_is_noticed),
	KUNIT_CASE(umh_life_leaves_gate_after_killed_wait),
	KUNIT_CASE(umh_life_follows_root_of_pid_1),
	KUNIT_CASE(umh_life_blocked_cleanups_stop_no_other_work),
	KUNIT_CASE(umh_life_deferred_cleanup_may_flush_work),
#ifndef CONFIG_ARCH_HAS_SYSCALL_WRAPPER
	KUNIT_CASE(umh_life_traceme_leaves_no_zombie),
#endif
	{}
};

static struct kunit_suite umh_life_suite = {
	.name = "umh_life",
	.test_cases = umh_life_tests,
};

kunit_test_suites(&umh_status_suite, &umh_life_suite);
