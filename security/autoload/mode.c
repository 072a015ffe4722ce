// SPDX-License-Identifier: GPL-2.0-only
/*
 * The verdicts on requests and modules: the rules, and kernel.modules_autoload_mode if
 * no rule matches.
 */
#define pr_fmt(fmt) "autoload: " fmt

#include <linux/capability.h>
#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kmod.h>
#include <linux/kstrtox.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/seq_file.h>
#include <linux/seqlock.h>
#include <linux/string.h>
#include <linux/sysctl.h>

#include "autoload.h"

/* kernel.modules_autoload_mode: the requests that are allowed if no rule matches */
enum {
	AUTOLOAD_MODE_ALL,
	AUTOLOAD_MODE_ADMIN,
	AUTOLOAD_MODE_NONE
};

/* M: written under autoload_mutex and autoload_seq or by boot parameters, read locklessly */
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
	if (enforce == autoload_enforced)
		return 0;
	if (autoload_is_locked())
		return -EPERM;
	write_seqcount_begin(&autoload_seq);
	WRITE_ONCE(autoload_enforced, enforce);
	write_seqcount_end(&autoload_seq);
	if (!enforce)
		autoload_learn_anew();
	return 0;
}

const struct autoload_file autoload_enforce_file = {
	"enforce", AUTOLOAD_WORD_MAX, autoload_enforce_show, autoload_enforce_set, true
};

/* Returns 0, -EPERM, or @ruling if it is an error. Without enforcement nothing fails. */
static int autoload_apply(const struct autoload_denial *denial, int ruling)
{
	if (ruling == AUTOLOAD_DENY) {
		if (!denial->enforced)
			autoload_learn(denial);
		autoload_report(denial);
		ruling = -EPERM;
	}
	return denial->enforced ? min(ruling, 0) : 0;
}

static bool autoload_mode_permits(unsigned int mode, const char *name)
{
	switch (mode) {
	case AUTOLOAD_MODE_ALL:
		return true;
	case AUTOLOAD_MODE_ADMIN:
		return autoload_current_has_cap(CAP_SYS_MODULE) ||
		       (str_has_prefix(name, "netdev-") &&
			autoload_current_has_cap(CAP_NET_ADMIN));
	default:
		return false;
	}
}

/*
 * Matches the rules. The rules, the mode and enforce are those of one moment, even if a
 * writer changes one after another. Returns like autoload_rules_match().
 */
static int autoload_match(struct autoload_denial *denial, struct autoload_requester *by,
			  char rule[AUTOLOAD_RULE_SIZE], unsigned int *mode)
{
	unsigned int seq;
	int ruling;

	do {
		seq = read_seqcount_begin(&autoload_seq);
		*mode = READ_ONCE(autoload_mode);
		denial->enforced = READ_ONCE(autoload_enforced);
		ruling = autoload_rules_match(denial->kind, denial->name, by, rule);
	} while (read_seqcount_retry(&autoload_seq, seq));
	return ruling;
}

/* Returns a ruling, or -ENOMEM. @rule is set if the request is denied. */
static int autoload_judge_alias(struct autoload_denial *denial, struct autoload_requester *by,
				char rule[AUTOLOAD_RULE_SIZE])
{
	unsigned int mode;
	int ruling = autoload_match(denial, by, rule, &mode);

	if (ruling != AUTOLOAD_NONE)
		return ruling;
	if (autoload_mode_permits(mode, denial->name))
		return AUTOLOAD_ALLOW;
	scnprintf(rule, AUTOLOAD_RULE_SIZE, "mode:%u", mode);
	return AUTOLOAD_DENY;
}

/**
 * autoload_permit_alias - decide whether the current task may request a module
 * @name: requested name
 *
 * Context: process context, may sleep.
 * Return: 0 if the request is allowed, or denials are not enforced; -EPERM if it is denied;
 * -ENOMEM.
 */
int autoload_permit_alias(char *name)
{
	char rule[AUTOLOAD_RULE_SIZE];
	struct autoload_requester by;
	struct autoload_denial denial = {
		.kind = AUTOLOAD_ALIAS,
		.name = name,
		.rule = rule,
		.by = &by,
	};
	int ruling, err;

	autoload_requester_current(&by);
	ruling = autoload_judge_alias(&denial, &by, rule);
	if (ruling == AUTOLOAD_DENY)
		autoload_requester_complete(&by);
	err = autoload_apply(&denial, ruling);
	autoload_requester_release(&by);
	return err;
}

