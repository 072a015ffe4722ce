// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of requests in flight. Part of kernel/kmod/inflight.c.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#define KMOD_KUNIT_JOINERS	40

/* A task that makes a request of its own. */
struct kmod_joiner {
	struct kmod_request *r;
	struct task_struct *task;
	struct completion left;
	bool shared;
	int result;
};

static struct kmod_request *kmod_kunit_request(struct kunit *test)
{
	struct kmod_request *r = kmod_request_alloc(NULL, true, 0);

	KUNIT_ASSERT_NOT_NULL(test, r);
	strscpy(r->rec.name, "kunit");
	return r;
}

static struct kmod_request *kmod_kunit_nowait(struct kunit *test)
{
	struct kmod_request *r = kmod_kunit_request(test);

	r->rec.wait = false;
	return r;
}

/* A request that is in flight, and has a slot. */
static struct kmod_request *kmod_kunit_leader(struct kunit *test)
{
	struct kmod_request *r = kmod_kunit_request(test);
	int result;

	KUNIT_ASSERT_FALSE(test, kmod_inflight_join(r, &result));
	KUNIT_ASSERT_EQ(test, kmod_inflight_start(r), 0);
	return r;
}

static struct kmod_request *kmod_kunit_lookup(const struct kmod_request *r)
{
	struct kmod_request *other;

	spin_lock_irq(&kmod_inflight_lock);
	other = kmod_inflight_lookup(r, kmod_name_hash(r->rec.name));
	spin_unlock_irq(&kmod_inflight_lock);
	return other;
}

static void kmod_kunit_end(struct kmod_request *r, int status)
{
	kmod_inflight_end(r, status);
	kmod_request_put(r);
}

static int kmod_joiner_run(void *data)
{
	struct kmod_joiner *j = data;

	allow_signal(SIGKILL);
	j->shared = kmod_inflight_join(j->r, &j->result);
	complete(&j->left);
	return 0;
}

static struct kmod_joiner *kmod_joiner(struct kunit *test)
{
	struct kmod_joiner *j = kunit_kzalloc(test, sizeof(*j), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, j);
	j->r = kmod_kunit_request(test);
	init_completion(&j->left);
	j->task = kthread_run(kmod_joiner_run, j, "kmod_joiner");
	KUNIT_ASSERT_FALSE(test, IS_ERR(j->task));
	msleep(20);
	KUNIT_EXPECT_FALSE(test, completion_done(&j->left));
	return j;
}

static void kmod_joiner_expect(struct kunit *test, struct kmod_joiner *j,
			       bool shared, int result)
{
	KUNIT_ASSERT_NE(test, 0, wait_for_completion_timeout(&j->left, 7 * HZ));
	KUNIT_EXPECT_EQ(test, j->shared, shared);
	if (shared)
		KUNIT_EXPECT_EQ(test, j->result, result);
}

static void kmod_inflight_all_joiners_get_the_result(struct kunit *test)
{
	struct kmod_request *r = kmod_kunit_leader(test);
	struct kmod_joiner *j[KMOD_KUNIT_JOINERS];
	int i;

	for (i = 0; i < KMOD_KUNIT_JOINERS; i++)
		j[i] = kmod_joiner(test);
	kmod_kunit_end(r, 256);
	for (i = 0; i < KMOD_KUNIT_JOINERS; i++) {
		kmod_joiner_expect(test, j[i], true, 256);
		kmod_request_put(j[i]->r);
	}
}

static void kmod_inflight_killed_joiner_leaves_others_waiting(struct kunit *test)
{
	struct kmod_request *r = kmod_kunit_leader(test);
	struct kmod_joiner *killed = kmod_joiner(test);
	struct kmod_joiner *other = kmod_joiner(test);

	send_sig(SIGKILL, killed->task, 1);
	kmod_joiner_expect(test, killed, true, -ERESTARTSYS);
	KUNIT_EXPECT_FALSE(test, completion_done(&other->left));
	kmod_kunit_end(r, 0);
	kmod_joiner_expect(test, other, true, 0);
	kmod_request_put(killed->r);
	kmod_request_put(other->r);
}

static void kmod_inflight_nothing_is_remembered(struct kunit *test)
{
	struct kmod_request *next;

	kmod_kunit_end(kmod_kunit_leader(test), 256);
	next = kmod_kunit_leader(test);
	kmod_kunit_end(next, 0);
}

static void kmod_inflight_nowait_is_content(struct kunit *test)
{
	struct kmod_request *r = kmod_kunit_leader(test);
	struct kmod_request *nowait = kmod_kunit_nowait(test);
	int result = 1;

	KUNIT_EXPECT_TRUE(test, kmod_inflight_join(nowait, &result));
	KUNIT_EXPECT_EQ(test, result, 0);
	kmod_request_put(nowait);
	kmod_kunit_end(r, 256);
}

static void kmod_inflight_nested_never_joins(struct kunit *test)
{
	struct kmod_request *r = kmod_kunit_leader(test);
	struct kmod_request *nested = kmod_kunit_request(test);
	int result;

	kmod_request_get(r);
	nested->parent = r;
	KUNIT_EXPECT_FALSE(test, kmod_inflight_join(nested, &result));
	kmod_kunit_end(nested, 0);
	kmod_kunit_end(r, 0);
}

