// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files in securityfs, and the lock of the policy. A write replaces the whole
 * contents of a file.
 */
#define pr_fmt(fmt) "autoload: " fmt

#include <linux/array_size.h>
#include <linux/capability.h>
#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/kmod.h>
#include <linux/kstrtox.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uio.h>
#include <linux/user_namespace.h>

#include "autoload.h"

/* Serializes changes of the policy. */
DEFINE_MUTEX(autoload_mutex);

/* Written under autoload_mutex, read locklessly, never reset */
static bool autoload_locked;

/**
 * autoload_is_locked - check whether the policy is locked
 *
 * Context: any. The caller must hold autoload_mutex.
 * Return: true if the policy is locked until reboot.
 */
bool autoload_is_locked(void)
{
	lockdep_assert_held(&autoload_mutex);
	return autoload_locked;
}

static void autoload_lock_show(struct seq_file *m)
{
	seq_printf(m, "%d\n", READ_ONCE(autoload_locked));
}

static int autoload_lock_set(const char *text, size_t len)
{
	unsigned int lock;

	if (kstrtouint(text, 10, &lock) || lock != 1)
		return -EINVAL;
	WRITE_ONCE(autoload_locked, true);
	kmod_path_lock();
	return 0;
}

static const struct autoload_file autoload_lock_file = {
	"lock", AUTOLOAD_WORD_MAX, autoload_lock_show, autoload_lock_set, true
};

static const struct autoload_file *const autoload_files[] = {
#ifdef CONFIG_MODULES
	&autoload_policy_file, &autoload_enforce_file, &autoload_learned_file,
#endif
	&autoload_helpers_file, &autoload_helpers_mode_file, &autoload_lock_file,
};

/* If the last line has no newline, the text may have been truncated. */
static bool autoload_text_is_complete(const struct autoload_file *file, const char *text,
				      size_t len)
{
	if (file->max == AUTOLOAD_WORD_MAX ||
	    (!memchr(text, '\0', len) && text[len - 1] == '\n'))
		return true;
	pr_err("%s: embedded NUL, or missing newline at the end\n", file->name);
	return false;
}

static int autoload_file_set(const struct autoload_file *file, const char *text, size_t len)
{
	if (!capable(CAP_SYS_MODULE))
		return -EPERM;
	if (!autoload_text_is_complete(file, text, len))
		return -EINVAL;
	if (!file->policy)
		return file->set(text, len);
	guard(mutex)(&autoload_mutex);
	return file->set(text, len);
}

static int autoload_show(struct seq_file *m, void *v)
{
	const struct autoload_file *file = m->private;

	file->show(m);
	return 0;
}

static int autoload_open(struct inode *inode, struct file *file)
{
	return single_open(file, autoload_show, inode->i_private);
}

/*
 * The whole contents must be written at once. Appending is an error, since it would replace
 * them. This is not the method write(), which writev(2) would call once for each buffer: the
 * first buffer would replace the contents.
 */
static ssize_t autoload_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	const struct autoload_file *to = file_inode(iocb->ki_filp)->i_private;
	size_t len = iov_iter_count(from);
	char *text;
	int err;

	/* A privileged program may have inherited the file, for example as its stdout. */
	if (!file_ns_capable(iocb->ki_filp, &init_user_ns, CAP_SYS_MODULE))
		return -EPERM;
	if (iocb->ki_pos || !len || iocb->ki_flags & IOCB_APPEND)
		return -EINVAL;
	if (len > to->max)
		return -EFBIG;

	text = kvmalloc(len + 1, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	text[len] = '\0';
	err = copy_from_iter_full(text, len, from) ? autoload_file_set(to, text, len) : -EFAULT;
	kvfree(text);
	if (err)
		return err;
	iocb->ki_pos += len;
	return len;
}

static const struct file_operations autoload_fops = {
	.open		= autoload_open,
	.read		= seq_read,
	.write_iter	= autoload_write_iter,
	.llseek		= seq_lseek,
	.release	= single_release,
};

static int __init autoload_fs_init(void)
{
	struct dentry *dir, *dentry;
	size_t i;

	if (!autoload_enabled)
		return 0;
	dir = securityfs_create_dir("autoload", NULL);
	dentry = dir;
	for (i = 0; !IS_ERR(dentry) && i < ARRAY_SIZE(autoload_files); i++)
		dentry = securityfs_create_file(autoload_files[i]->name, 0600, dir,
						(void *)autoload_files[i], &autoload_fops);
	return PTR_ERR_OR_ZERO(dentry);
}
late_initcall(autoload_fs_init);

#ifdef CONFIG_SECURITY_AUTOLOAD_KUNIT_TEST
#include "tests/fs_kunit.c"
#endif
