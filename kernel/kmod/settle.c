// SPDX-License-Identifier: GPL-2.0-only
/*
 * Results: the end of a modprobe, and the requests that it settles.
 */
#include <linux/compiler.h>
#include <linux/completion.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/umh.h>
#include <linux/workqueue.h>

#include "flight.h"

/*
 * Number of exit functions of modules that have begun and of those that have returned, and of
 * inits that failed; under kmod_inflight_lock
 */
u64 kmod_unloads;

static enum kmod_outcome kmod_modprobe_outcome(const struct kmod_modprobe *m)
{
	switch (m->status) {
	case 0:
		return KMOD_OK;
	case -ENOENT:
		return m->no_path ? KMOD_OFF : KMOD_FAILED;
	case -ENOMEM:
		return KMOD_ERROR;
	case -EPERM:
		return READ_ONCE(m->refused) ? KMOD_LSM : KMOD_FAILED;
	default:
		return KMOD_FAILED;
	}
}

/**
 * kmod_request_settle - end a request and wake its requester
 * @r: a request in flight. The reference of its list passes to the caller.
 * @outcome: its outcome, unless the requester was killed
 * @status: its result: a wait status, or an errno
 *
 * Context: any, under kmod_inflight_lock.
 */
void kmod_request_settle(struct kmod_request *r, enum kmod_outcome outcome, int status)
{
	lockdep_assert_held(&kmod_inflight_lock);
	list_del_init(&r->node);
	rb_erase(&r->all, &kmod_all);
	RB_CLEAR_NODE(&r->all);
	if (!r->served)
		r->rec.slot_ns = kmod_record_age(&r->rec);
	kmod_record_end(&r->rec, r->killed ? KMOD_KILLED : outcome, status);
	if (r->returned)
		return;
	r->returned = true;
	/* Without wait, the result is 0 or an errno, never a wait status. */
	r->status = r->rec.wait ? status : min(status, 0);
	complete(&r->done);
}

static bool kmod_is_awaited(const struct list_head *requests)
{
	const struct kmod_request *r;

	list_for_each_entry(r, requests, node)
		if (r->rec.wait && !r->killed)
			return true;
	return false;
}

static bool kmod_flight_is_awaited(const struct kmod_flight *f)
{
	const struct kmod_modprobe *m;

	lockdep_assert_held(&kmod_inflight_lock);
	list_for_each_entry(m, &f->running, running)
		if (kmod_is_awaited(&m->requests))
			return true;
	return kmod_is_awaited(&f->requests);
}

/**
 * kmod_flight_abandon - let suspend ignore the modprobes of a flight without waiters
 * @f: the flight; unchanged if a requester waits
 *
 * Context: any, under kmod_inflight_lock.
 */
void kmod_flight_abandon(struct kmod_flight *f)
{
	const struct kmod_modprobe *m;

	if (kmod_flight_is_awaited(f))
		return;
	list_for_each_entry(m, &f->running, running)
		if (m->execed && m->helper)
			umh_abandon(m->helper);
}

/*
 * Moves the requests that the end of m settles to its list: those of modprobes that were
 * started before m, or all requests if the success of m applies to all. If m could not be run,
 * that tells nothing about those of modprobes that run.
 */
static void kmod_flight_land(struct kmod_flight *f, struct kmod_modprobe *m)
{
	bool all = !m->status && m->unloads == kmod_unloads;
	struct kmod_modprobe *other;

	if (m->status < 0 && !m->execed)
		return;
	list_for_each_entry(other, &f->running, running) {
		if (other != m) {
			list_splice_tail_init(&other->requests, &m->requests);
			other->has_admin = false;
		} else if (!all) {
			break;
		}
	}
	if (all) {
		list_splice_tail_init(&f->requests, &m->requests);
		f->has_admin = false;
		f->has_user = false;
	}
}

/**
 * kmod_inflight_end - record the end of a modprobe
 * @m: the modprobe
 * @status: its wait status, or an errno
 *
 * Settles one request, which is usually the only one. A kworker settles the others, since
 * their number has no limit and interrupts may be off here.
 *
 * Context: any, also under tasklist_lock.
 */
void kmod_inflight_end(struct kmod_modprobe *m, int status)
{
	struct kmod_flight *f = m->flight;
	struct kmod_request *r;
	unsigned long flags;
	bool more;

	spin_lock_irqsave(&kmod_inflight_lock, flags);
	list_del(&m->for_request);
	m->loading = 0;
	m->status = status;
	WRITE_ONCE(m->ended, true);

	kmod_flight_land(f, m);
	list_del(&m->running);
	list_del(&m->all);
	/* After a success, further requests do not fail at once. */
	f->ended = status ? jiffies : jiffies - KMOD_WAIT;
	kmod_flight_abandon(f);
	r = list_first_entry_or_null(&m->requests, struct kmod_request, node);
	if (r)
		kmod_request_settle(r, kmod_modprobe_outcome(m), status);
	more = !list_empty(&m->requests);
	if (more)
		kmod_modprobe_get(m);
	if (kmod_flight_needs_next(f))
		kmod_flight_kick(f, 0);
	kmod_flight_close(f);
	spin_unlock_irqrestore(&kmod_inflight_lock, flags);

	if (r)
		kmod_request_put(r);
	if (more)
		queue_work(kmod_wq, &m->work);
	kmod_slot_put(&m->slot);
}

/**
 * kmod_inflight_settle - settle the remaining requests of a modprobe
 * @m: a modprobe that has ended
 *
 * Context: process context.
 */
void kmod_inflight_settle(struct kmod_modprobe *m)
{
	struct kmod_request *r;

	do {
		spin_lock_irq(&kmod_inflight_lock);
		r = list_first_entry_or_null(&m->requests, struct kmod_request, node);
		if (r)
			kmod_request_settle(r, kmod_modprobe_outcome(m), m->status);
		spin_unlock_irq(&kmod_inflight_lock);
		if (r)
			kmod_request_put(r);
	} while (r);
}

/**
 * kmod_inflight_unloaded - record a step of the removal of a module
 *
 * The success of a modprobe that was started before settles only requests that were made
 * before its start.
 *
 * Context: process context.
 */
void kmod_inflight_unloaded(void)
{
	spin_lock_irq(&kmod_inflight_lock);
	kmod_unloads++;
	spin_unlock_irq(&kmod_inflight_lock);
}

#ifdef CONFIG_KMOD_KUNIT_TEST
#include "tests/settle_kunit.c"
#endif
