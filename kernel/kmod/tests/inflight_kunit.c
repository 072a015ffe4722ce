// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for requests in flight. Included by kernel/kmod/inflight.c.
 *
 * No helper runs for the modprobes that the tests start. The next modprobe of a
 * flight is a real one, which fails with -ENOENT, since there is no such program.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/workqueue.h>

#include "flight_test.h"

static void kmod_test_set_name(struct kmod_request *r, const char *name)
{
	strscpy(r->rec.name, name, sizeof(r->rec.name));
}

static struct kmod_request *kmod_test_request(struct kunit *test)
{
	struct kmod_request *r = kmod_request_alloc(NULL, true, 0);

	KUNIT_ASSERT_NOT_NULL(test, r);
	kmod_test_set_name(r, "kunit");
	r->class = KMOD_SLOT_ADMIN;
	return r;
}

/* Opens a flight. Returns its modprobe, which is not started. */
static struct kmod_modprobe *kmod_test_open(struct kunit *test, struct kmod_request *r)
{
	struct kmod_flight *f = kmod_flight_alloc(r);

	KUNIT_ASSERT_NOT_NULL(test, f);
	KUNIT_ASSERT_PTR_EQ(test, kmod_flight_enter(r, f), f);
	kmod_flight_put(f);
	return &f->first;
}

static void kmod_test_start(struct kunit *test, struct kmod_modprobe *m)
{
	KUNIT_ASSERT_TRUE(test, kmod_slot_get(&m->slot, true));
	KUNIT_ASSERT_TRUE(test, kmod_inflight_start(m));
}

static struct kmod_modprobe *kmod_test_fly(struct kunit *test, struct kmod_request *r)
{
	struct kmod_modprobe *m = kmod_test_open(test, r);

	kmod_test_start(test, m);
	return m;
}

/* Returns a new request that has joined the flight. */
static struct kmod_request *kmod_test_join(struct kunit *test, struct kmod_flight *f)
{
	struct kmod_request *r = kmod_test_request(test);
	struct kmod_flight *joined = kmod_flight_enter(r, NULL);

	KUNIT_ASSERT_PTR_EQ(test, joined, f);
	kmod_flight_put(joined);
	return r;
}

static void kmod_test_end(struct kmod_modprobe *m, int status)
{
	kmod_inflight_end(m, status);
	kmod_modprobe_put(m);
}

static void kmod_test_expect(struct kunit *test, struct kmod_request *r, int status)
{
	KUNIT_ASSERT_NE(test, 0, wait_for_completion_timeout(&r->done, 2 * HZ));
	KUNIT_EXPECT_EQ(test, r->status, status);
	kmod_request_put(r);
}

static bool kmod_test_is_idle(void)
{
	bool idle;

	spin_lock_irq(&kmod_inflight_lock);
	idle = list_empty(&kmod_running) && RB_EMPTY_ROOT(&kmod_all) && kmod_test_no_flight();
	spin_unlock_irq(&kmod_inflight_lock);
	return idle;
}

static void kmod_inflight_test_exit(struct kunit *test)
{
	int tries = 200;

	while (!kmod_test_is_idle() && tries--)
		msleep(20);
	KUNIT_EXPECT_TRUE(test, kmod_test_is_idle());
}

static void kmod_inflight_success_settles_all(struct kunit *test)
{
	struct kmod_request *first = kmod_test_request(test), *joined[40];
	struct kmod_modprobe *m = kmod_test_fly(test, first);
	int i;

	for (i = 0; i < ARRAY_SIZE(joined); i++)
		joined[i] = kmod_test_join(test, m->flight);
	kmod_test_end(m, 0);
	for (i = 0; i < ARRAY_SIZE(joined); i++) {
		KUNIT_EXPECT_EQ(test, joined[i]->rec.into, first->rec.id);
		kmod_test_expect(test, joined[i], 0);
	}
	kmod_test_expect(test, first, 0);
}

