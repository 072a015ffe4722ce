// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the files and the lock. Included by security/autoload/fs.c.
 */
#include <kunit/test.h>
#include <linux/cred.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "autoload_test.h"

void autoload_test_needs_unlocked(struct kunit *test)
{
	bool locked;

	mutex_lock(&autoload_mutex);
	locked = autoload_is_locked();
	mutex_unlock(&autoload_mutex);
	if (locked)
		kunit_skip(test, "the policy is locked");
}

static unsigned int autoload_test_sets;

static void autoload_test_show(struct seq_file *m)
{
}

static int autoload_test_set(const char *text, size_t len)
{
	autoload_test_sets++;
	return *text == 'x' ? -EINVAL : 0;
}

static const struct autoload_file autoload_test_policy = {
	"kunit", 16, autoload_test_show, autoload_test_set, true
};

static const struct autoload_file autoload_test_other = {
	"kunit", 16, autoload_test_show, autoload_test_set, false
};

static const struct autoload_file autoload_test_text = {
	"kunit", 1000, autoload_test_show, autoload_test_set, true
};

static int autoload_test_write(const struct autoload_file *file, const char *text)
{
	return autoload_file_set(file, text, strlen(text));
}

static int autoload_fs_test_init(struct kunit *test)
{
	autoload_test_needs_unlocked(test);
	autoload_test_sets = 0;
	return 0;
}

/* No test may take the lock with autoload_lock_set(): kernel.modprobe would stay locked. */
static void autoload_fs_test_exit(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, mutex_is_locked(&autoload_mutex));
}

static void autoload_fs_write_releases_mutex(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, autoload_test_write(&autoload_test_policy, "a"), 0);
	KUNIT_EXPECT_EQ(test, autoload_test_write(&autoload_test_policy, "x"), -EINVAL);
	KUNIT_EXPECT_EQ(test, autoload_test_write(&autoload_test_other, "a"), 0);
	KUNIT_EXPECT_EQ(test, autoload_test_sets, 3);
}

static void autoload_fs_write_requires_cap_sys_module(struct kunit *test)
{
	struct cred *new = prepare_creds();
	const struct cred *old;

	KUNIT_ASSERT_NOT_NULL(test, new);
	cap_lower(new->cap_effective, CAP_SYS_MODULE);
	old = override_creds(new);
	KUNIT_EXPECT_EQ(test, autoload_test_write(&autoload_test_policy, "a"), -EPERM);
	KUNIT_EXPECT_EQ(test, autoload_test_write(&autoload_test_other, "a"), -EPERM);
	KUNIT_EXPECT_EQ(test, autoload_test_write(&autoload_lock_file, "1"), -EPERM);
	revert_creds(old);
	put_cred(new);
	KUNIT_EXPECT_EQ(test, autoload_test_sets, 0);
}

static void autoload_fs_incomplete_text_is_rejected(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, autoload_test_write(&autoload_test_text, "a\nb"), -EINVAL);
	KUNIT_EXPECT_EQ(test, autoload_file_set(&autoload_test_text, "a\0b\n", 4), -EINVAL);
	KUNIT_EXPECT_EQ(test, autoload_test_sets, 0);
	KUNIT_EXPECT_EQ(test, autoload_test_write(&autoload_test_text, "a\nb\n"), 0);
}

/* Writes "a\n" and "b\n" from two buffers. */
static ssize_t autoload_test_writev(struct kunit *test, const struct cred *opener, loff_t pos,
				    int flags)
{
	struct kvec parts[] = { { "a\n", 2 }, { "b\n", 2 } };
	struct inode *inode = kunit_kzalloc(test, sizeof(*inode), GFP_KERNEL);
	struct file *file = kunit_kzalloc(test, sizeof(*file), GFP_KERNEL);
	struct kiocb iocb = { .ki_filp = file, .ki_pos = pos, .ki_flags = flags };
	struct iov_iter from;

	KUNIT_ASSERT_NOT_NULL(test, inode);
	KUNIT_ASSERT_NOT_NULL(test, file);
	inode->i_private = (void *)&autoload_test_text;
	file->f_inode = inode;
	file->f_cred = opener;
	iov_iter_kvec(&from, ITER_SOURCE, parts, ARRAY_SIZE(parts), 4);
	return autoload_write_iter(&iocb, &from);
}

static void autoload_fs_append_is_rejected(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, autoload_test_writev(test, current_cred(), 4, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, autoload_test_writev(test, current_cred(), 0, IOCB_APPEND), -EINVAL);
	KUNIT_EXPECT_EQ(test, autoload_test_sets, 0);
}

