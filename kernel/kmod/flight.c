// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flights: overlapping requests for one name.
 */
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/completion.h>
#include <linux/container_of.h>
#include <linux/errno.h>
#include <linux/hashtable.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/random.h>
#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/stringhash.h>
#include <linux/timer.h>
#include <linux/umh.h>
#include <linux/workqueue.h>

#include <trace/events/kmod.h>

#include "flight.h"

/**
 * DOC: flights
 *
 * Overlapping requests for one name form a flight. A flight has one place in the
 * queue for a slot and, normally, one modprobe at a time. The place and the result
 * belong to the flight, so killing a requester does not affect the others.
 *
 * A result is never older than the request. The end of a modprobe settles
 *
 * - the requests that were made before that modprobe was started, and
 * - if it succeeded, all other requests of the flight, unless a module has been unloaded
 *   since its start: no exit function of a module has begun or returned.
 *
 * A modprobe that could not be run settles only the requests for which it was to be started.
 *
 * The next modprobe is started for the remaining requests. Any number of requests that
 * are made at the same time thus takes at most two modprobes.
 *
 * If no modprobe of a flight ends for KMOD_WAIT, and a request was made after the
 * oldest of them was started, the number of running modprobes is doubled. A request
 * therefore waits at most KMOD_WAIT longer than for a modprobe of its own. If no slot is
 * left, and no slot of the pool has been released for KMOD_WAIT or the flight has started
 * no modprobe for twice that time, the requests fail with -ETIME that were made after the
 * oldest modprobe was started, and that have no modprobe, or one that is hung. This ends
 * loops that lineage cannot detect, because they lead through a process that ran before,
 * such as a daemon. From then on, the number is not doubled any more, and while the
 * modprobes end, further requests fail at once. While one of the modprobes is inside the
 * kernel to load a module, none is added and no request fails. If all were started for
 * users, one is added for an administrator, regardless of their number.
 *
 * A modprobe that is hung, see UMH_HUNG_SECS, releases its slot. Requests that are made
 * later do not wait for it. Suspend does not wait for the modprobes of a flight without
 * waiters, until a request joins that waits.
 *
 * Requesters do not wake each other. Requests are settled by the modprobe that ends, or
 * by a kworker. A kworker starts the next modprobe. If the requester that opens a flight does
 * not start the first one within KMOD_LATE, since it gets no CPU, a kworker starts another.
 */

/*
 * Protects the lists of flights, modprobes and requests below, kmod_unloads, the members
 * marked I in request.h, and the record of each request in flight. Nests inside
 * tasklist_lock, which may be held when a modprobe ends.
 */
DEFINE_SPINLOCK(kmod_inflight_lock);

/* Flights that can be joined. The table takes 2 KB and suffices for some hundreds. */
static DEFINE_HASHTABLE(kmod_by_name, 8);

/* All running modprobes, the oldest first. */
LIST_HEAD(kmod_running);

/* All requests in flight, by their id. */
struct rb_root kmod_all = RB_ROOT;

/* Keeps users from choosing names that have the same hash. */
static unsigned long kmod_name_salt __ro_after_init;

static u32 kmod_name_hash(const char *name)
{
	return hashlen_hash(hashlen_string((void *)kmod_name_salt, name));
}

static bool kmod_request_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct kmod_request, all)->rec.id <
	       rb_entry(b, struct kmod_request, all)->rec.id;
}

static void kmod_flight_free(struct kref *ref)
{
	struct kmod_flight *f = container_of(ref, struct kmod_flight, ref);

	kmod_request_put(f->lead);
	kfree(f);
}

/**
 * kmod_flight_put - drop a reference
 * @f: the flight
 *
 * Context: any.
 */
void kmod_flight_put(struct kmod_flight *f)
{
	kref_put(&f->ref, kmod_flight_free);
}

/**
 * kmod_flight_free_modprobe - free a modprobe
 * @m: the modprobe, whose members have been released; its reference to the flight is
 *	dropped
 *
 * Context: any.
 */
void kmod_flight_free_modprobe(struct kmod_modprobe *m)
{
	struct kmod_flight *f = m->flight;

	if (m != &f->first)
		kfree(m);
	kmod_flight_put(f);
}

/**
 * kmod_flight_kick - schedule the work of a flight
 * @f: the flight. The caller must hold a reference.
 * @delay: the work runs after at most this delay, in jiffies
 *
 * Context: any.
 */
void kmod_flight_kick(struct kmod_flight *f, unsigned long delay)
{
	bool pending;

	kmod_flight_get(f);
	if (delay)
		pending = timer_reduce(&f->timer, jiffies + delay);
	else
		pending = !queue_work(kmod_wq, &f->work);
	if (pending)
		kmod_flight_put(f);
}