static void kmod_inflight_failure_settles_older_requests(struct kunit *test)
{
	struct kmod_request *r[4];
	struct kmod_modprobe *m;

	r[0] = kmod_test_request(test);
	m = kmod_test_open(test, r[0]);
	r[1] = kmod_test_join(test, m->flight);
	kmod_test_start(test, m);
	r[2] = kmod_test_join(test, m->flight);
	r[3] = kmod_test_join(test, m->flight);
	kmod_test_end(m, 256);
	kmod_test_expect(test, r[0], 256);
	kmod_test_expect(test, r[1], 256);
	kmod_test_expect(test, r[2], -ENOENT);
	kmod_test_expect(test, r[3], -ENOENT);
}

/* A requester may be preempted after it has made its request and before it joins. */
static void kmod_inflight_late_joiner_is_not_forgotten(struct kunit *test)
{
	struct kmod_request *first = kmod_test_request(test), *late, *second;
	struct kmod_modprobe *m = kmod_test_fly(test, first), *other;

	late = kmod_test_request(test);
	second = kmod_test_join(test, m->flight);
	other = kmod_flight_new_modprobe(m->flight, second);
	KUNIT_ASSERT_NOT_NULL(test, other);
	kmod_test_start(test, other);
	kmod_test_end(other, 256);
	kmod_test_expect(test, second, 256);
	KUNIT_EXPECT_PTR_EQ(test, kmod_flight_enter(late, NULL), m->flight);
	kmod_flight_put(m->flight);
	kmod_test_end(m, 256);
	kmod_test_expect(test, late, -ENOENT);
	kmod_test_expect(test, first, 256);
}

static void kmod_inflight_success_before_unload_settles_older_requests(struct kunit *test)
{
	struct kmod_request *older = kmod_test_request(test), *younger;
	struct kmod_modprobe *m = kmod_test_fly(test, older);

	kmod_inflight_unloaded();
	younger = kmod_test_join(test, m->flight);
	kmod_test_end(m, 0);
	kmod_test_expect(test, older, 0);
	kmod_test_expect(test, younger, -ENOENT);
}

static void kmod_inflight_success_after_unload_settles_all(struct kunit *test)
{
	struct kmod_request *older = kmod_test_request(test), *younger;
	struct kmod_modprobe *m;

	kmod_inflight_unloaded();
	m = kmod_test_fly(test, older);
	younger = kmod_test_join(test, m->flight);
	kmod_test_end(m, 0);
	kmod_test_expect(test, older, 0);
	kmod_test_expect(test, younger, 0);
}

static void kmod_inflight_result_is_not_remembered(struct kunit *test)
{
	struct kmod_request *first = kmod_test_request(test);
	struct kmod_request *second = kmod_test_request(test);
	struct kmod_modprobe *m = kmod_test_fly(test, first);

	kmod_test_end(m, 0);
	kmod_test_expect(test, first, 0);
	KUNIT_EXPECT_NULL(test, kmod_flight_enter(second, NULL));
	kmod_request_put(second);
}

static void kmod_inflight_killed_joiner_affects_no_other(struct kunit *test)
{
	struct kmod_request *first = kmod_test_request(test), *killed, *other;
	struct kmod_modprobe *m = kmod_test_fly(test, first);

	killed = kmod_test_join(test, m->flight);
	other = kmod_test_join(test, m->flight);
	kmod_flight_leave(m->flight, killed);
	KUNIT_EXPECT_EQ(test, killed->rec.outcome, KMOD_KILLED);
	KUNIT_EXPECT_FALSE(test, completion_done(&first->done) || completion_done(&other->done));
	kmod_test_end(m, 0);
	kmod_test_expect(test, killed, -ERESTARTSYS);
	kmod_test_expect(test, first, 0);
	kmod_test_expect(test, other, 0);
}

/* The requester that does not run keeps its reference. */
static void kmod_inflight_starved_joiner_delays_no_other(struct kunit *test)
{
	struct kmod_request *first = kmod_test_request(test), *starved, *other;
	struct kmod_modprobe *m = kmod_test_fly(test, first);

	starved = kmod_test_join(test, m->flight);
	other = kmod_test_join(test, m->flight);
	kmod_test_end(m, 0);
	kmod_test_expect(test, other, 0);
	kmod_test_expect(test, starved, 0);
	kmod_test_expect(test, first, 0);
}

