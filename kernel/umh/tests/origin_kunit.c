// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for origins. Included by kernel/umh/origin.c.
 */
#include <kunit/test.h>
#include <linux/delay.h>

struct umh_test_origin {
	struct umh_origin origin;
	struct umh_origin *nested;	/* origin of a helper that the helper has started */
	bool released;
};

static void umh_test_origin_release(struct umh_origin *origin)
{
	container_of(origin, struct umh_test_origin, origin)->released = true;
}

static struct umh_test_origin *umh_test_origin_new(struct kunit *test)
{
	struct umh_test_origin *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	refcount_set(&t->origin.ref, 1);
	t->origin.release = umh_test_origin_release;
	return t;
}

static struct subprocess_info *umh_test_origin_helper(struct kunit *test)
{
	struct subprocess_info *info;

	info = call_usermodehelper_setup("/kunit", NULL, NULL, GFP_KERNEL, NULL, NULL, NULL);
	KUNIT_ASSERT_NOT_NULL(test, info);
	return info;
}

static void umh_origin_is_absent_outside_helpers(struct kunit *test)
{
	struct subprocess_info *info = umh_test_origin_helper(test);

	KUNIT_EXPECT_NULL(test, umh_origin_current());
	KUNIT_EXPECT_NULL(test, info->origin);
	umh_put(info);
}

static void umh_origin_is_dropped_with_unused_helper(struct kunit *test)
{
	struct umh_test_origin *t = umh_test_origin_new(test);
	struct subprocess_info *info = umh_test_origin_helper(test);

	umh_set_origin(info, &t->origin, 42, "kunit\0\0\0\0\0\0\0\0\0\0");
	KUNIT_EXPECT_EQ(test, info->requester, 42);
	KUNIT_EXPECT_STREQ(test, info->requester_comm, "kunit");
	umh_put(info);
	KUNIT_EXPECT_FALSE(test, t->released);
	umh_origin_put(&t->origin);
	KUNIT_EXPECT_TRUE(test, t->released);
}

/* Runs the helper, and waits until its process has ended. */
static void umh_test_origin_run(struct kunit *test, struct umh_test_origin *t,
				struct subprocess_info *info)
{
	int tries = 200;

	umh_set_origin(info, &t->origin, 42, "kunit\0\0\0\0\0\0\0\0\0\0");
	KUNIT_EXPECT_EQ(test, call_usermodehelper_exec(info, UMH_WAIT_PROC), -ENOENT);
	while (refcount_read(&t->origin.ref) > 1 && tries--)
		msleep(20);
	KUNIT_EXPECT_EQ(test, refcount_read(&t->origin.ref), 1);
	KUNIT_EXPECT_TRUE(test, hash_empty(umh_origins));
	umh_origin_put(&t->origin);
	KUNIT_EXPECT_TRUE(test, t->released);
}

static void umh_origin_ends_with_the_process(struct kunit *test)
{
	umh_test_origin_run(test, umh_test_origin_new(test), umh_test_origin_helper(test));
}

static int umh_test_origin_note(struct subprocess_info *info, struct cred *new)
{
	struct umh_test_origin *t = info->data;

	t->nested = umh_origin_current();
	if (t->nested)
		umh_origin_put(t->nested);
	return 0;
}

/* Starts another helper, as a helper does that causes a core dump. */
static int umh_test_origin_nest(struct subprocess_info *info, struct cred *new)
{
	struct subprocess_info *nested;

	nested = call_usermodehelper_setup("/kunit", NULL, NULL, GFP_KERNEL,
					   umh_test_origin_note, NULL, info->data);
	return nested ? call_usermodehelper_exec(nested, UMH_WAIT_PROC) : -ENOMEM;
}

static void umh_origin_is_inherited_by_nested_helper(struct kunit *test)
{
	struct umh_test_origin *t = umh_test_origin_new(test);
	struct subprocess_info *info = umh_test_origin_helper(test);

	info->init = umh_test_origin_nest;
	info->data = t;
	umh_test_origin_run(test, t, info);
	KUNIT_EXPECT_PTR_EQ(test, t->nested, &t->origin);
}

static struct kunit_case umh_origin_tests[] = {
	KUNIT_CASE(umh_origin_is_absent_outside_helpers),
	KUNIT_CASE(umh_origin_is_dropped_with_unused_helper),
	KUNIT_CASE(umh_origin_ends_with_the_process),
	KUNIT_CASE(umh_origin_is_inherited_by_nested_helper),
	{}
};

static struct kunit_suite umh_origin_suite = {
	.name = "umh_origin",
	.test_cases = umh_origin_tests,
};

kunit_test_suite(umh_origin_suite);
