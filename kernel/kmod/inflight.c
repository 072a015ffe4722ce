// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests in flight: requests that wait for a slot or for a modprobe.
 */
#define pr_fmt(fmt) "kmod: " fmt

#include <linux/cache.h>
#include <linux/completion.h>
#include <linux/container_of.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/hashtable.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/panic.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/ratelimit.h>
#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/stringhash.h>
#include <linux/time64.h>
#include <linux/umh.h>
#include <linux/workqueue.h>

#include <trace/events/kmod.h>

#include "request.h"

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
 *   since its start. A module counts as unloaded when its exit function has returned.
 *
 * The next modprobe is started for the remaining requests. Any number of requests that
 * are made at the same time thus takes at most two modprobes.
 *
 * If no modprobe of a flight ends for KMOD_WAIT, and a request was made after the
 * oldest of them was started, the number of running modprobes is doubled. A request
 * therefore waits at most KMOD_WAIT longer than for a modprobe of its own. If no slot is
 * left, and no slot of the pool has been released for KMOD_WAIT or the flight has started
 * no modprobe for twice that time, the requests that were made after the oldest modprobe
 * was started fail with -ETIME. This ends loops that lineage cannot detect, because they
 * lead through a process that ran before, such as a daemon. While one of the modprobes
 * runs the init of a module, none is added and no request fails.
 *
 * A modprobe that is hung, see UMH_HUNG_SECS, releases its slot. Requests that are made
 * later do not wait for it. Suspend does not wait for the modprobes of a flight without
 * waiters.
 *
 * Requesters do not wake each other. Requests are settled by the modprobe that ends, or
 * by a kworker. A kworker starts the next modprobe.
 */

/* Maximum number of modprobes that are logged when the wait for a slot times out. */
#define KMOD_REPORT_MAX		4

/**
 * struct kmod_flight - the requests in flight for one name
 * @ref: held by modprobes, by @work when it is pending, and by requesters
 * @by_name: entry in the hash of flights
 * @hash: of the name
 * @requests: requests for which no modprobe has been started, in the order in which they
 *	joined
 * @running: its running modprobes, in the order in which they were started
 * @queued: the modprobe that waits for a slot or is about to be started, or NULL
 * @lead: the request for which the last modprobe was started, or the first one will be
 * @since: when a modprobe was last started or queued, in jiffies
 * @nested: it was opened by a request from inside a modprobe
 * @has_admin: an administrator has joined since a modprobe was last started
 * @work: starts modprobes, and ends the wait for a slot
 * @first: its first modprobe, which holds a reference like the others
 *
 * Protected by kmod_inflight_lock, except @ref, @work and @first, and @nested, which is
 * constant.
 */
struct kmod_flight {
	struct kref ref;
	struct hlist_node by_name;
	u32 hash;
	struct list_head requests;
	struct list_head running;
	struct kmod_modprobe *queued;
	struct kmod_request *lead;
	unsigned long since;
	bool nested;
	bool has_admin;
	struct delayed_work work;
	struct kmod_modprobe first;
};

/*
 * Protects the lists of flights, modprobes and requests below, kmod_unloads, the members
 * marked I in request.h, and the record of each request in flight. Nests inside
 * tasklist_lock, which may be held when a modprobe ends.
 */
static DEFINE_SPINLOCK(kmod_inflight_lock);

/* Flights that can be joined. The table takes 2 KB and suffices for some hundreds. */
static DEFINE_HASHTABLE(kmod_by_name, 8);

/* All running modprobes, the oldest first. */
static LIST_HEAD(kmod_running);

/* All requests in flight, by their id. */
static struct rb_root kmod_all = RB_ROOT;

/* Number of modules that have been unloaded, or whose init failed. */
static u64 kmod_unloads;

/*
 * For works that start modprobes, end waits and settle requests. They must not be delayed
 * by works that wait for modules. No work on this queue may do so.
 */
struct workqueue_struct *kmod_wq __ro_after_init;

/* Keeps users from choosing names that have the same hash. */
static unsigned long kmod_name_salt __ro_after_init;

static u32 kmod_name_hash(const char *name)
{
	return full_name_hash((void *)kmod_name_salt, name, strlen(name));
}

