// SPDX-License-Identifier: GPL-2.0-only
/*
 * A request's modprobe: its arguments, its phases and its result.
 */
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/umh.h>

#include "request.h"

static char *kmod_modprobe_envp[] = {
	"HOME=/",
	"TERM=linux",
	"PATH=/sbin:/usr/sbin:/bin:/usr/bin",
	NULL
};

static void kmod_modprobe_set_argv(struct kmod_request *r)
{
	r->argv[0] = r->path;
	r->argv[1] = "-q";
	r->argv[2] = "--";
	r->argv[3] = r->rec.name;
	r->argv[4] = NULL;
}

/*
 * In modprobe's thread. As a subreaper it becomes the parent of descendants that
 * lost theirs, so that what they ask for is known to come from inside it.
 */
static void kmod_modprobe_spawned(struct subprocess_info *info)
{
	current->signal->is_child_subreaper = 1;
	kmod_inflight_spawned(info->data, task_tgid(current));
}

/* A modprobe that fails after a module was refused fails because of that. */
static int kmod_modprobe_result(const struct kmod_request *r, int status)
{
	return status > 0 && READ_ONCE(r->refused) ? -EPERM : status;
}

static void kmod_modprobe_exited(struct subprocess_info *info, int status)
{
	struct kmod_request *r = info->data;

	kmod_inflight_end(r, kmod_modprobe_result(r, status));
}

static bool kmod_modprobe_hung(struct subprocess_info *info)
{
	kmod_inflight_hung(info->data);
	return false;
}

static void kmod_modprobe_cleanup(struct subprocess_info *info)
{
	kmod_request_put(info->data);
}

/**
 * kmod_modprobe_run - run the modprobe of a request
 * @r: a request that kmod_inflight_start() has started, with a path. Calls
 *	kmod_inflight_end() whatever happens.
 *
 * Waits until modprobe has exited; until it was exec'ed if the requester does not wait.
 *
 * Context: process context, may sleep, killable.
 * Return: as __request_module().
 */
int kmod_modprobe_run(struct kmod_request *r)
{
	struct subprocess_info *info;
	int ret;

	kmod_modprobe_set_argv(r);
	info = call_usermodehelper_setup(r->path, r->argv, kmod_modprobe_envp,
					 GFP_KERNEL, NULL,
					 kmod_modprobe_cleanup, r);
	if (!info) {
		kmod_inflight_end(r, -ENOMEM);
		return -ENOMEM;
	}

	kmod_request_get(r);
	info->spawned = kmod_modprobe_spawned;
	info->exited = kmod_modprobe_exited;
	info->hung = kmod_modprobe_hung;
	ret = call_usermodehelper_exec(info, UMH_KILLABLE |
				       (r->rec.wait ? UMH_WAIT_PROC : UMH_WAIT_EXEC));
	WRITE_ONCE(r->killed, ret == -ERESTARTSYS);
	return kmod_modprobe_result(r, ret);
}
