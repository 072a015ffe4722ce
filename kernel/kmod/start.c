// SPDX-License-Identifier: GPL-2.0-only
/*
 * The start of a modprobe, as seen by its flight.
 */
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "flight.h"

/* Makes m run for r. Returns the previous lead, with a reference. */
static struct kmod_request *kmod_flight_take_off(struct kmod_flight *f,
						 struct kmod_modprobe *m,
						 struct kmod_request *r)
{
	struct kmod_request *lead = f->lead;

	lockdep_assert_held(&kmod_inflight_lock);
	kmod_request_get(r);
	m->request = r;
	m->covers = kmod_record_last_id();
	m->unloads = kmod_unloads;
	m->has_admin = f->has_admin;
	m->has_user = f->has_user;
	m->user = f->user;
	if (list_empty(&f->running))
		f->ending = KMOD_ENDING_NOT;
	f->served_admin = f->has_admin || (f->served_admin && !list_empty(&f->running));
	list_splice_tail_init(&f->requests, &m->requests);
	list_add_tail(&m->running, &f->running);
	list_add_tail(&m->all, &kmod_running);

	list_add_tail(&m->for_request, &r->modprobes);
	r->rec.into = 0;
	if (!r->served)
		r->rec.slot_ns = kmod_record_age(&r->rec);
	r->served = true;

	kmod_request_get(r);
	f->lead = r;
	f->has_admin = false;
	f->has_user = false;
	f->since = jiffies;
	return lead;
}

/**
 * kmod_inflight_start - record that a modprobe is about to be started
 * @m: the modprobe, which holds a slot
 *
 * Context: process context.
 * Return: true if a request needs the modprobe. kmod_inflight_end() must be called later.
 * Otherwise false, and the slot was released.
 */
bool kmod_inflight_start(struct kmod_modprobe *m)
{
	struct kmod_flight *f = m->flight;
	struct kmod_request *r, *lead;

	spin_lock_irq(&kmod_inflight_lock);
	if (f->queued == m)
		f->queued = NULL;
	r = m->late ? NULL : kmod_flight_uncovered(f) ?: kmod_flight_later(f, false);
	if (!r) {
		kmod_flight_close(f);
		spin_unlock_irq(&kmod_inflight_lock);
		kmod_slot_put(&m->slot);
		return false;
	}
	lead = kmod_flight_take_off(f, m, r);
	spin_unlock_irq(&kmod_inflight_lock);
	kmod_request_put(lead);
	return true;
}

/**
 * kmod_inflight_commit - test whether a modprobe may still be started
 * @m: the modprobe. kmod_inflight_start() has returned true.
 *
 * Context: process context.
 * Return: true; false if its requests wait for another one, which may have its slot. Then
 * kmod_inflight_end() must not be called.
 */
bool kmod_inflight_commit(struct kmod_modprobe *m)
{
	bool starting;

	spin_lock_irq(&kmod_inflight_lock);
	m->starting = !m->late;
	starting = m->starting;
	spin_unlock_irq(&kmod_inflight_lock);
	return starting;
}

/**
 * kmod_inflight_spawned - record that modprobe has a thread
 * @m: the modprobe
 * @pid: pid of that thread
 *
 * Context: process context.
 */
void kmod_inflight_spawned(struct kmod_modprobe *m, pid_t pid)
{
	spin_lock_irq(&kmod_inflight_lock);
	m->pid = pid;
	m->request->rec.modprobe = pid;
	spin_unlock_irq(&kmod_inflight_lock);
}

/**
 * kmod_inflight_execed - record that modprobe was exec'ed
 * @m: the modprobe
 *
 * Wakes the requester if it does not wait for the exit. Suspend waits for each modprobe at
 * least until its exec, so that none is exec'ed during suspend.
 *
 * Context: process context.
 */
void kmod_inflight_execed(struct kmod_modprobe *m)
{
	struct kmod_request *r = m->request;

	spin_lock_irq(&kmod_inflight_lock);
	if (!r->rec.wait && !r->returned) {
		r->returned = true;
		complete(&r->done);
	}
	m->execed = true;
	kmod_flight_abandon(m->flight);
	spin_unlock_irq(&kmod_inflight_lock);
}