static bool kmod_request_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct kmod_request, all)->rec.id <
	       rb_entry(b, struct kmod_request, all)->rec.id;
}

static struct kmod_flight *kmod_flight_get(struct kmod_flight *f)
{
	kref_get(&f->ref);
	return f;
}

static void kmod_flight_free(struct kref *ref)
{
	struct kmod_flight *f = container_of(ref, struct kmod_flight, ref);

	kmod_request_put(f->lead);
	kfree(f);
}

static void kmod_flight_put(struct kmod_flight *f)
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

/* Schedules the work to run after at most this delay, in jiffies. */
static void kmod_flight_kick(struct kmod_flight *f, unsigned long delay)
{
	bool pending;

	kmod_flight_get(f);
	if (delay)
		pending = !queue_delayed_work(kmod_wq, &f->work, delay);
	else
		pending = mod_delayed_work(kmod_wq, &f->work, 0);
	if (pending)
		kmod_flight_put(f);
}

/* Schedules the work to run after this delay, in jiffies, even if it is pending. */
static void kmod_flight_rearm(struct kmod_flight *f, unsigned long delay)
{
	lockdep_assert_held(&kmod_inflight_lock);
	kmod_flight_get(f);
	if (mod_delayed_work(kmod_wq, &f->work, delay))
		kmod_flight_put(f);
}

/* If the flight has ended, removes it from the hash, so that no request joins it. */
static void kmod_flight_close(struct kmod_flight *f)
{
	lockdep_assert_held(&kmod_inflight_lock);
	if (list_empty(&f->requests) && list_empty(&f->running) && !f->queued)
		hash_del(&f->by_name);
}

/* Returns the number of running modprobes, with or without hung ones. */
static unsigned int kmod_flight_count(const struct kmod_flight *f, bool with_hung)
{
	const struct kmod_modprobe *m;
	unsigned int n = 0;

	lockdep_assert_held(&kmod_inflight_lock);
	list_for_each_entry(m, &f->running, running)
		n += with_hung || !m->hung;
	return n;
}

static bool kmod_flight_is_loading(const struct kmod_flight *f)
{
	const struct kmod_modprobe *m;

	list_for_each_entry(m, &f->running, running)
		if (m->loading)
			return true;
	return false;
}

/* Returns the first request for which no modprobe has been started, or NULL. */
static struct kmod_request *kmod_flight_uncovered(const struct kmod_flight *f)
{
	lockdep_assert_held(&kmod_inflight_lock);
	if (list_empty(&f->requests))
		return NULL;
	return list_first_entry(&f->requests, struct kmod_request, node);
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

/*
 * Returns the oldest request that was made after the oldest running modprobe was started,
 * or NULL. That modprobe may have caused the request by way of other processes.
 */
static struct kmod_request *kmod_flight_later(const struct kmod_flight *f)
{
	const struct kmod_modprobe *m;
	struct kmod_request *r;

