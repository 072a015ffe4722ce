/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __LINUX_UMH_H__
#define __LINUX_UMH_H__

#include <linux/compiler.h>
#include <linux/completion.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/stddef.h>
#include <linux/sysctl.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

struct cred;

/*
 * What call_usermodehelper_exec() waits for. One of the first three, to which
 * KILLABLE and FREEZABLE may be added.
 */
#define UMH_NO_WAIT	0x00	/* for nothing: may be called from any context */
#define UMH_WAIT_EXEC	0x01	/* until the program was exec'ed, or failed to */
#define UMH_WAIT_PROC	0x02	/* until the process has exited */
#define UMH_KILLABLE	0x04	/* a fatal signal ends the wait, not the helper */
#define UMH_FREEZABLE	0x08	/* the freezer may freeze the waiting task */

/**
 * enum umh_phase - how far a helper has come
 * @UMH_SETUP: set up; call_usermodehelper_exec() has not accepted it yet
 * @UMH_QUEUED: accepted, waits for khelper
 * @UMH_SPAWNED: has a thread, which prepares itself and execs
 * @UMH_EXECED: runs its program
 * @UMH_EXITED: ran its program to the end, however that ended
 * @UMH_FAILED: ended before it ran a program
 *
 * A helper goes through these in order; @UMH_FAILED can follow each of the
 * first three. @UMH_EXITED is only seen when somebody asked for it.
 */
enum umh_phase {
	UMH_SETUP,
	UMH_QUEUED,
	UMH_SPAWNED,
	UMH_EXECED,
	UMH_EXITED,
	UMH_FAILED,
};

/**
 * struct subprocess_info - one run of one helper
 * @work: khelper's handle on it
 * @data: for the caller's use
 * @path: program to exec, owned by the caller, see call_usermodehelper_setup()
 * @argv: its arguments, NULL-terminated, owned likewise
 * @envp: its environment, NULL-terminated, owned likewise; may be NULL
 * @spawned: may be set between call_usermodehelper_setup() and
 *	call_usermodehelper_exec(). Called in the helper's thread, before @init:
 *	cheaper for those who have nothing to do with credentials.
 * @init: see call_usermodehelper_setup()
 * @hung: may be set as @spawned. Called once when the helper is reported as
 *	hung: it has neither ended, nor come to what somebody waits for, within
 *	kernel.umh_hung_secs. In process context, may sleep, must not wait for a
 *	helper. Can come at the same time as @exited, but not after @cleanup.
 * @exited: may be set as @spawned, to learn the helper's end in any wait mode.
 *	Called exactly once and before @cleanup: with the wait(2) status once
 *	the process has exited, or with a negative errno when no program was
 *	run. May be called with interrupts off and tasklist_lock held: must not
 *	sleep, nor start another helper.
 * @cleanup: see call_usermodehelper_setup()
 * @wait: UMH_* flags
 * @retval: what the wait returns, valid in @cleanup too
 *
 * The members from @ref on are private to the engine. Their letters are explained
 * in kernel/umh.c, kernel/umh/gate.c and kernel/umh/watch.c.
 */
struct subprocess_info {
	struct work_struct work;
	void *data;
	const char *path;
	char **argv;
	char **envp;

	/* In the order in which they are called. */
	void (*spawned)(struct subprocess_info *info);
	int (*init)(struct subprocess_info *info, struct cred *new);
	void (*hung)(struct subprocess_info *info);
	void (*exited)(struct subprocess_info *info, int status);
	void (*cleanup)(struct subprocess_info *info);

	int wait;
	int retval;

	/* private: */
	struct kref ref;
	enum umh_phase phase;			/* E */
	pid_t pid;				/* E */
	struct wait_queue_entry exit_wait;	/* E */
	struct list_head running;		/* L: see gate.c */
	struct completion done;
	struct list_head watched;		/* W: see watch.c */
	unsigned long since;			/* Q: in jiffies */
	bool waiter_killed;			/* D */
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

/* For security modules. */
bool umh_requester(pid_t *pid, char comm[TASK_COMM_LEN]);

/**
 * enum umh_disable_depth - whether helpers may start
 * @UMH_ENABLED: they may
 * @UMH_FREEZING: not now; tasks are being frozen or thawed, which ends soon
 * @UMH_DISABLED: not now, for an unknown time
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
