// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the detection of hung helpers. Included by kernel/umh/watch.c.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/kernel.h>

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
	raw_spin_lock_irq(&umh_lock);
	umh_watch(info);
	raw_spin_unlock_irq(&umh_lock);
	return info;
}

static void umh_watch_test_end(struct subprocess_info *info)
{
	umh_complete(info);
	umh_put(info);
	cancel_delayed_work_sync(&umh_owned.work);
}

static void umh_watch_calls_hung_once(struct kunit *test)
{
	int hung;
	struct subprocess_info *info = umh_watch_test_new(test, &hung);

	umh_watch_owned(NULL);
	KUNIT_EXPECT_EQ(test, hung, 0);
	info->since -= UMH_HUNG_SECS * HZ;
	umh_watch_owned(NULL);
	umh_watch_owned(NULL);
	KUNIT_EXPECT_EQ(test, hung, 1);
	KUNIT_EXPECT_EQ(test, kref_read(&info->ref), 1);
	umh_watch_test_end(info);
}

static void umh_watch_calls_hung_again(struct kunit *test)
{
	int hung;
	struct subprocess_info *info = umh_watch_test_new(test, &hung);

	info->hung = umh_watch_test_again;
	info->since -= UMH_HUNG_SECS * HZ;
	umh_watch_owned(NULL);
	umh_watch_owned(NULL);
	KUNIT_EXPECT_EQ(test, hung, 1);
	info->since -= UMH_HUNG_SECS * HZ;
	umh_watch_owned(NULL);
	KUNIT_EXPECT_EQ(test, hung, 2);
	info->since -= UMH_HUNG_SECS * HZ;
	umh_watch_owned(NULL);
	KUNIT_EXPECT_EQ(test, hung, 2);
	umh_watch_test_end(info);
}

static void umh_watch_skips_completed_helper(struct kunit *test)
{
	int hung;
	struct subprocess_info *info = umh_watch_test_new(test, &hung);

	info->since -= UMH_HUNG_SECS * HZ;
	umh_complete(info);
	umh_watch_owned(NULL);
	KUNIT_EXPECT_EQ(test, hung, 0);
	umh_watch_test_end(info);
}

struct umh_watch_test_cleanup {
	struct completion done;
	bool deferred;
};

static void umh_watch_test_note_cleanup(struct subprocess_info *info)
{
	struct umh_watch_test_cleanup *cleanup = info->data;

	cleanup->deferred = current_work() == &info->work;
	complete(&cleanup->done);
}

/* The helper ends while hung() runs, which thus holds the last reference. */
static bool umh_watch_test_hung_ends(struct subprocess_info *info)
{
	umh_complete(info);
	umh_put(info);
	return false;
}

/* cleanup() may block, which must not stop the detection of other hung helpers. */
static void umh_watch_leaves_cleanup_to_another_worker(struct kunit *test)
{
	struct umh_watch_test_cleanup cleanup = {};
	int unused;
	struct subprocess_info *info = umh_watch_test_new(test, &unused);

	init_completion(&cleanup.done);
	info->hung = umh_watch_test_hung_ends;
	info->cleanup = umh_watch_test_note_cleanup;
	info->data = &cleanup;
	info->since -= UMH_HUNG_SECS * HZ;
	umh_watch_owned(NULL);
	wait_for_completion(&cleanup.done);
	KUNIT_EXPECT_TRUE(test, cleanup.deferred);
	cancel_delayed_work_sync(&umh_owned.work);
}

static void umh_watch_finds_all_due_helpers(struct kunit *test)
{
	int hung[3], i;
	struct subprocess_info *info[3];

	for (i = 0; i < 3; i++)
		info[i] = umh_watch_test_new(test, &hung[i]);
	info[0]->since -= 2 * UMH_HUNG_SECS * HZ;
	info[1]->since -= UMH_HUNG_SECS * HZ;
	umh_watch_owned(NULL);
	KUNIT_EXPECT_EQ(test, hung[0], 1);
	KUNIT_EXPECT_EQ(test, hung[1], 1);
	KUNIT_EXPECT_EQ(test, hung[2], 0);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&umh_owned.work));
	for (i = 0; i < 3; i++)
		umh_watch_test_end(info[i]);
}

