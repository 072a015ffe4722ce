// SPDX-License-Identifier: GPL-2.0-only
/*
 * Capabilities of usermode helpers: two masks that can only shrink.
 */
#include <linux/array_size.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/init_task.h>
#include <linux/limits.h>
#include <linux/panic.h>
#include <linux/spinlock.h>
#include <linux/sysctl.h>
#include <linux/wordpart.h>

#include <asm/page.h>

#include "internal.h"

/* Protects everything below. */
static DEFINE_SPINLOCK(umh_caps_lock);
static kernel_cap_t umh_bset = CAP_FULL_SET;
static kernel_cap_t umh_inheritable = CAP_FULL_SET;
static const struct cred *umh_cred;	/* the kernel's credentials, narrowed by the masks */

/**
 * umh_caps_cred - get the credentials with which the thread of a helper is created
 *
 * Context: process context.
 * Return: the credentials, with a reference that the caller must drop by put_cred().
 */
const struct cred *umh_caps_cred(void)
{
	const struct cred *cred;

	spin_lock(&umh_caps_lock);
	cred = get_cred(umh_cred);
	spin_unlock(&umh_caps_lock);
	return cred;
}

static void umh_caps_narrow(struct cred *new)
{
	new->cap_bset = cap_intersect(new->cap_bset, umh_bset);
	new->cap_inheritable = cap_intersect(new->cap_inheritable,
					     umh_inheritable);
}

/* Clears the bits of a mask that are not in @keep. */
static int umh_caps_clear(kernel_cap_t *mask, kernel_cap_t keep)
{
	struct cred *new = prepare_kernel_cred(&init_task);
	const struct cred *old;

	if (!new)
		return -ENOMEM;
	spin_lock(&umh_caps_lock);
	*mask = cap_intersect(*mask, keep);
	umh_caps_narrow(new);
	old = umh_cred;
	umh_cred = new;
	spin_unlock(&umh_caps_lock);
	put_cred(old);
	return 0;
}

/*
 * A mask reads as two decimal 32-bit words, the low word first. A write clears the bits
 * that are not set in the new value. An omitted word is not changed.
 */
static int umh_caps_sysctl(const struct ctl_table *table, int write,
			   void *buffer, size_t *lenp, loff_t *ppos)
{
	static unsigned long word_max = U32_MAX;
	kernel_cap_t *mask = table->data, new;
	struct ctl_table words_table = *table;
	unsigned long words[2];
	size_t len = *lenp;
	int err;

	if (write && (!capable(CAP_SETPCAP) || !capable(CAP_SYS_MODULE)))
		return -EPERM;

	spin_lock(&umh_caps_lock);
	new = *mask;
	spin_unlock(&umh_caps_lock);

	words[0] = lower_32_bits(new.val);
	words[1] = upper_32_bits(new.val);
	words_table.data = words;
	words_table.extra2 = &word_max;
	err = proc_doulongvec_minmax(&words_table, write, buffer, lenp, ppos);
	if (err || !write)
		return err;
	/*
	 * proc_doulongvec_minmax() stops after the second word, or at text that is not a
	 * number, and ignores text beyond its first page.
	 */
	if (*lenp != len || len >= PAGE_SIZE)
		return -EINVAL;

	new.val = (u64)words[1] << 32 | words[0];
	return umh_caps_clear(mask, new);
}

static struct ctl_table umh_caps_sysctls[] = {
	{
		.procname	= "bset",
		.data		= &umh_bset,
		.maxlen		= 2 * sizeof(unsigned long),
		.mode		= 0600,
		.proc_handler	= umh_caps_sysctl,
	},
	{
		.procname	= "inheritable",
		.data		= &umh_inheritable,
		.maxlen		= 2 * sizeof(unsigned long),
		.mode		= 0600,
		.proc_handler	= umh_caps_sysctl,
	},
};

static int __init umh_caps_init(void)
{
	if (umh_caps_clear(&umh_bset, umh_bset))
		panic("umh: cannot allocate credentials\n");
	register_sysctl_init("kernel/usermodehelper", umh_caps_sysctls);
	return 0;
}
early_initcall(umh_caps_init);

#ifdef CONFIG_UMH_KUNIT_TEST
#include "tests/caps_kunit.c"
#endif
