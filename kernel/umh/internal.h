/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_UMH_INTERNAL_H
#define _KERNEL_UMH_INTERNAL_H

#include <linux/lockdep.h>
#include <linux/spinlock.h>
#include <linux/umh.h>

struct cred;
struct pid;
struct task_struct;
struct umh_watch;
struct workqueue_struct;

/*
 * Locking rules of the helper engine. The private members of struct subprocess_info
 * and the variables in kernel/umh/ carry these letters.
 *
 * A: set before umh_gate_enter(), constant afterwards. This also holds for all public
 *    members except retval, which is set before umh_complete().
 * E: written only by the holder of the engine's reference. Lockless readers may see
 *    a stale value.
 * L: protected by umh_lock
 * R: written under umh_gate_rwsem (write) and umh_lock, read under either. A
 *    lockless reader must recheck the value under one of them.
 * O: passes from the setup to the helper's thread, see origin.c
 *
 * umh_lock and umh_origin_lock nest inside tasklist_lock and the locks of wait queues,
 * since a helper may complete when its process exits. umh_lock also nests inside
 * umh_gate_rwsem.
 *
 * Without cleanup(), the caller may free the path as soon as its wait ends. The wait
 * ends after umh_complete() or umh_gate_waiter_killed(), which take umh_lock. The path
 * must therefore only be read under umh_lock, by umh_name(), while the request is on one
 * of the lists. The exec is an exception: the caller must keep the path valid until then.
 */
extern raw_spinlock_t umh_lock;

/* Size of the buffer for a path in a report; longer paths are truncated */
#define UMH_NAME_SIZE		128

static inline const char *umh_name(const struct subprocess_info *info)
{
	lockdep_assert_held(&umh_lock);
	return info->name ?: info->path;
}

/* umh.c: the life of a helper */
void umh_put_deferred(struct subprocess_info *info);
void umh_spawn(struct subprocess_info *info);
void umh_exited(struct subprocess_info *info, int status);

/*
 * queue.c: khelper; umh_wq, for the detection of blocked workers and of hung helpers; and
 * umh_cleanup_wq, for cleanup(), which may block
 */
extern struct workqueue_struct *umh_wq;
extern struct workqueue_struct *umh_cleanup_wq;
void umh_queue_add(struct subprocess_info *info);

/* exit.c: detection of exits, and wait statuses */
int umh_exit_status(const struct task_struct *leader);
bool umh_process_ended(struct pid *pid);
void umh_exit_track(struct subprocess_info *info);
void umh_exit_untrack(struct subprocess_info *info);
void umh_exit_trace(void);

/* gate.c: whether helpers may start, and which are running */
int umh_gate_enter(struct subprocess_info *info);
struct completion *umh_gate_leave(struct subprocess_info *info);
struct completion *umh_complete(struct subprocess_info *info);
bool umh_gate_waiter_killed(struct subprocess_info *info);

/* watch.c: detection of hung helpers */
struct umh_watch *umh_watch(struct subprocess_info *info);
void umh_watch_arm(struct umh_watch *w);

/* origin.c: the helper that a process belongs to */
void umh_origin_inherit(struct subprocess_info *info, gfp_t gfp_mask);
void umh_origin_enter(struct subprocess_info *info);
void umh_origin_drop(struct subprocess_info *info);

/* caps.c: capabilities of helpers */
const struct cred *umh_caps_cred(void);

#endif /* _KERNEL_UMH_INTERNAL_H */
