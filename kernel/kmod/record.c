// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is known of a request: who asked, for what, and how it went.
 */
#define pr_fmt(fmt) "kmod: " fmt

#include <linux/atomic.h>
#include <linux/audit.h>
#include <linux/compiler.h>
#include <linux/cred.h>
#include <linux/init.h>
#include <linux/kmod.h>
#include <linux/math64.h>
#include <linux/pid_namespace.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/sysctl.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

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
 * @who: filled in
 *
 * Context: process context.
 */
void kmod_requester_current(struct kmod_requester *who)
{
	who->pid = task_pid_nr(current);
	who->uid = from_kuid(&init_user_ns, current_uid());
	who->loginuid = from_kuid(&init_user_ns, audit_get_loginuid(current));
	memcpy(who->comm, current->comm, TASK_COMM_LEN);
}

/**
 * kmod_record_begin - note who asks
 * @rec: all zero
 *
 * Context: the requester's.
 */
void kmod_record_begin(struct kmod_record *rec)
{
	struct user_namespace *userns = current_user_ns();
	struct pid_namespace *pidns = task_active_pid_ns(current);

	rec->id = atomic64_inc_return(&kmod_last_id);
	rec->begin = ktime_get_boottime_ns();
	kmod_requester_current(&rec->by);
	rec->userns = userns->ns.inum;
	rec->userns_level = userns->level;
	/* A task that exits may have none any more. */
	rec->pidns = pidns ? pidns->ns.inum : 0;
}

/**
 * kmod_record_end - note how a request ended, for all who want to know
 * @rec: of the request; nobody else changes it any more
 * @outcome: how
 * @result: see struct kmod_record
 *
 * Context: any, also under tasklist_lock.
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
 * kmod_record_print - write a request to the kernel log, if that is wanted
 * @rec: of a request that has ended
 *
 * Context: any; not under locks that others wait for.
 */
void kmod_record_print(const struct kmod_record *rec)
{
	if (!READ_ONCE(kmod_verbose))
		return;
	pr_info("request %llu for %*pE, by %*pE[%d], uid %u: %s, result %d, %u modules, waited %llu us, ran %llu us\n",
		rec->id, (int)strlen(rec->name), rec->name,
		(int)strlen(rec->by.comm), rec->by.comm, rec->by.pid, rec->by.uid,
		kmod_outcome_names[rec->outcome], rec->result, rec->modules,
		div_u64(rec->slot_ns, NSEC_PER_USEC),
		div_u64(rec->run_ns, NSEC_PER_USEC));
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
