// SPDX-License-Identifier: GPL-2.0-only
/*
 * The verdicts on requests and modules: the rules, and kernel.modules_autoload_mode if
 * no rule matches.
 */
#define pr_fmt(fmt) "autoload: " fmt

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/compiler.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/kmod.h>
#include <linux/kstrtox.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/sysctl.h>
#include <linux/user_namespace.h>

#include "autoload.h"

/* kernel.modules_autoload_mode: the requests that are allowed if no rule matches */
enum {
	AUTOLOAD_MODE_ALL,
	AUTOLOAD_MODE_ADMIN,
	AUTOLOAD_MODE_NONE
};

/* M: written under autoload_mutex or by boot parameters, read locklessly */
static unsigned int autoload_mode;	/* M */
static bool autoload_enforced = true;	/* M */

static void autoload_enforce_show(struct seq_file *m)
{
	seq_printf(m, "%d\n", READ_ONCE(autoload_enforced));
}

static int autoload_enforce_set(const char *text, size_t len)
{
	unsigned int enforce;

	if (kstrtouint(text, 10, &enforce) || enforce > 1)
		return -EINVAL;
	WRITE_ONCE(autoload_enforced, enforce);
	return 0;
}

const struct autoload_file autoload_enforce_file = {
	"enforce", AUTOLOAD_WORD_MAX, autoload_enforce_show, autoload_enforce_set, true
};

/* Must not wait for the audit daemon, since a denied user could cause long waits. */
static void autoload_audit(const struct kmod_requester *requester, enum autoload_kind kind,
			   const char *name, const char *by, unsigned int number)
{
	struct audit_buffer *ab;

	if (!audit_enabled)
		return;
	ab = audit_log_start(audit_context(), GFP_ATOMIC | __GFP_NOWARN,
			     AUDIT_KERN_MODULE);
	if (!ab)
		return;
	audit_log_format(ab, "op=autoload kind=%s name=", autoload_kinds[kind]);
	audit_log_untrustedstring(ab, name);
	audit_log_format(ab, " pid=%d uid=%u auid=%u comm=", requester->pid, requester->uid,
			 requester->loginuid);
	audit_log_untrustedstring(ab, requester->comm);
	audit_log_format(ab, " %s=%u res=0", by, number);
	audit_log_end(ab);
}

/* @line is the line of the denying rule, 0 if the mode denies. Returns 0 or -EPERM. */
static int autoload_deny(const struct kmod_requester *requester, enum autoload_kind kind,
			 const char *name, unsigned int line)
{
	unsigned int number = line ?: READ_ONCE(autoload_mode);

	if (!READ_ONCE(autoload_enforced)) {
		autoload_learn(requester, kind, name);
		return 0;
	}
	pr_notice_ratelimited("%s %*pE denied to %*pE[%d], uid %u, by %s %u\n",
			      autoload_kinds[kind], (int)strlen(name), name,
			      (int)strlen(requester->comm), requester->comm,
			      requester->pid, requester->uid,
			      line ? "rule in line" : "kernel.modules_autoload_mode",
			      number);
	autoload_audit(requester, kind, name, line ? "rule" : "mode", number);
	return -EPERM;
}

static bool autoload_mode_permits(const char *name)
{
	switch (READ_ONCE(autoload_mode)) {
	case AUTOLOAD_MODE_ALL:
		return true;
	case AUTOLOAD_MODE_ADMIN:
		return ns_capable_noaudit(&init_user_ns, CAP_SYS_MODULE) ||
		       (str_has_prefix(name, "netdev-") &&
			ns_capable_noaudit(&init_user_ns, CAP_NET_ADMIN));
	default:
		return false;
	}
}

/**
 * autoload_permit_alias - decide whether the current task may request a module
 * @name: requested name
 *
 * Context: process context, may sleep.
 * Return: 0 if the request is allowed, -EPERM if it is denied.
 */
int autoload_permit_alias(char *name)
{
	struct kmod_requester requester;
	unsigned int line = 0;

	kmod_requester_current(&requester);
	switch (autoload_rules_match(AUTOLOAD_ALIAS, name, requester.uid, &line)) {
	case AUTOLOAD_ALLOW:
		return 0;
	case AUTOLOAD_NONE:
		if (autoload_mode_permits(name))
			return 0;
		break;
	case AUTOLOAD_DENY:
		break;
	}
	return autoload_deny(&requester, AUTOLOAD_ALIAS, name, line);
}

/**
 * autoload_permit_module - decide whether the current task may load a module
 * @name: name of the module, which is about to be initialized
 *
 * Only a task inside the modprobe of a request can be denied a module.
 *
 * Context: process context, may sleep.
 * Return: 0 if the module is allowed, -EPERM if it is denied.
 */
int autoload_permit_module(const char *name)
{
	struct kmod_requester requester;
	unsigned int line;
	int err;

	if (autoload_rules_match(AUTOLOAD_MODULE, name, 0, &line) != AUTOLOAD_DENY ||
	    !kmod_serving(&requester))
		return 0;
	err = autoload_deny(&requester, AUTOLOAD_MODULE, name, line);
	if (err)
		kmod_refuse(name);
	return err;
}

static int autoload_mode_sysctl(const struct ctl_table *table, int write,
				void *buffer, size_t *lenp, loff_t *ppos)
{
	int err = write ? autoload_begin() : 0;

	if (err)
		return err;
	err = proc_douintvec_minmax(table, write, buffer, lenp, ppos);
	if (write)
		autoload_end();
	return err;
}

static struct ctl_table autoload_sysctls[] = {
	{
		.procname	= "modules_autoload_mode",
		.data		= &autoload_mode,
		.maxlen		= sizeof(autoload_mode),
		.mode		= 0644,
		.proc_handler	= autoload_mode_sysctl,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_TWO,
	},
};

static int __init autoload_mode_init(void)
{
	if (autoload_enabled)
		register_sysctl_init("kernel", autoload_sysctls);
	return 0;
}
early_initcall(autoload_mode_init);

static int autoload_mode_param_set(const char *value, const struct kernel_param *param)
{
	return param_set_uint_minmax(value, param, AUTOLOAD_MODE_ALL,
				     AUTOLOAD_MODE_NONE);
}

static const struct kernel_param_ops autoload_mode_ops = { .set = autoload_mode_param_set };

/* kmod.autoload= and kmod.enforce= on the kernel's command line */
#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "kmod."
module_param_cb(autoload, &autoload_mode_ops, &autoload_mode, 0);
module_param_named(enforce, autoload_enforced, bool, 0);

#ifdef CONFIG_SECURITY_AUTOLOAD_KUNIT_TEST
#include "tests/mode_kunit.c"
#endif
