// SPDX-License-Identifier: GPL-2.0-only
/*
 * The helper engine, for the pipeline: the contract of include/linux/umh.h. A modprobe
 * is a fiber that calls world_modprobe().
 */
#include <stdlib.h>

#include "world.h"

#define HUNG_SECS	30

/* A process that has an origin, and the tasks inside it, which may outlive it. */
struct shim_process {
	struct umh_origin *origin;
	struct shim_process *next;
};

struct helper {
	struct subprocess_info info;
	struct shim_timer watch;
	bool ended;
	bool exited;		/* exited() has returned */
	bool counted;		/* suspend waits for it */
};

unsigned int umh_fail;
bool umh_disabled;
unsigned int umh_counted;	/* helpers that suspend waits for */
static struct shim_process *processes;
static unsigned int setups, cleanups;

static void umh_origin_drop(struct subprocess_info *info)
{
	if (info->origin)
		umh_origin_put(info->origin->origin);
}

static void umh_uncount(struct subprocess_info *info)
{
	struct helper *h = container_of(info, struct helper, info);

	umh_counted -= h->counted;
	h->counted = false;
}

static void umh_free(struct subprocess_info *info)
{
	umh_origin_drop(info);
	cleanups++;
	info->cleanup(info);
	kfree(container_of(info, struct helper, info));
}

static void umh_release(struct kref *ref)
{
	shim_might_sleep();
	umh_free(container_of(ref, struct subprocess_info, ref));
}

void umh_put(struct subprocess_info *info)
{
	kref_put(&info->ref, umh_release);
}

static void umh_release_work(struct work_struct *work)
{
	umh_free(container_of(work, struct subprocess_info, work));
}

static void umh_release_deferred(struct kref *ref)
{
	struct subprocess_info *info = container_of(ref, struct subprocess_info, ref);

	INIT_WORK(&info->work, umh_release_work);
	queue_work(NULL, &info->work);
}

/* The watch is one work for all helpers. */
static bool watching;

static void umh_hung(void *arg)
{
	struct subprocess_info *info = arg;
	struct helper *h = container_of(info, struct helper, info);

	__tsan_acquire(&h->watch);
	current->flags = PF_KTHREAD;
	while (watching)
		fiber_sleep(NSEC_PER_SEC / 1000);
	watching = true;
	world_modprobe_hung(info->data, true);
	if (info->hung(info) && !h->ended)
		timer_add(&h->watch, HUNG_SECS * NSEC_PER_SEC);
	world_modprobe_hung(info->data, false);
	watching = false;
	umh_put(info);
}

static void umh_watch(struct shim_timer *t)
{
	struct helper *h = container_of(t, struct helper, watch);

	kref_get(&h->info.ref);
	fiber_create("watch", umh_hung, &h->info);
}

/* Ends a helper, in process context, or under tasklist_lock if the helper has run. */
static void umh_end(struct subprocess_info *info, int status)
{
	struct helper *h = container_of(info, struct helper, info);
	struct run *r = world_modprobe_ends(info->data, status);

	h->ended = true;
	timer_del(&h->watch);
	shim_log("status %d", status);
	info->exited(info, status);
	h->exited = true;
	umh_uncount(info);
	world_modprobe_gone(r);
}

static void umh_failed(struct subprocess_info *info, int err)
{
	umh_end(info, err);
	umh_put(info);
}

static void umh_exit(struct subprocess_info *info, int status)
{
	shim_lock(&tasklist_lock, true);
	umh_end(info, status);
	kref_put(&info->ref, umh_release_deferred);
	shim_unlock(&tasklist_lock, true);
}

/* The current process exits. */
void umh_origin_exit(void)
{
	struct umh_origin *origin = current->process->origin;

	if (!origin)
		return;
	shim_lock(&tasklist_lock, true);
	current->process->origin = NULL;
	umh_origin_put(origin);
	shim_unlock(&tasklist_lock, true);
}

static struct shim_process *process_new(struct umh_origin *origin)
{
	struct shim_process *p = calloc(1, sizeof(*p));

