// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests in flight: those that somebody is busy with.
 */
#define pr_fmt(fmt) "kmod: " fmt

#include <linux/compiler.h>
#include <linux/completion.h>
#include <linux/errno.h>
#include <linux/hashtable.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/pid.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/stringhash.h>
#include <linux/time64.h>

#include <trace/events/kmod.h>

#include "request.h"

/**
 * DOC: requests in flight
 *
 * A request is in flight from when it starts to wait for a slot until its
 * modprobe has exited, whatever becomes of the requester. Others who want the
 * same name join it: they wait for its result and hold no slot. Nothing is
 * remembered afterwards, so that a module that was removed is loaded again, and
 * one that was installed is found.
 *
 * A requester that is killed, or gets no slot, before its modprobe was started
 * abandons the request; one of those who joined it takes over. After 5 seconds
 * with a modprobe that does not end, one of those who joined starts another one,
 * and the others join that.
 *
 * A modprobe that hangs, see kernel.umh_hung_secs, gives its slot back and is no
 * longer joined, so that 50 that hang are no end of autoloading.
 */

/* How many modprobes the message names when there is no slot. */
#define KMOD_REPORT_MAX		4

/*
 * Protects all below, and in struct kmod_request what is said there. Requests
 * end when a modprobe exits: nests inside tasklist_lock.
 */
static DEFINE_SPINLOCK(kmod_inflight_lock);

/* Requests to join, the youngest of a name first. Some hundreds fit well, in 2 KB. */
static DEFINE_HASHTABLE(kmod_by_name, 8);

/* Requests that have a modprobe, the oldest first. */
static LIST_HEAD(kmod_running);

/* These, those that wait for a slot, and those that have joined one, to look at. */
static LIST_HEAD(kmod_all);

static u32 kmod_name_hash(const char *name)
{
	return full_name_hash(NULL, name, strlen(name));
}

/*
 * Returns the request for r to join. None, if r has waited in vain for the last
 * one, and no request has started anew meanwhile; nor one that waits for a slot behind
 * others for which r need not wait, or whose end r would not see. A nested request joins
 * none, so that no modprobes wait for each other.
 */
static struct kmod_request *kmod_inflight_lookup(const struct kmod_request *r,
						 u32 hash)
{
	struct kmod_request *other;

	lockdep_assert_held(&kmod_inflight_lock);
	if (r->parent)
		return NULL;

	hash_for_each_possible(kmod_by_name, other, by_name, hash) {
		if (strcmp(other->rec.name, r->rec.name))
			continue;
		if (other == r->timed_out_on)
			return NULL;
		if (!list_empty(&other->running) ||
		    (r->rec.wait && other->class <= r->class))
			return other;
	}
	return NULL;
}

/*
 * Returns the request to join, with a reference; NULL when r is in flight itself
 * now.
 */
static struct kmod_request *kmod_inflight_enter(struct kmod_request *r)
{
	u32 hash = kmod_name_hash(r->rec.name);
	struct kmod_request *other;

	spin_lock_irq(&kmod_inflight_lock);
	if (list_empty(&r->all))
		list_add_tail(&r->all, &kmod_all);
	other = kmod_inflight_lookup(r, hash);
	if (other) {
		kmod_request_get(other);
		other->rec.joiners++;
		r->rec.into = other->rec.id;
	} else {
		hash_add(kmod_by_name, &r->by_name, hash);
		r->rec.into = 0;
	}
	spin_unlock_irq(&kmod_inflight_lock);
	return other;
}

static enum kmod_outcome
kmod_inflight_outcome(const struct kmod_request *r, int result)
{
	if (result == -ERESTARTSYS || READ_ONCE(r->killed))
		return KMOD_KILLED;
	switch (result) {
	case 0:
		return KMOD_OK;
	case -ETIME:
		return r->abandoned ? KMOD_BUSY : KMOD_FAILED;
	case -ENOMEM:
		return KMOD_ERROR;
	case -EPERM:
		return READ_ONCE(r->refused) ? KMOD_LSM : KMOD_FAILED;
	default:
		return KMOD_FAILED;
	}
}

/* One that has joined another has ended. */
static void kmod_inflight_leave(struct kmod_request *r, int result)
{
	spin_lock_irq(&kmod_inflight_lock);
	list_del(&r->all);
	r->rec.slot_ns = kmod_record_age(&r->rec);
	spin_unlock_irq(&kmod_inflight_lock);
	kmod_record_end(&r->rec, kmod_inflight_outcome(r, result), result);
}

static void kmod_inflight_set_timed_out_on(struct kmod_request *r,
					   struct kmod_request *other)
{
	if (r->timed_out_on)
		kmod_request_put(r->timed_out_on);
	if (other)
		kmod_request_get(other);
	r->timed_out_on = other;
}

