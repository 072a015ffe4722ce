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

/**
 * struct kmod_record - what is known of a request
 * @id: counts from 1
 * @parent: id of the request from within whose modprobe it comes, 0 for none
 * @into: id of the request that it joined, 0 for none
 * @begin: CLOCK_BOOTTIME in ns
 * @slot_ns: waited for a slot or for another request
 * @run_ns: the rest of the time
 * @site: address in the caller
 * @by: the requester
 * @userns: inode number of the requester's user name space
 * @userns_level: of that name space, 0 for the initial one
 * @pidns: inode number of the requester's pid name space, 0 for none
 * @wait: the requester waits until modprobe has exited
 * @outcome: how it ended
 * @result: what __request_module() returns; modprobe's if @outcome is KMOD_KILLED
 * @modprobe: its pid, 0 for none
 * @joiners: how many requests have joined this one
 * @modules: how many modules were loaded from within modprobe
 * @name: the requested name
 *
 * C: constant from the start
 * I: protected by kmod_inflight_lock while the request is in flight
 * E: set at the end
 */
struct kmod_record {
	u64 id;				/* C */
	u64 parent;			/* C */
	u64 begin;			/* C */
	unsigned long site;		/* C */
	struct kmod_requester by;	/* C */
	unsigned int userns;		/* C */
	unsigned int userns_level;	/* C */
	unsigned int pidns;		/* C */
	bool wait;			/* C */
	char name[MODULE_NAME_LEN];	/* C */

	u64 into;			/* I */
	u64 slot_ns;			/* I */
	pid_t modprobe;			/* I */
	unsigned int joiners;		/* I */
	unsigned int modules;		/* I */

	u64 run_ns;			/* E */
	enum kmod_outcome outcome;	/* E */
	int result;			/* E */
};

/* Nanoseconds since the request began. */
static inline u64 kmod_record_age(const struct kmod_record *rec)
{
	return ktime_get_boottime_ns() - rec->begin;
}

/* record.c */
void kmod_record_begin(struct kmod_record *rec);
int kmod_record_end(struct kmod_record *rec, enum kmod_outcome outcome, int result);
void kmod_record_print(const struct kmod_record *rec);
extern const char *const kmod_outcome_names[KMOD_OUTCOME_COUNT];

enum kmod_module_state {
	KMOD_MODULE_LOADING,
	KMOD_MODULE_LIVE,
	KMOD_MODULE_GONE,	/* removed after it was live */
	KMOD_MODULE_FAILED,	/* removed before */
};

/**
 * struct kmod_module - a module that was loaded for a request
 * @rec: of the request, as of when the module was loaded, which is @rec.begin
 * @state: of the module
 * @name: of the module
 */
struct kmod_module {
	struct kmod_record rec;
	enum kmod_module_state state;
	char name[MODULE_NAME_LEN];
};

enum kmod_event {
	KMOD_HUNG,		/* a modprobe hangs */
	KMOD_UNRECORDED,	/* no memory for a request or a module */
	KMOD_EVENTS
};

/* journal.c, loaded.c: the requests and modules that are remembered */
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