/**
 * autoload_permit_module - decide whether the current task may load a module
 * @name: name of the module, which is about to be initialized
 *
 * Only a task inside the modprobe of a request can be denied a module.
 *
 * Context: process context, may sleep.
 * Return: 0 if the module is allowed, or denials are not enforced; -EPERM if it is denied.
 */
int autoload_permit_module(const char *name)
{
	char rule[AUTOLOAD_RULE_SIZE];
	struct autoload_requester by = { };
	struct autoload_denial denial = {
		.kind = AUTOLOAD_MODULE,
		.name = name,
		.rule = rule,
		.by = &by,
	};
	struct kmod_requester requester;
	unsigned int mode;
	int err;

	if (autoload_match(&denial, &by, rule, &mode) != AUTOLOAD_DENY ||
	    !kmod_serving(&requester))
		return 0;
	by.pid = requester.pid;
	by.uid = requester.uid;
	by.loginuid = requester.loginuid;
	memcpy(by.comm, requester.comm, sizeof(by.comm));
	err = autoload_apply(&denial, AUTOLOAD_DENY);
	if (err)
		kmod_refuse(name);
	return err;
}

/**
 * autoload_current_mode - read kernel.modules_autoload_mode
 *
 * Context: any.
 * Return: the mode.
 */
unsigned int autoload_current_mode(void)
{
	return READ_ONCE(autoload_mode);
}

/**
 * autoload_is_enforced - check whether denials are enforced
 *
 * Context: any.
 * Return: false if denials are only recorded.
 */
bool autoload_is_enforced(void)
{
	return READ_ONCE(autoload_enforced);
}

static int autoload_mode_set(unsigned int mode)
{
	if (mode == autoload_mode)
		return 0;
	if (autoload_is_locked())
		return -EPERM;
	write_seqcount_begin(&autoload_seq);
	WRITE_ONCE(autoload_mode, mode);
	write_seqcount_end(&autoload_seq);
	autoload_learn_anew();
	return 0;
}

static int autoload_mode_sysctl(const struct ctl_table *table, int write,
				void *buffer, size_t *lenp, loff_t *ppos)
{
	struct ctl_table copy = *table;
	unsigned int mode;
	int err;

	if (write && !capable(CAP_SYS_MODULE))
		return -EPERM;
	/* A write without a number sets the present mode, which must not change meanwhile. */
	guard(mutex)(&autoload_mutex);
	mode = autoload_mode;
	copy.data = &mode;
	err = proc_douintvec_minmax(&copy, write, buffer, lenp, ppos);
	return err || !write ? err : autoload_mode_set(mode);
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

/* Set if a boot parameter of autoload is on the kernel's command line. */
static bool autoload_has_params __ro_after_init;

static int __init autoload_mode_init(void)
{
	if (autoload_enabled)
		register_sysctl_init("kernel", autoload_sysctls);
	else if (autoload_has_params)
		pr_err("kmod.autoload= and kmod.enforce= have no effect: autoload is not in lsm= or CONFIG_LSM\n");
	return 0;
}
early_initcall(autoload_mode_init);

static int autoload_mode_param_set(const char *value, const struct kernel_param *param)
{
	autoload_has_params = true;
	return param_set_uint_minmax(value, param, AUTOLOAD_MODE_ALL,
				     AUTOLOAD_MODE_NONE);
}

static int autoload_enforce_param_set(const char *value, const struct kernel_param *param)
{
	autoload_has_params = true;
	return param_set_bool(value, param);
}

static const struct kernel_param_ops autoload_mode_ops = { .set = autoload_mode_param_set };

static const struct kernel_param_ops autoload_enforce_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG, .set = autoload_enforce_param_set
};

/* kmod.autoload= and kmod.enforce= on the kernel's command line */
#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "kmod."
module_param_cb(autoload, &autoload_mode_ops, &autoload_mode, 0);
module_param_cb(enforce, &autoload_enforce_ops, &autoload_enforced, 0);

#ifdef CONFIG_SECURITY_AUTOLOAD_KUNIT_TEST
#include "tests/mode_kunit.c"
#endif