/*
 * Waits for another request. Returns whether that gave a result. The end wakes
 * one waiter and each waiter the next one, since the end comes with interrupts
 * off, and there is no limit to the number of waiters.
 */
static bool kmod_inflight_share(struct kmod_request *r,
				struct kmod_request *other, int *result)
{
	long left;

	left = wait_for_completion_killable_timeout(&other->done,
						    KMOD_WAIT_SECS * HZ);
	if (left < 0) {
		*result = left;
		return true;
	}
	if (!left) {
		kmod_inflight_set_timed_out_on(r, other);
		r->deadline = jiffies + KMOD_WAIT_SECS * HZ;
		return false;
	}

	complete(&other->done);
	*result = other->status;
	WRITE_ONCE(r->refused, READ_ONCE(other->refused));
	return !other->abandoned;
}

/**
 * kmod_inflight_join - share the result of a request that is in flight
 * @r: what is asked for. Waits for that result, or if @r does not want that, is
 *	content that there will be one.
 * @result: it, as __request_module() returns it
 *
 * Context: process context, may sleep, killable.
 * Return: true with a result; false when @r is in flight itself now, which
 * kmod_inflight_start() goes on with.
 */
bool kmod_inflight_join(struct kmod_request *r, int *result)
{
	struct kmod_request *other;
	bool shared = false;

	while (!shared) {
		other = kmod_inflight_enter(r);
		if (!other)
			break;
		trace_kmod_join(&r->rec);
		*result = 0;
		shared = !r->rec.wait || kmod_inflight_share(r, other, result);
		kmod_request_put(other);
	}
	kmod_inflight_set_timed_out_on(r, NULL);
	if (shared)
		kmod_inflight_leave(r, *result);
	return shared;
}

/* How long it has had a modprobe. */
static unsigned long kmod_inflight_secs(const struct kmod_request *r)
{
	return div_u64(kmod_record_age(&r->rec) - r->rec.slot_ns, NSEC_PER_SEC);
}

/* Writes who holds slots, the oldest first. */
static void kmod_inflight_print(char *text, size_t size)
{
	struct kmod_request *r;
	size_t len = 0;
	int n = 0;

	spin_lock_irq(&kmod_inflight_lock);
	list_for_each_entry(r, &kmod_running, running) {
		if (!r->has_slot)
			continue;
		if (n++ == KMOD_REPORT_MAX)
			break;
		len += scnprintf(text + len, size - len,
				 "%s%*pE (pid %d, %lu s, by %*pE[%d])",
				 len ? ", " : "",
				 (int)strlen(r->rec.name), r->rec.name,
				 pid_nr(r->pid), kmod_inflight_secs(r),
				 (int)strlen(r->rec.by.comm), r->rec.by.comm,
				 r->rec.by.pid);
	}
	spin_unlock_irq(&kmod_inflight_lock);
}

static void kmod_inflight_report_busy(const struct kmod_request *r)
{
	static DEFINE_RATELIMIT_STATE(rs, DEFAULT_RATELIMIT_INTERVAL, 2);
	char holders[400] = "";

	if (!__ratelimit(&rs))
		return;
	kmod_inflight_print(holders, sizeof(holders));
	pr_warn("no slot for modprobe %*pE, by %*pE[%d], in %d seconds; in use, the oldest first: %s\n",
		(int)strlen(r->rec.name), r->rec.name,
		(int)strlen(r->rec.by.comm), r->rec.by.comm, r->rec.by.pid,
		KMOD_WAIT_SECS, holders);
}

/**
 * kmod_inflight_start - wait for a slot
 * @r: in flight by kmod_inflight_join()
 *
 * Context: process context, may sleep, killable.
 * Return: 0, and the request holds a slot until kmod_inflight_end(), or until it
 * is taken for hung; -ETIME or -ERESTARTSYS, and it is in flight no longer.
 */
int kmod_inflight_start(struct kmod_request *r)
{
	int err = kmod_slot_get(r->class, r->deadline);

	if (err) {
		r->abandoned = true;
		kmod_inflight_end(r, err);
		if (err == -ETIME)
			kmod_inflight_report_busy(r);
		return err;
	}

	spin_lock_irq(&kmod_inflight_lock);
	r->rec.slot_ns = kmod_record_age(&r->rec);
	r->has_slot = true;
	list_add_tail(&r->running, &kmod_running);
	spin_unlock_irq(&kmod_inflight_lock);
	return 0;
}

/**
 * kmod_inflight_spawned - modprobe has a thread
 * @r: started
 * @pid: of the thread
 *
 * Context: process context.
 */
void kmod_inflight_spawned(struct kmod_request *r, struct pid *pid)
{
	spin_lock_irq(&kmod_inflight_lock);
	r->pid = pid;
	r->rec.modprobe = pid_nr(pid);
	spin_unlock_irq(&kmod_inflight_lock);
}