static void kmod_inflight_killed_requester_keeps_its_modprobe(struct kunit *test)
{
	struct kmod_request *killed = kmod_test_request(test), *other;
	struct kmod_modprobe *m = kmod_test_fly(test, killed);

	kmod_flight_leave(m->flight, killed);
	other = kmod_test_join(test, m->flight);
	kmod_test_end(m, 0);
	KUNIT_EXPECT_EQ(test, killed->rec.outcome, KMOD_KILLED);
	kmod_test_expect(test, killed, 0);
	kmod_test_expect(test, other, 0);
}

static void kmod_inflight_place_in_queue_outlives_requester(struct kunit *test)
{
	struct kmod_request *killed = kmod_test_request(test), *other;
	struct kmod_modprobe *m = kmod_test_open(test, killed);

	other = kmod_test_join(test, m->flight);
	kmod_flight_leave(m->flight, killed);
	kmod_test_expect(test, killed, -ERESTARTSYS);
	KUNIT_EXPECT_PTR_EQ(test, m->flight->queued, m);
	kmod_test_start(test, m);
	KUNIT_EXPECT_PTR_EQ(test, m->request, other);
	KUNIT_EXPECT_EQ(test, other->rec.into, 0);
	kmod_test_end(m, 0);
	kmod_test_expect(test, other, 0);
}

static void kmod_inflight_modprobe_without_request_is_not_started(struct kunit *test)
{
	struct kmod_request *killed = kmod_test_request(test);
	struct kmod_modprobe *m = kmod_test_open(test, killed);

	kmod_flight_leave(m->flight, killed);
	kmod_test_expect(test, killed, -ERESTARTSYS);
	KUNIT_ASSERT_TRUE(test, kmod_slot_get(&m->slot, true));
	KUNIT_EXPECT_FALSE(test, kmod_inflight_start(m));
	KUNIT_EXPECT_FALSE(test, kmod_slot_put(&m->slot));
	kmod_modprobe_put(m);
}

/* A real modprobe is started in place of the one that its requester does not start. */
static void kmod_inflight_starved_opener_delays_no_other(struct kunit *test)
{
	struct kmod_request *starved = kmod_test_request(test), *other;
	struct kmod_modprobe *m = kmod_test_open(test, starved);
	struct kmod_flight *f = kmod_flight_get(m->flight);

	f->opening = true;
	f->since -= KMOD_LATE;
	other = kmod_test_join(test, f);
	kmod_test_expect(test, other, -ENOENT);
	kmod_test_expect(test, starved, -ENOENT);
	KUNIT_ASSERT_TRUE(test, kmod_slot_get(&m->slot, true));
	KUNIT_EXPECT_FALSE(test, kmod_inflight_start(m));
	kmod_modprobe_put(m);
	kmod_flight_put(f);
}

/* The next modprobe is about to be queued when its only request is killed. */
static void kmod_inflight_flight_ends_with_its_last_request(struct kunit *test)
{
	struct kmod_request *first = kmod_test_request(test), *later;
	struct kmod_modprobe *m = kmod_test_fly(test, first);
	struct kmod_flight *f = kmod_flight_get(m->flight);

	later = kmod_test_join(test, f);
	spin_lock_irq(&kmod_inflight_lock);
	list_del_init(&m->running);
	KUNIT_EXPECT_TRUE(test, kmod_flight_needs_next(f));
	spin_unlock_irq(&kmod_inflight_lock);
	kmod_flight_leave(f, later);
	KUNIT_EXPECT_TRUE(test, hlist_unhashed(&f->by_name));
	kmod_test_expect(test, later, -ERESTARTSYS);
	kmod_test_end(m, 256);
	kmod_test_expect(test, first, 256);
	kmod_flight_put(f);
}

