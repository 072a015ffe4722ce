// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the allow-list of helpers. Included by security/autoload/helpers.c.
 */
#include <kunit/resource.h>
#include <kunit/test.h>

#include "autoload_test.h"

static struct autoload_helpers *autoload_helpers_replace(struct autoload_helpers *list)
{
	guard(mutex)(&autoload_mutex);
	return rcu_replace_pointer(autoload_helpers, list, lockdep_is_held(&autoload_mutex));
}

static void autoload_helpers_restore(struct kunit_resource *saved)
{
	struct autoload_helpers *list = autoload_helpers_replace(saved->data);

	kvfree_rcu(list, rcu);
}

void autoload_test_save_helpers(struct kunit *test)
{
	static struct kunit_resource saved;

	autoload_test_needs_unlocked(test);
	kunit_add_resource(test, NULL, autoload_helpers_restore, &saved,
			   autoload_helpers_replace(NULL));
}

static int autoload_helpers_test_init(struct kunit *test)
{
	autoload_test_save_helpers(test);
	return 0;
}

static int autoload_helpers_write(const char *text)
{
	int err;

	mutex_lock(&autoload_mutex);
	err = autoload_helpers_set(text, strlen(text));
	mutex_unlock(&autoload_mutex);
	return err;
}

static int autoload_helpers_write_mode(const char *text)
{
	int err;

	mutex_lock(&autoload_mutex);
	err = autoload_helpers_mode_set(text, strlen(text));
	mutex_unlock(&autoload_mutex);
	return err;
}

static enum autoload_helpers_mode autoload_helpers_mode(void)
{
	enum autoload_helpers_mode mode;

	mutex_lock(&autoload_mutex);
	mode = autoload_helpers_current_mode();
	mutex_unlock(&autoload_mutex);
	return mode;
}

/* Enforces the list. Returns true if it allows the path. */
static bool autoload_helpers_allows(const char *path)
{
	autoload_helpers_write_mode("enforce");
	return autoload_helpers_judge(path) == AUTOLOAD_HELPERS_OFF;
}

static void autoload_helpers_allow_nothing_without_list(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, autoload_helpers_allows("/sbin/modprobe"));
	KUNIT_ASSERT_EQ(test, autoload_helpers_write("\n"), 0);
	KUNIT_EXPECT_FALSE(test, autoload_helpers_allows("/sbin/modprobe"));
	KUNIT_EXPECT_FALSE(test, autoload_helpers_allows(""));
}

static void autoload_helpers_compare_whole_paths(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, autoload_helpers_write("# mine\n/sbin/a\n\n/sbin/bc\n"), 0);
	KUNIT_EXPECT_TRUE(test, autoload_helpers_allows("/sbin/a"));
	KUNIT_EXPECT_TRUE(test, autoload_helpers_allows("/sbin/bc"));
	KUNIT_EXPECT_FALSE(test, autoload_helpers_allows("/sbin/b"));
	KUNIT_EXPECT_FALSE(test, autoload_helpers_allows("/sbin/bcd"));
	KUNIT_EXPECT_FALSE(test, autoload_helpers_allows("/sbin/a\n"));
	KUNIT_EXPECT_FALSE(test, autoload_helpers_allows("# mine"));
	KUNIT_EXPECT_FALSE(test, autoload_helpers_allows(""));
}

static void autoload_helpers_prefix_rejects_dotdot(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, autoload_helpers_write("/lib/x/*\n"), 0);
	KUNIT_EXPECT_TRUE(test, autoload_helpers_allows("/lib/x/a"));
	KUNIT_EXPECT_TRUE(test, autoload_helpers_allows("/lib/x/a/b"));
	KUNIT_EXPECT_TRUE(test, autoload_helpers_allows("/lib/x/..b"));
	KUNIT_EXPECT_FALSE(test, autoload_helpers_allows("/lib/x"));
	KUNIT_EXPECT_FALSE(test, autoload_helpers_allows("/lib/xy"));
	KUNIT_EXPECT_FALSE(test, autoload_helpers_allows("/lib/x/../../tmp/a"));
	KUNIT_EXPECT_FALSE(test, autoload_helpers_allows("/lib/x/a/../b"));
}

