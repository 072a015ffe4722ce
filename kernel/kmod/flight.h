/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KMOD_FLIGHT_H
#define _KERNEL_KMOD_FLIGHT_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "request.h"

/* Whose requests have failed because the modprobes of a flight do not end */
enum kmod_ending {
	KMOD_ENDING_NOT,
	KMOD_ENDING_USERS,
	KMOD_ENDING_ALL,
};

/**
 * struct kmod_flight - the requests in flight for one name
 * @ref: held by modprobes, by @timer and @work when they are pending, and by requesters
 * @by_name: entry in the hash of flights
 * @hash: of the name
 * @requests: requests for which no modprobe has been started, in the order in which they
 *	joined
 * @running: its running modprobes, in the order in which they were started
 * @queued: the modprobe that waits for a slot or is about to be started, or NULL
 * @lead: the request for which the last modprobe was started, or the first one will be
 * @since: when a modprobe was last started or queued, in jiffies
 * @ending: whose requests have failed because its modprobes do not end
 * @ended: when that was, or when a modprobe ended since, in jiffies
 * @nested: it was opened by a request from inside a modprobe
 * @opening: the requester that opened it is starting @first, or queueing it for a slot
 * @served_admin: one of @running, or one that ended while others ran, was started for an
 *	administrator
 * @has_admin: an administrator made one of @requests, which may have been killed since
 * @has_user: likewise, another requester
 * @user: of these, the one that was expected to be served first
 * @timer: queues @work. Not a delayed work: their timers are TIMER_IRQSAFE, so all that expire
 *	in one jiffy run without enabling interrupts in between, and users control how many
 *	flights there are.
 * @work: starts modprobes, and ends the wait for a slot
 * @first: its first modprobe, which holds a reference like the others
 *
 * Protected by kmod_inflight_lock, except @ref, @timer, @work and @first; @nested, which is
 * constant; and @opening, which that requester clears locklessly.
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
	enum kmod_ending ending;
	unsigned long ended;
	bool nested;
	bool opening;
	bool served_admin;
	bool has_admin;
	bool has_user;
	struct kmod_slot_user user;
	struct timer_list timer;
	struct work_struct work;
	struct kmod_modprobe first;
};

/* How long a flight waits for a requester to start its first modprobe, in jiffies */
#define KMOD_LATE	(HZ / 4)

/* flight.c: flights, and which of their requests need a modprobe */
extern spinlock_t kmod_inflight_lock;
extern struct list_head kmod_running;
extern struct rb_root kmod_all;

static inline struct kmod_flight *kmod_flight_get(struct kmod_flight *f)
{
	kref_get(&f->ref);
	return f;
}

/* Returns the first request for which no modprobe has been started, or NULL. */
static inline struct kmod_request *kmod_flight_uncovered(const struct kmod_flight *f)
{
	lockdep_assert_held(&kmod_inflight_lock);
	if (list_empty(&f->requests))
		return NULL;
	return list_first_entry(&f->requests, struct kmod_request, node);
}

struct kmod_flight *kmod_flight_enter(struct kmod_request *r, struct kmod_flight *own);
void kmod_flight_put(struct kmod_flight *f);
void kmod_flight_kick(struct kmod_flight *f, unsigned long delay);
void kmod_flight_close(struct kmod_flight *f);
unsigned int kmod_flight_count(const struct kmod_flight *f, bool with_hung);
struct kmod_request *kmod_flight_later(const struct kmod_flight *f, bool stuck);
bool kmod_flight_has_admin(const struct kmod_flight *f);
void kmod_flight_set_class(const struct kmod_flight *f, struct kmod_modprobe *m);
void kmod_flight_take_back(struct kmod_flight *f, struct kmod_modprobe *m);
bool kmod_modprobe_is_loading(const struct kmod_modprobe *m);
bool kmod_flight_is_loading(const struct kmod_flight *f);
bool kmod_flight_owes_admin(const struct kmod_flight *f);
bool kmod_flight_has_failed(const struct kmod_flight *f);
bool kmod_flight_is_ending(const struct kmod_flight *f);
bool kmod_flight_needs_next(const struct kmod_flight *f);

/* settle.c: the results of requests */
extern u64 kmod_unloads;
void kmod_request_settle(struct kmod_request *r, enum kmod_outcome outcome, int status);
void kmod_flight_abandon(struct kmod_flight *f);

/* readers.c */
void kmod_inflight_report_busy(struct kmod_request *r);

#endif /* _KERNEL_KMOD_FLIGHT_H */
