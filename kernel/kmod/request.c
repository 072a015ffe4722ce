// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of one request, and its modprobe.
 */
#include <linux/capability.h>
#include <linux/compiler.h>
#include <linux/completion.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sprintf.h>
#include <linux/stdarg.h>
#include <linux/string.h>
#include <linux/umh.h>

#include "internal.h"

static char *kmod_request_envp[] = {
	"HOME=/",
	"TERM=linux",
	"PATH=/sbin:/usr/sbin:/bin:/usr/bin",
	NULL
};

static enum kmod_slot_class
kmod_request_class(const struct kmod_request *parent)
{
	if (parent)
		return KMOD_SLOT_NESTED;
	if (has_capability_noaudit(current, CAP_SYS_MODULE))
		return KMOD_SLOT_ADMIN;
	return KMOD_SLOT_USER;
}

static void kmod_request_set_argv(struct kmod_request *r)
{
	r->argv[0] = r->path;
	r->argv[1] = "-q";
	r->argv[2] = "--";
	r->argv[3] = r->rec.name;
	r->argv[4] = NULL;
}

/**
 * kmod_request_alloc - set up a request by the current task
 * @wait: see __request_module()
 * @site: address in the caller
 *
 * It lacks a name and a path.
 *
 * Context: process context, may sleep.
 * Return: the request, to be released with kmod_request_put(); NULL without
 * memory.
 */
struct kmod_request *kmod_request_alloc(bool wait, unsigned long site)
{
	struct kmod_request *r = kmalloc(sizeof(*r), GFP_KERNEL);

	if (!r) {
		kmod_journal_unrecorded();
		return NULL;
	}

	kref_init(&r->ref);
	r->parent = kmod_lineage_parent();
	r->depth = r->parent ? r->parent->depth + 1 : 1;
	r->class = kmod_request_class(r->parent);
	kmod_request_set_argv(r);
	r->deadline = jiffies + KMOD_WAIT_SECS * HZ;
	r->tired_of = NULL;
	INIT_HLIST_NODE(&r->by_name);
	INIT_LIST_HEAD(&r->running);
	INIT_LIST_HEAD(&r->all);
	r->has_slot = false;
	r->pid = NULL;
	init_completion(&r->done);
	r->abandoned = false;
	r->refused = false;
	r->killed = false;

	memset(&r->rec, 0, sizeof(r->rec));
	r->rec.parent = r->parent ? r->parent->rec.id : 0;
	r->rec.site = site;
	r->rec.wait = wait;
	kmod_record_begin(&r->rec);
	return r;
}

/**
 * kmod_request_set_name - say what is asked for
 * @r: the request
 * @fmt: printf format
 * @args: its arguments
 *
 * An empty name is a name: modprobe decides what it thinks of it.
 *
 * Context: process context.
 * Return: whether the name fits; it is cut if it does not.
 */
bool kmod_request_set_name(struct kmod_request *r, const char *fmt, va_list args)
{
	return vsnprintf(r->rec.name, MODULE_NAME_LEN, fmt, args) < MODULE_NAME_LEN;
}

/**
 * kmod_request_get - take a reference
 * @r: a request that the caller knows to be referenced
 *
 * Context: any.
 */
void kmod_request_get(struct kmod_request *r)
{
	kref_get(&r->ref);
}

static void kmod_request_free(struct kref *ref)
{
	struct kmod_request *r = container_of(ref, struct kmod_request, ref);

	kmod_record_print(&r->rec);
	/* As deep as the lineage, which is short. */
	if (r->parent)
		kmod_request_put(r->parent);
	kfree(r);
}

/**
 * kmod_request_put - drop a reference
 * @r: the request
 *
 * Context: any.
 */
void kmod_request_put(struct kmod_request *r)
{
	kref_put(&r->ref, kmod_request_free);
}

/*
 * In modprobe's thread. As a subreaper it becomes the parent of descendants that
 * lost theirs, so that what they ask for is known to come from inside it.
 */
static void kmod_request_spawned(struct subprocess_info *info)
{
	current->signal->is_child_subreaper = 1;
	kmod_inflight_spawned(info->data, task_tgid(current));
}

/* A modprobe that fails after the policy has refused a module does so for that. */
static int kmod_request_result(const struct kmod_request *r, int status)
{
	return status > 0 && READ_ONCE(r->refused) ? -EPERM : status;
}

static void kmod_request_exited(struct subprocess_info *info, int status)
{
	struct kmod_request *r = info->data;

	kmod_inflight_end(r, kmod_request_result(r, status));
}

static void kmod_request_hung(struct subprocess_info *info)
{
	kmod_inflight_hung(info->data);
}

static void kmod_request_cleanup(struct subprocess_info *info)
{
	kmod_request_put(info->data);
}

/**
 * kmod_request_run - run modprobe
 * @r: started by kmod_inflight_start(); this function sees to its end. Waits
 *	until modprobe has exited, or as @r wants it, until it was exec'ed.
 *
 * Context: process context, may sleep, killable.
 * Return: as __request_module().
 */
int kmod_request_run(struct kmod_request *r)
{
	struct subprocess_info *info;
	int ret;

	info = call_usermodehelper_setup(r->path, r->argv, kmod_request_envp,
					 GFP_KERNEL, NULL,
					 kmod_request_cleanup, r);
	if (!info) {
		kmod_inflight_end(r, -ENOMEM);
		return -ENOMEM;
	}

	kmod_request_get(r);
	info->spawned = kmod_request_spawned;
	info->exited = kmod_request_exited;
	info->hung = kmod_request_hung;
	ret = call_usermodehelper_exec(info, UMH_KILLABLE |
				       (r->rec.wait ? UMH_WAIT_PROC : UMH_WAIT_EXEC));
	WRITE_ONCE(r->killed, ret == -ERESTARTSYS);
	return kmod_request_result(r, ret);
}

/**
 * kmod_request_judged - whose rules hold for what modprobe loads?
 * @r: the request that runs it
 *
 * Context: any.
 * Return: the first request of its chain.
 */
const struct kmod_record *kmod_request_judged(const struct kmod_request *r)
{
	while (r->parent)
		r = r->parent;
	return &r->rec;
}

/**
 * kmod_request_permit_module - may modprobe load this?
 * @r: the request that runs it
 * @module: its name
 *
 * Context: process context, may sleep.
 * Return: 0 or -EPERM.
 */
int kmod_request_permit_module(struct kmod_request *r, const char *module)
{
	int err = kmod_policy_module(kmod_request_judged(r), module);

	if (err)
		WRITE_ONCE(r->refused, true);
	return err;
}
