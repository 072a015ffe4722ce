// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may load what: kernel.modules_autoload_mode, and the rules.
 */
#define pr_fmt(fmt) "kmod: " fmt

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/sysctl.h>
#include <linux/user_namespace.h>

#include "policy.h"
#include "record.h"

/**
 * DOC: the policy
 *
 * A request is judged by its name before it waits for anything: by the first rule
 * on aliases that is for that name and that user, and if there is none, by
 * kernel.modules_autoload_mode. When modprobe, on behalf of a request, loads a
 * module, that is judged by the rules on modules, and for the user who made the
 * request, before the module's init runs. What root loads on its own is not judged.
 * But loads of one module that overlap are one to the module loader: while it loads
 * it for somebody who may not have it, others fail as well, with EPERM or EBUSY.
 *
 * With nothing configured there are no rules and the mode is 0: anyone may load
 * anything.
 */

/* kernel.modules_autoload_mode: for whom modules are loaded if no rule is for them */
enum {
	KMOD_AUTOLOAD_ANYONE,
	KMOD_AUTOLOAD_ADMIN,
	KMOD_AUTOLOAD_NOBODY
};

/* Protects changes of what lock locks; see kmod_policy_change(). */
DEFINE_MUTEX(kmod_policy_mutex);

/* Written under it, read by anybody; once set, it is for good. */
static bool kmod_policy_locked;

/* Written under it, and by boot parameters; read by anybody. */
static unsigned int kmod_autoload_mode;
static bool kmod_policy_enforced = true;

/**
 * kmod_policy_change - begin a change of the policy, modprobe's path or the helpers
 *
 * Context: process context, may sleep.
 * Return: 0, and kmod_policy_changed() ends it; -EPERM without CAP_SYS_MODULE, or
 * if all that is locked.
 */
int kmod_policy_change(void)
{
	if (!capable(CAP_SYS_MODULE))
		return -EPERM;
	mutex_lock(&kmod_policy_mutex);
	if (!kmod_policy_locked)
		return 0;
	mutex_unlock(&kmod_policy_mutex);
	return -EPERM;
}

/**
 * kmod_policy_changed - end a change
 *
 * Context: after kmod_policy_change().
 */
void kmod_policy_changed(void)
{
	mutex_unlock(&kmod_policy_mutex);
}

/**
 * kmod_policy_lock - allow no more changes until reboot
 *
 * Context: process context, may sleep.
 * Return: as kmod_policy_change().
 */
int kmod_policy_lock(void)
{
	int err = kmod_policy_change();

	if (err)
		return err;
	WRITE_ONCE(kmod_policy_locked, true);
	kmod_policy_changed();
	return 0;
}

/**
 * kmod_policy_is_locked - is it?
 *
 * Context: any.
 * Return: whether changes are over.
 */
bool kmod_policy_is_locked(void)
{
	return READ_ONCE(kmod_policy_locked);
}

/**
 * kmod_policy_enforce - deny, or only note what would have been denied
 * @enforce: which of them
 *
 * Context: process context, may sleep.
 * Return: as kmod_policy_change().
 */
int kmod_policy_enforce(bool enforce)
{
	int err = kmod_policy_change();

	if (err)
		return err;
	WRITE_ONCE(kmod_policy_enforced, enforce);
	kmod_policy_changed();
	return 0;
}

/**
 * kmod_policy_is_enforced - is anything denied?
 *
 * Context: any.
 * Return: false while the kernel only learns.
 */
bool kmod_policy_is_enforced(void)
{
	return READ_ONCE(kmod_policy_enforced);
}

/* Never waits for the audit daemon: who is denied something must not gain time. */
static void kmod_policy_audit(const struct kmod_record *rec,
			      enum kmod_rule_kind kind, const char *name)
{
	struct audit_buffer *ab;

	if (!audit_enabled)
		return;
	ab = audit_log_start(audit_context(), GFP_ATOMIC | __GFP_NOWARN,
			     AUDIT_KERN_MODULE);
	if (!ab)
		return;
	audit_log_format(ab, "op=autoload kind=%s name=", kmod_rule_kind_name(kind));
	audit_log_untrustedstring(ab, name);
	audit_log_format(ab, " pid=%d uid=%u auid=%u comm=", rec->pid, rec->uid,
			 rec->loginuid);
	audit_log_untrustedstring(ab, rec->comm);
	audit_log_format(ab, " res=0");
	audit_log_end(ab);
}

