// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for chains of requests. Included by kernel/kmod/lineage.c.
 */
#include <kunit/test.h>

#define KMOD_KUNIT_CHAIN	(KMOD_DEPTH_MAX + 1)

/* Sets up modprobes for a, b, c, ..., each inside the one before. */
static struct kmod_modprobe *kmod_lineage_chain(struct kunit *test)
{
	struct kmod_modprobe *m;
	struct kmod_request *r;
	int i;

	m = kunit_kcalloc(test, KMOD_KUNIT_CHAIN, sizeof(*m), GFP_KERNEL);
	r = kunit_kcalloc(test, KMOD_KUNIT_CHAIN, sizeof(*r), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m);
	KUNIT_ASSERT_NOT_NULL(test, r);
	for (i = 0; i < KMOD_KUNIT_CHAIN; i++) {
		m[i].request = &r[i];
		r[i].parent = i ? &m[i - 1] : NULL;
		r[i].depth = i + 1;
		r[i].rec.name[0] = 'a' + i;
	}
	return m;
}

static void kmod_lineage_without_parent_is_no_loop(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kmod_lineage_check(NULL, "a"), 0);
}

static void kmod_lineage_same_name_is_a_loop(struct kunit *test)
{
	struct kmod_modprobe *m = kmod_lineage_chain(test);

	KUNIT_EXPECT_EQ(test, kmod_lineage_check(&m[0], "a"), -ELOOP);
	KUNIT_EXPECT_EQ(test, kmod_lineage_check(&m[2], "a"), -ELOOP);
	KUNIT_EXPECT_EQ(test, kmod_lineage_check(&m[2], "b"), -ELOOP);
	KUNIT_EXPECT_EQ(test, kmod_lineage_check(&m[2], "x"), 0);
	KUNIT_EXPECT_EQ(test, kmod_lineage_check(&m[2], "aa"), 0);
	KUNIT_EXPECT_EQ(test, kmod_lineage_check(&m[2], ""), 0);
}

static void kmod_lineage_limits_chain_length(struct kunit *test)
{
	struct kmod_modprobe *m = kmod_lineage_chain(test);

	KUNIT_EXPECT_EQ(test, kmod_lineage_check(&m[KMOD_DEPTH_MAX - 2], "x"), 0);
	KUNIT_EXPECT_EQ(test, kmod_lineage_check(&m[KMOD_DEPTH_MAX - 1], "x"),
			-ELOOP);
}

static void kmod_lineage_prints_outermost_first(struct kunit *test)
{
	struct kmod_modprobe *m = kmod_lineage_chain(test);
	char text[32], small[6];

	m[1].request->rec.name[0] = '\n';
	kmod_lineage_print(m[2].request, text, sizeof(text));
	KUNIT_EXPECT_STREQ(test, text, "a -> \\x0a -> c -> ");
	kmod_lineage_print(m[2].request, small, sizeof(small));
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