static void autoload_fs_open_requires_cap_sys_module(struct kunit *test)
{
	struct cred *opener = prepare_creds();

	KUNIT_ASSERT_NOT_NULL(test, opener);
	cap_lower(opener->cap_effective, CAP_SYS_MODULE);
	KUNIT_EXPECT_EQ(test, autoload_test_writev(test, opener, 0, 0), -EPERM);
	put_cred(opener);
	KUNIT_EXPECT_EQ(test, autoload_test_sets, 0);
}

static void autoload_fs_buffers_are_one_write(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, autoload_test_writev(test, current_cred(), 0, 0), 4);
	KUNIT_EXPECT_EQ(test, autoload_test_sets, 1);
}

/* For each file: contents as before the lock, other contents, and malformed ones */
static const struct {
	const struct autoload_file *file;
	const char *same;
	const char *other;
	const char *malformed;
} autoload_fs_contents[] = {
#ifdef CONFIG_MODULES
	{ &autoload_policy_file, "deny alias a\n", "deny alias  a\n", "deny\n" },
	{ &autoload_enforce_file, "1\n", "0\n", "2\n" },
#endif
	{ &autoload_helpers_file, "mode log\n/a\n", "mode log\n/b\n", "a\n" },
	{ &autoload_helpers_file, "/a\n", "mode off\n/a\n", "mode on\n" },
	{ &autoload_helpers_mode_file, "log\n", "enforce\n", "on\n" },
	{ &autoload_lock_file, "1\n", NULL, "0\n" },
};

static void autoload_fs_lock_permits_present_contents_only(struct kunit *test)
{
	size_t i;

#ifdef CONFIG_MODULES
	autoload_test_save_rules(test);
	autoload_test_save_mode(test);
#endif
	autoload_test_save_helpers(test);
	for (i = 0; i < ARRAY_SIZE(autoload_fs_contents); i++)
		if (autoload_fs_contents[i].file != &autoload_lock_file)
			KUNIT_ASSERT_EQ(test, autoload_test_write(autoload_fs_contents[i].file,
								  autoload_fs_contents[i].same),
					0);
	autoload_locked = true;
	for (i = 0; i < ARRAY_SIZE(autoload_fs_contents); i++) {
		const struct autoload_file *file = autoload_fs_contents[i].file;

		KUNIT_EXPECT_EQ_MSG(test,
				    autoload_test_write(file, autoload_fs_contents[i].same), 0,
				    "%s, same contents", file->name);
		KUNIT_EXPECT_EQ_MSG(test,
				    autoload_test_write(file,
							autoload_fs_contents[i].malformed),
				    -EINVAL, "%s, malformed contents", file->name);
		if (autoload_fs_contents[i].other)
			KUNIT_EXPECT_EQ_MSG(test,
					    autoload_test_write(file,
								autoload_fs_contents[i].other),
					    -EPERM, "%s, other contents", file->name);
	}
	KUNIT_EXPECT_EQ(test, autoload_test_write(&autoload_test_other, "a"), 0);
	autoload_locked = false;
}

static void autoload_fs_lock_accepts_only_1(struct kunit *test)
{
	static const char *const bad[] = { "0", "2", "-1", "yes", "" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, autoload_lock_set(bad[i], strlen(bad[i])),
				    -EINVAL, "'%s'", bad[i]);
	KUNIT_EXPECT_FALSE(test, autoload_locked);
}

static struct kunit_case autoload_fs_cases[] = {
	KUNIT_CASE(autoload_fs_write_releases_mutex),
	KUNIT_CASE(autoload_fs_write_requires_cap_sys_module),
	KUNIT_CASE(autoload_fs_incomplete_text_is_rejected),
	KUNIT_CASE(autoload_fs_append_is_rejected),
	KUNIT_CASE(autoload_fs_open_requires_cap_sys_module),
	KUNIT_CASE(autoload_fs_buffers_are_one_write),
	KUNIT_CASE(autoload_fs_lock_permits_present_contents_only),
	KUNIT_CASE(autoload_fs_lock_accepts_only_1),
	{}
};

static struct kunit_suite autoload_fs_suite = {
	.name		= "autoload_fs",
	.init		= autoload_fs_test_init,
	.exit		= autoload_fs_test_exit,
	.test_cases	= autoload_fs_cases,
};

kunit_test_suite(autoload_fs_suite);
