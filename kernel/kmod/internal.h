/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __KERNEL_KMOD_INTERNAL_H
#define __KERNEL_KMOD_INTERNAL_H

#include <linux/capability.h>
#include <linux/completion.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kmod.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/stdarg.h>
#include <linux/types.h>

struct kmod_view;
struct mutex;
struct pid;
struct seq_file;

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

/* How a request ended; see KMOD_OUTCOME_NAMES. Those from OFF to KILLED are denials. */
enum kmod_outcome {
	KMOD_OK,	/* modprobe is content */
	KMOD_FAILED,	/* it is not, or could not be run */
	KMOD_OFF,	/* autoloading is off */
	KMOD_NAME,	/* the name is too long */
	KMOD_LSM,	/* refused by a security module */
	KMOD_POLICY,	/* refused by the policy */
	KMOD_LOOP,	/* a loop, or too deep */
	KMOD_BUSY,	/* no slot in time */
	KMOD_KILLED,	/* the requester was killed while it waited */
	KMOD_ERROR,	/* no memory */
	KMOD_OUTCOMES
};

/**
 * struct kmod_record - what is known of a request
 * @id: counts from 1
 * @parent: id of the request from within whose modprobe it comes, 0 for none
 * @into: id of the request that it joined, 0 for none
 * @begin: CLOCK_BOOTTIME in ns
 * @slot_ns: waited for a slot or for another request
 * @run_ns: the rest of the time
 * @site: address in the caller
 * @pid: requester's, in the initial name space; so are the other ids
 * @uid: requester's
 * @loginuid: requester's, (uid_t)-1 for none
 * @userns: inode number of the requester's user name space
 * @userns_level: of that name space, 0 for the initial one
 * @pidns: inode number of the requester's pid name space, 0 for none
 * @comm: requester's
 * @wait: the requester waits until modprobe has exited
 * @outcome: how it ended
 * @result: what __request_module() returns; modprobe's if @outcome is KMOD_KILLED
 * @modprobe: its pid, 0 for none
 * @joiners: how many requests have joined this one
 * @modules: how many modules were loaded from within modprobe
 * @name: what is asked for
 */
struct kmod_record {
	/* Constant from the start. */
	u64 id;
	u64 parent;
	u64 begin;
	unsigned long site;
	pid_t pid;
	uid_t uid;
	uid_t loginuid;
	unsigned int userns;
	unsigned int userns_level;
	unsigned int pidns;
	char comm[TASK_COMM_LEN];
	bool wait;
	char name[MODULE_NAME_LEN];

	/* Under the lock of inflight.c while in flight. */
	u64 into;
	u64 slot_ns;
	pid_t modprobe;
	unsigned int joiners;
	unsigned int modules;

	/* Set at the end. */
	u64 run_ns;
	enum kmod_outcome outcome;
	int result;
};

/**
 * struct kmod_request - a request that has, or will have, a modprobe
 * @ref: held by the requester, the engine, those who join, nested requests
 * @parent: the request from within whose modprobe this one comes, or NULL
 * @depth: of the chain of parents, 1 without one
 * @class: whose slot it takes
 * @argv: modprobe's arguments, which refer to @path and @rec
 * @path: private copy, so that a change of kernel.modprobe cannot come between
 *	the program and its argv[0]
 * @deadline: when it no longer waits for a slot, in jiffies
 * @tired_of: the request that it has waited for in vain, while it looks for another
 * @by_name: in the hash of requests that others may join
 * @running: in the list of requests that have a modprobe
 * @all: in the list of all requests that are in flight or have joined one
 * @has_slot: has a slot to give back
 * @pid: modprobe's, NULL before it has a thread. Needs no reference: the
 *	request leaves the list before the pid goes.
 * @done: complete when @status is known; whoever consumes it completes it again
 * @abandoned: there is no @status, since modprobe was never started
 * @refused: the policy has refused a module that modprobe was to load
 * @status: modprobe's, as __request_module() returns it
 * @killed: the requester was killed while it waited for modprobe
 * @rec: what is known of it
 */
struct kmod_request {
	struct kref ref;

	/* Constant after kmod_request_alloc(). */
	struct kmod_request *parent;
	unsigned int depth;
	enum kmod_slot_class class;
	char *argv[5];
	char path[KMOD_PATH_LEN];

	/* The requester's own. */
	unsigned long deadline;
	struct kmod_request *tired_of;

	/* Under the lock of inflight.c. */
	struct hlist_node by_name;
	struct list_head running;
	struct list_head all;
	bool has_slot;
	struct pid *pid;

	/* Written before done is completed, read after. */
	struct completion done;
	bool abandoned;
	int status;

	/* Written from within modprobe, read after its exit. */
	bool refused;

	/* Written by the requester only; the end reads what may be stale. */
	bool killed;

	/* See there. */
	struct kmod_record rec;
};

/* path.c: which program loads modules */
int kmod_path_copy(char *path);

/* lineage.c: is the requester inside a modprobe, and is that a loop? */
struct kmod_request *kmod_lineage_parent(void);
int kmod_lineage_check(const struct kmod_request *parent, const char *name);

