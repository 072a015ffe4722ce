// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the gate of the helper engine. Included by kernel/umh/gate.c.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>

static bool umh_gate_is_held(void)
{
	if (!down_write_trylock(&umh_gate_rwsem))
		return true;
	up_write(&umh_gate_rwsem);
	return false;
}

/* A thread that calls usermodehelper_read_trylock() with a signal pending */
struct umh_gate_reader {
	struct completion left;
	int result;
};

static int umh_gate_reader(void *data)
{
	struct umh_gate_reader *r = data;

	allow_signal(SIGUSR1);
	send_sig(SIGUSR1, current, 1);
	r->result = usermodehelper_read_trylock();
	if (!r->result)
		usermodehelper_read_unlock();
	complete(&r->left);
	return 0;
}

static struct task_struct *umh_gate_start_reader(struct kunit *test,
						 struct umh_gate_reader *r)
{
	struct task_struct *reader;

	init_completion(&r->left);
	reader = kthread_create(umh_gate_reader, r, "umh_reader");
	KUNIT_ASSERT_FALSE(test, IS_ERR(reader));
	get_task_struct(reader);
	wake_up_process(reader);
	return reader;
}

static void umh_gate_rejects_helpers_when_disabled(struct kunit *test)
{
	static const enum umh_disable_depth depths[] = {
		UMH_FREEZING, UMH_DISABLED,
	};
	struct subprocess_info info = {};
	int i;

	for (i = 0; i < ARRAY_SIZE(depths); i++) {
		KUNIT_ASSERT_EQ(test, __usermodehelper_disable(depths[i]), 0);
		KUNIT_EXPECT_EQ(test, umh_gate_enter(&info), -EBUSY);
		usermodehelper_enable();
	}
	KUNIT_EXPECT_EQ(test, umh_gate_enter(&info), 0);
	umh_gate_leave(&info);
}

/* Nobody may begin to wait for a helper that suspend has not waited for, and may have frozen. */
static void umh_gate_awaits_helpers_when_enabled(struct kunit *test)
{
	struct subprocess_info info = {};

	KUNIT_ASSERT_EQ(test, umh_gate_enter(&info), 0);
	umh_abandon(&info);
	KUNIT_ASSERT_EQ(test, usermodehelper_disable(), 0);
	KUNIT_EXPECT_FALSE(test, umh_await(&info));
	usermodehelper_enable();
	KUNIT_EXPECT_TRUE(test, umh_await(&info));
	KUNIT_EXPECT_TRUE(test, umh_await(&info));
	umh_gate_leave(&info);
}

static void umh_gate_disable_rejects_enabled_depth(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, __usermodehelper_disable(UMH_ENABLED), -EINVAL);
	KUNIT_EXPECT_EQ(test, umh_depth, UMH_ENABLED);
}

static void umh_gate_disable_fails_with_running_helper(struct kunit *test)
{
	struct subprocess_info info = {
		.path = "/kunit/helper",
		.requester_comm = "kunit",
	};

	KUNIT_ASSERT_EQ(test, umh_gate_enter(&info), 0);
	KUNIT_EXPECT_EQ(test, usermodehelper_disable(), -EAGAIN);
	KUNIT_EXPECT_EQ(test, umh_depth, UMH_ENABLED);
	umh_gate_leave(&info);

	KUNIT_EXPECT_EQ(test, usermodehelper_disable(), 0);
	KUNIT_EXPECT_EQ(test, umh_depth, UMH_DISABLED);
	usermodehelper_enable();
}

static void umh_gate_trylock_fails_when_disabled(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, usermodehelper_disable(), 0);
	KUNIT_EXPECT_EQ(test, usermodehelper_read_trylock(), -EAGAIN);
	KUNIT_EXPECT_FALSE(test, umh_gate_is_held());
	usermodehelper_enable();

	KUNIT_ASSERT_EQ(test, usermodehelper_read_trylock(), 0);
	KUNIT_EXPECT_TRUE(test, umh_gate_is_held());
	usermodehelper_read_unlock();
}

static void umh_gate_trylock_sleeps_with_signal_pending(struct kunit *test)
{
	struct umh_gate_reader r;
	struct task_struct *reader;

	KUNIT_ASSERT_EQ(test, __usermodehelper_disable(UMH_FREEZING), 0);
	reader = umh_gate_start_reader(test, &r);
	msleep(100);
	KUNIT_EXPECT_FALSE(test, completion_done(&r.left));
	KUNIT_EXPECT_TRUE(test, signal_pending(reader));
	/* The firmware loader waits with device_lock() held. The freezer must not warn. */
	KUNIT_EXPECT_EQ(test, READ_ONCE(reader->__state),
			TASK_UNINTERRUPTIBLE | TASK_FREEZABLE_UNSAFE);

	__usermodehelper_set_disable_depth(UMH_DISABLED);
	KUNIT_EXPECT_NE(test, 0, wait_for_completion_timeout(&r.left, HZ));
	KUNIT_EXPECT_EQ(test, r.result, -EAGAIN);
	usermodehelper_enable();
	put_task_struct(reader);
}

