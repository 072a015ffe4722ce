/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __KERNEL_KMOD_INTERNAL_H
#define __KERNEL_KMOD_INTERNAL_H

#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/kmod.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/types.h>

struct pid;

/*
 * Whose slots a request takes; slots.c says how many each may have. A class may
 * join requests of those before it that wait for a slot, not of those after it.
 */
enum kmod_slot_class {
	KMOD_SLOT_ADMIN,	/* the requester has CAP_SYS_MODULE */
	KMOD_SLOT_USER,		/* it has not */
	KMOD_SLOT_NESTED,	/* it is inside a modprobe */
	KMOD_SLOT_CLASSES
};

/* Seconds that a request waits for a slot, or for somebody else's modprobe. */
#define KMOD_WAIT_SECS		5

/**
 * struct kmod_request - a request that has, or will have, a modprobe
 * @ref: held by the requester, the engine, those who join, nested requests
 * @parent: the request from within whose modprobe this one comes, or NULL
 * @depth: of the chain of parents, 1 without one
 * @class: whose slot it takes
 * @requester: who asked
 * @comm: who asked, by name
 * @argv: modprobe's arguments, which refer to @path and @name
 * @path: private copy, so that a change of kernel.modprobe cannot come between
 *	the program and its argv[0]
 * @name: what is asked for
 * @deadline: when it no longer waits for a slot, in jiffies
 * @tired_of: the request that it has waited for in vain, while it looks for another
 * @by_name: in the hash of requests that others may join
 * @running: in the list of requests that have a modprobe
 * @started: since when, in jiffies
 * @has_slot: has a slot to give back
 * @pid: modprobe's, NULL before it has a thread. Needs no reference: the
 *	request leaves the list before the pid goes.
 * @done: complete when @status is known; whoever consumes it completes it again
 * @abandoned: there is no @status, since modprobe was never started
 * @status: modprobe's, as __request_module() returns it
 */
struct kmod_request {
	struct kref ref;

	/* Constant after kmod_request_alloc(). */
	struct kmod_request *parent;
	unsigned int depth;
	enum kmod_slot_class class;
	pid_t requester;
	char comm[TASK_COMM_LEN];
	char *argv[5];
	char path[KMOD_PATH_LEN];
	char name[MODULE_NAME_LEN];

	/* The requester's own. */
	unsigned long deadline;
	struct kmod_request *tired_of;

	/* Under the lock of inflight.c. */
	struct hlist_node by_name;
	struct list_head running;
	unsigned long started;
	bool has_slot;
	struct pid *pid;

	/* Written before done is completed, read after. */
	struct completion done;
	bool abandoned;
	int status;
};

/* path.c: which program loads modules */
bool kmod_path_is_set(void);
int kmod_path_copy(char *path);

/* lineage.c: is the requester inside a modprobe, and is that a loop? */
struct kmod_request *kmod_lineage_parent(void);
int kmod_lineage_check(const struct kmod_request *parent, const char *name);

/* request.c: the life of a request */
struct kmod_request *kmod_request_alloc(const char *name);
void kmod_request_get(struct kmod_request *r);
void kmod_request_put(struct kmod_request *r);
int kmod_request_run(struct kmod_request *r, bool wait);

/* inflight.c: the requests of the moment */
bool kmod_inflight_join(struct kmod_request *r, bool wait, int *result);
int kmod_inflight_start(struct kmod_request *r);
void kmod_inflight_spawned(struct kmod_request *r, struct pid *pid);
void kmod_inflight_end(struct kmod_request *r, int status);
struct kmod_request *kmod_inflight_find(const struct pid *pid);

/* slots.c: how many modprobes run at a time */
int kmod_slot_get(enum kmod_slot_class class, unsigned long deadline);
void kmod_slot_put(enum kmod_slot_class class);
unsigned int kmod_slots_max(void);

#endif /* __KERNEL_KMOD_INTERNAL_H */
