// SPDX-License-Identifier: GPL-2.0-only
/*
 * Learning: the denials that are recorded instead of enforced.
 */
#include <linux/cleanup.h>
#include <linux/gfp.h>
#include <linux/kmod.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <trace/misc/umh.h>

#include "autoload.h"

/* Bounds the memory, since users can request arbitrary names. Takes about 128 KB. */
#define AUTOLOAD_LEARNED_MAX	1024

/*
 * struct autoload_learned - the recorded denials of one name to one user
 * @node: entry in autoload_learned
 * @kind: kind of @name
 * @uid: user id of the requester, in the initial user namespace
 * @count: number of denials
 * @comm: name of the first requester
 * @name: name of the alias or module
 */
struct autoload_learned {
	struct list_head node;
	enum autoload_kind kind;
	uid_t uid;
	unsigned int count;
	char comm[TASK_COMM_LEN];
	char name[MODULE_NAME_LEN];
};

/* Protects everything below. The oldest entry is first in the list. */
static DEFINE_MUTEX(autoload_learned_mutex);
static LIST_HEAD(autoload_learned);
static unsigned int autoload_learned_count;
static unsigned long autoload_learned_missed;

static struct autoload_learned *
autoload_learned_find(const struct kmod_requester *requester, enum autoload_kind kind,
		      const char *name)
{
	struct autoload_learned *l;

	list_for_each_entry(l, &autoload_learned, node)
		if (l->kind == kind && l->uid == requester->uid && !strcmp(l->name, name))
			return l;
	return NULL;
}

static struct autoload_learned *
autoload_learned_new(const struct kmod_requester *requester, enum autoload_kind kind,
		     const char *name)
{
	struct autoload_learned *l;

	if (autoload_learned_count == AUTOLOAD_LEARNED_MAX)
		return NULL;
	l = kzalloc(sizeof(*l), GFP_KERNEL);
	if (!l)
		return NULL;
	l->kind = kind;
	l->uid = requester->uid;
	memcpy(l->comm, requester->comm, sizeof(l->comm));
	strscpy(l->name, name, sizeof(l->name));
	list_add_tail(&l->node, &autoload_learned);
	autoload_learned_count++;
	return l;
}

/**
 * autoload_learn - record a denial that is not enforced
 * @requester: the requester
 * @kind: kind of @name
 * @name: name of the alias or module
 *
 * Context: process context, may sleep.
 */
void autoload_learn(const struct kmod_requester *requester, enum autoload_kind kind,
		    const char *name)
{
	struct autoload_learned *l;

	guard(mutex)(&autoload_learned_mutex);
	l = autoload_learned_find(requester, kind, name) ?:
	    autoload_learned_new(requester, kind, name);
	if (l)
		l->count++;
	else
		autoload_learned_missed++;
}

static void autoload_learned_show(struct seq_file *m)
{
	struct autoload_learned *l;

	guard(mutex)(&autoload_learned_mutex);
	list_for_each_entry(l, &autoload_learned, node) {
		seq_printf(m, "kind=%s name=", autoload_kinds[l->kind]);
		seq_escape_str(m, l->name, UMH_ESCAPE_FLAGS, UMH_ESCAPE_ALSO);
		seq_printf(m, " uid=%u count=%u comm=", l->uid, l->count);
		seq_escape_str(m, l->comm, UMH_ESCAPE_FLAGS, UMH_ESCAPE_ALSO);
		seq_putc(m, '\n');
	}
	if (autoload_learned_missed)
		seq_printf(m, "missed=%lu\n", autoload_learned_missed);
}

static int autoload_learned_clear(const char *text, size_t len)
{
	struct autoload_learned *l, *next;

	guard(mutex)(&autoload_learned_mutex);
	list_for_each_entry_safe(l, next, &autoload_learned, node) {
		list_del(&l->node);
		kfree(l);
	}
	autoload_learned_count = 0;
	autoload_learned_missed = 0;
	return 0;
}

const struct autoload_file autoload_learned_file = {
	"learned", AUTOLOAD_WORD_MAX, autoload_learned_show, autoload_learned_clear, false
};
