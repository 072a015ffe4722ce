// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the path of modprobe. Included by kernel/kmod/path.c.
 */
#include <kunit/test.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/string.h>

#define KMOD_PATH_START	"/kunit/modprobe"

static char kmod_path_saved[KMOD_PATH_LEN];

static int kmod_path_test_init(struct kunit *test)
{
	/* kmod_path_test_exit() is called even if the test is skipped. */
	kmod_path_copy(kmod_path_saved);
	if (kmod_path_locked)
		kunit_skip(test, "kernel.modprobe is locked");
	kmod_path_store(KMOD_PATH_START);
	return 0;
}

static void kmod_path_test_exit(struct kunit *test)
{
	kmod_path_store(kmod_path_saved);
}

static int kmod_path_write(const char *text, size_t len, loff_t pos)
{
	char buffer[KMOD_PATH_LEN + 64];

	memcpy(buffer, text, len);
	buffer[len] = '\0';
	return kmod_path_sysctl(kmod_path_sysctls, 1, buffer, &len, &pos);
}

static void kmod_path_expect(struct kunit *test, const char *expected)
{
	char path[KMOD_PATH_LEN];

	kmod_path_copy(path);
	KUNIT_EXPECT_STREQ(test, path, expected);
}

static void kmod_path_read_returns_written_path(struct kunit *test)
{
	char buffer[64] = "";
	size_t len = sizeof(buffer);
	loff_t pos = 0;

	KUNIT_EXPECT_EQ(test, kmod_path_write("/bin/other\n", 11, 0), 0);
	KUNIT_EXPECT_EQ(test, kmod_path_sysctl(kmod_path_sysctls, 0, buffer,
					       &len, &pos), 0);
	KUNIT_EXPECT_STREQ(test, buffer, "/bin/other\n");
}

static void kmod_path_ends_at_newline_or_nul(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kmod_path_write("/a\n/b", 5, 0), 0);
	kmod_path_expect(test, "/a");
	KUNIT_EXPECT_EQ(test, kmod_path_write("/c\0/d", 5, 0), 0);
	kmod_path_expect(test, "/c");
}

static void kmod_path_empty_disables_autoloading(struct kunit *test)
{
	char path[KMOD_PATH_LEN];

	KUNIT_EXPECT_EQ(test, kmod_path_copy(path), 0);
	KUNIT_EXPECT_EQ(test, kmod_path_write("\n", 1, 0), 0);
	KUNIT_EXPECT_EQ(test, kmod_path_copy(path), -ENOENT);
	kmod_path_expect(test, "");
	KUNIT_EXPECT_EQ(test, request_module("kunit"), -ENOENT);
}

static void kmod_path_too_long_changes_nothing(struct kunit *test)
{
	char path[KMOD_PATH_LEN + 1];

	memset(path, '/', sizeof(path));
	KUNIT_EXPECT_EQ(test, kmod_path_write(path, KMOD_PATH_LEN, 0), -EINVAL);
	kmod_path_expect(test, KMOD_PATH_START);
	KUNIT_EXPECT_EQ(test, kmod_path_write(path, KMOD_PATH_LEN + 1, 0),
			-EINVAL);
	kmod_path_expect(test, KMOD_PATH_START);

	KUNIT_EXPECT_EQ(test, kmod_path_write(path, KMOD_PATH_LEN - 1, 0), 0);
	path[KMOD_PATH_LEN - 1] = '\0';
	kmod_path_expect(test, path);
}

static void kmod_path_offset_write_appends(struct kunit *test)
{
	size_t end = strlen(KMOD_PATH_START);

	KUNIT_EXPECT_EQ(test, kmod_path_write("2", 1, end), 0);
	kmod_path_expect(test, KMOD_PATH_START "2");
	KUNIT_EXPECT_EQ(test, kmod_path_write("x", 1, end + 9), 0);
	kmod_path_expect(test, KMOD_PATH_START "2");
}

static void kmod_path_write_requires_cap_sys_module(struct kunit *test)
{
	struct cred *new = prepare_creds();
	const struct cred *old;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, new);
	cap_lower(new->cap_effective, CAP_SYS_MODULE);
	old = override_creds(new);
	err = kmod_path_write("/bin/evil", 9, 0);
	revert_creds(old);
	put_cred(new);

	KUNIT_EXPECT_EQ(test, err, -EPERM);
	kmod_path_expect(test, KMOD_PATH_START);
}

static void kmod_path_lock_rejects_writes(struct kunit *test)
{
	kmod_path_lock();
	KUNIT_EXPECT_EQ(test, kmod_path_write("/bin/other", 10, 0), -EPERM);
	kmod_path_expect(test, KMOD_PATH_START);
	kmod_path_locked = false;
}

static struct kunit_case kmod_path_tests[] = {
	KUNIT_CASE(kmod_path_read_returns_written_path),
	KUNIT_CASE(kmod_path_ends_at_newline_or_nul),
	KUNIT_CASE(kmod_path_empty_disables_autoloading),
	KUNIT_CASE(kmod_path_too_long_changes_nothing),
	KUNIT_CASE(kmod_path_offset_write_appends),
	KUNIT_CASE(kmod_path_write_requires_cap_sys_module),
	KUNIT_CASE(kmod_path_lock_rejects_writes),
	{}
};

static struct kunit_suite kmod_path_suite = {
	.name = "kmod_path",
	.init = kmod_path_test_init,
	.exit = kmod_path_test_exit,
	.test_cases = kmod_path_tests,
};

kunit_test_suite(kmod_path_suite);
