// SPDX-License-Identifier: GPL-2.0-only
/*
 * What would have been denied while nothing is enforced.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <trace/misc/umh.h>

#include "policy.h"
#include "record.h"

/* A user chooses names at will; these take some 128 KB. */
#define KMOD_LEARNED_MAX	1024

/*
 * struct kmod_learned - one name for one user
 * @node: in kmod_learned
 * @kind: of name
 * @uid: whose request, in the initial user name space
 * @count: how often
 * @comm: who made the first one
 * @name: what would have been denied
 */
struct kmod_learned {
	struct list_head node;
	enum kmod_rule_kind kind;
	uid_t uid;
	unsigned int count;
	char comm[TASK_COMM_LEN];
	char name[MODULE_NAME_LEN];
};

/* Protects all below. The list has the oldest first. */
static DEFINE_MUTEX(kmod_learned_mutex);
static LIST_HEAD(kmod_learned);
static unsigned int kmod_learned_count;
static unsigned long kmod_learned_missed;

static struct kmod_learned *
kmod_learned_find(const struct kmod_record *rec, enum kmod_rule_kind kind,
		  const char *name)
{
	struct kmod_learned *l;

	list_for_each_entry(l, &kmod_learned, node)
		if (l->kind == kind && l->uid == rec->uid && !strcmp(l->name, name))
			return l;
	return NULL;
}

static struct kmod_learned *
kmod_learned_new(const struct kmod_record *rec, enum kmod_rule_kind kind,
		 const char *name)
{
	struct kmod_learned *l;

	if (kmod_learned_count == KMOD_LEARNED_MAX)
		return NULL;
	l = kzalloc(sizeof(*l), GFP_KERNEL);
	if (!l)
		return NULL;
	l->kind = kind;
	l->uid = rec->uid;
	memcpy(l->comm, rec->comm, sizeof(l->comm));
	strscpy(l->name, name, sizeof(l->name));
	list_add_tail(&l->node, &kmod_learned);
	kmod_learned_count++;
	return l;
}

/**
 * kmod_learn - note what would have been denied
 * @rec: of the request
 * @kind: of name
 * @name: which
 *
 * Context: process context, may sleep.
 */
void kmod_learn(const struct kmod_record *rec, enum kmod_rule_kind kind,
		const char *name)
{
	struct kmod_learned *l;

	mutex_lock(&kmod_learned_mutex);
	l = kmod_learned_find(rec, kind, name) ?: kmod_learned_new(rec, kind, name);
	if (l)
		l->count++;
	else
		kmod_learned_missed++;
	mutex_unlock(&kmod_learned_mutex);
}

/**
 * kmod_learned_show - a line for each name and user
 * @m: where to
 *
 * Context: process context, may sleep.
 */
void kmod_learned_show(struct seq_file *m)
{
	struct kmod_learned *l;

	mutex_lock(&kmod_learned_mutex);
	list_for_each_entry(l, &kmod_learned, node) {
		seq_printf(m, "kind=%s name=", kmod_rule_kind_name(l->kind));
		seq_escape_str(m, l->name, UMH_ESCAPE_FLAGS, UMH_ESCAPE_ALSO);
		seq_printf(m, " uid=%u count=%u comm=", l->uid, l->count);
		seq_escape_str(m, l->comm, UMH_ESCAPE_FLAGS, UMH_ESCAPE_ALSO);
		seq_putc(m, '\n');
	}
	if (kmod_learned_missed)
		seq_printf(m, "missed=%lu\n", kmod_learned_missed);
	mutex_unlock(&kmod_learned_mutex);
}

/**
 * kmod_learned_clear - begin anew
 *
 * Context: process context, may sleep.
 */
void kmod_learned_clear(void)
{
	struct kmod_learned *l, *next;

	mutex_lock(&kmod_learned_mutex);
	list_for_each_entry_safe(l, next, &kmod_learned, node) {
		list_del(&l->node);
		kfree(l);
	}
	kmod_learned_count = 0;
	kmod_learned_missed = 0;
	mutex_unlock(&kmod_learned_mutex);
}