/**
 * kmod_inflight_end - publish the result
 * @r: in flight
 * @status: modprobe's, or why there was none
 *
 * Context: any, also under tasklist_lock.
 */
void kmod_inflight_end(struct kmod_request *r, int status)
{
	unsigned long flags;
	bool had_slot;

	spin_lock_irqsave(&kmod_inflight_lock, flags);
	hash_del(&r->by_name);
	list_del_init(&r->running);
	list_del_init(&r->all);
	had_slot = r->has_slot;
	r->has_slot = false;
	if (r->abandoned)
		r->rec.slot_ns = kmod_record_age(&r->rec);
	spin_unlock_irqrestore(&kmod_inflight_lock, flags);

	kmod_record_end(&r->rec, kmod_inflight_outcome(r, status), status);
	r->status = status;
	complete(&r->done);
	if (had_slot)
		kmod_slot_put(r->class);
}

/**
 * kmod_inflight_find - which request runs this modprobe?
 * @pid: only compared, need not be one; NULL, of a task that was reaped just now, is
 *	nobody's
 *
 * Context: any.
 * Return: the request, with a reference; NULL.
 */
struct kmod_request *kmod_inflight_find(const struct pid *pid)
{
	struct kmod_request *r, *found = NULL;
	unsigned long flags;

	spin_lock_irqsave(&kmod_inflight_lock, flags);
	list_for_each_entry(r, &kmod_running, running) {
		if (pid && r->pid == pid) {
			kmod_request_get(r);
			found = r;
			break;
		}
	}
	spin_unlock_irqrestore(&kmod_inflight_lock, flags);
	return found;
}

/**
 * kmod_inflight_hung - a modprobe hangs: do without its slot
 * @r: the request that runs it
 *
 * Context: process context.
 */
void kmod_inflight_hung(struct kmod_request *r)
{
	unsigned int joiners;
	pid_t modprobe;
	bool had_slot;

	spin_lock_irq(&kmod_inflight_lock);
	hash_del(&r->by_name);
	had_slot = r->has_slot;
	r->has_slot = false;
	joiners = r->rec.joiners;
	modprobe = r->rec.modprobe;
	spin_unlock_irq(&kmod_inflight_lock);
	if (!had_slot)
		return;

	kmod_slot_put(r->class);
	kmod_journal_note(KMOD_HUNG);
	pr_warn_ratelimited("modprobe %*pE (pid %d), asked for by %*pE[%d] and %u others, hangs and gives its slot back\n",
			    (int)strlen(r->rec.name), r->rec.name,
			    modprobe, (int)strlen(r->rec.by.comm),
			    r->rec.by.comm, r->rec.by.pid, joiners);
}

/**
 * kmod_inflight_loaded - a module is being loaded from within a modprobe
 * @r: the request that runs it
 * @copy: of what is known of that
 *
 * Context: process context.
 * Return: false if the modprobe has ended just now.
 */
bool kmod_inflight_loaded(struct kmod_request *r, struct kmod_record *copy)
{
	bool runs;

	spin_lock_irq(&kmod_inflight_lock);
	runs = !list_empty(&r->all);
	if (runs) {
		r->rec.modules++;
		*copy = r->rec;
	}
	spin_unlock_irq(&kmod_inflight_lock);
	return runs;
}

static enum kmod_inflight_state kmod_inflight_state(const struct kmod_request *r)
{
	if (!list_empty(&r->running))
		return r->has_slot ? KMOD_INFLIGHT_RUNNING : KMOD_INFLIGHT_HUNG;
	return r->rec.into ? KMOD_INFLIGHT_JOINED : KMOD_INFLIGHT_WAITING;
}

/**
 * kmod_inflight_next - look at the requests in flight, and those that joined one
 * @cursor: the least id to look at
 * @rec: set to the record of the request with the least id from there on
 * @state: set to the state of that request
 *
 * Context: process context.
 * Return: whether there is one; @cursor is its id then.
 */
bool kmod_inflight_next(u64 *cursor, struct kmod_record *rec,
			enum kmod_inflight_state *state)
{
	struct kmod_request *r, *first = NULL;

	spin_lock_irq(&kmod_inflight_lock);
	list_for_each_entry(r, &kmod_all, all) {
		if (r->rec.id >= *cursor && (!first || r->rec.id < first->rec.id))
			first = r;
	}
	if (first) {
		*rec = first->rec;
		*state = kmod_inflight_state(first);
		*cursor = first->rec.id;
	}
	spin_unlock_irq(&kmod_inflight_lock);
	return first;
}

#ifdef CONFIG_KMOD_KUNIT_TEST
#include "tests/inflight_kunit.c"
#endif