static void umh_watch_hung_ignores_the_sysctl(struct kunit *test)
{
	static const unsigned int secs[] = { 0, 1, 24 * 60 * 60 };
	unsigned int saved = umh_hung_secs;
	int hung, i;

	for (i = 0; i < ARRAY_SIZE(secs); i++) {
		struct subprocess_info *info = umh_watch_test_new(test, &hung);

		umh_hung_secs = secs[i];
		info->since -= (UMH_HUNG_SECS - 1) * HZ;
		umh_watch_owned(NULL);
		KUNIT_EXPECT_EQ(test, hung, 0);
		info->since -= HZ;
		umh_watch_owned(NULL);
		KUNIT_EXPECT_EQ(test, hung, 1);
		umh_hung_secs = saved;
		umh_watch_test_end(info);
	}
}

/* Returns the report of a helper that is hung now. */
static struct umh_report umh_watch_test_report(struct kunit *test,
					       struct subprocess_info *info)
{
	struct umh_report report = {};

	raw_spin_lock_irq(&umh_lock);
	umh_report_fill(&report, info);
	raw_spin_unlock_irq(&umh_lock);
	return report;
}

static void umh_watch_reports_waiter_state(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(waiter);
	int hung;
	struct subprocess_info *info = umh_watch_test_new(test, &hung);

	KUNIT_EXPECT_STREQ(test, umh_watch_test_report(test, info).requester_state,
			   "is not waiting");
	info->waiter = &waiter;
	KUNIT_EXPECT_STREQ(test, umh_watch_test_report(test, info).requester_state,
			   "is waiting");
	KUNIT_EXPECT_TRUE(test, umh_gate_waiter_killed(info));
	KUNIT_EXPECT_STREQ(test, umh_watch_test_report(test, info).requester_state,
			   "was killed");
	umh_watch_test_end(info);
}

/* Overwrites the killed waiter's path, so that the test fails if the report reads it. */
static void umh_watch_reports_a_copy_for_killed_waiter(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(waiter);
	int hung;
	struct subprocess_info *info = umh_watch_test_new(test, &hung);
	char path[2 * UMH_NAME_SIZE];

	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	info->path = path;
	info->waiter = &waiter;
	KUNIT_EXPECT_TRUE(test, umh_gate_waiter_killed(info));
	memset(path, 'b', sizeof(path) - 1);
	KUNIT_EXPECT_EQ(test, strspn(umh_watch_test_report(test, info).path, "a"),
			UMH_NAME_SIZE - 1);
	umh_watch_test_end(info);
}

static void umh_watch_limits_reports_per_path(struct kunit *test)
{
	char path[16];
	int i;

	for (i = 0; i < 100; i++)
		umh_report_permitted("/kunit/many");
	KUNIT_EXPECT_FALSE(test, umh_report_permitted("/kunit/many"));
	/* As many as find a limit even if other tests have used some */
	for (i = 0; i < UMH_REPORT_LIMITS / 2; i++) {
		snprintf(path, sizeof(path), "/kunit/%d", i);
		KUNIT_EXPECT_TRUE(test, umh_report_permitted(path));
	}
	KUNIT_EXPECT_FALSE(test, umh_report_permitted("/kunit/many"));
}

static struct kunit_case umh_watch_tests[] = {
	KUNIT_CASE(umh_watch_calls_hung_once),
	KUNIT_CASE(umh_watch_calls_hung_again),
	KUNIT_CASE(umh_watch_skips_completed_helper),
	KUNIT_CASE(umh_watch_leaves_cleanup_to_another_worker),
	KUNIT_CASE(umh_watch_finds_all_due_helpers),
	KUNIT_CASE(umh_watch_hung_ignores_the_sysctl),
	KUNIT_CASE(umh_watch_reports_waiter_state),
	KUNIT_CASE(umh_watch_reports_a_copy_for_killed_waiter),
	KUNIT_CASE(umh_watch_limits_reports_per_path),
	{}
};

static struct kunit_suite umh_watch_suite = {
	.name = "umh_watch",
	.test_cases = umh_watch_tests,
};

kunit_test_suite(umh_watch_suite);
