/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KMOD_REQUEST_H
#define _KERNEL_KMOD_REQUEST_H

#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/kmod.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/stdarg.h>
#include <linux/types.h>
#include <linux/umh.h>
#include <linux/workqueue.h>

#include "record.h"

struct kmod_flight;
struct kmod_slot_queue;

/* Maximum number of requests in a chain. No use of longer chains is known. */
#define KMOD_DEPTH_MAX		8

/*
 * How long a request waits for a slot, and how long a flight waits for its modprobes
 * before it starts more, in jiffies
 */
#define KMOD_WAIT		(5 * HZ)

/* The class determines which slots a request may take, see slots.c. */
enum kmod_slot_class {
	KMOD_SLOT_ADMIN,	/* the requester has CAP_SYS_MODULE */
	KMOD_SLOT_KTHREAD,	/* likewise, but it is a kernel thread: it may act for a user */
	KMOD_SLOT_USER,		/* it does not have this capability */
	KMOD_SLOT_NESTED,	/* it is inside a modprobe */
};

/**
 * struct kmod_slot_user - the requester for whom a slot is used
 * @class: its class
 * @uid: the user, see kmod_request.user
 */
struct kmod_slot_user {
	enum kmod_slot_class class;
	uid_t uid;
};

/**
 * struct kmod_slot - a slot, or a place in the queue for one
 * @class: class of the slot
 * @depth: depth of the request. Each depth above 1 has slots of its own.
 * @queue: queue of the waiters of the same class, depth and user
 * @node: entry in @queue, sorted by @ticket
 * @ticket: the lowest one is served first
 * @work: queued on kmod_wq when the slot is granted after a wait
 * @waiting: it is in @queue
 * @held: it was granted and not released
 * @lent: it is beyond the limit
 *
 * A: set by kmod_slot_init(), constant afterwards
 * S: protected by kmod_slots_lock
 */
struct kmod_slot {
	enum kmod_slot_class class;	/* S */
	unsigned int depth;		/* A */
	struct kmod_slot_queue *queue;	/* S */
	struct rb_node node;		/* S */
	u64 ticket;			/* A */
	struct work_struct *work;	/* A */
	bool waiting;			/* S */
	bool held;			/* S */
	bool lent;			/* S */
};

/**
 * struct kmod_request - a request
 * @ref: held by the requester, by the flight, and by the modprobes that run for it
 * @parent: the modprobe inside which the request was made, or NULL
 * @depth: number of requests in the chain that ends with this one
 * @class: class of the slot that it takes
 * @user: the user as which the requester shares the slots of users
 * @arrived: when it was made, in jiffies; or when the last request was made that it stands for
 * @node: entry in the list of its flight, or of the modprobe that settles it
 * @served: a modprobe was started for it
 * @modprobes: modprobes that run for it, the oldest first
 * @all: entry in the tree of all requests in flight
 * @done: completed when @status is known
 * @returned: @done was completed
 * @status: return value of __request_module()
 * @killed: the requester was killed while it waited
 * @rec: its record
 *
 * A: set by kmod_request_alloc(), constant afterwards
 * I: protected by kmod_inflight_lock
 * D: written before @done is completed, constant afterwards
 */
struct kmod_request {
	struct kref ref;
	struct kmod_modprobe *parent;	/* A */
	unsigned int depth;		/* A */
	enum kmod_slot_class class;	/* A */
	uid_t user;			/* A */

	unsigned long arrived;		/* I */
	struct list_head node;		/* I */
	bool served;			/* I */
	struct list_head modprobes;	/* I */
	struct rb_node all;		/* I */

	struct completion done;
	bool returned;			/* I */
	int status;			/* D */
	bool killed;			/* I */

	struct kmod_record rec;
};

/**
 * struct kmod_modprobe - a modprobe of a flight
 * @origin: origin of the processes inside it. Contains its reference count.
 * @flight: the flight
 * @slot: its slot
 * @work: starts it once @slot is granted; settles requests once it has ended
 * @helper: its helper
 * @request: the request for which it runs
 * @for_request: entry in the list of that request
 * @covers: id of the last request that was made before it was started
 * @unloads: kmod_unloads when it was started
 * @has_admin: an administrator's request waits for it
 * @has_user: another request waited for it when it was started, or joined it
 * @user: of these, the one that was expected to be served first
 * @running: entry in the list of its flight
 * @all: entry in the list of all running modprobes
 * @requests: requests that its end settles, unless a modprobe that was started later ends
 *	first
 * @pid: its pid, 0 before it has a thread
 * @starting: it is being passed to khelper, and keeps its slot
 * @late: its requester did not start it in time, so that the requests do not wait for it. It is
 *	not started any more, unless @starting is set.
 * @hung: it was reported as hung
 * @slow: the load of a module was reported as slow
 * @report: the report that it is hung, or slow, has not been printed
 * @execed: its program was exec'ed
 * @ended: it has ended
 * @no_path: it was not run, since kernel.modprobe was empty by then
 * @status: its wait status, or an errno
 * @loading: number of modules that are being loaded
 * @loading_since: when the load of the last of these began, in jiffies
 * @loaded: when the last load ended, in jiffies; 0 before
 * @module: name of the module whose init was started last, "" if that was before @loading
 * @refused: a security module denied a module that it tried to load
 * @argv: its arguments, which refer to @path and to the name in @request
 * @path: private copy of kernel.modprobe as of the start
 *
 * A: set when it is allocated, constant afterwards
 * P: set before the helper is started, constant afterwards
 * I: protected by kmod_inflight_lock
 * E: set at its end, constant afterwards
 * M: written from inside the modprobe, read after its exit
 */