static void kmod_inflight_nested_request_joins_none(struct kunit *test)
{
	struct kmod_request *first = kmod_test_request(test), *nested;
	struct kmod_modprobe *m = kmod_test_fly(test, first);

	kmod_modprobe_get(m);
	nested = kmod_request_alloc(m, true, 0);
	KUNIT_ASSERT_NOT_NULL(test, nested);
	kmod_test_set_name(nested, "kunit");
	KUNIT_EXPECT_EQ(test, nested->depth, 2);
	KUNIT_EXPECT_EQ(test, nested->class, KMOD_SLOT_NESTED);
	KUNIT_EXPECT_NULL(test, kmod_flight_enter(nested, NULL));
	kmod_request_put(nested);
	kmod_test_end(m, 0);
	kmod_test_expect(test, first, 0);
}

static void kmod_inflight_waiting_nested_flight_is_not_joined(struct kunit *test)
{
	struct kmod_request *outer = kmod_test_request(test), *nested, *r;
	struct kmod_modprobe *m = kmod_test_fly(test, outer), *inner;

	kmod_modprobe_get(m);
	nested = kmod_request_alloc(m, true, 0);
	KUNIT_ASSERT_NOT_NULL(test, nested);
	kmod_test_set_name(nested, "kunit2");
	inner = kmod_test_open(test, nested);
	r = kmod_test_request(test);
	kmod_test_set_name(r, "kunit2");
	KUNIT_EXPECT_NULL(test, kmod_flight_enter(r, NULL));
	kmod_test_start(test, inner);
	KUNIT_ASSERT_PTR_EQ(test, kmod_flight_enter(r, NULL), inner->flight);
	kmod_flight_put(inner->flight);
	kmod_test_end(inner, 0);
	kmod_test_end(m, 0);
	kmod_test_expect(test, nested, 0);
	kmod_test_expect(test, r, 0);
	kmod_test_expect(test, outer, 0);
}

static void kmod_inflight_admin_promotes_waiting_flight(struct kunit *test)
{
	struct kmod_request *user = kmod_test_request(test), *admin;
	struct kmod_modprobe *m;

	user->class = KMOD_SLOT_USER;
	user->user = 1000;
	m = kmod_test_open(test, user);
	KUNIT_EXPECT_EQ(test, m->slot.class, KMOD_SLOT_USER);
	admin = kmod_test_join(test, m->flight);
	KUNIT_EXPECT_EQ(test, m->slot.class, KMOD_SLOT_ADMIN);
	kmod_test_start(test, m);
	kmod_test_end(m, 0);
	kmod_test_expect(test, user, 0);
	kmod_test_expect(test, admin, 0);
}

/* Returns the number of modprobes that must be started now. */
static unsigned int kmod_test_due(struct kmod_flight *f)
{
	struct kmod_request *r;
	unsigned long delay;
	unsigned int n = 0;

	spin_lock_irq(&kmod_inflight_lock);
	r = kmod_flight_due(f, &n, &delay);
	spin_unlock_irq(&kmod_inflight_lock);
	return r ? n : 0;
}

static void kmod_inflight_doubles_for_later_requests_only(struct kunit *test)
{
	struct kmod_request *first = kmod_test_request(test), *later;
	struct kmod_modprobe *m = kmod_test_fly(test, first);
	struct kmod_flight *f = m->flight;

	f->since -= KMOD_WAIT;
	KUNIT_EXPECT_EQ(test, kmod_test_due(f), 0);
	later = kmod_test_join(test, f);
	KUNIT_EXPECT_EQ(test, kmod_test_due(f), 1);
	kmod_flight_leave(f, later);
	KUNIT_EXPECT_EQ(test, kmod_test_due(f), 0);
	kmod_test_expect(test, later, -ERESTARTSYS);
	kmod_test_end(m, 0);
	kmod_test_expect(test, first, 0);
}

