// SPDX-License-Identifier: GPL-2.0-only
/*
 * The policy's files in securityfs. A write replaces all that is in a file.
 */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../umh/internal.h"
#include "policy.h"
#include "record.h"

/*
 * struct kmod_policy_file - one of them
 * @name: in the directory kmod
 * @max: bytes that fit; some 30000 rules or 1000 paths. A limit at all, since this
 *	memory is never swapped out.
 * @show: prints what is in it
 * @set: takes what was written, @len bytes and a NUL that does not count
 */
struct kmod_policy_file {
	const char *name;
	size_t max;
	void (*show)(struct seq_file *m);
	int (*set)(const char *text, size_t len);
};

/* The room for a word. */
#define KMOD_WORD_MAX	16

static void kmod_enforce_show(struct seq_file *m)
{
	seq_printf(m, "%d\n", kmod_policy_is_enforced());
}

static int kmod_enforce_set(const char *text, size_t len)
{
	unsigned int enforce;

	if (kstrtouint(text, 10, &enforce) || enforce > 1)
		return -EINVAL;
	return kmod_policy_enforce(enforce);
}

static void kmod_lock_show(struct seq_file *m)
{
	seq_printf(m, "%d\n", kmod_policy_is_locked());
}

static int kmod_lock_set(const char *text, size_t len)
{
	unsigned int lock;

	if (kstrtouint(text, 10, &lock) || lock != 1)
		return -EINVAL;
	return kmod_policy_lock();
}

static int kmod_learned_set(const char *text, size_t len)
{
	if (!capable(CAP_SYS_MODULE))
		return -EPERM;
	kmod_learned_clear();
	return 0;
}

static const struct kmod_policy_file kmod_policy_files[] = {
	{ "policy", SZ_1M, kmod_rules_show, kmod_rules_set },
	{ "enforce", KMOD_WORD_MAX, kmod_enforce_show, kmod_enforce_set },
	{ "learned", KMOD_WORD_MAX, kmod_learned_show, kmod_learned_set },
	{ "lock", KMOD_WORD_MAX, kmod_lock_show, kmod_lock_set },
	{ "helpers", SZ_64K, umh_guard_show, umh_guard_set },
	{ "helpers_mode", KMOD_WORD_MAX, umh_guard_mode_show, umh_guard_mode_set },
};

static int kmod_policy_show(struct seq_file *m, void *v)
{
	const struct kmod_policy_file *file = m->private;

	file->show(m);
	return 0;
}

static int kmod_policy_open(struct inode *inode, struct file *file)
{
	return single_open(file, kmod_policy_show, inode->i_private);
}

/* What comes in parts cannot be taken as a whole. */
static ssize_t kmod_policy_write(struct file *file, const char __user *buf,
				 size_t len, loff_t *ppos)
{
	const struct kmod_policy_file *to = file_inode(file)->i_private;
	char *text;
	int err;

	if (*ppos || !len)
		return -EINVAL;
	if (len > to->max)
		return -EFBIG;

	text = kvmalloc(len + 1, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	text[len] = '\0';
	err = copy_from_user(text, buf, len) ? -EFAULT : to->set(text, len);
	kvfree(text);
	if (err)
		return err;
	*ppos += len;
	return len;
}

static const struct file_operations kmod_policy_fops = {
	.open		= kmod_policy_open,
	.read		= seq_read,
	.write		= kmod_policy_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

static int __init kmod_policy_fs_init(void)
{
	struct dentry *dir = securityfs_create_dir("kmod", NULL);
	const struct kmod_policy_file *file = kmod_policy_files;
	const struct kmod_policy_file *end = file + ARRAY_SIZE(kmod_policy_files);
	struct dentry *dentry = dir;

	while (!IS_ERR(dentry) && file < end) {
		dentry = securityfs_create_file(file->name, 0600, dir,
						(void *)file, &kmod_policy_fops);
		file++;
	}
	return PTR_ERR_OR_ZERO(dentry);
}
late_initcall(kmod_policy_fs_init);
