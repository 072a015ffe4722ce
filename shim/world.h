/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The world around the pipeline: requesters, modprobes, and the history of both, in
 * which the invariants of the design are checked.
 */
#ifndef SHIM_WORLD_H
#define SHIM_WORLD_H

#include "fiber.h"
#include "request.h"

#define SEC		NSEC_PER_SEC
#define MSEC		(SEC / 1000)
#define NAMES_MAX	200
#define KTHREAD_UID	999	/* of kernel threads in the history */
#define POOL_LENT	30
#define POOLS		(POOL_LENT + 1)

/* How a modprobe requests another module. */
enum how {
	INSIDE,		/* itself, and waits */
	CHILD,		/* through a child, for which it does not wait */
	HELPER,		/* through a helper that the kernel starts for it, 3 s later */
	DAEMON,		/* through a process that ran before it, for which it waits */
	QUEUE,		/* likewise, but that process serves one request at a time */
};

/**
 * struct program - the modprobes for a name
 * @run: how long it runs, in ns
 * @fails: it exits with a status of its own, else with 0
 * @nested: it first requests module @next, as @how says
 * @other: how long it then waits for another load of the module, in ns
 * @init: how long the init of its module runs after that, in ns; 0: no module
 * @async: how long async work of that init runs afterwards, in ns
 * @init_fails: the module is removed again
 */
struct program {
	u64 run;
	bool fails;
	bool nested;
	enum how how;
	int next;
	u64 other;
	u64 init;
	u64 async;
	bool init_fails;
};

/**
 * struct requester - a task that requests modules
 * @name: number of the module
 * @uid: its user, 0 for an administrator
 * @userns: its user namespace, NULL for the initial one
 * @kthread: it is a kernel thread
 * @nowait: it does not wait
 * @times: how often it makes the request, at most
 * @delay: before the first request, in ns
 * @decide: how long security modules take to allow the request, in ns
 * @kill: it is killed at this time, 0 for never
 * @starve: it gets no CPU for so long, from some point of its request on, in ns
 * @starve_first: before that, it gets no CPU for so long, from an earlier point on, in ns
 * @fiber: the task, NULL when it has ended
 */
struct requester {
	int name;
	uid_t uid;
	struct user_namespace *userns;
	bool kthread;
	bool nowait;
	unsigned int times;
	u64 delay;
	u64 decide;
	u64 kill;
	u64 starve;
	u64 starve_first;
	struct fiber *fiber;
};

/* A request in the history. Sequence numbers order events at the same time. */
struct ask {
	int name;
	uid_t uid;
	bool outside, nowait, starved, done;
	u64 from, joins, to;	/* it joins once security modules allow it */
	unsigned int seq;
	int status;
};

/* A modprobe in the history. */
struct run {
	int name;
	u64 from, to;
	unsigned int seq, seq_end, seq_gone;	/* gone: its end is known */
	int status;
	bool ended, counted;
	const struct kmod_modprobe *m;
	unsigned int pool;
};

/* The plan of a schedule, set before it runs, and its history. */
struct world {
	struct program programs[NAMES_MAX];
	struct requester requesters[NAMES_MAX];
	int nr_requesters;
	unsigned int limit, limit_max;
	unsigned int density;
	bool no_lack;		/* slots and memory suffice, and no modprobe uses a daemon */
	int root_name;		/* which only root requests while users take all they can; or -1 */
	bool frozen;		/* suspend has frozen the modprobes */
	bool serving;		/* the process of QUEUE serves a request */
	bool children;		/* children may have outlived their modprobe */
	bool starves;		/* some requesters get no CPU for a time */

	struct ask asks[8192];
	struct run runs[8192];
	struct { unsigned int from, to; } unloads[64];
	int nr_asks, nr_runs, nr_unloads, nr_records;
	unsigned int seq, active[POOLS];
	u8 recorded[8192];
};

extern struct world world;

void world_reset(u64 seed, unsigned int limit);
struct requester *world_add(int name, uid_t uid, u64 delay);
void world_run(void);
int world_request(int name, bool nowait, const struct requester *q);
void world_unload(void);
void random_world(u64 seed);
int world_count_runs(int name);

/* check.c */
void check_return(const struct ask *a, const struct requester *q);
void check_start(void);
void check_end(void);

/* Called by umh.c. */
void world_modprobe_starts(const struct kmod_modprobe *m, const char *name);
int world_modprobe(const char *name);
void world_modprobe_hung(struct kmod_modprobe *m, bool maybe);
struct run *world_modprobe_ends(const struct kmod_modprobe *m, int status);
void world_modprobe_gone(struct run *r);
struct shim_process *umh_origin_inherit(void);
void umh_origin_exit(void);
extern unsigned int umh_counted;	/* running helpers that suspend waits for */
extern bool umh_disabled;
extern bool umh_atomic;	/* no requester is starved while it starts a helper */
extern unsigned int umh_fail;	/* one helper in so many cannot be started; 0: none */
void umh_check(void);

/* pipeline.c */
void pipeline_reset(unsigned int limit);
void pipeline_set_path(const char *path);
void pipeline_set_limit(unsigned int limit);
const char *pipeline_leftover(void);
unsigned int pipeline_pool(const struct kmod_modprobe *m);
bool pipeline_is_starting(void);
bool pipeline_is_hung(struct kmod_modprobe *m);
void pipeline_module(const char *name, enum module_state state, bool unloaded);

/* scenarios.c */
struct scenario {
	const char *name;
	void (*run)(void);
};

extern const struct scenario scenarios[];

#endif