static void kmod_inflight_does_not_double_during_init(struct kunit *test)
{
	struct kmod_request *first = kmod_test_request(test), *later;
	struct kmod_modprobe *m = kmod_test_fly(test, first);
	struct kmod_flight *f = m->flight;

	later = kmod_test_join(test, f);
	f->since -= KMOD_WAIT;
	kmod_inflight_load_begin(m);
	kmod_inflight_load_begin(m);
	KUNIT_EXPECT_EQ(test, kmod_test_due(f), 0);
	kmod_inflight_load_end(m);
	KUNIT_EXPECT_EQ(test, m->loading, 1);
	KUNIT_EXPECT_EQ(test, kmod_test_due(f), 0);
	/* It needs some time to exit, or to begin another load. */
	kmod_inflight_load_end(m);
	KUNIT_EXPECT_EQ(test, kmod_test_due(f), 0);
	m->loaded -= KMOD_WAIT;
	KUNIT_EXPECT_EQ(test, kmod_test_due(f), 1);
	kmod_test_end(m, 0);
	kmod_test_expect(test, first, 0);
	kmod_test_expect(test, later, 0);
}

static void kmod_inflight_exhaustion_fails_later_requests(struct kunit *test)
{
	struct kmod_request *first = kmod_test_request(test), *later;
	struct kmod_modprobe *m = kmod_test_fly(test, first);

	later = kmod_test_join(test, m->flight);
	kmod_flight_double(m->flight, later, 0);
	KUNIT_EXPECT_FALSE(test, completion_done(&later->done));
	m->flight->since -= 2 * KMOD_WAIT;
	kmod_flight_double(m->flight, later, 0);
	KUNIT_EXPECT_EQ(test, later->rec.outcome, KMOD_BUSY);
	KUNIT_EXPECT_FALSE(test, completion_done(&first->done));
	kmod_test_expect(test, later, -ETIME);
	kmod_test_end(m, 256);
	kmod_test_expect(test, first, 256);
}

static void kmod_inflight_wait_for_slot_times_out(struct kunit *test)
{
	struct kmod_request *r = kmod_test_request(test);
	struct kmod_modprobe *m = kmod_test_open(test, r);
	struct kmod_flight *f = kmod_flight_get(m->flight);

	kmod_flight_time_out(f, kmod_flight_expired);
	f->since -= KMOD_WAIT;
	kmod_flight_time_out(f, kmod_flight_expired);
	KUNIT_EXPECT_FALSE(test, completion_done(&r->done));
	r->arrived -= KMOD_WAIT;
	kmod_flight_time_out(f, kmod_flight_expired);
	kmod_test_expect(test, r, -ETIME);
	KUNIT_ASSERT_TRUE(test, kmod_slot_get(&m->slot, true));
	KUNIT_EXPECT_FALSE(test, kmod_inflight_start(m));
	kmod_modprobe_put(m);
	kmod_flight_put(f);
}

/* A burst of requests for different names arms as many timers. */
static void kmod_inflight_timer_stops_with_flight(struct kunit *test)
{
	struct kmod_request *r = kmod_test_request(test);
	struct kmod_modprobe *m = kmod_test_fly(test, r);
	struct kmod_flight *f = kmod_flight_get(m->flight);

	kmod_flight_kick(f, KMOD_WAIT);
	KUNIT_EXPECT_TRUE(test, timer_pending(&f->timer));
	KUNIT_EXPECT_FALSE(test, f->timer.flags & TIMER_IRQSAFE);
	kmod_test_end(m, 0);
	kmod_test_expect(test, r, 0);
	KUNIT_EXPECT_FALSE(test, timer_pending(&f->timer));
	KUNIT_EXPECT_EQ(test, kref_read(&f->ref), 1);
	kmod_flight_put(f);
}

static void kmod_inflight_hung_modprobe_is_not_waited_for(struct kunit *test)
{
	struct kmod_request *first = kmod_test_request(test), *later;
	struct kmod_modprobe *m = kmod_test_fly(test, first);

	kmod_inflight_hung(m);
	KUNIT_EXPECT_FALSE(test, m->slot.held);
	later = kmod_test_join(test, m->flight);
	kmod_test_expect(test, later, -ENOENT);
	kmod_test_end(m, 0);
	/* The other modprobe could not be run, and thus settled only its own request. */
	kmod_test_expect(test, first, 0);
}

