// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for records. Included by kernel/kmod/record.c.
 */
#include <kunit/test.h>

static char *kmod_path_of_length(struct kunit *test, size_t len)
{
	char *path = kunit_kzalloc(test, len + 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, path);
	memset(path, 'x', len);
	memcpy(path, "/begin", 6);
	memcpy(path + len - 4, "/end", 4);
	return path;
}

static void kmod_record_keeps_path_that_fits(struct kunit *test)
{
	char *path = kmod_path_of_length(test, KMOD_EXE_LEN - 1);
	struct kmod_record *rec = kunit_kzalloc(test, sizeof(*rec), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rec);
	kmod_record_set_path(rec, path);
	KUNIT_EXPECT_STREQ(test, rec->exe, path);
	kmod_record_set_path(rec, rec->exe + KMOD_EXE_LEN - 5);
	KUNIT_EXPECT_STREQ(test, rec->exe, "/end");
}

static void kmod_record_keeps_end_of_long_path(struct kunit *test)
{
	char *path = kmod_path_of_length(test, KMOD_EXE_LEN);
	struct kmod_record *rec = kunit_kzalloc(test, sizeof(*rec), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rec);
	kmod_record_set_path(rec, path);
	KUNIT_EXPECT_EQ(test, strlen(rec->exe), KMOD_EXE_LEN - 1);
	KUNIT_EXPECT_EQ(test, strncmp(rec->exe, "...", 3), 0);
	KUNIT_EXPECT_STREQ(test, rec->exe + 3, path + 4);
}

/* The tests run in a kernel thread. */
static void kmod_record_has_no_program_of_kthread(struct kunit *test)
{
	struct kmod_record *rec = kunit_kzalloc(test, sizeof(*rec), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rec);
	KUNIT_ASSERT_TRUE(test, current->flags & PF_KTHREAD);
	kmod_record_set_program(rec);
	KUNIT_EXPECT_STREQ(test, rec->exe, "");
	KUNIT_EXPECT_EQ(test, rec->cgroup, 0);
	KUNIT_EXPECT_EQ(test, rec->mntns, 0);
}

/* The text of inits is freed later, as that of a module is with the module. */
static void kmod_record_keeps_symbol_of_caller_that_may_go(struct kunit *test)
{
	struct kmod_record *rec = kunit_kzalloc(test, sizeof(*rec), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rec);
	rec->site = (unsigned long)kmod_record_begin;
	kmod_record_set_caller(rec);
	KUNIT_EXPECT_STREQ(test, rec->caller, "");
	rec->site = (unsigned long)_sinittext;
	kmod_record_set_caller(rec);
	KUNIT_EXPECT_STRNEQ(test, rec->caller, "");
}

static struct kunit_case kmod_record_tests[] = {
	KUNIT_CASE(kmod_record_keeps_path_that_fits),
	KUNIT_CASE(kmod_record_keeps_end_of_long_path),
	KUNIT_CASE(kmod_record_has_no_program_of_kthread),
	KUNIT_CASE(kmod_record_keeps_symbol_of_caller_that_may_go),
	{}
};

static struct kunit_suite kmod_record_suite = {
	.name = "kmod_record",
	.test_cases = kmod_record_tests,
};

kunit_test_suite(kmod_record_suite);