	p->next = processes;
	processes = p;
	p->origin = origin;
	return p;
}

static void origin_enter(struct subprocess_info *info)
{
	current->process = process_new(info->origin->origin);
	info->origin = NULL;
}

/* Returns the process of a helper that the kernel starts for the current process. */
struct shim_process *umh_origin_inherit(void)
{
	return process_new(umh_origin_current());
}

/* khelper, and then the helper's thread. */
static void khelper(void *arg)
{
	struct subprocess_info *info = arg;
	bool exit_first = shim_chance(2);
	int status;

	current->flags = PF_KTHREAD;
	if (umh_fail && shim_chance(umh_fail)) {
		umh_failed(info, -EAGAIN);
		return;
	}
	current->flags = 0;
	origin_enter(info);
	strscpy(current->comm, info->argv[3], TASK_COMM_LEN);
	info->spawned(info);
	fiber_point();
	if (umh_fail && shim_chance(umh_fail)) {
		umh_failed(info, -EACCES);
		umh_origin_exit();
		return;
	}
	world_modprobe_starts(info->data, info->argv[3]);
	info->execed(info);
	if (!(info->wait & UMH_WAIT_PROC))
		umh_uncount(info);
	status = world_modprobe(info->argv[3]);
	if (exit_first)
		umh_origin_exit();
	umh_exit(info, status);
	umh_origin_exit();
}

int umh_start(struct subprocess_info *info, int wait)
{
	fiber_point();
	info->wait = wait;
	if (umh_disabled || (umh_fail && shim_chance(umh_fail))) {
		umh_failed(info, -EBUSY);
		return -EBUSY;
	}
	container_of(info, struct helper, info)->counted = true;
	umh_counted++;
	timer_add(&container_of(info, struct helper, info)->watch, HUNG_SECS * NSEC_PER_SEC);
	fiber_create("khelper", khelper, info);
	return 0;
}

struct subprocess_info *
call_usermodehelper_setup(const char *path, char **argv, char **envp, gfp_t gfp,
			  int (*init)(struct subprocess_info *info, struct cred *new),
			  void (*cleanup)(struct subprocess_info *info), void *data)
{
	struct helper *h = kzalloc(sizeof(*h), gfp);

	if (!h)
		return NULL;
	setups++;
	kref_init(&h->info.ref);
	h->watch.fn = umh_watch;
	h->info.path = path;
	h->info.argv = argv;
	h->info.cleanup = cleanup;
	h->info.data = data;
	return &h->info;
}

void umh_set_origin(struct subprocess_info *info, struct umh_origin *origin,
		    pid_t requester, const char *requester_comm)
{
	shim_assert(strnlen(requester_comm, TASK_COMM_LEN) < TASK_COMM_LEN, "bad comm");
	refcount_inc(&origin->ref);
	origin->link.origin = origin;
	info->origin = &origin->link;
}

void umh_abandon(struct subprocess_info *info)
{
	shim_assert(info->path, "no helper");
	umh_uncount(info);
}

bool umh_await(struct subprocess_info *info)
{
	struct helper *h = container_of(info, struct helper, info);

	shim_assert(!h->exited, "the helper has ended");
	if (umh_disabled)
		return h->counted;
	umh_counted += !h->counted;
	h->counted = true;
	return true;
}

struct umh_origin *umh_origin_current(void)
{
	struct shim_process *p = current->process;

	fiber_point();
	if (!p || !p->origin || (current->flags & PF_KTHREAD))
		return NULL;
	refcount_inc(&p->origin->ref);
	return p->origin;
}

/* Checks after a schedule that every helper was cleaned up once. */
void umh_check(void)
{
	struct shim_process *p;

	if (setups != cleanups)
		shim_fail("I1: %u helpers, %u cleanups", setups, cleanups);
	if (umh_counted)
		shim_fail("I8: %u helpers count as running", umh_counted);
	setups = 0;
	cleanups = 0;
	while ((p = processes)) {
		processes = p->next;
		free(p);
	}
}
