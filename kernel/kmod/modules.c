// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attribution of loaded modules to requests.
 *
 * The module notifier runs in the context of the loading task. The lineage of that task
 * leads to the request that the task serves.
 */
#include <linux/compiler.h>
#include <linux/init.h>
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/notifier.h>

#include <trace/events/kmod.h>

#include "request.h"

/**
 * kmod_serving - find the requester that the current task loads modules for
 * @requester: set to the requester of the outermost request of the chain
 *
 * Context: process context.
 * Return: true if the current task is inside the modprobe of a request. Otherwise false,
 * and @requester is not modified.
 */
bool kmod_serving(struct kmod_requester *requester)
{
	struct kmod_modprobe *m = kmod_lineage_parent(), *root = m;

	if (!m)
		return false;
	while (root->request->parent)
		root = root->request->parent;
	*requester = root->request->rec.by;
	kmod_modprobe_put(m);
	return true;
}

/**
 * kmod_refuse - record that a security module has denied a module
 * @module: name of the module
 *
 * If the current task is inside the modprobe of a request and that modprobe fails, the
 * request fails with -EPERM.
 *
 * Context: process context.
 */
void kmod_refuse(const char *module)
{
	struct kmod_modprobe *m = kmod_lineage_parent();

	if (!m)
		return;
	WRITE_ONCE(m->refused, true);
	trace_kmod_refuse(&m->request->rec, module);
	kmod_modprobe_put(m);
}

/**
 * kmod_load_begin - record that the current task is about to load a module
 *
 * From then on, until kmod_load_end(), the modprobe inside which the task runs is not hung,
 * even if it waits: for another load of the same module, for the init of the module, or for
 * the async work that the init has scheduled. The notifiers do not cover all of these.
 *
 * Context: process context.
 * Return: for kmod_load_end(). The lineage of the task may have ended by then.
 */
struct kmod_modprobe *kmod_load_begin(void)
{
	struct kmod_modprobe *m = kmod_lineage_parent();

	if (m)
		kmod_inflight_load_begin(m);
	return m;
}

/**
 * kmod_load_end - record the end of a load
 * @m: from kmod_load_begin()
 *
 * Context: process context.
 */
void kmod_load_end(struct kmod_modprobe *m)
{
	if (!m)
		return;
	kmod_inflight_load_end(m);
	kmod_modprobe_put(m);
}

/**
 * kmod_unload_begin - record that the exit function of a module is about to run
 *
 * What that function unregisters is missing from then on, although the module still exists. A
 * modprobe that has loaded the module before may still run.
 *
 * Context: process context.
 */
void kmod_unload_begin(void)
{
	kmod_inflight_unloaded();
}

static void kmod_module_coming(const struct module *mod)
{
	struct kmod_modprobe *m = kmod_lineage_parent();
	struct kmod_record rec;

	if (!m)
		return;
	kmod_inflight_loaded(m, mod->name, &rec);
	trace_kmod_load(&rec, mod->name);
	kmod_loaded_add(&rec, mod->name);
	kmod_modprobe_put(m);
}

/* Returns true if the init of a module that is being removed had succeeded. */
static bool kmod_module_was_live(struct module *mod)
{
#ifdef CONFIG_MODULE_UNLOAD
	/* delete_module(2) leaves the reference count at -1. */
	return module_refcount(mod) < 0;
#else
	return false;
#endif
}

/* The init of a module has succeeded or failed, or the module is being unloaded. */
static void kmod_module_settled(struct module *mod, unsigned long state)
{
	struct kmod_modprobe *m = kmod_lineage_parent();

	if (state == MODULE_STATE_GOING)
		kmod_inflight_unloaded();
	if (m) {
		if (state == MODULE_STATE_GOING && !kmod_module_was_live(mod))
			kmod_inflight_init_failed(m);
		kmod_modprobe_put(m);
	}
	kmod_loaded_set(mod->name, state);
}

static int kmod_module_notify(struct notifier_block *nb, unsigned long state,
			      void *data)
{
	struct module *mod = data;

	if (state == MODULE_STATE_COMING)
		kmod_module_coming(mod);
	else
		kmod_module_settled(mod, state);
	return NOTIFY_OK;
}

static struct notifier_block kmod_module_nb = { .notifier_call = kmod_module_notify };

static int __init kmod_modules_init(void)
{
	return register_module_notifier(&kmod_module_nb);
}
early_initcall(kmod_modules_init);
