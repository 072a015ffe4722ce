// SPDX-License-Identifier: GPL-2.0-only
/*
 * A modprobe: its arguments, its phases and its result.
 */
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/umh.h>
#include <linux/workqueue.h>

#include "request.h"

/* Read-only, so that a single write to a known address cannot set LD_PRELOAD. */
static char *kmod_modprobe_envp[] __ro_after_init = {
	"HOME=/",
	"TERM=linux",
	"PATH=/sbin:/usr/sbin:/bin:/usr/bin",
	NULL
};

static void kmod_modprobe_set_argv(struct kmod_modprobe *m)
{
	m->argv[0] = m->path;
	m->argv[1] = "-q";
	m->argv[2] = "--";
	m->argv[3] = m->request->rec.name;
	m->argv[4] = NULL;
}

/* Runs in modprobe's thread. */
static void kmod_modprobe_spawned(struct subprocess_info *info)
{
	kmod_inflight_spawned(info->data, task_pid_nr(current));
	kmod_journal_note(KMOD_MODPROBE);
}

static void kmod_modprobe_execed(struct subprocess_info *info)
{
	kmod_inflight_execed(info->data);
}

static void kmod_modprobe_exited(struct subprocess_info *info, int status)
{
	struct kmod_modprobe *m = info->data;

	/* If a module was denied, that may be why modprobe failed. */
	kmod_inflight_end(m, status > 0 && READ_ONCE(m->refused) ? -EPERM : status);
}

static bool kmod_modprobe_hung(struct subprocess_info *info)
{
	return kmod_inflight_hung(info->data);
}

static void kmod_modprobe_cleanup(struct subprocess_info *info)
{
	kmod_modprobe_put(info->data);
}

static void kmod_modprobe_release(struct umh_origin *origin)
{
	struct kmod_modprobe *m = container_of(origin, struct kmod_modprobe, origin);

	kmod_slot_destroy(&m->slot);
	if (m->request)
		kmod_request_put(m->request);
	kmod_flight_free_modprobe(m);
}

/* Starts a modprobe that was granted a slot, or settles requests after its end. */
static void kmod_modprobe_work(struct work_struct *work)
{
	struct kmod_modprobe *m = container_of(work, struct kmod_modprobe, work);
	struct subprocess_info *info;

	if (READ_ONCE(m->ended)) {
		kmod_inflight_settle(m);
		kmod_modprobe_put(m);
		return;
	}
	info = kmod_modprobe_start(m);
	if (info)
		umh_put(info);
}

/**
 * kmod_modprobe_init - prepare a modprobe
 * @m: zeroed. The caller must set its flight, with a reference that passes to it.
 * @r: a request of that flight, which determines the slot
 *
 * Context: process context, may sleep.
 * Return: 0, or -ENOMEM.
 */
int kmod_modprobe_init(struct kmod_modprobe *m, const struct kmod_request *r)
{
	INIT_WORK(&m->work, kmod_modprobe_work);
	refcount_set(&m->origin.ref, 1);
	m->origin.release = kmod_modprobe_release;
	INIT_LIST_HEAD(&m->running);
	INIT_LIST_HEAD(&m->all);
	INIT_LIST_HEAD(&m->requests);
	return kmod_slot_init(&m->slot, r, &m->work);
}

/**
 * kmod_modprobe_start - run modprobe
 * @m: holds a slot. The caller's reference passes to this function.
 *
 * kmod_inflight_end() is called exactly once if a request needs the modprobe, unless its
 * requests have been taken back since.
 *
 * Context: process context, may sleep.
 * Return: the helper, with a reference that the caller must drop by umh_put(); NULL if
 * nothing was started. The helper holds a reference to the modprobe.
 */
struct subprocess_info *kmod_modprobe_start(struct kmod_modprobe *m)
{
	struct subprocess_info *info = NULL;
	const struct kmod_record *rec;

	if (!kmod_inflight_start(m))
		goto put;

	m->no_path = kmod_path_copy(m->path);
	if (m->no_path) {
		kmod_inflight_end(m, -ENOENT);
		goto put;
	}

	kmod_modprobe_set_argv(m);
	info = call_usermodehelper_setup(m->path, m->argv, kmod_modprobe_envp,
					 GFP_KERNEL, NULL, kmod_modprobe_cleanup, m);
	if (!info) {
		kmod_inflight_end(m, -ENOMEM);
		goto put;
	}

	rec = &m->request->rec;
	umh_set_origin(info, &m->origin, rec->by.pid, rec->by.comm);
	info->spawned = kmod_modprobe_spawned;
	info->execed = kmod_modprobe_execed;
	info->exited = kmod_modprobe_exited;
	info->hung = kmod_modprobe_hung;
	m->helper = info;
	if (!kmod_inflight_commit(m)) {
		/* Calls cleanup(). */
		umh_put(info);
		return NULL;
	}
	umh_get(info);
	/* Requests that wait may join one that does not, see kmod_flight_abandon(). */
	umh_start(info, UMH_WAIT_PROC);
	return info;
put:
	kmod_modprobe_put(m);
	return NULL;
}
