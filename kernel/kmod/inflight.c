// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests in flight: the wait of a requester, and the modprobes of its flight.
 */
#include <linux/compiler.h>
#include <linux/completion.h>
#include <linux/container_of.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/umh.h>
#include <linux/workqueue.h>

#include "flight.h"

/* Returns a new modprobe of the flight for the request r, or NULL. */
static struct kmod_modprobe *kmod_flight_new_modprobe(struct kmod_flight *f,
						      const struct kmod_request *r)
{
	struct kmod_modprobe *m = kzalloc(sizeof(*m), GFP_KERNEL);

	if (!m)
		return NULL;
	if (kmod_modprobe_init(m, r)) {
		kfree(m);
		return NULL;
	}
	m->flight = kmod_flight_get(f);
	return m;
}

/* Returns how long the request may still wait for the slot of the flight, in jiffies. */
static unsigned long kmod_flight_patience(const struct kmod_flight *f,
					  const struct kmod_request *r)
{
	unsigned long from = time_after(r->arrived, f->since) ? r->arrived : f->since;

	return time_before(jiffies, from + KMOD_WAIT) ? from + KMOD_WAIT - jiffies : 0;
}

/* Returns the oldest request if it has waited too long for the slot, or NULL. */
static struct kmod_request *kmod_flight_expired(const struct kmod_flight *f)
{
	struct kmod_request *r = kmod_flight_uncovered(f);

	return r && f->queued && !kmod_flight_patience(f, r) ? r : NULL;
}

static struct kmod_request *kmod_flight_stuck(const struct kmod_flight *f)
{
	if (kmod_flight_owes_admin(f) || !kmod_flight_has_failed(f))
		return NULL;
	return kmod_flight_later(f, true);
}

/* Fails the picked requests, taking the lock for each, since their number has no limit. */
static void kmod_flight_time_out(struct kmod_flight *f,
				 struct kmod_request *(*pick)(const struct kmod_flight *f))
{
	struct kmod_request *r;

	do {
		spin_lock_irq(&kmod_inflight_lock);
		r = pick(f);
		if (r) {
			kmod_request_settle(r, KMOD_BUSY, -ETIME);
			kmod_flight_abandon(f);
		}
		spin_unlock_irq(&kmod_inflight_lock);
		if (r) {
			kmod_inflight_report_busy(r);
			kmod_request_put(r);
		}
	} while (r);
}

/* If no request needs the queued modprobe, cancels and returns it. Otherwise returns NULL. */
static struct kmod_modprobe *kmod_flight_cancel(struct kmod_flight *f)
{
	struct kmod_modprobe *m = f->queued;

	lockdep_assert_held(&kmod_inflight_lock);
	if (!m || kmod_flight_uncovered(f) || !kmod_slot_cancel(&m->slot))
		return NULL;
	f->queued = NULL;
	return m;
}

/*
 * If the requester that opened the flight gets no CPU to start the first modprobe, lets the
 * requests wait for the next one instead.
 */
static void kmod_flight_pass_over(struct kmod_flight *f)
{
	struct kmod_modprobe *m = &f->first;
	bool starved;

	if (!READ_ONCE(f->opening))
		return;
	spin_lock_irq(&kmod_inflight_lock);
	starved = !m->late && !m->pid && !m->ended;
	if (starved && time_before(jiffies, f->since + KMOD_LATE)) {
		/* It has a slot since the work was scheduled, but no thread yet. */
		kmod_flight_kick(f, f->since + KMOD_LATE - jiffies);
	} else if (starved) {
		m->late = true;
		if (f->queued == m)
			f->queued = NULL;
		kmod_flight_take_back(f, m);
		/* Under the lock, because an opener that finds itself late frees the slot. */
		if (!m->starting)
			kmod_slot_put(&m->slot);
	}
	spin_unlock_irq(&kmod_inflight_lock);
}

/*
 * Takes a slot and starts m, or queues it for a slot. The caller's reference to m passes
 * to this function. Returns the helper, with a reference, if it was started, or NULL.
 */
static struct subprocess_info *kmod_flight_launch(struct kmod_flight *f,
						  struct kmod_modprobe *m)
{
	if (kmod_slot_get(&m->slot, true))
		return kmod_modprobe_start(m);
	kmod_flight_kick(f, KMOD_WAIT);
	return NULL;
}