static void umh_gate_trylock_waits_for_thaw(struct kunit *test)
{
	struct umh_gate_reader r;
	struct task_struct *reader;

	KUNIT_ASSERT_EQ(test, __usermodehelper_disable(UMH_FREEZING), 0);
	reader = umh_gate_start_reader(test, &r);
	msleep(20);
	usermodehelper_enable();
	KUNIT_EXPECT_NE(test, 0, wait_for_completion_timeout(&r.left, HZ));
	KUNIT_EXPECT_EQ(test, r.result, 0);
	put_task_struct(reader);
}

static void umh_gate_lock_wait_holds_lock_iff_positive(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, usermodehelper_read_lock_wait(-1), -EINVAL);
	KUNIT_EXPECT_FALSE(test, umh_gate_is_held());

	KUNIT_EXPECT_GT(test, usermodehelper_read_lock_wait(0), 0);
	KUNIT_EXPECT_TRUE(test, umh_gate_is_held());
	usermodehelper_read_unlock();

	KUNIT_ASSERT_EQ(test, usermodehelper_disable(), 0);
	KUNIT_EXPECT_EQ(test, usermodehelper_read_lock_wait(0), 0);
	KUNIT_EXPECT_FALSE(test, umh_gate_is_held());
	usermodehelper_enable();
}

static void umh_gate_lock_wait_times_out(struct kunit *test)
{
	unsigned long start = jiffies;

	KUNIT_ASSERT_EQ(test, usermodehelper_disable(), 0);
	KUNIT_EXPECT_EQ(test, usermodehelper_read_lock_wait(HZ / 10), 0);
	KUNIT_EXPECT_GE(test, jiffies - start, HZ / 10);
	KUNIT_EXPECT_FALSE(test, umh_gate_is_held());
	usermodehelper_enable();
}

/* CONFIG_DEBUG_ATOMIC_SLEEP warns of an allocation that may sleep. */
static void umh_gate_killed_waiter_does_not_sleep(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(waiter);
	struct subprocess_info info = { .path = "/kunit/helper", .waiter = &waiter };
	bool killed;

	KUNIT_ASSERT_EQ(test, umh_gate_enter(&info), 0);
	non_block_start();
	killed = umh_gate_waiter_killed(&info);
	non_block_end();
	umh_gate_leave(&info);
	KUNIT_EXPECT_TRUE(test, killed);
	KUNIT_EXPECT_STREQ(test, info.name, "/kunit/helper");
	kfree_const(info.name);
}

static void umh_gate_requester_matches_current_helper(struct kunit *test)
{
	struct subprocess_info other = { .pid = -1, .requester = 1, .requester_comm = "x" };
	struct subprocess_info info = {
		.pid = task_pid_nr(current),
		.requester = 7,
		.requester_comm = "kunit",
	};
	char comm[TASK_COMM_LEN] = "";
	pid_t pid = 0;

	KUNIT_ASSERT_EQ(test, umh_gate_enter(&other), 0);
	KUNIT_EXPECT_FALSE(test, umh_requester(&pid, comm));
	KUNIT_ASSERT_EQ(test, umh_gate_enter(&info), 0);
	KUNIT_EXPECT_TRUE(test, umh_requester(&pid, comm));
	KUNIT_EXPECT_EQ(test, pid, 7);
	KUNIT_EXPECT_STREQ(test, comm, "kunit");
	umh_gate_leave(&info);
	KUNIT_EXPECT_FALSE(test, umh_requester(&pid, comm));
	umh_gate_leave(&other);
}

static struct kunit_case umh_gate_tests[] = {
	KUNIT_CASE(umh_gate_rejects_helpers_when_disabled),
	KUNIT_CASE(umh_gate_awaits_helpers_when_enabled),
	KUNIT_CASE(umh_gate_disable_rejects_enabled_depth),
	KUNIT_CASE_SLOW(umh_gate_disable_fails_with_running_helper),
	KUNIT_CASE(umh_gate_trylock_fails_when_disabled),
	KUNIT_CASE(umh_gate_trylock_sleeps_with_signal_pending),
	KUNIT_CASE(umh_gate_trylock_waits_for_thaw),
	KUNIT_CASE(umh_gate_lock_wait_holds_lock_iff_positive),
	KUNIT_CASE(umh_gate_lock_wait_times_out),
	KUNIT_CASE(umh_gate_killed_waiter_does_not_sleep),
	KUNIT_CASE(umh_gate_requester_matches_current_helper),
	{}
};

static struct kunit_suite umh_gate_suite = {
	.name = "umh_gate",
	.test_cases = umh_gate_tests,
};

kunit_test_suite(umh_gate_suite);