	lockdep_assert_held(&kmod_inflight_lock);
	if (list_empty(&f->running))
		return NULL;
	m = list_first_entry(&f->running, struct kmod_modprobe, running);
	list_for_each_entry_continue(m, &f->running, running) {
		r = kmod_first_alive(&m->requests);
		if (r)
			return r;
	}
	return kmod_first_alive(&f->requests);
}

/* Returns true if the next modprobe must be queued. */
static bool kmod_flight_needs_next(const struct kmod_flight *f)
{
	return !f->queued && !kmod_flight_count(f, false) && kmod_flight_uncovered(f);
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
 * Returns the list that r belongs to. A modprobe may have been started between the time
 * at which r was made and the time at which it joins.
 */
static struct list_head *kmod_flight_list(struct kmod_flight *f, const struct kmod_request *r)
{
	struct kmod_modprobe *m;

	list_for_each_entry(m, &f->running, running)
		if (r->rec.id <= m->covers)
			return &m->requests;
	return &f->requests;
}

static void kmod_flight_add(struct kmod_flight *f, struct kmod_request *r)
{
	kmod_request_get(r);
	list_add_tail(&r->node, kmod_flight_list(f, r));
	rb_add(&r->all, &kmod_all, kmod_request_less);
	if (r->class == KMOD_SLOT_ADMIN)
		f->has_admin = true;
}

/* Returns true if the last request without a modprobe is one that does not wait. */
static bool kmod_flight_owes_nowait(const struct kmod_flight *f)
{
	return !list_empty(&f->requests) &&
	       !list_last_entry(&f->requests, struct kmod_request, node)->rec.wait;
}

static void kmod_flight_join(struct kmod_flight *f, struct kmod_request *r)
{
	r->rec.into = f->lead->rec.id;
	f->lead->rec.joiners++;
	trace_kmod_join(&r->rec);
	/* One such request suffices: there is no limit to their number. */
	if (!r->rec.wait && kmod_flight_owes_nowait(f)) {
		kmod_record_end(&r->rec, KMOD_OK, 0);
		return;
	}

	kmod_flight_add(f, r);
	if (f->queued && r->class == KMOD_SLOT_ADMIN)
		kmod_slot_promote(&f->queued->slot);
	kmod_flight_kick(f, kmod_flight_needs_next(f) ? 0 : KMOD_WAIT);
}

/*
 * Lets r join a flight, or open @own unless that is NULL. Returns the flight that r belongs
 * to, with a reference, or NULL.
 */
static struct kmod_flight *kmod_flight_enter(struct kmod_request *r, u32 hash,
					     struct kmod_flight *own)
{
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

/* Ends a request and wakes its requester. The list's reference passes to the caller. */
static void kmod_request_settle(struct kmod_request *r, enum kmod_outcome outcome,
				int status)
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

/* Returns the time since modprobe was started for the request, in seconds. */
static unsigned int kmod_modprobe_secs(const struct kmod_modprobe *m)
{
	const struct kmod_record *rec = &m->request->rec;

	return div_u64(kmod_record_age(rec) - rec->slot_ns, NSEC_PER_SEC);
}

/* Prints the modprobes that hold slots into text, the oldest first. */
static void kmod_inflight_print(char *text, size_t size)
{
	const struct kmod_modprobe *m;
	size_t len = 0;
	int n = 0;

	spin_lock_irq(&kmod_inflight_lock);
	list_for_each_entry(m, &kmod_running, all) {
		const struct kmod_record *rec = &m->request->rec;

		if (m->hung)
			continue;
		if (n++ == KMOD_REPORT_MAX)
			break;
		len += scnprintf(text + len, size - len,
				 "%s%s (pid %d, %u s, by %s[%d])", len ? ", " : "",
				 kmod_escaped(rec->name), m->pid, kmod_modprobe_secs(m),
				 kmod_escaped(rec->by.comm), rec->by.pid);
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
	pr_warn("request for %s by %s[%d] timed out after %d s waiting for a slot; oldest holders: %s\n",
		kmod_escaped(r->rec.name), kmod_escaped(r->rec.by.comm), r->rec.by.pid,
		KMOD_WAIT / HZ, holders);
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

/* If no requester waits, lets suspend ignore the running modprobes of the flight. */
static void kmod_flight_abandon(struct kmod_flight *f)
{
	const struct kmod_modprobe *m;

	if (kmod_flight_is_awaited(f))
		return;
	list_for_each_entry(m, &f->running, running)
		if (m->execed && m->helper)
			umh_abandon(m->helper);
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
	kmod_flight_close(f);
	spin_unlock_irq(&kmod_inflight_lock);
	if (r)
		kmod_request_put(r);
	kmod_flight_kick(f, 0);
}

/* The slot of a modprobe has the best class among the requests. */
static void kmod_flight_set_class(const struct kmod_flight *f, struct kmod_modprobe *m)
{
	lockdep_assert_held(&kmod_inflight_lock);
	if (f->has_admin)
		kmod_slot_promote(&m->slot);
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
 * one is, and that has lasted too long, fails the requests that were made later.
 */
static void kmod_flight_double(struct kmod_flight *f, const struct kmod_request *r,
			       unsigned int n)
{
	bool started = false, stalled = false, late;
	struct subprocess_info *info;
	struct kmod_modprobe *m;

	while (n--) {
		m = kmod_flight_new_modprobe(f, r);
		if (!m)
			return;
		spin_lock_irq(&kmod_inflight_lock);
		kmod_flight_set_class(f, m);
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
	late = time_after_eq(jiffies, f->since + 2 * KMOD_WAIT);
	spin_unlock_irq(&kmod_inflight_lock);
	if (!started && (stalled || late))
		kmod_flight_time_out(f, kmod_flight_later);
}

/*
 * Returns the request for which more modprobes must be started now, and sets @n to
 * their number; or NULL. Sets @delay to the time until the next check in jiffies, or to 0.
 */
static struct kmod_request *kmod_flight_due(struct kmod_flight *f, unsigned int *n,
					    unsigned long *delay)
{
	unsigned int running = kmod_flight_count(f, true), limit = kmod_slots_max();
	struct kmod_request *r = f->queued ? kmod_flight_uncovered(f) : kmod_flight_later(f);

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
	if (time_before(jiffies, f->since + KMOD_WAIT)) {
		*delay = f->since + KMOD_WAIT - jiffies;
		return NULL;
	}
	*n = min(max(kmod_flight_count(f, false), 1U), limit > running ? limit - running : 0);
	return r;
}

static void kmod_flight_work(struct work_struct *work)
{
	struct kmod_flight *f = container_of(to_delayed_work(work), struct kmod_flight, work);
	struct kmod_modprobe *unused;
	unsigned long delay = 0;
	struct kmod_request *r;
	unsigned int n = 0;
	bool next;

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
		kmod_flight_rearm(f, delay);
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
	INIT_DELAYED_WORK(&f->work, kmod_flight_work);
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
	u32 hash = kmod_name_hash(r->rec.name);
	struct kmod_flight *f = kmod_flight_enter(r, hash, NULL);
	struct subprocess_info *info = NULL;
	bool joined = f;
	int ret = 0;

	if (!f) {
		struct kmod_flight *own = kmod_flight_alloc(r);

		if (!own)
			return kmod_record_end(&r->rec, KMOD_ERROR, -ENOMEM);
		f = kmod_flight_enter(r, hash, own);
		joined = f != own;
		if (joined)
			kmod_modprobe_put(&own->first);
		else
			info = kmod_flight_launch(f, &f->first);
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
	r = kmod_flight_uncovered(f) ?: kmod_flight_later(f);
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

/*
 * Moves the requests that the end of m settles to its list: those of modprobes that were
 * started before m, or all requests if the success of m applies to all.
 */
static void kmod_flight_land(struct kmod_flight *f, struct kmod_modprobe *m)
{
	bool all = !m->status && m->unloads == kmod_unloads;
	struct kmod_modprobe *other;

	list_for_each_entry(other, &f->running, running) {
		if (other != m)
			list_splice_tail_init(&other->requests, &m->requests);
		else if (!all)
			break;
	}
	if (all)
		list_splice_tail_init(&f->requests, &m->requests);
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

static void kmod_inflight_report_init(const struct kmod_record *rec, const char *module,
				      unsigned int secs)
{
	kmod_journal_note(KMOD_SLOW_INIT);
	pr_info_ratelimited("module %s: init has been running for %u s, requested by %s[%d]\n",
			    module, secs, kmod_escaped(rec->by.comm), rec->by.pid);
}

static void kmod_inflight_report_hung(const struct kmod_record *rec, pid_t pid)
{
	kmod_journal_note(KMOD_HUNG);
	pr_warn_ratelimited("modprobe %s (pid %d), requested by %s[%d] and %u others, is hung; releasing its slot\n",
			    kmod_escaped(rec->name), pid, kmod_escaped(rec->by.comm),
			    rec->by.pid, rec->joiners);
}

/**
 * kmod_inflight_hung - handle a modprobe that has not ended within UMH_HUNG_SECS
 * @m: the modprobe
 *
 * If it is running the init of a module, it is not hung, and keeps its slot.
 *
 * Context: process context.
 * Return: true if it is not hung. Then this must be called again later.
 */
bool kmod_inflight_hung(struct kmod_modprobe *m)
{
	char module[MODULE_NAME_LEN];
	unsigned long loading;
	struct kmod_record rec;
	bool known;
	pid_t pid;

	spin_lock_irq(&kmod_inflight_lock);
	loading = m->loading ? m->loading_since : 0;
	memcpy(module, m->module, sizeof(module));
	rec = m->request->rec;
	pid = m->pid;
	known = m->slow;
	m->slow = loading;
	if (!loading) {
		m->hung = true;
		if (kmod_flight_needs_next(m->flight))
			kmod_flight_kick(m->flight, 0);
	}
	spin_unlock_irq(&kmod_inflight_lock);

	if (loading && !known)
		kmod_inflight_report_init(&rec, module, (jiffies - loading) / HZ);
	if (!loading && kmod_slot_put(&m->slot))
		kmod_inflight_report_hung(&rec, pid);
	return loading;
}

/**
 * kmod_inflight_loaded - record that a module is being loaded from inside a modprobe
 * @m: the modprobe
 * @module: name of the module, whose init is about to run
 * @copy: set to the record of the request for which the modprobe runs
 *
 * Context: process context.
 */
void kmod_inflight_loaded(struct kmod_modprobe *m, const char *module,
			  struct kmod_record *copy)
{
	struct kmod_request *r = m->request;

	spin_lock_irq(&kmod_inflight_lock);
	m->loading++;
	m->loading_since = jiffies ?: 1;
	m->slow = false;
	strscpy(m->module, module, sizeof(m->module));
	if (!RB_EMPTY_NODE(&r->all))
		r->rec.modules++;
	*copy = r->rec;
	spin_unlock_irq(&kmod_inflight_lock);
}

/**
 * kmod_inflight_init_done - record that the init of a module has returned
 * @m: the modprobe inside which the current task runs
 * @failed: the module was not loaded
 *
 * Context: process context.
 */
void kmod_inflight_init_done(struct kmod_modprobe *m, bool failed)
{
	spin_lock_irq(&kmod_inflight_lock);
	if (m->loading)
		m->loading--;
	if (failed && !RB_EMPTY_NODE(&m->request->all) && m->request->rec.modules)
		m->request->rec.modules--;
	spin_unlock_irq(&kmod_inflight_lock);
}

/**
 * kmod_inflight_unloaded - record that a module is being removed
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

static enum kmod_inflight_state kmod_inflight_state(struct kmod_request *r)
{
	const struct kmod_modprobe *m;

	m = list_first_entry_or_null(&r->modprobes, struct kmod_modprobe, for_request);
	if (m && m->loading)
		return KMOD_INFLIGHT_LOADING;
	if (m)
		return m->hung ? KMOD_INFLIGHT_HUNG : KMOD_INFLIGHT_RUNNING;
	return r->rec.into ? KMOD_INFLIGHT_JOINED : KMOD_INFLIGHT_WAITING;
}

/* Returns the request in flight with the lowest id that is at least @id, or NULL. */
static struct kmod_request *kmod_inflight_from(u64 id)
{
	struct kmod_request *r, *first = NULL;
	struct rb_node *node = kmod_all.rb_node;

	while (node) {
		r = rb_entry(node, struct kmod_request, all);
		if (r->rec.id < id) {
			node = node->rb_right;
		} else {
			first = r;
			node = node->rb_left;
		}
	}
	return first;
}

/**
 * kmod_inflight_next - iterate over the requests in flight
 * @cursor: lowest id to consider; set to the id of the request found
 * @rec: set to the record of the request with the lowest id from @cursor on
 * @state: set to the state of that request
 *
 * Context: process context.
 * Return: true if a request was found.
 */
bool kmod_inflight_next(u64 *cursor, struct kmod_record *rec,
			enum kmod_inflight_state *state)
{
	struct kmod_request *first;

	spin_lock_irq(&kmod_inflight_lock);
	first = kmod_inflight_from(*cursor);
	if (first) {
		*rec = first->rec;
		*state = kmod_inflight_state(first);
		*cursor = first->rec.id;
	}
	spin_unlock_irq(&kmod_inflight_lock);
	return first;
}

static int __init kmod_inflight_init(void)
{
	kmod_name_salt = get_random_long();
	kmod_wq = alloc_workqueue("kmod", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!kmod_wq)
		panic("kmod: cannot allocate the kmod workqueue\n");
	return 0;
}
early_initcall(kmod_inflight_init);

#ifdef CONFIG_KMOD_KUNIT_TEST
#include "tests/inflight_kunit.c"
#endif