/* Fails the first request without a modprobe, for lack of memory. */
static void kmod_flight_fail(struct kmod_flight *f)
{
	struct kmod_request *r;

	spin_lock_irq(&kmod_inflight_lock);
	r = kmod_flight_uncovered(f);
	if (r)
		kmod_request_settle(r, KMOD_ERROR, -ENOMEM);
	kmod_flight_abandon(f);
	kmod_flight_close(f);
	spin_unlock_irq(&kmod_inflight_lock);
	if (r)
		kmod_request_put(r);
	kmod_flight_kick(f, 0);
}

/* Queues the next modprobe, for the request r. */
static void kmod_flight_next(struct kmod_flight *f, struct kmod_request *r)
{
	struct kmod_modprobe *m = kmod_flight_new_modprobe(f, r);
	struct subprocess_info *info;

	if (!m) {
		kmod_flight_fail(f);
		return;
	}
	spin_lock_irq(&kmod_inflight_lock);
	f->queued = m;
	f->since = jiffies;
	kmod_flight_set_class(f, m);
	spin_unlock_irq(&kmod_inflight_lock);
	info = kmod_flight_launch(f, m);
	if (info)
		umh_put(info);
}

/*
 * Starts up to n more modprobes for the request r, as far as slots are free. If not even
 * one is, and that has lasted too long or requests have failed before, fails the requests
 * that were made later and have no modprobe, or one that is hung; but none because of what
 * users could not get, if an administrator waits.
 */
static void kmod_flight_double(struct kmod_flight *f, const struct kmod_request *r,
			       unsigned int n)
{
	bool started = false, stalled = false, admin = true, fail;
	struct subprocess_info *info;
	struct kmod_modprobe *m;

	while (n--) {
		m = kmod_flight_new_modprobe(f, r);
		if (!m)
			return;
		spin_lock_irq(&kmod_inflight_lock);
		kmod_flight_set_class(f, m);
		admin = kmod_flight_has_admin(f);
		spin_unlock_irq(&kmod_inflight_lock);
		if (!kmod_slot_get(&m->slot, false)) {
			stalled = kmod_slots_stalled(&m->slot);
			kmod_modprobe_put(m);
			break;
		}
		started = true;
		info = kmod_modprobe_start(m);
		if (info)
			umh_put(info);
	}
	spin_lock_irq(&kmod_inflight_lock);
	fail = !started && (stalled || kmod_flight_is_ending(f) ||
			    time_after_eq(jiffies, f->since + 2 * KMOD_WAIT));
	if (fail && !kmod_flight_is_ending(f)) {
		f->ending = max(f->ending, admin ? KMOD_ENDING_ALL : KMOD_ENDING_USERS);
		f->ended = jiffies;
	}
	spin_unlock_irq(&kmod_inflight_lock);
	if (fail)
		kmod_flight_time_out(f, kmod_flight_stuck);
}

/*
 * Returns the request for which more modprobes must be started now, or NULL. Sets @n, which
 * is 0, to the number that may be started; if none may, requests fail. Sets @delay to the
 * time until the next check in jiffies, or to 0.
 */
static struct kmod_request *kmod_flight_due(struct kmod_flight *f, unsigned int *n,
					    unsigned long *delay)
{
	unsigned int running = kmod_flight_count(f, true), limit = kmod_slots_max();
	struct kmod_request *r = f->queued ? kmod_flight_uncovered(f) :
					      kmod_flight_later(f, false);

	*delay = 0;
	if (!r)
		return NULL;
	if (f->queued) {
		*delay = kmod_flight_patience(f, r) ?: 1;
		return NULL;
	}
	*delay = KMOD_WAIT;
	if (kmod_flight_is_loading(f))
		return NULL;
	if (kmod_flight_is_ending(f))
		return r;
	if (time_before(jiffies, f->since + KMOD_WAIT)) {
		*delay = f->since + KMOD_WAIT - jiffies;
		return NULL;
	}
	if (!kmod_flight_has_failed(f) && limit > running)
		*n = min(max(kmod_flight_count(f, false), 1U), limit - running);
	return r;
}

