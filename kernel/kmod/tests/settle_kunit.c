// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for results. Included by kernel/kmod/settle.c.
 */
#include <kunit/test.h>

static void kmod_settle_outcome_follows_status(struct kunit *test)
{
	struct kmod_modprobe m = {};

	KUNIT_EXPECT_EQ(test, kmod_modprobe_outcome(&m), KMOD_OK);
	m.status = 256;
	KUNIT_EXPECT_EQ(test, kmod_modprobe_outcome(&m), KMOD_FAILED);
	m.status = -ENOMEM;
	KUNIT_EXPECT_EQ(test, kmod_modprobe_outcome(&m), KMOD_ERROR);
	m.status = -ENOENT;
	KUNIT_EXPECT_EQ(test, kmod_modprobe_outcome(&m), KMOD_FAILED);
	m.no_path = true;
	KUNIT_EXPECT_EQ(test, kmod_modprobe_outcome(&m), KMOD_OFF);
	m.status = -EPERM;
	KUNIT_EXPECT_EQ(test, kmod_modprobe_outcome(&m), KMOD_FAILED);
	m.refused = true;
	KUNIT_EXPECT_EQ(test, kmod_modprobe_outcome(&m), KMOD_LSM);
}

static struct kunit_case kmod_settle_tests[] = {
	KUNIT_CASE(kmod_settle_outcome_follows_status),
	{}
};

static struct kunit_suite kmod_settle_suite = {
	.name = "kmod_settle",
	.test_cases = kmod_settle_tests,
};

kunit_test_suite(kmod_settle_suite);
