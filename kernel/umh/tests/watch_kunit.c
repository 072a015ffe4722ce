// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the detection of hung helpers. Included by kernel/umh/watch.c.
 */
#include <kunit/test.h>

static bool umh_watch_test_hung(struct subprocess_info *info)
{
	++*(int *)info->data;
	return false;
}

static bool umh_watch_test_again(struct subprocess_info *info)
{
	return ++*(int *)info->data == 1;
}

/* Returns a helper that is watched but never started. @hung counts calls of its hung(). */
static struct subprocess_info *umh_watch_test_new(struct kunit *test, int *hung)
{
	struct subprocess_info *info;

	*hung = 0;
	info = call_usermodehelper_setup("/kunit", NULL, NULL, GFP_KERNEL, NULL,
					 NULL, hung);
	KUNIT_ASSERT_NOT_NULL(test, info);
	info->hung = umh_watch_test_hung;
	umh_watch(info);
	return info;
}

static void umh_watch_test_end(struct subprocess_info *info)
{
	umh_unwatch(info);
	umh_put(info);
	cancel_delayed_work_sync(&umh_watch_work);
}

static void umh_watch_calls_hung_once(struct kunit *test)
{
	int hung;
	struct subprocess_info *info = umh_watch_test_new(test, &hung);

	umh_watch_check(NULL);
	KUNIT_EXPECT_EQ(test, hung, 0);
	info->since -= umh_hung_jiffies();
	umh_watch_check(NULL);
	umh_watch_check(NULL);
	KUNIT_EXPECT_EQ(test, hung, 1);
	KUNIT_EXPECT_EQ(test, kref_read(&info->ref), 1);
	umh_watch_test_end(info);
}

static void umh_watch_calls_hung_again(struct kunit *test)
{
	int hung;
	struct subprocess_info *info = umh_watch_test_new(test, &hung);

	info->hung = umh_watch_test_again;
	info->since -= umh_hung_jiffies();
	umh_watch_check(NULL);
	umh_watch_check(NULL);
	KUNIT_EXPECT_EQ(test, hung, 1);
	info->since -= umh_hung_jiffies();
	umh_watch_check(NULL);
	KUNIT_EXPECT_EQ(test, hung, 2);
	info->since -= umh_hung_jiffies();
	umh_watch_check(NULL);
	KUNIT_EXPECT_EQ(test, hung, 2);
	umh_watch_test_end(info);
}

static void umh_watch_skips_completed_helper(struct kunit *test)
{
	int hung;
	struct subprocess_info *info = umh_watch_test_new(test, &hung);

	info->since -= umh_hung_jiffies();
	umh_unwatch(info);
	umh_watch_check(NULL);
	KUNIT_EXPECT_EQ(test, hung, 0);
	umh_watch_test_end(info);
}

static void umh_watch_finds_all_due_helpers(struct kunit *test)
{
	int hung[3], i;
	struct subprocess_info *info[3];

	for (i = 0; i < 3; i++)
		info[i] = umh_watch_test_new(test, &hung[i]);
	info[0]->since -= 2 * umh_hung_jiffies();
	info[1]->since -= umh_hung_jiffies();
	umh_watch_check(NULL);
	KUNIT_EXPECT_EQ(test, hung[0], 1);
	KUNIT_EXPECT_EQ(test, hung[1], 1);
	KUNIT_EXPECT_EQ(test, hung[2], 0);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&umh_watch_work));
	for (i = 0; i < 3; i++)
		umh_watch_test_end(info[i]);
}

static void umh_watch_calls_hung_without_reports(struct kunit *test)
{
	unsigned int saved = umh_hung_secs;
	int hung;
	struct subprocess_info *info = umh_watch_test_new(test, &hung);

	umh_hung_secs = 0;
	info->since -= (UMH_HUNG_SECS - 1) * HZ;
	umh_watch_check(NULL);
	KUNIT_EXPECT_EQ(test, hung, 0);
	info->since -= HZ;
	umh_watch_check(NULL);
	KUNIT_EXPECT_EQ(test, hung, 1);
	umh_hung_secs = saved;
	umh_watch_test_end(info);
}

static void umh_watch_reports_waiter_state(struct kunit *test)
{
	int hung;
	struct subprocess_info *info = umh_watch_test_new(test, &hung);

	info->wait = UMH_NO_WAIT;
	KUNIT_EXPECT_STREQ(test, umh_waiter_state(info), "is not waiting");
	info->wait = UMH_WAIT_EXEC;
	KUNIT_EXPECT_STREQ(test, umh_waiter_state(info), "is waiting");
	info->phase = UMH_EXECED;
	KUNIT_EXPECT_STREQ(test, umh_waiter_state(info), "is not waiting");
	info->wait = UMH_WAIT_PROC;
	KUNIT_EXPECT_STREQ(test, umh_waiter_state(info), "is waiting");
	info->waiter_killed = true;
	KUNIT_EXPECT_STREQ(test, umh_waiter_state(info), "was killed");
	umh_watch_test_end(info);
}

static struct kunit_case umh_watch_tests[] = {
	KUNIT_CASE(umh_watch_calls_hung_once),
	KUNIT_CASE(umh_watch_calls_hung_again),
	KUNIT_CASE(umh_watch_skips_completed_helper),
	KUNIT_CASE(umh_watch_finds_all_due_helpers),
	KUNIT_CASE(umh_watch_calls_hung_without_reports),
	KUNIT_CASE(umh_watch_reports_waiter_state),
	{}
};

static struct kunit_suite umh_watch_suite = {
	.name = "umh_watch",
	.test_cases = umh_watch_tests,
};

kunit_test_suite(umh_watch_suite);