static void kmod_inflight_admin_joins_no_waiting_user(struct kunit *test)
{
	struct kmod_request *user = kmod_kunit_request(test);
	struct kmod_request *admin = kmod_kunit_request(test);
	int result;

	user->class = KMOD_SLOT_USER;
	admin->class = KMOD_SLOT_ADMIN;
	KUNIT_ASSERT_FALSE(test, kmod_inflight_join(user, &result));
	KUNIT_EXPECT_NULL(test, kmod_kunit_lookup(admin));
	KUNIT_EXPECT_EQ(test, kmod_inflight_start(user), 0);
	KUNIT_EXPECT_PTR_EQ(test, kmod_kunit_lookup(admin), user);
	kmod_request_put(admin);
	kmod_kunit_end(user, 0);
}

/* It would not learn that the other one has given up. */
static void kmod_inflight_nowait_joins_no_waiting_one(struct kunit *test)
{
	struct kmod_request *r = kmod_kunit_request(test);
	struct kmod_request *nowait = kmod_kunit_nowait(test);
	struct kmod_request *waits = kmod_kunit_request(test);
	int result;

	KUNIT_ASSERT_FALSE(test, kmod_inflight_join(r, &result));
	KUNIT_EXPECT_NULL(test, kmod_kunit_lookup(nowait));
	KUNIT_EXPECT_PTR_EQ(test, kmod_kunit_lookup(waits), r);
	kmod_request_put(nowait);
	kmod_request_put(waits);
	kmod_kunit_end(r, 0);
}

static void kmod_inflight_joiner_takes_over(struct kunit *test)
{
	struct kmod_request *r = kmod_kunit_request(test);
	struct kmod_joiner *j;
	int result;

	KUNIT_ASSERT_FALSE(test, kmod_inflight_join(r, &result));
	j = kmod_joiner(test);
	r->abandoned = true;
	kmod_kunit_end(r, -ERESTARTSYS);
	kmod_joiner_expect(test, j, false, 0);
	KUNIT_EXPECT_EQ(test, kmod_inflight_start(j->r), 0);
	kmod_kunit_end(j->r, 0);
}

static void kmod_inflight_one_joiner_retries_after_timeout(struct kunit *test)
{
	struct kmod_request *r = kmod_kunit_leader(test);
	struct kmod_joiner *first = kmod_joiner(test);
	struct kmod_joiner *second = kmod_joiner(test);

	kmod_joiner_expect(test, first, false, 0);
	KUNIT_EXPECT_EQ(test, kmod_inflight_start(first->r), 0);
	msleep(100);
	KUNIT_EXPECT_FALSE(test, completion_done(&second->left));
	kmod_kunit_end(first->r, 512);
	kmod_joiner_expect(test, second, true, 512);
	kmod_request_put(second->r);
	kmod_kunit_end(r, 0);
}

static void kmod_inflight_hung_gives_its_slot_back(struct kunit *test)
{
	struct kmod_request *r = kmod_kunit_leader(test);
	struct kmod_request *next;

	KUNIT_EXPECT_TRUE(test, r->has_slot);
	kmod_inflight_hung(r);
	KUNIT_EXPECT_FALSE(test, r->has_slot);
	kmod_inflight_hung(r);

	next = kmod_kunit_leader(test);
	kmod_kunit_end(next, 0);
	kmod_kunit_end(r, 0);
}

static void kmod_inflight_expect(struct kunit *test, const struct kmod_request *r,
				 enum kmod_inflight_state state, unsigned int joiners)
{
	enum kmod_inflight_state found_state = 0;
	struct kmod_record found = {};
	u64 cursor = r->rec.id;

	KUNIT_EXPECT_TRUE(test, kmod_inflight_next(&cursor, &found, &found_state));
	KUNIT_EXPECT_EQ(test, cursor, r->rec.id);
	KUNIT_EXPECT_EQ(test, found.id, r->rec.id);
	KUNIT_EXPECT_EQ(test, found.joiners, joiners);
	KUNIT_EXPECT_EQ(test, found_state, state);
}

static void kmod_inflight_can_be_looked_at(struct kunit *test)
{
	struct kmod_request *r = kmod_kunit_request(test);
	struct kmod_joiner *j;
	enum kmod_inflight_state state;
	struct kmod_record found;
	u64 cursor;
	int result;

	KUNIT_ASSERT_FALSE(test, kmod_inflight_join(r, &result));
	kmod_inflight_expect(test, r, KMOD_INFLIGHT_WAITING, 0);
	KUNIT_ASSERT_EQ(test, kmod_inflight_start(r), 0);
	kmod_inflight_expect(test, r, KMOD_INFLIGHT_RUNNING, 0);
	j = kmod_joiner(test);
	kmod_inflight_expect(test, r, KMOD_INFLIGHT_RUNNING, 1);
	kmod_inflight_expect(test, j->r, KMOD_INFLIGHT_JOINED, 0);
	KUNIT_EXPECT_EQ(test, j->r->rec.into, r->rec.id);
	kmod_inflight_hung(r);
	kmod_inflight_expect(test, r, KMOD_INFLIGHT_HUNG, 1);

	cursor = j->r->rec.id + 1;
	KUNIT_EXPECT_FALSE(test, kmod_inflight_next(&cursor, &found, &state));
	kmod_kunit_end(r, 0);
	kmod_joiner_expect(test, j, true, 0);
	kmod_request_put(j->r);
	cursor = 0;
	KUNIT_EXPECT_FALSE(test, kmod_inflight_next(&cursor, &found, &state));
}