static void autoload_helpers_bad_list_changes_nothing(struct kunit *test)
{
	static const char *const bad[] = {
		"a\n", " /a\n", "/a\nb\n", "*\n", "mode\n", "mode\x20\n", "mode on\n",
		"mode  off\n", " mode off\n", "mode off\x20\n", "mode offf\n", "mode of\n",
		"mode off\n/a\nmode off\n",
	};
	size_t i;

	KUNIT_ASSERT_EQ(test, autoload_helpers_write("/kept\n"), 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, autoload_helpers_write(bad[i]), -EINVAL,
				    "text %zu: %s", i, bad[i]);
	KUNIT_EXPECT_TRUE(test, autoload_helpers_allows("/kept"));
	KUNIT_EXPECT_FALSE(test, autoload_helpers_allows("/a"));
}

static void autoload_helpers_mode_accepts_only_known_words(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, autoload_helpers_write_mode("enforce\n"), 0);
	KUNIT_EXPECT_EQ(test, autoload_helpers_mode(), AUTOLOAD_HELPERS_ENFORCE);
	KUNIT_EXPECT_EQ(test, autoload_helpers_write_mode("enforced\n"), -EINVAL);
	KUNIT_EXPECT_EQ(test, autoload_helpers_write_mode("2\n"), -EINVAL);
	KUNIT_EXPECT_EQ(test, autoload_helpers_mode(), AUTOLOAD_HELPERS_ENFORCE);
	KUNIT_EXPECT_EQ(test, autoload_helpers_write_mode("off"), 0);
	KUNIT_EXPECT_EQ(test, autoload_helpers_mode(), AUTOLOAD_HELPERS_OFF);
}

static void autoload_helpers_mode_applies_to_unlisted_paths(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, autoload_helpers_write("/a\n"), 0);
	KUNIT_EXPECT_EQ(test, autoload_permit_helper("/b"), 0);
	KUNIT_ASSERT_EQ(test, autoload_helpers_write_mode("log"), 0);
	KUNIT_EXPECT_EQ(test, autoload_permit_helper("/b"), 0);
	KUNIT_ASSERT_EQ(test, autoload_helpers_write_mode("enforce"), 0);
	KUNIT_EXPECT_EQ(test, autoload_permit_helper("/a"), 0);
	KUNIT_EXPECT_EQ(test, autoload_permit_helper("/b"), -EPERM);
}

static void autoload_helpers_list_and_mode_change_together(struct kunit *test)
{
	const struct autoload_helpers *list;

	KUNIT_ASSERT_EQ(test, autoload_helpers_write("/a\nmode enforce\n/b\n"), 0);
	list = rcu_access_pointer(autoload_helpers);
	KUNIT_EXPECT_EQ(test, list->mode, AUTOLOAD_HELPERS_ENFORCE);
	KUNIT_EXPECT_STREQ(test, list->text, "/a\n/b\n");
	KUNIT_EXPECT_EQ(test, list->len, strlen(list->text));

	KUNIT_ASSERT_EQ(test, autoload_helpers_write("/c\n"), 0);
	KUNIT_EXPECT_EQ(test, autoload_helpers_mode(), AUTOLOAD_HELPERS_ENFORCE);
	KUNIT_EXPECT_EQ(test, autoload_permit_helper("/a"), -EPERM);

	KUNIT_ASSERT_EQ(test, autoload_helpers_write_mode("log"), 0);
	list = rcu_access_pointer(autoload_helpers);
	KUNIT_EXPECT_STREQ(test, list->text, "/c\n");
	KUNIT_ASSERT_EQ(test, autoload_helpers_write("mode off\n"), 0);
	KUNIT_EXPECT_EQ(test, autoload_permit_helper("/a"), 0);
}

static struct kunit_case autoload_helpers_cases[] = {
	KUNIT_CASE(autoload_helpers_allow_nothing_without_list),
	KUNIT_CASE(autoload_helpers_compare_whole_paths),
	KUNIT_CASE(autoload_helpers_prefix_rejects_dotdot),
	KUNIT_CASE(autoload_helpers_bad_list_changes_nothing),
	KUNIT_CASE(autoload_helpers_mode_accepts_only_known_words),
	KUNIT_CASE(autoload_helpers_mode_applies_to_unlisted_paths),
	KUNIT_CASE(autoload_helpers_list_and_mode_change_together),
	{}
};

static struct kunit_suite autoload_helpers_suite = {
	.name		= "autoload_helpers",
	.init		= autoload_helpers_test_init,
	.test_cases	= autoload_helpers_cases,
};

kunit_test_suite(autoload_helpers_suite);
