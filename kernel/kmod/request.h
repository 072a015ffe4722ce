/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KMOD_REQUEST_H
#define _KERNEL_KMOD_REQUEST_H

#include <linux/completion.h>
#include <linux/kmod.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/stdarg.h>
#include <linux/types.h>

#include "record.h"

struct pid;

/*
 * Whose slots a request takes; slots.c says how many each class may have. A request may
 * join one that waits for a slot if that one's class comes first here, or is the same.
 */
enum kmod_slot_class {
	KMOD_SLOT_ADMIN,	/* the requester has CAP_SYS_MODULE */
	KMOD_SLOT_USER,		/* it has not */
	KMOD_SLOT_NESTED,	/* it is inside a modprobe */
	KMOD_SLOT_CLASSES
};

/* Seconds that a request waits for a slot, or for another request's modprobe. */
#define KMOD_WAIT_SECS		5

/**
 * struct kmod_request - a request that has, or will have, a modprobe
 * @ref: held by the requester, the engine, requests that join, nested requests
 * @parent: the request from within whose modprobe this one comes, or NULL
 * @depth: of the chain of parents, 1 without one
 * @class: whose slot it takes
 * @argv: modprobe's arguments, which refer to @path and @rec
 * @path: private copy, so that a write of kernel.modprobe cannot come between
 *	the program and its argv[0]
 * @deadline: when it no longer waits for a slot, in jiffies
 * @timed_out_on: the request for which it has waited in vain, while it looks for another
 * @by_name: in the hash of requests that others may join
 * @running: in the list of requests that have a modprobe
 * @all: in the list of all requests that are in flight or have joined one
 * @has_slot: has a slot to release
 * @pid: modprobe's, NULL before it has a thread. Needs no reference: the
 *	request leaves the list before the pid goes.
 * @done: complete when @status is known; each waiter completes it again
 * @abandoned: there is no @status, since modprobe was never started
 * @refused: a security module has refused a module that modprobe was to load
 * @status: modprobe's, as __request_module() returns it
 * @killed: the requester was killed while it waited for modprobe
 * @rec: what is known of it
 *
 * A: set by kmod_request_alloc(), constant afterwards
 * P: set before modprobe is run, constant afterwards
 * R: used by the requester only
 * I: protected by kmod_inflight_lock
 * D: written before @done is completed, read afterwards
 * M: written from within modprobe, read after its exit
 */
struct kmod_request {
	struct kref ref;
	struct kmod_request *parent;		/* A */
	unsigned int depth;			/* A */
	enum kmod_slot_class class;		/* A */
	char *argv[5];				/* P */
	char path[KMOD_PATH_LEN];		/* P */

	unsigned long deadline;			/* R */
	struct kmod_request *timed_out_on;	/* R */

	struct hlist_node by_name;		/* I */
	struct list_head running;		/* I */
	struct list_head all;			/* I */
	bool has_slot;				/* I */
	struct pid *pid;			/* I */

	struct completion done;
	bool abandoned;				/* D */
	int status;				/* D */
	bool refused;				/* M */
	bool killed;				/* R: read at the end, maybe stale */

	struct kmod_record rec;			/* see there */
};

/* request.c: the object */
static inline void kmod_request_get(struct kmod_request *r)
{
	kref_get(&r->ref);
}

struct kmod_request *kmod_request_alloc(struct kmod_request *parent, bool wait,
					unsigned long site);
bool kmod_request_set_name(struct kmod_request *r, const char *fmt, va_list args)
	__printf(2, 0);
void kmod_request_put(struct kmod_request *r);

/* modprobe.c: running it */
int kmod_modprobe_run(struct kmod_request *r);

/* path.c: which program loads modules */
int kmod_path_copy(char *path);

/* lineage.c: is the requester inside a modprobe, and is that a loop? */
struct kmod_request *kmod_lineage_parent(void);
int kmod_lineage_check(const struct kmod_request *parent, const char *name);

/* slots.c: how many modprobes run at a time */
int kmod_slot_get(enum kmod_slot_class class, unsigned long deadline);
void kmod_slot_put(enum kmod_slot_class class);

enum kmod_inflight_state {
	KMOD_INFLIGHT_WAITING,	/* for a slot */
	KMOD_INFLIGHT_JOINED,	/* waits for another request */
	KMOD_INFLIGHT_RUNNING,	/* has a modprobe, and a slot */
	KMOD_INFLIGHT_HUNG,	/* has a modprobe that released its slot */
};

/* inflight.c: the requests that wait for a slot or have a modprobe */
bool kmod_inflight_join(struct kmod_request *r, int *result);
int kmod_inflight_start(struct kmod_request *r);
void kmod_inflight_spawned(struct kmod_request *r, struct pid *pid);
void kmod_inflight_end(struct kmod_request *r, int status);
void kmod_inflight_hung(struct kmod_request *r);
struct kmod_request *kmod_inflight_find(const struct pid *pid);
bool kmod_inflight_loaded(struct kmod_request *r, struct kmod_record *copy);
bool kmod_inflight_next(u64 *cursor, struct kmod_record *rec,
			enum kmod_inflight_state *state);

#endif /* _KERNEL_KMOD_REQUEST_H */
