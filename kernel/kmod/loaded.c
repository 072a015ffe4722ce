// SPDX-License-Identifier: GPL-2.0-only
/*
 * The modules that were loaded for requests: all that are there, and some of those
 * that are gone.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "record.h"

/* How many of those that are gone are remembered. */
#define KMOD_GONE_MAX		256

/*
 * struct kmod_loaded - a module that was loaded for a request
 * @node: in kmod_loaded or kmod_gone
 * @number: counts from 1
 * @module: what the file shows of it
 */
struct kmod_loaded {
	struct list_head node;
	u64 number;
	struct kmod_module module;
};

/* Protects all below. The lists have the oldest first. */
static DEFINE_SPINLOCK(kmod_loaded_lock);
static LIST_HEAD(kmod_loaded);
static LIST_HEAD(kmod_gone);
static unsigned int kmod_gone_count;
static u64 kmod_loaded_count;

/**
 * kmod_loaded_add - remember a module
 * @rec: of the request that it is loaded for
 * @module: its name
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

/* Returns what need no longer be remembered. */
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
 * kmod_loaded_set - note that a module has become live, or is removed
 * @module: its name; need not have been loaded for a request
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
 * kmod_loaded_next - look at the modules that were loaded for requests
 * @cursor: the least number to look at
 * @module: set to the module with the least number from there on
 *
 * Context: process context.
 * Return: whether there is one; @cursor is its number then.
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
	/* These are in the order in which they went. */
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
