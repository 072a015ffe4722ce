// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for chains of requests. Included by kernel/kmod/lineage.c.
 */
#include <kunit/test.h>

#define KMOD_KUNIT_CHAIN	(KMOD_DEPTH_MAX + 1)

/* Sets up a chain of requests for a, b, c, ..., each the parent of the next one. */
static struct kmod_request *kmod_lineage_chain(struct kunit *test)
{
	struct kmod_request *r;
	int i;

	r = kunit_kcalloc(test, KMOD_KUNIT_CHAIN, sizeof(*r), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, r);
	for (i = 0; i < KMOD_KUNIT_CHAIN; i++) {
		r[i].parent = i ? &r[i - 1] : NULL;
		r[i].depth = i + 1;
		r[i].rec.name[0] = 'a' + i;
	}
	return r;
}

static void kmod_lineage_without_parent_is_no_loop(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kmod_lineage_check(NULL, "a"), 0);
}

static void kmod_lineage_same_name_is_a_loop(struct kunit *test)
{
	struct kmod_request *r = kmod_lineage_chain(test);

	KUNIT_EXPECT_EQ(test, kmod_lineage_check(&r[0], "a"), -ELOOP);
	KUNIT_EXPECT_EQ(test, kmod_lineage_check(&r[2], "a"), -ELOOP);
	KUNIT_EXPECT_EQ(test, kmod_lineage_check(&r[2], "b"), -ELOOP);
	KUNIT_EXPECT_EQ(test, kmod_lineage_check(&r[2], "x"), 0);
	KUNIT_EXPECT_EQ(test, kmod_lineage_check(&r[2], "aa"), 0);
	KUNIT_EXPECT_EQ(test, kmod_lineage_check(&r[2], ""), 0);
}

static void kmod_lineage_limits_chain_length(struct kunit *test)
{
	struct kmod_request *r = kmod_lineage_chain(test);

	KUNIT_EXPECT_EQ(test, kmod_lineage_check(&r[KMOD_DEPTH_MAX - 2], "x"), 0);
	KUNIT_EXPECT_EQ(test, kmod_lineage_check(&r[KMOD_DEPTH_MAX - 1], "x"),
			-ELOOP);
}

static void kmod_lineage_prints_outermost_first(struct kunit *test)
{
	struct kmod_request *r = kmod_lineage_chain(test);
	char text[32], small[6];

	r[1].rec.name[0] = '\n';
	kmod_lineage_print(&r[2], text, sizeof(text));
	KUNIT_EXPECT_STREQ(test, text, "a -> \\n -> c -> ");
	kmod_lineage_print(&r[2], small, sizeof(small));
	KUNIT_EXPECT_STREQ(test, small, "a -> ");
}

static struct kunit_case kmod_lineage_tests[] = {
	KUNIT_CASE(kmod_lineage_without_parent_is_no_loop),
	KUNIT_CASE(kmod_lineage_same_name_is_a_loop),
	KUNIT_CASE(kmod_lineage_limits_chain_length),
	KUNIT_CASE(kmod_lineage_prints_outermost_first),
	{}
};

static struct kunit_suite kmod_lineage_suite = {
	.name = "kmod_lineage",
	.test_cases = kmod_lineage_tests,
};

kunit_test_suite(kmod_lineage_suite);