/* By the rule in that line, or by the mode if that is 0. Returns 0 or -EPERM. */
static int kmod_policy_deny(const struct kmod_record *rec, enum kmod_rule_kind kind,
			    const char *name, unsigned int line)
{
	if (!kmod_policy_is_enforced()) {
		kmod_learn(rec, kind, name);
		return 0;
	}

	pr_notice_ratelimited("%s %*pE denied to %*pE[%d], uid %u, by %s %u\n",
			      kmod_rule_kind_name(kind), (int)strlen(name), name,
			      (int)strlen(rec->comm), rec->comm, rec->pid, rec->uid,
			      line ? "rule in line" : "kernel.modules_autoload_mode",
			      line ?: READ_ONCE(kmod_autoload_mode));
	kmod_policy_audit(rec, kind, name);
	return -EPERM;
}

static bool kmod_mode_permits(const char *name)
{
	switch (READ_ONCE(kmod_autoload_mode)) {
	case KMOD_AUTOLOAD_ANYONE:
		return true;
	case KMOD_AUTOLOAD_ADMIN:
		return ns_capable_noaudit(&init_user_ns, CAP_SYS_MODULE) ||
		       (str_has_prefix(name, "netdev-") &&
			ns_capable_noaudit(&init_user_ns, CAP_NET_ADMIN));
	default:
		return false;
	}
}

/**
 * kmod_policy_request - may the current task have this loaded?
 * @rec: of the request, with its name
 *
 * Context: process context, may sleep.
 * Return: 0 or -EPERM.
 */
int kmod_policy_request(const struct kmod_record *rec)
{
	unsigned int line = 0;

	switch (kmod_rules_judge(KMOD_RULE_ALIAS, rec->name, rec->uid, &line)) {
	case KMOD_RULE_ALLOW:
		return 0;
	case KMOD_RULE_NONE:
		if (kmod_mode_permits(rec->name))
			return 0;
		break;
	case KMOD_RULE_DENY:
		break;
	}
	return kmod_policy_deny(rec, KMOD_RULE_ALIAS, rec->name, line);
}

/**
 * kmod_policy_module - may this be loaded on behalf of a request?
 * @rec: of the request that a user made
 * @module: about to be initialized
 *
 * Context: process context, may sleep.
 * Return: 0 or -EPERM.
 */
int kmod_policy_module(const struct kmod_record *rec, const char *module)
{
	unsigned int line;

	if (kmod_rules_judge(KMOD_RULE_MODULE, module, rec->uid, &line) != KMOD_RULE_DENY)
		return 0;
	return kmod_policy_deny(rec, KMOD_RULE_MODULE, module, line);
}

static int kmod_mode_sysctl(const struct ctl_table *table, int write,
			    void *buffer, size_t *lenp, loff_t *ppos)
{
	int err = write ? kmod_policy_change() : 0;

	if (err)
		return err;
	err = proc_douintvec_minmax(table, write, buffer, lenp, ppos);
	if (write)
		kmod_policy_changed();
	return err;
}

static struct ctl_table kmod_policy_sysctls[] = {
	{
		.procname	= "modules_autoload_mode",
		.data		= &kmod_autoload_mode,
		.maxlen		= sizeof(kmod_autoload_mode),
		.mode		= 0644,
		.proc_handler	= kmod_mode_sysctl,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_TWO,
	},
};

static int __init kmod_policy_init(void)
{
	register_sysctl_init("kernel", kmod_policy_sysctls);
	return 0;
}
early_initcall(kmod_policy_init);

static int kmod_mode_param_set(const char *value, const struct kernel_param *param)
{
	return param_set_uint_minmax(value, param, KMOD_AUTOLOAD_ANYONE,
				     KMOD_AUTOLOAD_NOBODY);
}

static const struct kernel_param_ops kmod_mode_param_ops = {
	.set = kmod_mode_param_set,
};

/* kmod.autoload= and kmod.enforce= on the kernel's command line */
#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "kmod."
module_param_cb(autoload, &kmod_mode_param_ops, &kmod_autoload_mode, 0);
module_param_named(enforce, kmod_policy_enforced, bool, 0);

#ifdef CONFIG_KMOD_KUNIT_TEST
#include "tests/policy_kunit.c"
#endif
