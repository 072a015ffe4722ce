// SPDX-License-Identifier: GPL-2.0-only
/*
 * Learning: the denials that are recorded instead of enforced.
 */
#include <linux/cleanup.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/types.h>

#include <trace/misc/umh.h>

#include "autoload.h"

/*
 * Bounds the memory, since users can request arbitrary names: 600 KB with usual paths, 8.5 MiB
 * with the longest ones
 */
#define AUTOLOAD_LEARNED_MAX	1024

/*
 * struct autoload_learned - the recorded denials of one name to one kind of requester
 * @node: entry in autoload_learned
 * @kind: kind of @name
 * @by: the first requester, without its pid
 * @count: number of denials
 * @rule: the rule or mode that denied it first
 * @name: name of the alias or module
 */
struct autoload_learned {
	struct list_head node;
	enum autoload_kind kind;
	struct autoload_requester by;
	unsigned int count;
	char rule[AUTOLOAD_RULE_SIZE];
	char name[MODULE_NAME_LEN];
};

/* Protects everything below. The oldest entry is first in the list. */
static DEFINE_MUTEX(autoload_learned_mutex);
static LIST_HEAD(autoload_learned);
static unsigned int autoload_learned_count;
static unsigned long autoload_learned_missed;

/* Start of learning with the present settings, CLOCK_BOOTTIME in ns; 0 if they are from boot */
static u64 autoload_learned_since;

static bool autoload_is_same_text(const char *a, const char *b)
{
	return !strcmp(a ?: "", b ?: "");
}

/* A record of one requester must not hide another requester that needs another rule. */
static bool autoload_is_same_requester(const struct autoload_requester *a,
				       const struct autoload_requester *b)
{
	return a->uid == b->uid && a->caps == b->caps && a->init_userns == b->init_userns &&
	       a->kthread == b->kthread && autoload_is_same_text(a->cgroup, b->cgroup);
}

static struct autoload_learned *autoload_learned_find(const struct autoload_denial *d)
{
	struct autoload_learned *l;

	list_for_each_entry(l, &autoload_learned, node)
		if (l->kind == d->kind && !strcmp(l->name, d->name) &&
		    autoload_is_same_requester(&l->by, d->by))
			return l;
	return NULL;
}

static void autoload_learned_free(struct autoload_learned *l)
{
	autoload_requester_release(&l->by);
	kfree(l);
}

/* Copies the requester. Returns false if out of memory. */
static bool autoload_learned_set_requester(struct autoload_learned *l,
					   const struct autoload_requester *by)
{
	l->by = *by;
	l->by.cgroup = kstrdup(by->cgroup, GFP_KERNEL);
	l->by.exe_buffer = kstrdup(by->exe, GFP_KERNEL);
	l->by.exe = l->by.exe_buffer;
	return !l->by.cgroup == !by->cgroup && !l->by.exe == !by->exe;
}

static struct autoload_learned *autoload_learned_new(const struct autoload_denial *d)
{
	struct autoload_learned *l;

	if (autoload_learned_count == AUTOLOAD_LEARNED_MAX)
		return NULL;
	l = kzalloc(sizeof(*l), GFP_KERNEL);
	if (!l)
		return NULL;
	if (!autoload_learned_set_requester(l, d->by)) {
		autoload_learned_free(l);
		return NULL;
	}
	l->kind = d->kind;
	strscpy(l->rule, d->rule, sizeof(l->rule));
	strscpy(l->name, d->name, sizeof(l->name));
	list_add_tail(&l->node, &autoload_learned);
	autoload_learned_count++;
	return l;
}

/**
 * autoload_learn - record a denial that is not enforced
 * @denial: the denial of an alias or a module
 *
 * Context: process context, may sleep.
 */
void autoload_learn(const struct autoload_denial *denial)
{
	struct autoload_learned *l;

	guard(mutex)(&autoload_learned_mutex);
	l = autoload_learned_find(denial) ?: autoload_learned_new(denial);
	if (l)
		l->count++;
	else
		autoload_learned_missed++;
}

/**
 * autoload_learn_anew - record that learning with the present settings starts now
 *
 * Context: process context, may sleep.
 */
void autoload_learn_anew(void)
{
	guard(mutex)(&autoload_learned_mutex);
	autoload_learned_since = ktime_get_boottime_ns();
}

static void autoload_learned_print_string(struct seq_file *m, const char *key,
					  const char *string)
{
	if (!string)
		return;
	seq_printf(m, " %s=", key);
	seq_escape_str(m, string, UMH_ESCAPE_FLAGS, UMH_ESCAPE_ALSO);
}

static void autoload_learned_print(struct seq_file *m, const struct autoload_learned *l)
{
	seq_printf(m, "kind=%s", autoload_kinds[l->kind]);
	autoload_learned_print_string(m, "name", l->name);
	autoload_learned_print_string(m, "rule", l->rule);
	seq_printf(m, " uid=%u", l->by.uid);
	if (l->kind == AUTOLOAD_ALIAS)
		seq_printf(m, " caps=%llx userns=%s kthread=%d", l->by.caps,
			   l->by.init_userns ? "init" : "other", l->by.kthread);
	seq_printf(m, " count=%u", l->count);
	autoload_learned_print_string(m, "comm", l->by.comm);
	autoload_learned_print_string(m, "exe", l->by.exe);
	autoload_learned_print_string(m, "cgroup", l->by.cgroup);
	seq_putc(m, '\n');
}

static void autoload_learned_show(struct seq_file *m)
{
	struct autoload_learned *l;

	guard(mutex)(&autoload_learned_mutex);
	if (autoload_is_enforced() && !autoload_learned_count)
		return;
	seq_printf(m, "since_ns=%llu mode=%u\n", autoload_learned_since,
		   autoload_current_mode());
	list_for_each_entry(l, &autoload_learned, node)
		autoload_learned_print(m, l);
	if (autoload_learned_missed)
		seq_printf(m, "missed=%lu\n", autoload_learned_missed);
}

static int autoload_learned_clear(const char *text, size_t len)
{
	struct autoload_learned *l, *next;

	guard(mutex)(&autoload_learned_mutex);
	list_for_each_entry_safe(l, next, &autoload_learned, node) {
		list_del(&l->node);
		autoload_learned_free(l);
	}
	autoload_learned_count = 0;
	autoload_learned_missed = 0;
	autoload_learned_since = ktime_get_boottime_ns();
	return 0;
}

const struct autoload_file autoload_learned_file = {
	"learned", AUTOLOAD_WORD_MAX, autoload_learned_show, autoload_learned_clear, false
};

#ifdef CONFIG_SECURITY_AUTOLOAD_KUNIT_TEST
#include "tests/learned_kunit.c"
#endif
