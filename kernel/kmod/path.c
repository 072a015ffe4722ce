// SPDX-License-Identifier: GPL-2.0-only
/*
 * The path of modprobe: kernel.modprobe.
 */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kmod.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysctl.h>

#include "internal.h"

/* Protects the path. */
static DEFINE_SPINLOCK(kmod_path_lock);
static char kmod_path[KMOD_PATH_LEN] = CONFIG_MODPROBE_PATH;

/**
 * kmod_path_copy - read the path
 * @path: KMOD_PATH_LEN bytes
 *
 * Context: process context.
 * Return: 0; -ENOENT when the path is empty: autoloading is off.
 */
int kmod_path_copy(char *path)
{
	spin_lock(&kmod_path_lock);
	strscpy(path, kmod_path, KMOD_PATH_LEN);
	spin_unlock(&kmod_path_lock);
	return *path ? 0 : -ENOENT;
}

static void kmod_path_store(const char *path)
{
	spin_lock(&kmod_path_lock);
	strscpy(kmod_path, path, KMOD_PATH_LEN);
	spin_unlock(&kmod_path_lock);
}

/* One byte more than fits tells a path that is too long from one that is not. */
static int kmod_path_sysctl(const struct ctl_table *table, int write,
			    void *buffer, size_t *lenp, loff_t *ppos)
{
	char path[KMOD_PATH_LEN + 1];
	struct ctl_table copy = *table;
	int err;

	if (write && !capable(CAP_SYS_MODULE))
		return -EPERM;

	kmod_path_copy(path);
	copy.data = path;
	copy.maxlen = sizeof(path);
	err = proc_dostring(&copy, write, buffer, lenp, ppos);
	if (err || !write)
		return err;
	if (strlen(path) >= KMOD_PATH_LEN)
		return -EINVAL;

	kmod_path_store(path);
	return 0;
}

static struct ctl_table kmod_path_sysctls[] = {
	{
		.procname	= "modprobe",
		.maxlen		= KMOD_PATH_LEN,
		.mode		= 0644,
		.proc_handler	= kmod_path_sysctl,
	},
};

static int __init kmod_path_init(void)
{
	register_sysctl_init("kernel", kmod_path_sysctls);
	return 0;
}
early_initcall(kmod_path_init);

#ifdef CONFIG_KMOD_KUNIT_TEST
#include "tests/path_kunit.c"
#endif