/**
 * kmod_flight_close - let no request join a flight that has ended
 * @f: the flight; unchanged if it has requests, or modprobes that run or are queued. The
 *	caller must hold a reference.
 *
 * Context: any, under kmod_inflight_lock.
 */
void kmod_flight_close(struct kmod_flight *f)
{
	lockdep_assert_held(&kmod_inflight_lock);
	if (!list_empty(&f->requests) || !list_empty(&f->running) || f->queued)
		return;
	hash_del(&f->by_name);
	if (timer_delete(&f->timer))
		kmod_flight_put(f);
}

/**
 * kmod_flight_count - count the running modprobes
 * @f: the flight
 * @with_hung: also count hung ones, and those that were not started in time
 *
 * Context: any, under kmod_inflight_lock.
 * Return: their number.
 */
unsigned int kmod_flight_count(const struct kmod_flight *f, bool with_hung)
{
	const struct kmod_modprobe *m;
	unsigned int n = 0;

	lockdep_assert_held(&kmod_inflight_lock);
	list_for_each_entry(m, &f->running, running)
		n += with_hung || !(m->hung || m->late);
	return n;
}

/*
 * Returns the first request whose requester was not killed, or NULL. Each modprobe keeps
 * at most one request of a killed requester: its own.
 */
static struct kmod_request *kmod_first_alive(const struct list_head *requests)
{
	struct kmod_request *r;

	list_for_each_entry(r, requests, node)
		if (!r->killed)
			return r;
	return NULL;
}

/**
 * kmod_flight_later - find a request that the oldest running modprobe may have caused
 * @f: the flight
 * @stuck: consider only requests that have no modprobe, or one that is hung
 *
 * That modprobe may have caused, by way of other processes, any request that was made
 * after its start.
 *
 * Context: any, under kmod_inflight_lock.
 * Return: the oldest such request whose requester was not killed, or NULL.
 */
struct kmod_request *kmod_flight_later(const struct kmod_flight *f, bool stuck)
{
	const struct kmod_modprobe *m;
	struct kmod_request *r;

	lockdep_assert_held(&kmod_inflight_lock);
	if (list_empty(&f->running))
		return NULL;
	m = list_first_entry(&f->running, struct kmod_modprobe, running);
	list_for_each_entry_continue(m, &f->running, running) {
		r = stuck && !m->hung ? NULL : kmod_first_alive(&m->requests);
		if (r)
			return r;
	}
	return kmod_first_alive(&f->requests);
}

/**
 * kmod_flight_has_admin - test whether the next modprobe is for an administrator
 * @f: the flight
 *
 * Context: any, under kmod_inflight_lock.
 * Return: true if an administrator waits for the next modprobe, or for a running one except
 * the oldest.
 */
bool kmod_flight_has_admin(const struct kmod_flight *f)
{
	const struct kmod_modprobe *m;

	if (f->has_admin || list_empty(&f->running))
		return f->has_admin;
	m = list_first_entry(&f->running, struct kmod_modprobe, running);
	list_for_each_entry_continue(m, &f->running, running)
		if (m->has_admin)
			return true;
	return false;
}

/**
 * kmod_flight_set_class - let a modprobe wait for a slot as the best of its requesters would
 * @f: the flight
 * @m: a modprobe that has not been started
 *
 * A requester must not wait behind the other requests of another user, only because that one
 * has requested the same name earlier.
 *
 * Context: any, under kmod_inflight_lock.
 */
void kmod_flight_set_class(const struct kmod_flight *f, struct kmod_modprobe *m)
{
	lockdep_assert_held(&kmod_inflight_lock);
	if (kmod_flight_has_admin(f))
		kmod_slot_promote(&m->slot);
	else if (f->has_user)
		kmod_slot_share(&m->slot, &f->user);
}

/**
 * kmod_flight_has_failed - test whether requests have failed since modprobes do not end
 * @f: the flight
 *
 * Users have fewer slots than administrators. What users could not get must not make the
 * requests of administrators fail.
 *
 * Context: any, under kmod_inflight_lock.
 * Return: true if requests have failed, and those that wait now would have failed, too.
 */
bool kmod_flight_has_failed(const struct kmod_flight *f)
{
	lockdep_assert_held(&kmod_inflight_lock);
	return f->ending == KMOD_ENDING_ALL || (f->ending && !kmod_flight_has_admin(f));
}

/**
 * kmod_flight_is_ending - test whether the modprobes of a flight end one by one
 * @f: the flight
 *
 * When a request has failed since modprobes do not end, the next modprobe may wait for the same
 * process as the first one. If that serves one of them at a time, it makes the next request only
 * now, which must not start further modprobes.
 *
 * Context: any, under kmod_inflight_lock.
 * Return: true if requests have failed, and modprobes of that time run, of which one has ended
 * within KMOD_WAIT.
 */
