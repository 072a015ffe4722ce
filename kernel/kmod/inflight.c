// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests in flight: those that somebody is busy with.
 */
#define pr_fmt(fmt) "kmod: " fmt

#include <linux/completion.h>
#include <linux/errno.h>
#include <linux/hashtable.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/pid.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/stringhash.h>
#include <linux/workqueue.h>

#include "internal.h"

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
 * A modprobe that has run for 30 seconds is reported, gives its slot back, and is
 * no longer joined, so that 50 that hang are no end of autoloading.
 */

/* Seconds after which a modprobe is taken for hung. */
#define KMOD_HUNG_SECS		30

/* How many modprobes the message names when there is no slot. */
#define KMOD_REPORT_MAX		4

/*
 * Protects the two below, and in struct kmod_request what is said there. Requests
 * end when a modprobe exits: nests inside tasklist_lock.
 */
static DEFINE_SPINLOCK(kmod_inflight_lock);

/* Requests to join, the youngest of a name first. Twice the slots fit well. */
static DEFINE_HASHTABLE(kmod_by_name, 6);

/* Requests that have a modprobe, the oldest first. */
static LIST_HEAD(kmod_running);

static void kmod_inflight_check(struct work_struct *work);
static DECLARE_DELAYED_WORK(kmod_hung_work, kmod_inflight_check);

static u32 kmod_name_hash(const char *name)
{
	return full_name_hash(NULL, name, strlen(name));
}

/*
 * Returns the request for r to join. None, if r has waited in vain for the last
 * one, and nobody has started anew meanwhile; nor one that waits for a slot behind
 * others whom r need not wait for. A nested request joins nobody, so that no
 * modprobes wait for each other.
 */
static struct kmod_request *kmod_inflight_lookup(const struct kmod_request *r)
{
	struct kmod_request *other;

	lockdep_assert_held(&kmod_inflight_lock);
	if (r->parent)
		return NULL;

	hash_for_each_possible(kmod_by_name, other, by_name,
			       kmod_name_hash(r->name)) {
		if (strcmp(other->name, r->name))
			continue;
		if (other == r->tired_of)
			return NULL;
		if (!list_empty(&other->running) || other->class <= r->class)
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
	struct kmod_request *other;

	spin_lock_irq(&kmod_inflight_lock);
	other = kmod_inflight_lookup(r);
	if (other)
		kmod_request_get(other);
	else
		hash_add(kmod_by_name, &r->by_name, kmod_name_hash(r->name));
	spin_unlock_irq(&kmod_inflight_lock);
	return other;
}

static void kmod_inflight_tire(struct kmod_request *r,
			       struct kmod_request *other)
{
	if (r->tired_of)
		kmod_request_put(r->tired_of);
	if (other)
		kmod_request_get(other);
	r->tired_of = other;
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
		kmod_inflight_tire(r, other);
		r->deadline = jiffies + KMOD_WAIT_SECS * HZ;
		return false;
	}

	complete(&other->done);
	*result = other->status;
	return !other->abandoned;
}

/**
 * kmod_inflight_join - share the result of a request that is in flight
 * @r: what is asked for
 * @wait: wait for that result, else be content that there will be one
 * @result: it, as __request_module() returns it
 *
 * Context: process context, may sleep, killable.
 * Return: true with a result; false when @r is in flight itself now, which
 * kmod_inflight_start() goes on with.
 */
bool kmod_inflight_join(struct kmod_request *r, bool wait, int *result)
{
	struct kmod_request *other;
	bool shared = false;

	while (!shared) {
		other = kmod_inflight_enter(r);
		if (!other)
			break;
		*result = 0;
		shared = !wait || kmod_inflight_share(r, other, result);
		kmod_request_put(other);
	}
	kmod_inflight_tire(r, NULL);
	return shared;
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
				 len ? ", " : "", (int)strlen(r->name), r->name,
				 pid_nr(r->pid), (jiffies - r->started) / HZ,
				 (int)strlen(r->comm), r->comm, r->requester);
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
	pr_warn("no slot for modprobe %*pE, by %*pE[%d], in %d seconds: all %u in use, oldest: %s\n",
		(int)strlen(r->name), r->name, (int)strlen(r->comm), r->comm,
		r->requester, KMOD_WAIT_SECS, kmod_slots_max(), holders);
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
	r->started = jiffies;
	r->has_slot = true;
	list_add_tail(&r->running, &kmod_running);
	spin_unlock_irq(&kmod_inflight_lock);
	schedule_delayed_work(&kmod_hung_work, KMOD_HUNG_SECS * HZ);
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
	had_slot = r->has_slot;
	r->has_slot = false;
	spin_unlock_irqrestore(&kmod_inflight_lock, flags);

	r->status = status;
	complete(&r->done);
	if (had_slot)
		kmod_slot_put(r->class);
}

/**
 * kmod_inflight_find - which request runs this modprobe?
 * @pid: only compared, need not be one
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
		if (r->pid == pid) {
			kmod_request_get(r);
			found = r;
			break;
		}
	}
	spin_unlock_irqrestore(&kmod_inflight_lock, flags);
	return found;
}

/*
 * Returns the oldest request that holds a slot, if it has done so for too long,
 * takes that slot away and leaves it to the caller. Else looks again when that
 * can be so.
 */
static struct kmod_request *kmod_inflight_hung(void)
{
	struct kmod_request *r, *hung = NULL;
	unsigned long age;

	spin_lock_irq(&kmod_inflight_lock);
	list_for_each_entry(r, &kmod_running, running) {
		if (!r->has_slot)
			continue;
		age = jiffies - r->started;
		if (age < KMOD_HUNG_SECS * HZ) {
			schedule_delayed_work(&kmod_hung_work,
					      KMOD_HUNG_SECS * HZ - age);
			break;
		}
		kmod_request_get(r);
		hash_del(&r->by_name);
		r->has_slot = false;
		hung = r;
		break;
	}
	spin_unlock_irq(&kmod_inflight_lock);
	return hung;
}

static void kmod_inflight_check(struct work_struct *work)
{
	struct kmod_request *r;

	while ((r = kmod_inflight_hung())) {
		pr_warn("modprobe %*pE, asked for by %*pE[%d], runs for more than %d seconds and no longer counts\n",
			(int)strlen(r->name), r->name,
			(int)strlen(r->comm), r->comm, r->requester,
			KMOD_HUNG_SECS);
		kmod_slot_put(r->class);
		kmod_request_put(r);
	}
}

#ifdef CONFIG_KMOD_KUNIT_TEST
#include "tests/inflight_kunit.c"
#endif
