/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KMOD_RECORD_H
#define _KERNEL_KMOD_RECORD_H

#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/timekeeping.h>
#include <linux/types.h>

#include <trace/misc/kmod.h>

struct seq_file;

#undef EM
#undef EMe
#define EM(symbol, name)	symbol,
#define EMe(symbol, name)	symbol,
enum kmod_outcome {
	KMOD_OUTCOMES
	KMOD_OUTCOME_COUNT
};

#undef EM
#undef EMe

/* Size of the buffer for the symbol of a caller; longer symbols are truncated. */
#define KMOD_CALLER_LEN		64

/* Size of the buffer for the path of an executable; of longer paths the end is kept. */
#define KMOD_EXE_LEN		96

/**
 * struct kmod_record - the record of a request
 * @id: number of the request, starting at 1
 * @parent: id of the parent request, inside whose modprobe the requester is; 0 if none
 * @into: if this one joined a flight, id of the request for which the last modprobe of the
 *	flight had been started by then, or of its first request; a later modprobe may settle
 *	this one. 0 otherwise, and once a modprobe was started for this one.
 * @begin: start of the request, CLOCK_BOOTTIME in ns
 * @slot_ns: time spent waiting for a slot or for another request, in ns
 * @run_ns: remaining time of the request, in ns
 * @site: return address in the caller of __request_module()
 * @caller: symbol of @site if it cannot be printed later, see kmod_record_set_caller()
 * @by: the requester
 * @userns: inode number of the requester's user namespace
 * @userns_level: nesting level of that namespace, 0 for the initial one
 * @pidns: inode number of the requester's pid namespace, 0 if none
 * @mntns: inode number of the requester's mount namespace, 0 if none
 * @cgroup: id of the requester's control group in the unified hierarchy, 0 if unknown
 * @exe: path of the requester's executable, as seen from its root directory, or "" if
 *	none. It starts with "..." if the beginning is missing.
 * @wait: the requester waits until modprobe has exited
 * @outcome: outcome of the request
 * @result: return value of __request_module(). If modprobe was run and the requester was
 *	killed or did not wait, the status of modprobe, which may be 0. Also 0 if the request
 *	did not wait and ended at once, since an earlier one stands for it.
 * @modprobe: pid of modprobe, 0 if none
 * @joiners: number of requests that have joined this one
 * @modules: number of modules loaded from inside modprobe
 * @name: requested name
 *
 * For kernel threads, @mntns and @cgroup are 0, and @exe is empty.
 *
 * A: set before the request is in flight, constant afterwards
 * I: protected by kmod_inflight_lock while the request is in flight
 * E: set by kmod_record_end(), constant afterwards
 */
struct kmod_record {
	u64 id;				/* A */
	u64 parent;			/* A */
	u64 begin;			/* A */
	unsigned long site;		/* A */
	char caller[KMOD_CALLER_LEN];	/* A */
	struct kmod_requester by;	/* A */
	unsigned int userns;		/* A */
	unsigned int userns_level;	/* A */
	unsigned int pidns;		/* A */
	unsigned int mntns;		/* A */
	u64 cgroup;			/* A */
	char exe[KMOD_EXE_LEN];		/* A */
	bool wait;			/* A */
	char name[MODULE_NAME_LEN];	/* A */

	u64 into;			/* I */
	u64 slot_ns;			/* I */
	pid_t modprobe;			/* I */
	unsigned int joiners;		/* I */
	unsigned int modules;		/* I */

	u64 run_ns;			/* E */
	enum kmod_outcome outcome;	/* E */
	int result;			/* E */
};

/* Age of the request, in ns */
static inline u64 kmod_record_age(const struct kmod_record *rec)
{
	return ktime_get_boottime_ns() - rec->begin;
}

/* An escaped name of a module or a process, for the kernel log */
struct kmod_log_name {
	char text[4 * MODULE_NAME_LEN];
};

/* Valid until the end of the block */
#define kmod_escaped(name)	kmod_escape(&(struct kmod_log_name) {}, name)

/* record.c */
const char *kmod_escape(struct kmod_log_name *to, const char *name);
u64 kmod_record_last_id(void);
void kmod_record_begin(struct kmod_record *rec);
int kmod_record_end(struct kmod_record *rec, enum kmod_outcome outcome, int result);
void kmod_record_print(const struct kmod_record *rec);
extern const char *const kmod_outcome_names[KMOD_OUTCOME_COUNT];

enum kmod_module_state {
	KMOD_MODULE_LOADING,
	KMOD_MODULE_LIVE,
	KMOD_MODULE_GONE,	/* removed after it had been live */
	KMOD_MODULE_FAILED,	/* removed without having been live */
};

/**
 * struct kmod_module - a module that was loaded for a request
 * @rec: copy of the request's record at the time of the load, with @rec.begin set to
 *	that time
 * @state: state of the module
 * @name: name of the module
 */
struct kmod_module {
	struct kmod_record rec;
	enum kmod_module_state state;
	char name[MODULE_NAME_LEN];
};

enum kmod_event {
	KMOD_MODPROBE,		/* a modprobe was started */
	KMOD_HUNG,		/* a modprobe is hung */
	KMOD_SLOW_INIT,		/* a modprobe is not hung, but loads a module */
	KMOD_LENT,		/* a slot beyond the limit was granted, and not just passed on */
	KMOD_UNRECORDED,	/* no memory to record a request or a module */
	KMOD_EVENTS
};

/* journal.c, loaded.c: recorded requests and modules */
#ifdef CONFIG_KMOD_JOURNAL
void kmod_journal_add(const struct kmod_record *rec);
void kmod_journal_note(enum kmod_event event);
bool kmod_journal_next(u64 *cursor, struct kmod_record *rec);
void kmod_journal_stats(struct seq_file *m);
void kmod_loaded_add(const struct kmod_record *rec, const char *module);
void kmod_loaded_set(const char *module, enum module_state state);
bool kmod_loaded_next(u64 *cursor, struct kmod_module *module);
#else
static inline void kmod_journal_add(const struct kmod_record *rec) { }
static inline void kmod_journal_note(enum kmod_event event) { }
static inline void kmod_loaded_add(const struct kmod_record *rec, const char *module) { }
static inline void kmod_loaded_set(const char *module, enum module_state state) { }
#endif

#endif /* _KERNEL_KMOD_RECORD_H */
