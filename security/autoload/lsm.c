// SPDX-License-Identifier: GPL-2.0-only
/*
 * The autoload security module: its hooks.
 */
#include <linux/array_size.h>
#include <linux/binfmts.h>
#include <linux/cache.h>
#include <linux/init.h>
#include <linux/limits.h>
#include <linux/lsm_hooks.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/sched.h>
#include <uapi/linux/lsm.h>

#include "autoload.h"

/* Set if autoload is in the list of active security modules. */
bool autoload_enabled __ro_after_init;

#ifdef CONFIG_MODULES
/* Called in the context of the task that loads the module. An error aborts the load. */
static int autoload_module_notify(struct notifier_block *nb, unsigned long state,
				  void *data)
{
	const struct module *mod = data;

	if (state != MODULE_STATE_COMING)
		return NOTIFY_DONE;
	return notifier_from_errno(autoload_permit_module(mod->name));
}

/* Called before all other notifiers, which must not see a module that is denied. */
static struct notifier_block autoload_module_nb = {
	.notifier_call = autoload_module_notify, .priority = INT_MAX
};

static int __init autoload_modules_init(void)
{
	return autoload_enabled ? register_module_notifier(&autoload_module_nb) : 0;
}
early_initcall(autoload_modules_init);
#endif

/*
 * Only a task that the kernel itself has started has no address space before its first
 * exec.
 */
static int autoload_bprm_creds_for_exec(struct linux_binprm *bprm)
{
	return current->mm ? 0 : autoload_permit_helper(bprm->filename);
}

static const struct lsm_id autoload_lsmid = { .name = "autoload", .id = LSM_ID_AUTOLOAD };

static struct security_hook_list autoload_hooks[] __ro_after_init = {
#ifdef CONFIG_MODULES
	LSM_HOOK_INIT(kernel_module_request, autoload_permit_alias),
#endif
	LSM_HOOK_INIT(bprm_creds_for_exec, autoload_bprm_creds_for_exec),
};

static int __init autoload_init(void)
{
	security_add_hooks(autoload_hooks, ARRAY_SIZE(autoload_hooks), &autoload_lsmid);
	autoload_enabled = true;
	return 0;
}

DEFINE_LSM(autoload) = {
	.name = "autoload",
	.init = autoload_init,
};
