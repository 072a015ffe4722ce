/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __LINUX_UMH_H__
#define __LINUX_UMH_H__

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/stddef.h>
#include <linux/sysctl.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

struct completion;
struct cred;
struct pid;

/*
 * Wait modes of call_usermodehelper_exec(). UMH_KILLABLE and UMH_FREEZABLE may be
 * combined with UMH_WAIT_EXEC and UMH_WAIT_PROC.
 */
#define UMH_NO_WAIT	0x00	/* do not wait; may be used in any context */
#define UMH_WAIT_EXEC	0x01	/* wait until the exec has succeeded or failed */
#define UMH_WAIT_PROC	0x02	/* wait until the process has exited */
#define UMH_KILLABLE	0x04	/* a fatal signal ends the wait, not the helper */
#define UMH_FREEZABLE	0x08	/* the waiter may be frozen */

/**
 * enum umh_phase - phases of a helper's lifetime
 * @UMH_SETUP: set up, not yet accepted by call_usermodehelper_exec()
 * @UMH_QUEUED: accepted, queued on khelper
 * @UMH_SPAWNED: has a thread, which has not exec'ed yet
 * @UMH_EXECED: the program has been exec'ed
 * @UMH_EXITED: the process has exited or was killed
 * @UMH_FAILED: failed before or in the exec
 *
 * The phases follow each other in this order. @UMH_FAILED may follow any of
 * the first three. @UMH_EXITED follows @UMH_SPAWNED when the thread is killed before
 * its exec, and @UMH_EXECED only for %UMH_WAIT_PROC or with subprocess_info.exited.
 */
enum umh_phase {
	UMH_SETUP,
	UMH_QUEUED,
	UMH_SPAWNED,
	UMH_EXECED,
	UMH_EXITED,
	UMH_FAILED,
};

/* Age in seconds at which subprocess_info.hung is called */
#define UMH_HUNG_SECS	30

/**
 * struct subprocess_info - a request to run a helper
 * @data: private data of the caller
 * @path: program to exec, owned by the caller, see call_usermodehelper_setup()
 * @argv: arguments, NULL-terminated, owned by the caller as @path
 * @envp: environment, NULL-terminated, owned by the caller as @path; may be NULL
 * @spawned: optional callback, called in the helper's thread before @init.
 *	Cheaper than @init for callers that do not change credentials.
 * @init: see call_usermodehelper_setup()
 * @execed: optional callback, called in the helper's thread after a successful exec
 *	and before @exited
 * @hung: optional callback, called in place of the report in the kernel log when the
 *	helper has not completed within %UMH_HUNG_SECS, and again after the same time
 *	if it returns true. Does not depend on kernel.umh_hung_secs. A helper completes
 *	with its exit for %UMH_WAIT_PROC or @exited, else with its exec. Called in
 *	process context and may sleep. Must not wait for a helper. May run concurrently
 *	with @exited and after it, but never after @cleanup.
 * @exited: optional callback, reports the end of the helper in any wait mode.
 *	Called exactly once, before @cleanup: with the wait status of wait(2) when
 *	the process has exited or was killed before its exec, or with a negative errno
 *	if no program was run, or with 0 if the path is empty. May be called with
 *	interrupts disabled and tasklist_lock held. Must not sleep and must not start
 *	another helper.
 * @cleanup: see call_usermodehelper_setup()
 * @wait: UMH_* flags
 * @retval: result of the wait, also valid in @cleanup
 *
 * The caller may set @spawned, @execed, @hung and @exited between
 * call_usermodehelper_setup() and call_usermodehelper_exec(). A caller that sets @hung
 * or @exited must have a cleanup(), since that may then run after
 * call_usermodehelper_exec() has returned. The members from @ref on are private to the
 * engine. Their letters refer to the locking rules in kernel/umh/internal.h.
 */
struct subprocess_info {
	void *data;
	const char *path;
	char **argv;
	char **envp;

	/* Callbacks, in the order in which they are called */
	void (*spawned)(struct subprocess_info *info);
	int (*init)(struct subprocess_info *info, struct cred *new);
	void (*execed)(struct subprocess_info *info);
	bool (*hung)(struct subprocess_info *info);
	void (*exited)(struct subprocess_info *info, int status);
	void (*cleanup)(struct subprocess_info *info);