struct kmod_modprobe {
	struct umh_origin origin;
	struct kmod_flight *flight;		/* A */
	struct kmod_slot slot;
	struct work_struct work;
	struct subprocess_info *helper;		/* P */
	struct kmod_request *request;		/* P */
	struct list_head for_request;		/* I */
	u64 covers;				/* P */
	u64 unloads;				/* P */
	bool has_admin;				/* I */
	bool has_user;				/* I */
	struct kmod_slot_user user;		/* I */

	struct list_head running;		/* I */
	struct list_head all;			/* I */
	struct list_head requests;		/* I */
	pid_t pid;				/* I */
	bool starting;				/* I */
	bool late;				/* I */
	bool hung;				/* I */
	bool slow;				/* I */
	bool report;				/* I */
	bool execed;				/* I */
	bool ended;				/* E */
	bool no_path;				/* E */
	int status;				/* E */

	unsigned int loading;			/* I */
	unsigned long loading_since;		/* I */
	unsigned long loaded;			/* I */
	char module[MODULE_NAME_LEN];		/* I */
	bool refused;				/* M */

	char *argv[5];				/* P */
	char path[KMOD_PATH_LEN];		/* P */
};

/* request.c: the lifetime of a request */
static inline void kmod_request_get(struct kmod_request *r)
{
	kref_get(&r->ref);
}

struct kmod_request *kmod_request_alloc(struct kmod_modprobe *parent, bool wait,
					unsigned long site);
bool kmod_request_set_name(struct kmod_request *r, const char *fmt, va_list args)
	__printf(2, 0);
void kmod_request_put(struct kmod_request *r);

/* modprobe.c: running modprobe */
int kmod_modprobe_init(struct kmod_modprobe *m, const struct kmod_request *r);
struct subprocess_info *kmod_modprobe_start(struct kmod_modprobe *m);

static inline void kmod_modprobe_get(struct kmod_modprobe *m)
{
	refcount_inc(&m->origin.ref);
}

static inline void kmod_modprobe_put(struct kmod_modprobe *m)
{
	umh_origin_put(&m->origin);
}

/* path.c: the path of modprobe */
int kmod_path_copy(char *path);
bool kmod_path_is_empty(void);

/* lineage.c: the modprobe inside which a task runs, and loops of requests */
struct kmod_modprobe *kmod_lineage_parent(void);
struct kmod_modprobe *kmod_lineage_running(void);
int kmod_lineage_check(const struct kmod_modprobe *parent, const char *name);

/* slots.c: how many modprobes run at a time */
int kmod_slot_init(struct kmod_slot *s, const struct kmod_request *r,
		   struct work_struct *work);
void kmod_slot_destroy(struct kmod_slot *s);
bool kmod_slot_get(struct kmod_slot *s, bool queue);
bool kmod_slot_cancel(struct kmod_slot *s);
void kmod_slot_promote(struct kmod_slot *s);
void kmod_slot_share(struct kmod_slot *s, const struct kmod_slot_user *user);
bool kmod_slot_is_faster(const struct kmod_slot_user *a, const struct kmod_slot_user *b,
			 u64 ticket);
bool kmod_slot_put(struct kmod_slot *s);
bool kmod_slots_stalled(const struct kmod_slot *s);
unsigned int kmod_slots_max(void);
extern struct workqueue_struct *kmod_wq;

/* flight.c: flights */
void kmod_flight_free_modprobe(struct kmod_modprobe *m);

/* settle.c: the results of requests */
void kmod_inflight_end(struct kmod_modprobe *m, int status);
void kmod_inflight_settle(struct kmod_modprobe *m);
void kmod_inflight_unloaded(void);

/* start.c: the start of a modprobe */
bool kmod_inflight_start(struct kmod_modprobe *m);
bool kmod_inflight_commit(struct kmod_modprobe *m);
void kmod_inflight_spawned(struct kmod_modprobe *m, pid_t pid);
void kmod_inflight_execed(struct kmod_modprobe *m);

/* inflight.c: the wait of a requester, and the modprobes of its flight */
int kmod_inflight_wait(struct kmod_request *r);

/* watch.c: modprobes that do not end */
bool kmod_inflight_hung(struct kmod_modprobe *m);
void kmod_inflight_load_begin(struct kmod_modprobe *m);
void kmod_inflight_load_end(struct kmod_modprobe *m);
void kmod_inflight_loaded(struct kmod_modprobe *m, const char *module,
			  struct kmod_record *copy);
void kmod_inflight_init_failed(struct kmod_modprobe *m);

enum kmod_inflight_state {
	KMOD_INFLIGHT_WAITING,	/* for a slot */
	KMOD_INFLIGHT_JOINED,	/* for the modprobe of another request */
	KMOD_INFLIGHT_RUNNING,	/* has a modprobe, and a slot */
	KMOD_INFLIGHT_LOADING,	/* likewise, and a module is being loaded */
	KMOD_INFLIGHT_HUNG,	/* has a modprobe that released its slot */
};

/* readers.c: readers of the requests in flight */
bool kmod_inflight_next(u64 *cursor, struct kmod_record *rec,
			enum kmod_inflight_state *state);

#endif /* _KERNEL_KMOD_REQUEST_H */