/* request.c: the life of a request */
struct kmod_request *kmod_request_alloc(bool wait, unsigned long site);
bool kmod_request_set_name(struct kmod_request *r, const char *fmt, va_list args)
	__printf(2, 0);
void kmod_request_get(struct kmod_request *r);
void kmod_request_put(struct kmod_request *r);
int kmod_request_run(struct kmod_request *r);
const struct kmod_record *kmod_request_judged(const struct kmod_request *r);
int kmod_request_permit_module(struct kmod_request *r, const char *module);

/* record.c: what is known of a request */
void kmod_record_begin(struct kmod_record *rec);
u64 kmod_record_age(const struct kmod_record *rec);
int kmod_record_end(struct kmod_record *rec, enum kmod_outcome outcome, int result);
void kmod_record_print(const struct kmod_record *rec);
const char *kmod_outcome_name(enum kmod_outcome outcome);

/* inflight.c: the requests of the moment */
bool kmod_inflight_join(struct kmod_request *r, int *result);
int kmod_inflight_start(struct kmod_request *r);
void kmod_inflight_spawned(struct kmod_request *r, struct pid *pid);
void kmod_inflight_end(struct kmod_request *r, int status);
void kmod_inflight_hung(struct kmod_request *r);
struct kmod_request *kmod_inflight_find(const struct pid *pid);
bool kmod_inflight_loaded(struct kmod_request *r, struct kmod_record *copy);
bool kmod_inflight_view(u64 *cursor, struct kmod_view *view);

/* slots.c: how many modprobes run at a time */
int kmod_slot_get(enum kmod_slot_class class, unsigned long deadline);
void kmod_slot_put(enum kmod_slot_class class);
unsigned int kmod_slots_max(void);

/**
 * struct kmod_view - a line of one of the journal's files
 * @rec: of the request
 * @state: of the request or the module, where the file has it
 * @module: what was loaded, where the file has it
 */
struct kmod_view {
	struct kmod_record rec;
	const char *state;
	char module[MODULE_NAME_LEN];
};

/* journal.c, loaded.c: what is remembered */
#ifdef CONFIG_KMOD_JOURNAL
void kmod_journal_add(const struct kmod_record *rec);
void kmod_journal_hung(void);
void kmod_journal_unrecorded(void);
bool kmod_journal_view(u64 *cursor, struct kmod_view *view);
void kmod_journal_stats(struct seq_file *m);
void kmod_loaded_add(const struct kmod_record *rec, const char *module);
void kmod_loaded_set(const char *module, unsigned long state);
bool kmod_loaded_view(u64 *cursor, struct kmod_view *view);
#else
static inline void kmod_journal_add(const struct kmod_record *rec) { }
static inline void kmod_journal_hung(void) { }
static inline void kmod_journal_unrecorded(void) { }
static inline void kmod_loaded_add(const struct kmod_record *rec, const char *module) { }
static inline void kmod_loaded_set(const char *module, unsigned long state) { }
#endif

/* What rules are for. */
enum kmod_rule_kind {
	KMOD_RULE_ALIAS,	/* names that are asked for */
	KMOD_RULE_MODULE	/* modules that modprobe loads for them */
};

enum kmod_ruling {
	KMOD_RULE_NONE,
	KMOD_RULE_ALLOW,
	KMOD_RULE_DENY
};

#ifdef CONFIG_KMOD_POLICY
/* policy.c: who may load what; and the lock on all changes of that */
extern struct mutex kmod_policy_mutex;
int kmod_policy_change(void);
void kmod_policy_changed(void);
int kmod_policy_lock(void);
bool kmod_policy_is_locked(void);
int kmod_policy_enforce(bool enforce);
bool kmod_policy_is_enforced(void);
int kmod_policy_request(const struct kmod_record *rec);
int kmod_policy_module(const struct kmod_record *rec, const char *module);

/* rules.c: which names are open or closed to whom */
const char *kmod_rule_kind_name(enum kmod_rule_kind kind);
int kmod_rules_set(const char *text, size_t len);
void kmod_rules_show(struct seq_file *m);
enum kmod_ruling kmod_rules_judge(enum kmod_rule_kind kind, const char *name,
				  uid_t uid, unsigned int *line);
bool kmod_rules_alike(uid_t a, uid_t b);

/* learned.c: what would have been denied */
void kmod_learn(const struct kmod_record *rec, enum kmod_rule_kind kind,
		const char *name);
void kmod_learned_show(struct seq_file *m);
void kmod_learned_clear(void);
#else
static inline int kmod_policy_change(void)
{
	return capable(CAP_SYS_MODULE) ? 0 : -EPERM;
}

static inline void kmod_policy_changed(void) { }

static inline int kmod_policy_request(const struct kmod_record *rec)
{
	return 0;
}

static inline int kmod_policy_module(const struct kmod_record *rec,
				     const char *module)
{
	return 0;
}

static inline bool kmod_rules_alike(uid_t a, uid_t b)
{
	return true;
}
#endif

#endif /* __KERNEL_KMOD_INTERNAL_H */
