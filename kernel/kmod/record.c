// SPDX-License-Identifier: GPL-2.0-only
/*
 * The record of a request: its requester, its name and its outcome.
 */
#define pr_fmt(fmt) "kmod: " fmt

#include <linux/atomic.h>
#include <linux/audit.h>
#include <linux/cgroup.h>
#include <linux/compiler.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/irqflags.h>
#include <linux/kconfig.h>
#include <linux/kmod.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/mnt_namespace.h>
#include <linux/ns_common.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sprintf.h>
#include <linux/string.h>
#include <linux/sysctl.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include <asm/sections.h>

#include <trace/misc/umh.h>

#include "record.h"

#define CREATE_TRACE_POINTS
#include <trace/events/kmod.h>

static atomic64_t kmod_last_id;

#undef EM
#undef EMe
#define EM(symbol, name)	[symbol] = name,
#define EMe(symbol, name)	[symbol] = name,
const char *const kmod_outcome_names[] = { KMOD_OUTCOMES };

/* kernel.kmod_verbose */
static unsigned int kmod_verbose;

/**
 * kmod_requester_current - describe the current task
 * @requester: set to the ids and the name of the task
 *
 * Context: process context.
 */
void kmod_requester_current(struct kmod_requester *requester)
{
	requester->pid = task_pid_nr(current);
	requester->uid = from_kuid(&init_user_ns, current_uid());
	requester->loginuid = from_kuid(&init_user_ns, audit_get_loginuid(current));
	memcpy(requester->comm, current->comm, TASK_COMM_LEN);
}

/**
 * kmod_escape - escape a name for the kernel log
 * @to: buffer
 * @name: name of a module or a process. Bytes that could be mistaken for other text are
 *	escaped, see umh_escape().
 *
 * Context: any.
 * Return: the escaped name, in @to.
 */
const char *kmod_escape(struct kmod_log_name *to, const char *name)
{
	umh_escape(name, to->text, sizeof(to->text));
	return to->text;
}

/**
 * kmod_record_last_id - get the id of the last request
 *
 * Context: any.
 * Return: the id of the request that was made last, 0 before the first one.
 */
u64 kmod_record_last_id(void)
{
	return atomic64_read(&kmod_last_id);
}

/*
 * Module text and init text may have been freed when the record is read. The address would
 * then be printed without a symbol, as it always would in a kernel without symbols.
 */
static void kmod_record_set_caller(struct kmod_record *rec)
{
	if (!IS_ENABLED(CONFIG_KALLSYMS))
		strscpy(rec->caller, "?", sizeof(rec->caller));
	else if (!__is_kernel_text(rec->site))
		snprintf(rec->caller, sizeof(rec->caller), "%ps", (void *)rec->site);
}

/* @path may be inside @rec->exe. */
static void kmod_record_set_path(struct kmod_record *rec, const char *path)
{
	size_t len = strlen(path);

	if (len < sizeof(rec->exe))
		memmove(rec->exe, path, len + 1);
	else
		snprintf(rec->exe, sizeof(rec->exe), "...%s",
			 path + len - (sizeof(rec->exe) - sizeof("...")));
}

/* Most paths fit, and need no memory. */
static void kmod_record_set_exe(struct kmod_record *rec)
{
	struct file *file = get_task_exe_file(current);
	char *path, *buffer = NULL;

	if (!file)
		return;
	path = file_path(file, rec->exe, sizeof(rec->exe));
	if (IS_ERR(path)) {
		buffer = kmalloc(PATH_MAX, GFP_KERNEL);
		path = buffer ? file_path(file, buffer, PATH_MAX) : NULL;
	}
	kmod_record_set_path(rec, IS_ERR_OR_NULL(path) ? "..." : path);
	kfree(buffer);
	fput(file);
}

static u64 kmod_current_cgroup(void)
{
	u64 id = 0;

#ifdef CONFIG_CGROUPS
	rcu_read_lock();
	id = cgroup_id(task_dfl_cgroup(current));
	rcu_read_unlock();
#endif
	return id;
}

/* The program and its environment. Kernel threads have none. */
static void kmod_record_set_program(struct kmod_record *rec)
{
	if (current->flags & PF_KTHREAD)
		return;
	kmod_record_set_exe(rec);
	rec->cgroup = kmod_current_cgroup();
	/* An exiting task may have left its namespaces. */
	if (current->nsproxy)
		rec->mntns = from_mnt_ns(current->nsproxy->mnt_ns)->inum;
}

/**
 * kmod_record_begin - record the start of a request
 * @rec: record of the request, must be zeroed except for the members that describe the
 *	call: parent, site and wait
 *
 * Must be called by the requester.
 *
 * Context: process context, may sleep.
 */
void kmod_record_begin(struct kmod_record *rec)
{
	struct user_namespace *userns = current_user_ns();
	struct pid_namespace *pidns = task_active_pid_ns(current);

	rec->id = atomic64_inc_return(&kmod_last_id);
	rec->begin = ktime_get_boottime_ns();
	kmod_requester_current(&rec->by);
	kmod_record_set_caller(rec);
	rec->userns = userns->ns.inum;
	rec->userns_level = userns->level;
	/* An exiting task may have left its pid namespace. */
	rec->pidns = pidns ? pidns->ns.inum : 0;
	kmod_record_set_program(rec);
}

/**
 * kmod_record_end - record the outcome of a request
 * @rec: record of the request. No other thread may modify it.
 * @outcome: outcome of the request
 * @result: see struct kmod_record
 *
 * Emits the tracepoints.
 * Adds the record to the journal.
 *
 * Context: any, including under tasklist_lock.
 * Return: @result.
 */
int kmod_record_end(struct kmod_record *rec, enum kmod_outcome outcome, int result)
{
	rec->run_ns = kmod_record_age(rec) - rec->slot_ns;
	rec->outcome = outcome;
	rec->result = result;
	if (outcome >= KMOD_OFF && outcome <= KMOD_KILLED)
		trace_kmod_deny(rec);
	trace_kmod_done(rec);
	kmod_journal_add(rec);
	return result;
}

/**
 * kmod_record_print - write a request to the kernel log if kernel.kmod_verbose is 1
 * @rec: record of a request that has ended
 *
 * Context: any, including under tasklist_lock.
 */
void kmod_record_print(const struct kmod_record *rec)
{
	unsigned long flags;

	if (!READ_ONCE(kmod_verbose))
		return;
	/* A console may take tasklist_lock, which the caller may hold. */
	local_irq_save(flags);
	printk_deferred_enter();
	pr_info("request %llu for %s by %s[%d], uid %u: %s, result %d, %u modules, waited %llu us, ran %llu us\n",
		rec->id, kmod_escaped(rec->name), kmod_escaped(rec->by.comm), rec->by.pid,
		rec->by.uid,
		kmod_outcome_names[rec->outcome], rec->result, rec->modules,
		div_u64(rec->slot_ns, NSEC_PER_USEC),
		div_u64(rec->run_ns, NSEC_PER_USEC));
	printk_deferred_exit();
	local_irq_restore(flags);
}

static struct ctl_table kmod_record_sysctls[] = {
	{
		.procname	= "kmod_verbose",
		.data		= &kmod_verbose,
		.maxlen		= sizeof(kmod_verbose),
		.mode		= 0644,
		.proc_handler	= proc_douintvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE,
	},
};

static int __init kmod_record_init(void)
{
	register_sysctl_init("kernel", kmod_record_sysctls);
	return 0;
}
early_initcall(kmod_record_init);

#ifdef CONFIG_KMOD_KUNIT_TEST
#include "tests/record_kunit.c"
#endif
