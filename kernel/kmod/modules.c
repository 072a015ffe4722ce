// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which modules are loaded for which request.
 *
 * Modules are loaded in the context of whoever loads them, so that lineage finds the
 * request from within whose modprobe that is.
 */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/notifier.h>

#include <trace/events/kmod.h>

#include "internal.h"

static void kmod_module_coming(const struct module *mod)
{
	struct kmod_request *r = kmod_lineage_parent();
	struct kmod_record rec;

	if (!r)
		return;
	if (kmod_inflight_loaded(r, &rec)) {
		trace_kmod_load(&rec, mod->name);
		kmod_loaded_add(&rec, mod->name);
	}
	kmod_request_put(r);
}

static int kmod_module_notify(struct notifier_block *nb, unsigned long state,
			      void *data)
{
	struct module *mod = data;

	if (state == MODULE_STATE_COMING)
		kmod_module_coming(mod);
	else
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