bool kmod_flight_is_ending(const struct kmod_flight *f)
{
	lockdep_assert_held(&kmod_inflight_lock);
	return kmod_flight_has_failed(f) && !list_empty(&f->running) &&
	       time_before(jiffies, f->ended + KMOD_WAIT);
}

/**
 * kmod_modprobe_is_loading - test whether a modprobe is loading modules
 * @m: the modprobe
 *
 * Between two loads it needs a short time to find and to read the next module, and after the
 * last one to exit.
 *
 * Context: any, under kmod_inflight_lock.
 * Return: true if it is, or a load has ended within KMOD_WAIT.
 */
bool kmod_modprobe_is_loading(const struct kmod_modprobe *m)
{
	lockdep_assert_held(&kmod_inflight_lock);
	return m->loading || (m->loaded && time_before(jiffies, m->loaded + KMOD_WAIT));
}

/**
 * kmod_flight_is_loading - test whether a modprobe of a flight is loading a module
 * @f: the flight
 *
 * Context: any, under kmod_inflight_lock.
 * Return: true if one is.
 */
bool kmod_flight_is_loading(const struct kmod_flight *f)
{
	const struct kmod_modprobe *m;

	lockdep_assert_held(&kmod_inflight_lock);
	list_for_each_entry(m, &f->running, running)
		if (kmod_modprobe_is_loading(m))
			return true;
	return false;
}

/**
 * kmod_flight_owes_admin - test whether only modprobes for users have been started
 * @f: the flight
 *
 * They must not use up what the limit allows for an administrator, who gets one more. It
 * may wait for a slot, and thus be granted one beyond the limit.
 *
 * Context: any, under kmod_inflight_lock.
 * Return: true if an administrator waits for the next modprobe, and while the flight has
 * had modprobes, none was started for one.
 */
bool kmod_flight_owes_admin(const struct kmod_flight *f)
{
	lockdep_assert_held(&kmod_inflight_lock);
	return f->has_admin && !f->served_admin && !kmod_flight_is_loading(f);
}

/**
 * kmod_flight_needs_next - test whether the next modprobe must be queued
 * @f: the flight
 *
 * Context: any, under kmod_inflight_lock.
 * Return: true if a request has no modprobe, and none is queued or runs, except hung ones
 * and those that a request of an administrator has waited for too long.
 */
bool kmod_flight_needs_next(const struct kmod_flight *f)
{
	if (f->queued || !kmod_flight_uncovered(f))
		return false;
	if (kmod_flight_owes_admin(f) && time_after_eq(jiffies, f->since + KMOD_WAIT))
		return true;
	return !kmod_flight_count(f, false) && !kmod_flight_is_ending(f);
}

/*
 * Returns the flight that r must join, or NULL. A request from inside a modprobe joins no
 * flight, so that modprobes do not wait for each other. Other requests do not join its
 * flight before its modprobe runs, so that they do not wait for its slot.
 */
static struct kmod_flight *kmod_flight_lookup(const struct kmod_request *r, u32 hash)
{
	struct kmod_flight *f, *nested = NULL;

	lockdep_assert_held(&kmod_inflight_lock);
	if (r->parent)
		return NULL;

	hash_for_each_possible(kmod_by_name, f, by_name, hash) {
		if (f->hash != hash || strcmp(f->lead->rec.name, r->rec.name))
			continue;
		if (!f->nested)
			return f;
		if (!list_empty(&f->running))
			nested = f;
	}
	return nested;
}

/*
 * Returns the modprobe that r waits for, or NULL if that has not been started in time, or is hung.
 * It may have been started between the time at which r was made and the time at which it joins.
 */
static struct kmod_modprobe *kmod_flight_covering(const struct kmod_flight *f,
						  const struct kmod_request *r)
{
	struct kmod_modprobe *m;

	list_for_each_entry(m, &f->running, running)
		if (r->rec.id <= m->covers && !m->late && !m->hung)
			return m;
	return NULL;
}

/* Keeps the faster one of two users. */
static void kmod_add_user(bool *has_user, struct kmod_slot_user *user,
			  const struct kmod_slot_user *other, u64 ticket)
{
	if (!*has_user || kmod_slot_is_faster(other, user, ticket))
		*user = *other;
	*has_user = true;
}