static void kmod_inflight_counts_modules_until_the_end(struct kunit *test)
{
	struct kmod_request *r = kmod_kunit_leader(test);
	struct kmod_record rec;

	KUNIT_EXPECT_TRUE(test, kmod_inflight_loaded(r, &rec));
	KUNIT_EXPECT_TRUE(test, kmod_inflight_loaded(r, &rec));
	KUNIT_EXPECT_EQ(test, rec.modules, 2);
	KUNIT_EXPECT_EQ(test, rec.id, r->rec.id);
	kmod_inflight_end(r, 0);
	KUNIT_EXPECT_FALSE(test, kmod_inflight_loaded(r, &rec));
	KUNIT_EXPECT_EQ(test, r->rec.modules, 2);
	kmod_request_put(r);
}

static void kmod_inflight_ends_are_told_apart(struct kunit *test)
{
	struct kmod_request *r = kmod_kunit_request(test);

	KUNIT_EXPECT_EQ(test, kmod_inflight_outcome(r, 0), KMOD_OK);
	KUNIT_EXPECT_EQ(test, kmod_inflight_outcome(r, 256), KMOD_FAILED);
	KUNIT_EXPECT_EQ(test, kmod_inflight_outcome(r, -ENOENT), KMOD_FAILED);
	KUNIT_EXPECT_EQ(test, kmod_inflight_outcome(r, -ENOMEM), KMOD_ERROR);
	KUNIT_EXPECT_EQ(test, kmod_inflight_outcome(r, -ERESTARTSYS), KMOD_KILLED);
	KUNIT_EXPECT_EQ(test, kmod_inflight_outcome(r, -ETIME), KMOD_FAILED);
	r->abandoned = true;
	KUNIT_EXPECT_EQ(test, kmod_inflight_outcome(r, -ETIME), KMOD_BUSY);
	r->killed = true;
	KUNIT_EXPECT_EQ(test, kmod_inflight_outcome(r, 256), KMOD_KILLED);
	kmod_request_put(r);
}

static void kmod_inflight_is_found_by_pid(struct kunit *test)
{
	struct kmod_request *r = kmod_kunit_leader(test);
	struct kmod_request *found;

	KUNIT_EXPECT_NULL(test, kmod_inflight_find(NULL));
	KUNIT_EXPECT_NULL(test, kmod_inflight_find(task_tgid(current)));
	kmod_inflight_spawned(r, task_tgid(current));
	found = kmod_inflight_find(task_tgid(current));
	KUNIT_EXPECT_PTR_EQ(test, found, r);
	if (found)
		kmod_request_put(found);
	kmod_kunit_end(r, 0);
	KUNIT_EXPECT_NULL(test, kmod_inflight_find(task_tgid(current)));
}

static void kmod_inflight_exit(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, list_empty(&kmod_running));
	KUNIT_EXPECT_TRUE(test, list_empty(&kmod_all));
	KUNIT_EXPECT_TRUE(test, hash_empty(kmod_by_name));
}

static struct kunit_case kmod_inflight_tests[] = {
	KUNIT_CASE(kmod_inflight_all_joiners_get_the_result),
	KUNIT_CASE(kmod_inflight_killed_joiner_leaves_others_waiting),
	KUNIT_CASE(kmod_inflight_nothing_is_remembered),
	KUNIT_CASE(kmod_inflight_nowait_is_content),
	KUNIT_CASE(kmod_inflight_nested_never_joins),
	KUNIT_CASE(kmod_inflight_admin_joins_no_waiting_user),
	KUNIT_CASE(kmod_inflight_nowait_joins_no_waiting_one),
	KUNIT_CASE(kmod_inflight_joiner_takes_over),
	KUNIT_CASE_SLOW(kmod_inflight_one_joiner_retries_after_timeout),
	KUNIT_CASE(kmod_inflight_hung_gives_its_slot_back),
	KUNIT_CASE(kmod_inflight_can_be_looked_at),
	KUNIT_CASE(kmod_inflight_counts_modules_until_the_end),
	KUNIT_CASE(kmod_inflight_ends_are_told_apart),
	KUNIT_CASE(kmod_inflight_is_found_by_pid),
	{}
};

static struct kunit_suite kmod_inflight_suite = {
	.name = "kmod_inflight",
	.exit = kmod_inflight_exit,
	.test_cases = kmod_inflight_tests,
};

kunit_test_suite(kmod_inflight_suite);
