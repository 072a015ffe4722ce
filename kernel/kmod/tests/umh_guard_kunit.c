// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the list of helpers. Part of kernel/umh_guard.c.
 */
#include <kunit/test.h>

static void umh_guard_test_exit(struct kunit *test)
{
	struct umh_guard *guard = rcu_access_pointer(umh_guard);

	RCU_INIT_POINTER(umh_guard, NULL);
	umh_guard_mode = UMH_GUARD_OFF;
	kvfree_rcu(guard, rcu);
}

static int umh_guard_write(const char *text)
{
	return umh_guard_set(text, strlen(text));
}

static bool umh_guard_allows(const char *path)
{
	return umh_guard_has(rcu_access_pointer(umh_guard), path);
}

static void umh_guard_without_a_list_has_nothing(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, umh_guard_allows("/sbin/modprobe"));
	KUNIT_ASSERT_EQ(test, umh_guard_write("\n"), 0);
	KUNIT_EXPECT_FALSE(test, umh_guard_allows("/sbin/modprobe"));
	KUNIT_EXPECT_FALSE(test, umh_guard_allows(""));
}

static void umh_guard_paths_are_exact(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, umh_guard_write("# mine\n/sbin/a\n\n/sbin/bc\n"), 0);
	KUNIT_EXPECT_TRUE(test, umh_guard_allows("/sbin/a"));
	KUNIT_EXPECT_TRUE(test, umh_guard_allows("/sbin/bc"));
	KUNIT_EXPECT_FALSE(test, umh_guard_allows("/sbin/b"));
	KUNIT_EXPECT_FALSE(test, umh_guard_allows("/sbin/bcd"));
	KUNIT_EXPECT_FALSE(test, umh_guard_allows("/sbin/a\n"));
	KUNIT_EXPECT_FALSE(test, umh_guard_allows("# mine"));
	KUNIT_EXPECT_FALSE(test, umh_guard_allows(""));
}

static void umh_guard_prefixes_lead_down_only(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, umh_guard_write("/lib/x/*\n"), 0);
	KUNIT_EXPECT_TRUE(test, umh_guard_allows("/lib/x/a"));
	KUNIT_EXPECT_TRUE(test, umh_guard_allows("/lib/x/a/b"));
	KUNIT_EXPECT_TRUE(test, umh_guard_allows("/lib/x/..b"));
	KUNIT_EXPECT_FALSE(test, umh_guard_allows("/lib/x"));
	KUNIT_EXPECT_FALSE(test, umh_guard_allows("/lib/xy"));
	KUNIT_EXPECT_FALSE(test, umh_guard_allows("/lib/x/../../tmp/a"));
	KUNIT_EXPECT_FALSE(test, umh_guard_allows("/lib/x/a/../b"));
}

static void umh_guard_bad_lists_change_nothing(struct kunit *test)
{
	static const char *const bad[] = {
		"/a", "a\n", " /a\n", "/a\nb\n", "/a\n/b", "*\n",
	};
	size_t i;

	KUNIT_ASSERT_EQ(test, umh_guard_write("/kept\n"), 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, umh_guard_write(bad[i]), -EINVAL,
				    "text %zu: %s", i, bad[i]);
	KUNIT_EXPECT_EQ(test, umh_guard_set("/a\n\0\n", 5), -EINVAL);
	KUNIT_EXPECT_TRUE(test, umh_guard_allows("/kept"));
	KUNIT_EXPECT_FALSE(test, umh_guard_allows("/a"));
}

static void umh_guard_mode_is_a_word(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, umh_guard_mode_set("enforce\n", 8), 0);
	KUNIT_EXPECT_EQ(test, umh_guard_mode, UMH_GUARD_ENFORCE);
	KUNIT_EXPECT_EQ(test, umh_guard_mode_set("enforced\n", 9), -EINVAL);
	KUNIT_EXPECT_EQ(test, umh_guard_mode_set("2\n", 2), -EINVAL);
	KUNIT_EXPECT_EQ(test, umh_guard_mode, UMH_GUARD_ENFORCE);
	KUNIT_EXPECT_EQ(test, umh_guard_mode_set("off", 3), 0);
	KUNIT_EXPECT_EQ(test, umh_guard_mode, UMH_GUARD_OFF);
}

static void umh_guard_logs_or_refuses(struct kunit *test)
{
	struct subprocess_info info = { .requester_comm = "kunit" };

	KUNIT_ASSERT_EQ(test, umh_guard_write("/a\n"), 0);
	KUNIT_EXPECT_EQ(test, umh_guard_judge(&info, "/a", UMH_GUARD_ENFORCE), 0);
	KUNIT_EXPECT_EQ(test, umh_guard_judge(&info, "/b", UMH_GUARD_ENFORCE), -EPERM);
	KUNIT_EXPECT_EQ(test, umh_guard_judge(&info, "/b", UMH_GUARD_LOG), 0);
}

static struct kunit_case umh_guard_cases[] = {
	KUNIT_CASE(umh_guard_without_a_list_has_nothing),
	KUNIT_CASE(umh_guard_paths_are_exact),
	KUNIT_CASE(umh_guard_prefixes_lead_down_only),
	KUNIT_CASE(umh_guard_bad_lists_change_nothing),
	KUNIT_CASE(umh_guard_mode_is_a_word),
	KUNIT_CASE(umh_guard_logs_or_refuses),
	{}
};

static struct kunit_suite umh_guard_suite = {
	.name		= "umh_guard",
	.exit		= umh_guard_test_exit,
	.test_cases	= umh_guard_cases,
};

kunit_test_suite(umh_guard_suite);