	int wait;
	int retval;

	/* private: */
	struct kref ref;
	enum umh_phase phase;			/* E */
	union {
		struct list_head queued;	/* L: for khelper */
		struct work_struct work;	/* E: calls cleanup() */
	};
	struct umh_origin_link *origin;		/* O */
	struct wait_queue_entry exit_wait;	/* E */
	struct list_head running;		/* L */
	struct list_head watched;		/* L */
	unsigned long since;			/* L: when watched, in jiffies */
	struct completion *waiter;		/* L: NULL if no task waits */
	const char *name;			/* L: copy of @path, or NULL */
	pid_t pid;				/* E */
	pid_t requester;			/* A */
	char requester_comm[TASK_COMM_LEN];	/* A */
} __randomize_layout;

int call_usermodehelper(const char *path, char **argv, char **envp, int wait);

struct subprocess_info *
call_usermodehelper_setup(const char *path, char **argv, char **envp,
			  gfp_t gfp_mask,
			  int (*init)(struct subprocess_info *info,
				      struct cred *new),
			  void (*cleanup)(struct subprocess_info *info),
			  void *data);

int call_usermodehelper_exec(struct subprocess_info *info, int wait);

/* For kernel code that tracks its helpers by callbacks. */
int umh_start(struct subprocess_info *info, int wait);
void umh_abandon(struct subprocess_info *info);
bool umh_await(struct subprocess_info *info);
void umh_put(struct subprocess_info *info);

static inline void umh_get(struct subprocess_info *info)
{
	kref_get(&info->ref);
}

/**
 * struct umh_origin_link - a running helper and its origin
 * @by_pid: entry in the hash of running helpers that have an origin
 * @origin: the origin
 * @pid: the helper
 * @exit: entry in the wait queue of @pid
 */
struct umh_origin_link {
	struct hlist_node by_pid;
	struct umh_origin *origin;
	struct pid *pid;
	struct wait_queue_entry exit;
};

/**
 * struct umh_origin - identity of a helper, which its descendants share
 * @ref: held by its creator, by each helper that belongs to it until the helper has
 *	exited, and by callers of umh_origin_current()
 * @release: called in any context when the last reference is dropped
 * @link: link of the helper itself
 *
 * A helper that is started on behalf of a process inside this helper, however
 * indirectly, belongs to the same origin unless it has an origin of its own.
 */
struct umh_origin {
	refcount_t ref;
	void (*release)(struct umh_origin *origin);
	struct umh_origin_link link;
};

static inline void umh_origin_put(struct umh_origin *origin)
{
	if (refcount_dec_and_test(&origin->ref))
		origin->release(origin);
}

struct umh_origin *umh_origin_current(void);
void umh_set_origin(struct subprocess_info *info, struct umh_origin *origin,
		    pid_t requester, const char *requester_comm);

/* For security modules. */
bool umh_requester(pid_t *pid, char comm[TASK_COMM_LEN]);

/**
 * enum umh_disable_depth - whether helpers may start
 * @UMH_ENABLED: helpers may start
 * @UMH_FREEZING: helpers must not start while tasks are being frozen or thawed,
 *	which takes a bounded time
 * @UMH_DISABLED: helpers must not start until they are enabled again
 */
enum umh_disable_depth {
	UMH_ENABLED = 0,
	UMH_FREEZING,
	UMH_DISABLED,
};

int __usermodehelper_disable(enum umh_disable_depth depth);
void __usermodehelper_set_disable_depth(enum umh_disable_depth depth);

static inline int usermodehelper_disable(void)
{
	return __usermodehelper_disable(UMH_DISABLED);
}

static inline void usermodehelper_enable(void)
{
	__usermodehelper_set_disable_depth(UMH_ENABLED);
}

int usermodehelper_read_trylock(void);
long usermodehelper_read_lock_wait(long timeout);
void usermodehelper_read_unlock(void);

#endif /* __LINUX_UMH_H__ */
