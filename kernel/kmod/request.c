// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of one request, and its modprobe.
 */
#include <linux/capability.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
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

static void kmod_request_set_argv(struct kmod_request *r, const char *name)
{
	strscpy(r->name, name);
	r->argv[0] = r->path;
	r->argv[1] = "-q";
	r->argv[2] = "--";
	r->argv[3] = r->name;
	r->argv[4] = NULL;
}

static struct kmod_request *kmod_request_new(const char *name,
					     struct kmod_request *parent)
{
	struct kmod_request *r = kmalloc(sizeof(*r), GFP_KERNEL);

	int err;

	if (!r)
		return ERR_PTR(-ENOMEM);

	/* It may have been switched off since the request was looked at first. */
	err = kmod_path_copy(r->path);
	if (err) {
		kfree(r);
		return ERR_PTR(err);
	}

	kref_init(&r->ref);
	r->parent = parent;
	r->depth = parent ? parent->depth + 1 : 1;
	r->class = kmod_request_class(parent);
	r->requester = task_pid_nr(current);
	strscpy(r->comm, current->comm);
	kmod_request_set_argv(r, name);
	r->deadline = jiffies + KMOD_WAIT_SECS * HZ;
	r->tired_of = NULL;
	INIT_HLIST_NODE(&r->by_name);
	INIT_LIST_HEAD(&r->running);
	r->has_slot = false;
	r->pid = NULL;
	init_completion(&r->done);
	r->abandoned = false;
	return r;
}

/**
 * kmod_request_alloc - set up a request by the current task
 * @name: what it asks for
 *
 * Context: process context, may sleep.
 * Return: the request, to be released with kmod_request_put(); -ELOOP when it
 * would close a loop or make a chain too long; -ENOENT when autoloading is off;
 * -ENOMEM.
 */
struct kmod_request *kmod_request_alloc(const char *name)
{
	struct kmod_request *parent = kmod_lineage_parent();
	struct kmod_request *r;
	int err = kmod_lineage_check(parent, name);

	r = err ? ERR_PTR(err) : kmod_request_new(name, parent);
	if (IS_ERR(r) && parent)
		kmod_request_put(parent);
	return r;
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

static void kmod_request_exited(struct subprocess_info *info, int status)
{
	kmod_inflight_end(info->data, status);
}

static void kmod_request_cleanup(struct subprocess_info *info)
{
	kmod_request_put(info->data);
}

/**
 * kmod_request_run - run modprobe
 * @r: started by kmod_inflight_start(); this function sees to its end
 * @wait: wait until modprobe has exited, else until it was exec'ed
 *
 * Context: process context, may sleep, killable.
 * Return: as __request_module().
 */
int kmod_request_run(struct kmod_request *r, bool wait)
{
	struct subprocess_info *info;

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
	return call_usermodehelper_exec(info, UMH_KILLABLE |
					(wait ? UMH_WAIT_PROC : UMH_WAIT_EXEC));
}