static void kmod_inflight_modprobe_between_loads_is_not_hung(struct kunit *test)
{
	struct kmod_request *r = kmod_test_request(test);
	struct kmod_modprobe *m = kmod_test_fly(test, r);

	kmod_inflight_load_begin(m);
	kmod_inflight_load_end(m);
	KUNIT_EXPECT_TRUE(test, kmod_inflight_hung(m));
	KUNIT_EXPECT_TRUE(test, m->slot.held);
	m->loaded -= KMOD_WAIT;
	KUNIT_EXPECT_FALSE(test, kmod_inflight_hung(m));
	KUNIT_EXPECT_FALSE(test, m->slot.held);
	kmod_test_end(m, 0);
	kmod_test_expect(test, r, 0);
}

static void kmod_inflight_expect_state(struct kunit *test, const struct kmod_request *r,
				       enum kmod_inflight_state state)
{
	enum kmod_inflight_state found_state = 0;
	struct kmod_record found = {};
	u64 cursor = r->rec.id;

	KUNIT_EXPECT_TRUE(test, kmod_inflight_next(&cursor, &found, &found_state));
	KUNIT_EXPECT_EQ(test, cursor, r->rec.id);
	KUNIT_EXPECT_EQ(test, found.id, r->rec.id);
	KUNIT_EXPECT_EQ(test, found_state, state);
}

static void kmod_inflight_states_are_shown(struct kunit *test)
{
	struct kmod_request *r = kmod_test_request(test), *joined;
	struct kmod_modprobe *m = kmod_test_open(test, r);
	enum kmod_inflight_state state;
	struct kmod_record rec;
	u64 cursor;

	kmod_inflight_expect_state(test, r, KMOD_INFLIGHT_WAITING);
	kmod_test_start(test, m);
	kmod_inflight_expect_state(test, r, KMOD_INFLIGHT_RUNNING);
	joined = kmod_test_join(test, m->flight);
	kmod_inflight_expect_state(test, joined, KMOD_INFLIGHT_JOINED);
	kmod_inflight_load_begin(m);
	kmod_inflight_loaded(m, "kunit_module", &rec);
	KUNIT_EXPECT_EQ(test, rec.id, r->rec.id);
	KUNIT_EXPECT_EQ(test, rec.modules, 1);
	KUNIT_EXPECT_EQ(test, rec.joiners, 1);
	kmod_inflight_expect_state(test, r, KMOD_INFLIGHT_LOADING);
	kmod_inflight_hung(m);
	kmod_inflight_expect_state(test, r, KMOD_INFLIGHT_LOADING);
	kmod_inflight_load_end(m);
	kmod_inflight_expect_state(test, r, KMOD_INFLIGHT_RUNNING);
	kmod_inflight_loaded(m, "kunit_module", &rec);
	kmod_inflight_init_failed(m);
	KUNIT_EXPECT_EQ(test, r->rec.modules, 1);

	kmod_test_end(m, 0);
	kmod_test_expect(test, joined, 0);
	kmod_test_expect(test, r, 0);
	cursor = 0;
	KUNIT_EXPECT_FALSE(test, kmod_inflight_next(&cursor, &rec, &state));
}

/* Returns the shortest time of several that it takes to read all requests, per request, in ns. */
static u64 kmod_test_time_to_read(struct kunit *test, unsigned int expected)
{
	u64 best = U64_MAX, from, cursor;
	enum kmod_inflight_state state;
	struct kmod_record rec;
	unsigned int n;
	int i;

	for (i = 0; i < 5; i++) {
		from = ktime_get_ns();
		for (n = 0, cursor = 0; kmod_inflight_next(&cursor, &rec, &state); cursor++)
			n++;
		best = min(best, ktime_get_ns() - from);
		KUNIT_EXPECT_EQ(test, n, expected);
	}
	return div_u64(best, expected) + 1;
}

/* 32 times as many requests may take at most 8 times as long per request. */
static void kmod_inflight_reading_takes_linear_time(struct kunit *test)
{
	static const unsigned int few = 256, many = 8192;
	struct kmod_request **joined = kunit_kcalloc(test, many, sizeof(*joined), GFP_KERNEL);
	struct kmod_request *first = kmod_test_request(test);
	struct kmod_modprobe *m = kmod_test_fly(test, first);
	unsigned int i;
	u64 time = 0;

	KUNIT_ASSERT_NOT_NULL(test, joined);
	for (i = 1; i < many; i++) {
		if (i == few)
			time = kmod_test_time_to_read(test, few);
		joined[i] = kmod_test_join(test, m->flight);
	}
	KUNIT_EXPECT_LT(test, kmod_test_time_to_read(test, many), 8 * time);
	kmod_test_end(m, 0);
	for (i = 1; i < many; i++)
		kmod_test_expect(test, joined[i], 0);
	kmod_test_expect(test, first, 0);
}

