// SPDX-License-Identifier: GPL-2.0-only
/*
 * The modules that were loaded for requests: all modules that are present, and the
 * last ones that were removed.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "record.h"

/* Maximum number of removed modules that are kept */
#define KMOD_GONE_MAX		256

/*
 * struct kmod_loaded - a module that was loaded for a request
 * @node: entry in kmod_loaded or kmod_gone
 * @number: number of the load, starting at 1
 * @module: the module and its request, as journal_fs.c shows them
 */
struct kmod_loaded {
	struct list_head node;
	u64 number;
	struct kmod_module module;
};

/* Protects everything below. Both lists have the oldest entry first. */
static DEFINE_SPINLOCK(kmod_loaded_lock);
static LIST_HEAD(kmod_loaded);
static LIST_HEAD(kmod_gone);
static unsigned int kmod_gone_count;
static u64 kmod_loaded_count;

/**
 * kmod_loaded_add - add a module that is being loaded for a request
 * @rec: record of the request
 * @module: name of the module
 *
 * Context: process context, may sleep.
 */
void kmod_loaded_add(const struct kmod_record *rec, const char *module)
{
	struct kmod_loaded *l = kzalloc(sizeof(*l), GFP_KERNEL);

	if (!l) {
		kmod_journal_note(KMOD_UNRECORDED);
		return;
	}
	l->module.rec = *rec;
	l->module.rec.begin += kmod_record_age(rec);
	l->module.state = KMOD_MODULE_LOADING;
	strscpy(l->module.name, module);

	spin_lock(&kmod_loaded_lock);
	l->number = ++kmod_loaded_count;
	list_add_tail(&l->node, &kmod_loaded);
	spin_unlock(&kmod_loaded_lock);
}

/* Moves an entry to kmod_gone. Returns an entry for the caller to free, or NULL. */
static struct kmod_loaded *kmod_loaded_gone(struct kmod_loaded *l)
{
	lockdep_assert_held(&kmod_loaded_lock);
	l->module.state = l->module.state == KMOD_MODULE_LIVE ? KMOD_MODULE_GONE :
								KMOD_MODULE_FAILED;
	list_move_tail(&l->node, &kmod_gone);
	if (++kmod_gone_count <= KMOD_GONE_MAX)
		return NULL;

	kmod_gone_count--;
	l = list_first_entry(&kmod_gone, struct kmod_loaded, node);
	list_del(&l->node);
	return l;
}

/**
 * kmod_loaded_set - record that a module has become live or is being removed
 * @module: name of the module, which need not have been loaded for a request
 * @state: MODULE_STATE_LIVE or MODULE_STATE_GOING
 *
 * Context: process context.
 */
void kmod_loaded_set(const char *module, enum module_state state)
{
	struct kmod_loaded *l, *forget = NULL;

	spin_lock(&kmod_loaded_lock);
	list_for_each_entry(l, &kmod_loaded, node) {
		if (strcmp(l->module.name, module))
			continue;
		if (state == MODULE_STATE_LIVE)
			l->module.state = KMOD_MODULE_LIVE;
		else
			forget = kmod_loaded_gone(l);
		break;
	}
	spin_unlock(&kmod_loaded_lock);
	kfree(forget);
}

/**
 * kmod_loaded_next - iterate over the modules that were loaded for requests
 * @cursor: lowest number to consider; set to the number of the module found
 * @module: set to the module with the lowest number from @cursor on
 *
 * Context: process context.
 * Return: true if a module was found.
 */
bool kmod_loaded_next(u64 *cursor, struct kmod_module *module)
{
	struct kmod_loaded *l, *first = NULL;

	spin_lock(&kmod_loaded_lock);
	list_for_each_entry(l, &kmod_loaded, node) {
		if (l->number >= *cursor) {
			first = l;
			break;
		}
	}
	/* kmod_gone is in the order of removal, not of the numbers. */
	list_for_each_entry(l, &kmod_gone, node) {
		if (l->number >= *cursor && (!first || l->number < first->number))
			first = l;
	}
	if (first) {
		*module = first->module;
		*cursor = first->number;
	}
	spin_unlock(&kmod_loaded_lock);
	return first;
}