/* Records that the requester of r waits for m, or for the next modprobe if that is NULL. */
static void kmod_flight_add_requester(struct kmod_flight *f, struct kmod_modprobe *m,
				      const struct kmod_request *r)
{
	const struct kmod_slot_user user = { r->class, r->user };

	if (r->class == KMOD_SLOT_ADMIN)
		*(m ? &m->has_admin : &f->has_admin) = true;
	else if (r->class != KMOD_SLOT_NESTED)
		kmod_add_user(m ? &m->has_user : &f->has_user, m ? &m->user : &f->user,
			      &user, r->rec.id);
}

/**
 * kmod_flight_take_back - let the requests of a modprobe wait for the next one instead
 * @f: the flight
 * @m: a modprobe that has no thread yet
 *
 * Context: any, under kmod_inflight_lock.
 */
void kmod_flight_take_back(struct kmod_flight *f, struct kmod_modprobe *m)
{
	lockdep_assert_held(&kmod_inflight_lock);
	if (!m->starting && m->request) {
		list_del_init(&m->for_request);
		list_del_init(&m->running);
		list_del_init(&m->all);
	}
	list_splice_init(&m->requests, &f->requests);
	f->has_admin |= m->has_admin;
	m->has_admin = false;
	if (m->has_user)
		kmod_add_user(&f->has_user, &f->user, &m->user, f->lead->rec.id);
}

static void kmod_flight_add(struct kmod_flight *f, struct kmod_request *r)
{
	struct kmod_modprobe *m = kmod_flight_covering(f, r);

	kmod_request_get(r);
	list_add_tail(&r->node, m ? &m->requests : &f->requests);
	rb_add(&r->all, &kmod_all, kmod_request_less);
	kmod_flight_add_requester(f, m, r);
}

/*
 * Returns the last request without a modprobe if no task waits for it in any way, else NULL. It
 * suffices for all further requests that do not wait: there is no limit to their number.
 */
static struct kmod_request *kmod_flight_owed(const struct kmod_flight *f)
{
	struct kmod_request *r;

	if (list_empty(&f->requests))
		return NULL;
	r = list_last_entry(&f->requests, struct kmod_request, node);
	return r->rec.wait || !r->rec.into ? NULL : r;
}

/*
 * Lets suspend wait for the modprobes that the result of a new request may depend on. Returns
 * false if it may have frozen one: its requester would then prevent suspend.
 */
static bool kmod_flight_await(const struct kmod_flight *f)
{
	const struct kmod_modprobe *m;

	list_for_each_entry(m, &f->running, running)
		if (m->execed && !m->hung && m->helper && !umh_await(m->helper))
			return false;
	return true;
}

static void kmod_flight_join(struct kmod_flight *f, struct kmod_request *r)
{
	struct kmod_request *owed = r->rec.wait ? NULL : kmod_flight_owed(f);

	if (r->rec.wait && !kmod_flight_await(f)) {
		kmod_flight_abandon(f);
		r->status = kmod_record_end(&r->rec, KMOD_FAILED, -EBUSY);
		complete(&r->done);
		return;
	}
	r->rec.into = f->lead->rec.id;
	f->lead->rec.joiners++;
	trace_kmod_join(&r->rec);
	if (owed) {
		owed->arrived = r->arrived;
		kmod_flight_add_requester(f, NULL, r);
		kmod_record_end(&r->rec, KMOD_OK, 0);
	} else {
		kmod_flight_add(f, r);
	}
	if (f->queued)
		kmod_flight_set_class(f, f->queued);
	kmod_flight_kick(f, kmod_flight_needs_next(f) || kmod_flight_is_ending(f) ? 0 :
			    READ_ONCE(f->opening) ? KMOD_LATE : KMOD_WAIT);
}

/**
 * kmod_flight_enter - let a request join a flight, or open one
 * @r: the request
 * @own: a new flight to open if there is none to join; NULL only joins
 *
 * Context: process context.
 * Return: the flight that @r belongs to, with a reference; NULL if @own is NULL and there
 * is none.
 */
struct kmod_flight *kmod_flight_enter(struct kmod_request *r, struct kmod_flight *own)
{
	u32 hash = kmod_name_hash(r->rec.name);
	struct kmod_flight *f;

	spin_lock_irq(&kmod_inflight_lock);
	f = kmod_flight_lookup(r, hash);
	if (f) {
		kmod_flight_join(f, r);
	} else if (own) {
		f = own;
		f->queued = &f->first;
		f->hash = hash;
		hash_add(kmod_by_name, &f->by_name, hash);
		kmod_flight_add(f, r);
	}
	if (f)
		kmod_flight_get(f);
	spin_unlock_irq(&kmod_inflight_lock);
	return f;
}

static int __init kmod_flight_init(void)
{
	kmod_name_salt = get_random_long();
	return 0;
}
early_initcall(kmod_flight_init);

#ifdef CONFIG_KMOD_KUNIT_TEST
#include "tests/flight_kunit.c"
#endif