static void kmod_inflight_request_without_wait_returns_at_exec(struct kunit *test)
{
	struct kmod_request *r = kmod_test_request(test);
	struct kmod_modprobe *m;

	r->rec.wait = false;
	m = kmod_test_fly(test, r);
	KUNIT_EXPECT_FALSE(test, completion_done(&r->done));
	kmod_inflight_execed(m);
	KUNIT_EXPECT_TRUE(test, completion_done(&r->done));
	kmod_test_end(m, 256);
	KUNIT_EXPECT_EQ(test, r->rec.result, 256);
	kmod_test_expect(test, r, 0);
}

/* Another modprobe, that of a later request, can be the first one to end. */
static void kmod_inflight_request_without_wait_gets_no_status(struct kunit *test)
{
	struct kmod_request *r = kmod_test_request(test);
	struct kmod_modprobe *m;

	r->rec.wait = false;
	m = kmod_test_fly(test, r);
	kmod_test_end(m, 256);
	KUNIT_EXPECT_EQ(test, r->rec.result, 256);
	kmod_test_expect(test, r, 0);
}

static struct kunit_case kmod_inflight_tests[] = {
	KUNIT_CASE(kmod_inflight_success_settles_all),
	KUNIT_CASE(kmod_inflight_failure_settles_older_requests),
	KUNIT_CASE(kmod_inflight_late_joiner_is_not_forgotten),
	KUNIT_CASE(kmod_inflight_success_before_unload_settles_older_requests),
	KUNIT_CASE(kmod_inflight_success_after_unload_settles_all),
	KUNIT_CASE(kmod_inflight_result_is_not_remembered),
	KUNIT_CASE(kmod_inflight_killed_joiner_affects_no_other),
	KUNIT_CASE(kmod_inflight_starved_joiner_delays_no_other),
	KUNIT_CASE(kmod_inflight_killed_requester_keeps_its_modprobe),
	KUNIT_CASE(kmod_inflight_place_in_queue_outlives_requester),
	KUNIT_CASE(kmod_inflight_modprobe_without_request_is_not_started),
	KUNIT_CASE(kmod_inflight_starved_opener_delays_no_other),
	KUNIT_CASE(kmod_inflight_flight_ends_with_its_last_request),
	KUNIT_CASE(kmod_inflight_nested_request_joins_none),
	KUNIT_CASE(kmod_inflight_waiting_nested_flight_is_not_joined),
	KUNIT_CASE(kmod_inflight_admin_promotes_waiting_flight),
	KUNIT_CASE(kmod_inflight_doubles_for_later_requests_only),
	KUNIT_CASE(kmod_inflight_does_not_double_during_init),
	KUNIT_CASE(kmod_inflight_exhaustion_fails_later_requests),
	KUNIT_CASE(kmod_inflight_wait_for_slot_times_out),
	KUNIT_CASE(kmod_inflight_timer_stops_with_flight),
	KUNIT_CASE(kmod_inflight_hung_modprobe_is_not_waited_for),
	KUNIT_CASE(kmod_inflight_modprobe_between_loads_is_not_hung),
	KUNIT_CASE(kmod_inflight_states_are_shown),
	KUNIT_CASE(kmod_inflight_reading_takes_linear_time),
	KUNIT_CASE(kmod_inflight_request_without_wait_returns_at_exec),
	KUNIT_CASE(kmod_inflight_request_without_wait_gets_no_status),
	{}
};

static struct kunit_suite kmod_inflight_suite = {
	.name = "kmod_inflight",
	.exit = kmod_inflight_test_exit,
	.test_cases = kmod_inflight_tests,
};

kunit_test_suite(kmod_inflight_suite);
