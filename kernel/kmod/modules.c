// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which modules are loaded for which request, and which must not be.
 *
 * Modules are loaded in the context of whoever loads them, so that lineage finds the
 * request from within whose modprobe that is.
 */
#include <linux/compiler.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/notifier.h>

#include <trace/events/kmod.h>

#include "policy.h"
#include "request.h"

/* The rules are those for the user who made the outermost request of the chain. */
static int kmod_module_permit(struct kmod_request *r, const char *module)
{
	const struct kmod_request *root = r;
	int err;

	while (root->parent)
		root = root->parent;
	err = kmod_policy_module(&root->rec, module);
	if (err)
		WRITE_ONCE(r->refused, true);
	return err;
}

/* An error is the end of the module, before its init. */
static int kmod_module_coming(const struct module *mod)
{
	struct kmod_request *r = kmod_lineage_parent();
	struct kmod_record rec;
	int err;

	if (!r)
		return 0;
	err = kmod_module_permit(r, mod->name);
	if (err) {
		trace_kmod_refuse(&r->rec, mod->name);
	} else if (kmod_inflight_loaded(r, &rec)) {
		trace_kmod_load(&rec, mod->name);
		kmod_loaded_add(&rec, mod->name);
	}
	kmod_request_put(r);
	return err;
}

static int kmod_module_notify(struct notifier_block *nb, unsigned long state,
			      void *data)
{
	struct module *mod = data;

	if (state == MODULE_STATE_COMING)
		return notifier_from_errno(kmod_module_coming(mod));
	kmod_loaded_set(mod->name, state);
	return NOTIFY_OK;
}

static struct notifier_block kmod_module_nb = {
	.notifier_call = kmod_module_notify,
};

static int __init kmod_modules_init(void)
{
	return register_module_notifier(&kmod_module_nb);
}
early_initcall(kmod_modules_init);