static void kmod_flight_work(struct work_struct *work)
{
	struct kmod_flight *f = container_of(work, struct kmod_flight, work);
	struct kmod_modprobe *unused;
	unsigned long delay = 0;
	struct kmod_request *r;
	unsigned int n = 0;
	bool next;

	kmod_flight_pass_over(f);
	kmod_flight_time_out(f, kmod_flight_expired);

	spin_lock_irq(&kmod_inflight_lock);
	unused = kmod_flight_cancel(f);
	kmod_flight_close(f);
	next = kmod_flight_needs_next(f);
	/* If a hung modprobe still runs, more modprobes may have to be started later. */
	if (next)
		delay = KMOD_WAIT;
	r = next ? kmod_flight_uncovered(f) : kmod_flight_due(f, &n, &delay);
	if (r)
		kmod_request_get(r);
	else if (delay)
		kmod_flight_kick(f, delay);
	spin_unlock_irq(&kmod_inflight_lock);

	if (unused)
		kmod_modprobe_put(unused);
	if (r) {
		if (next)
			kmod_flight_next(f, r);
		else
			kmod_flight_double(f, r, n);
		kmod_request_put(r);
		if (delay)
			kmod_flight_kick(f, delay);
	}
	kmod_flight_put(f);
}

/* The reference of the timer passes to the work. */
static void kmod_flight_timer(struct timer_list *timer)
{
	struct kmod_flight *f = container_of(timer, struct kmod_flight, timer);

	if (!queue_work(kmod_wq, &f->work))
		kmod_flight_put(f);
}

/* Returns a flight that r may open, or NULL. */
static struct kmod_flight *kmod_flight_alloc(struct kmod_request *r)
{
	struct kmod_flight *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return NULL;
	if (kmod_modprobe_init(&f->first, r)) {
		kfree(f);
		return NULL;
	}
	/* Held by the first modprobe. */
	kref_init(&f->ref);
	f->first.flight = f;
	INIT_HLIST_NODE(&f->by_name);
	INIT_LIST_HEAD(&f->requests);
	INIT_LIST_HEAD(&f->running);
	timer_setup(&f->timer, kmod_flight_timer, 0);
	INIT_WORK(&f->work, kmod_flight_work);
	kmod_request_get(r);
	f->lead = r;
	f->since = jiffies;
	f->nested = r->parent;
	return f;
}

/* Handles the kill of a requester. Its modprobe, if any, and the flight continue. */
static void kmod_flight_leave(struct kmod_flight *f, struct kmod_request *r)
{
	struct kmod_modprobe *unused = NULL;
	bool left;

	spin_lock_irq(&kmod_inflight_lock);
	r->killed = true;
	left = list_empty(&r->modprobes) && !list_empty(&r->node);
	if (left) {
		kmod_request_settle(r, KMOD_KILLED, -ERESTARTSYS);
		unused = kmod_flight_cancel(f);
		kmod_flight_close(f);
	}
	kmod_flight_abandon(f);
	spin_unlock_irq(&kmod_inflight_lock);
	if (left)
		kmod_request_put(r);
	if (unused)
		kmod_modprobe_put(unused);
}

/**
 * kmod_inflight_wait - join or open a flight, and wait for the result
 * @r: a request with a name
 *
 * Waits until the request is settled. If the requester does not wait for modprobe, waits
 * until modprobe was exec'ed, or not at all if @r joins a flight.
 *
 * Context: process context, may sleep, killable.
 * Return: as __request_module().
 */
int kmod_inflight_wait(struct kmod_request *r)
{
	struct kmod_flight *f = kmod_flight_enter(r, NULL);
	struct subprocess_info *info = NULL;
	bool joined = f;
	int ret = 0;

	if (!f) {
		struct kmod_flight *own = kmod_flight_alloc(r);

		if (!own)
			return kmod_record_end(&r->rec, KMOD_ERROR, -ENOMEM);
		own->opening = true;
		f = kmod_flight_enter(r, own);
		joined = f != own;
		if (joined) {
			kmod_modprobe_put(&own->first);
		} else {
			info = kmod_flight_launch(f, &f->first);
			/* Pairs with kmod_flight_pass_over(), which may see the old value. */
			WRITE_ONCE(f->opening, false);
		}
	}
	if (r->rec.wait || !joined) {
		ret = wait_for_completion_killable(&r->done);
		if (ret)
			kmod_flight_leave(f, r);
		else
			ret = r->status;
	}
	if (info)
		umh_put(info);
	kmod_flight_put(f);
	return ret;
}

#ifdef CONFIG_KMOD_KUNIT_TEST
#include "tests/inflight_kunit.c"
#endif
