// SPDX-License-Identifier: GPL-2.0-only
/*
 * Path of modprobe: kernel.modprobe.
 */
#define pr_fmt(fmt) "kmod: " fmt

#include <linux/cache.h>
#include <linux/capability.h>
#include <linux/cleanup.h>
#include <linux/errno.h>
#include <linux/highmem.h>
#include <linux/init.h>
#include <linux/kmod.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysctl.h>
#include <linux/vmalloc.h>

#include "request.h"

/* Serializes the sysctl. Protects kmod_path_locked, which is never reset. */
static DEFINE_MUTEX(kmod_path_mutex);
static bool kmod_path_locked;

/*
 * Written under both locks, read under either. Requests take only the spinlock, so that they do
 * not wait for the allocations of a writer. It nests inside the mutex.
 */
static DEFINE_SPINLOCK(kmod_path_spinlock);

/*
 * Overwriting the path of modprobe is a common last step of exploits. The path therefore
 * has a page of its own, which is read-only in all mappings after boot.
 */
static char kmod_path[PAGE_SIZE] __aligned(PAGE_SIZE) __ro_after_init =
	CONFIG_MODPROBE_PATH;

/**
 * kmod_path_copy - copy the current path
 * @path: buffer of KMOD_PATH_LEN bytes
 *
 * Context: process context.
 * Return: 0; -ENOENT if the path is empty, which disables autoloading.
 */
int kmod_path_copy(char *path)
{
	spin_lock(&kmod_path_spinlock);
	strscpy(path, kmod_path, KMOD_PATH_LEN);
	spin_unlock(&kmod_path_spinlock);
	return *path ? 0 : -ENOENT;
}

/**
 * kmod_path_is_empty - test whether autoloading is off
 *
 * Context: process context.
 * Return: true if the path is empty.
 */
bool kmod_path_is_empty(void)
{
	bool empty;

	spin_lock(&kmod_path_spinlock);
	empty = !*kmod_path;
	spin_unlock(&kmod_path_spinlock);
	return empty;
}

static bool kmod_path_is_write_protected(void)
{
#ifdef CONFIG_STRICT_KERNEL_RWX
	return rodata_enabled;
#else
	return false;
#endif
}

/* A write-protected path is written through a temporary mapping. */
static int kmod_path_store(const char *path)
{
	struct page *page = virt_to_page(lm_alias(kmod_path));
	char *to = kmod_path;

	if (kmod_path_is_write_protected())
		to = vmap(&page, 1, VM_MAP, PAGE_KERNEL);
	if (!to)
		return -ENOMEM;

	spin_lock(&kmod_path_spinlock);
	strscpy(to, path, KMOD_PATH_LEN);
	/* On virtually indexed caches the two mappings may alias. */
	flush_kernel_vmap_range(to, KMOD_PATH_LEN);
	invalidate_kernel_vmap_range(kmod_path, KMOD_PATH_LEN);
	spin_unlock(&kmod_path_spinlock);

	if (to != kmod_path)
		vunmap(to);
	return 0;
}

/* The buffer has one extra byte, to detect a path that is too long. */
static int kmod_path_sysctl(const struct ctl_table *table, int write,
			    void *buffer, size_t *lenp, loff_t *ppos)
{
	char path[KMOD_PATH_LEN + 1];
	struct ctl_table copy = *table;
	int err;

	if (write && !capable(CAP_SYS_MODULE))
		return -EPERM;
	guard(mutex)(&kmod_path_mutex);
	if (write && kmod_path_locked)
		return -EPERM;

	kmod_path_copy(path);
	copy.data = path;
	copy.maxlen = sizeof(path);
	err = proc_dostring(&copy, write, buffer, lenp, ppos);
	if (err || !write)
		return err;
	if (strlen(path) >= KMOD_PATH_LEN)
		return -EINVAL;

	return kmod_path_store(path);
}

/**
 * kmod_path_lock - make the path constant until reboot
 *
 * All further writes to kernel.modprobe fail with -EPERM.
 *
 * Context: process context, may sleep.
 */
void kmod_path_lock(void)
{
	guard(mutex)(&kmod_path_mutex);
	kmod_path_locked = true;
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

static int __init kmod_path_check_protection(void)
{
	if (!kmod_path_is_write_protected())
		pr_notice("kernel.modprobe is not write-protected: STRICT_KERNEL_RWX is off or rodata=off\n");
	return 0;
}
late_initcall(kmod_path_check_protection);

#ifdef CONFIG_KMOD_KUNIT_TEST
#include "tests/path_kunit.c"
#endif
