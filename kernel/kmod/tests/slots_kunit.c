// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for slots. Included by kernel/kmod/slots.c.
 */
#include <kunit/test.h>
#include <linux/string.h>

#define KMOD_TEST_USER		1000

static unsigned int kmod_limit_saved;
static u64 kmod_test_ticket;

static void kmod_slot_test_work(struct work_struct *work)
{
}

static DECLARE_WORK(kmod_test_work, kmod_slot_test_work);

static int kmod_slots_test_init(struct kunit *test)
{
	kmod_limit_saved = kmod_limit;
	kmod_limit = 1;
	return 0;
}

static void kmod_slots_test_exit(struct kunit *test)
{
	unsigned int pool;

	kmod_limit = kmod_limit_saved;
	flush_work(&kmod_test_work);
	KUNIT_EXPECT_EQ(test, kmod_lent, 0);
	KUNIT_EXPECT_TRUE(test, hash_empty(kmod_users));
	for (pool = 0; pool < KMOD_POOLS; pool++) {
		KUNIT_EXPECT_EQ(test, kmod_pools[pool].used, 0);
		KUNIT_EXPECT_NULL(test, kmod_pool_first(pool));
	}
}

/* Returns the slot of a new request, which is younger than all requests before. */
static struct kmod_slot *kmod_slot_new(struct kunit *test, enum kmod_slot_class class,
				       unsigned int depth, uid_t uid)
{
	struct kmod_request *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	struct kmod_slot *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	KUNIT_ASSERT_NOT_NULL(test, s);
	r->class = class;
	r->depth = depth;
	r->rec.id = ++kmod_test_ticket;
	r->user = uid;
	KUNIT_ASSERT_EQ(test, kmod_slot_init(s, r, &kmod_test_work), 0);
	return s;
}

/* Returns a slot that was requested from kmod_slot_get(), held or not. */
static struct kmod_slot *kmod_slot_request(struct kunit *test, enum kmod_slot_class class,
					   uid_t uid)
{
	struct kmod_slot *s = kmod_slot_new(test, class, 1, uid);

	KUNIT_EXPECT_EQ(test, kmod_slot_get(s, true), s->held);
	return s;
}

static struct kmod_slot *kmod_slot_admin(struct kunit *test)
{
	return kmod_slot_request(test, KMOD_SLOT_ADMIN, 0);
}

static struct kmod_slot *kmod_slot_user(struct kunit *test, uid_t uid)
{
	return kmod_slot_request(test, KMOD_SLOT_USER, uid);
}

static void kmod_slot_end(struct kunit *test, struct kmod_slot *s)
{
	KUNIT_EXPECT_TRUE(test, kmod_slot_put(s));
	kmod_slot_destroy(s);
}

static void kmod_slots_limit_is_at_most_half_of_threads(struct kunit *test)
{
	kmod_limit = 7;
	KUNIT_EXPECT_EQ(test, kmod_slots_max(), 7);
	kmod_limit = UINT_MAX;
	KUNIT_EXPECT_EQ(test, kmod_slots_max(), max_threads / 2);
}

static void kmod_slots_oldest_request_first(struct kunit *test)
{
	struct kmod_slot *held = kmod_slot_admin(test), *s[4];
	int i;

	for (i = 0; i < ARRAY_SIZE(s); i++)
		s[i] = kmod_slot_new(test, KMOD_SLOT_ADMIN, 1, 0);
	for (i = ARRAY_SIZE(s) - 1; i >= 0; i--)
		KUNIT_EXPECT_FALSE(test, kmod_slot_get(s[i], true));

	kmod_slot_end(test, held);
	for (i = 0; i < ARRAY_SIZE(s); i++) {
		KUNIT_EXPECT_TRUE(test, s[i]->held);
		KUNIT_EXPECT_TRUE(test, i == 3 || !s[i + 1]->held);
		kmod_slot_end(test, s[i]);
	}
}

static void kmod_slots_cancelled_waiter_is_skipped(struct kunit *test)
{
	struct kmod_slot *held = kmod_slot_admin(test);
	struct kmod_slot *cancelled = kmod_slot_admin(test);
	struct kmod_slot *next = kmod_slot_admin(test);

	KUNIT_EXPECT_TRUE(test, kmod_slot_cancel(cancelled));
	KUNIT_EXPECT_FALSE(test, kmod_slot_cancel(cancelled));
	kmod_slot_destroy(cancelled);
	kmod_slot_end(test, held);
	KUNIT_EXPECT_TRUE(test, next->held);
	KUNIT_EXPECT_FALSE(test, kmod_slot_cancel(next));
	kmod_slot_end(test, next);
}

static void kmod_slots_put_releases_once(struct kunit *test)
{
	struct kmod_slot *s = kmod_slot_admin(test);

	KUNIT_EXPECT_TRUE(test, kmod_slot_put(s));
	KUNIT_EXPECT_FALSE(test, kmod_slot_put(s));
	kmod_slot_destroy(s);
}

static void kmod_slots_try_does_not_queue(struct kunit *test)
{
	struct kmod_slot *held = kmod_slot_admin(test);
	struct kmod_slot *s = kmod_slot_new(test, KMOD_SLOT_ADMIN, 1, 0);

	KUNIT_EXPECT_FALSE(test, kmod_slot_get(s, false));
	kmod_slot_end(test, held);
	KUNIT_EXPECT_FALSE(test, s->held);
	KUNIT_EXPECT_TRUE(test, kmod_slot_get(s, false));
	kmod_slot_end(test, s);
}

static void kmod_slots_raised_limit_serves_waiters(struct kunit *test)
{
	struct kmod_slot *held = kmod_slot_admin(test), *s = kmod_slot_admin(test);
	char text[] = "2\n";
	size_t len = 2;
	loff_t pos = 0;

	KUNIT_EXPECT_FALSE(test, s->held);
	KUNIT_EXPECT_EQ(test, kmod_limit_sysctl(kmod_slots_sysctls, 1, text,
						&len, &pos), 0);
	KUNIT_EXPECT_TRUE(test, s->held);
	kmod_slot_end(test, s);
	kmod_slot_end(test, held);
}

static void kmod_slots_lowered_limit_holds_for_new_requests(struct kunit *test)
{
	struct kmod_slot *held[3], *s;
	int i;

	kmod_limit = 3;
	for (i = 0; i < 3; i++)
		held[i] = kmod_slot_admin(test);
	kmod_limit = 1;
	s = kmod_slot_admin(test);
	kmod_slot_end(test, held[0]);
	kmod_slot_end(test, held[1]);
	KUNIT_EXPECT_FALSE(test, s->held);
	kmod_slot_end(test, held[2]);
	KUNIT_EXPECT_TRUE(test, s->held);
	kmod_slot_end(test, s);
}

static void kmod_slots_invalid_limit_is_rejected(struct kunit *test)
{
	static const char * const bad[] = { "0", "-1", "x", "4294967296" };
	char text[16];
	size_t len;
	loff_t pos;
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		strscpy(text, bad[i]);
		len = strlen(text);
		pos = 0;
		KUNIT_EXPECT_EQ_MSG(test,
				    kmod_limit_sysctl(kmod_slots_sysctls, 1,
						      text, &len, &pos),
				    -EINVAL, "'%s'", bad[i]);
		KUNIT_EXPECT_EQ(test, kmod_limit, 1);
	}
}

static void kmod_slots_each_depth_has_its_own(struct kunit *test)
{
	struct kmod_slot *held[KMOD_DEPTH_MAX], *s;
	int i;

	held[0] = kmod_slot_admin(test);
	for (i = 1; i < KMOD_DEPTH_MAX; i++) {
		held[i] = kmod_slot_new(test, KMOD_SLOT_NESTED, i + 1, 0);
		KUNIT_EXPECT_TRUE(test, kmod_slot_get(held[i], true));
		s = kmod_slot_new(test, KMOD_SLOT_NESTED, i + 1, 0);
		KUNIT_EXPECT_FALSE(test, kmod_slot_get(s, false));
		kmod_slot_destroy(s);
	}
	for (i = 0; i < KMOD_DEPTH_MAX; i++)
		kmod_slot_end(test, held[i]);
}

static void kmod_slots_users_and_kthreads_hold_half(struct kunit *test)
{
	struct kmod_slot *user, *kthread, *waits, *admin[2];

	kmod_limit = 4;
	user = kmod_slot_user(test, KMOD_TEST_USER);
	kthread = kmod_slot_request(test, KMOD_SLOT_KTHREAD, 0);
	waits = kmod_slot_user(test, KMOD_TEST_USER + 1);
	admin[0] = kmod_slot_admin(test);
	admin[1] = kmod_slot_admin(test);
	KUNIT_EXPECT_TRUE(test, user->held && kthread->held);
	KUNIT_EXPECT_TRUE(test, admin[0]->held && admin[1]->held);
	kmod_slot_end(test, admin[0]);
	kmod_slot_end(test, admin[1]);
	KUNIT_EXPECT_FALSE(test, waits->held);
	kmod_slot_end(test, kthread);
	KUNIT_EXPECT_TRUE(test, waits->held);
	kmod_slot_end(test, user);
	kmod_slot_end(test, waits);
}

static void kmod_slots_admin_before_older_user(struct kunit *test)
{
	struct kmod_slot *held = kmod_slot_admin(test);
	struct kmod_slot *user = kmod_slot_user(test, KMOD_TEST_USER);
	struct kmod_slot *admin = kmod_slot_admin(test);

	kmod_slot_end(test, held);
	KUNIT_EXPECT_TRUE(test, admin->held);
	KUNIT_EXPECT_FALSE(test, user->held);
	kmod_slot_end(test, admin);
	kmod_slot_end(test, user);
}

static void kmod_slots_user_with_fewest_slots_first(struct kunit *test)
{
	struct kmod_slot *a[4], *b[2];
	int i;

	kmod_limit = 4;
	for (i = 0; i < ARRAY_SIZE(a); i++)
		a[i] = kmod_slot_user(test, KMOD_TEST_USER);
	for (i = 0; i < ARRAY_SIZE(b); i++)
		b[i] = kmod_slot_user(test, KMOD_TEST_USER + 1);
	kmod_slot_end(test, a[0]);
	KUNIT_EXPECT_TRUE(test, b[0]->held);
	KUNIT_EXPECT_FALSE(test, a[2]->held);
	/* Again, although this user was served last. */
	kmod_slot_end(test, b[0]);
	KUNIT_EXPECT_TRUE(test, b[1]->held);
	KUNIT_EXPECT_FALSE(test, a[2]->held);
	kmod_slot_end(test, b[1]);
	KUNIT_EXPECT_TRUE(test, a[2]->held);
	kmod_slot_end(test, a[1]);
	KUNIT_EXPECT_TRUE(test, a[3]->held);
	kmod_slot_end(test, a[2]);
	kmod_slot_end(test, a[3]);
}

/* With one slot for users, no user gets it twice in a row while another one waits. */
static void kmod_slots_users_take_turns(struct kunit *test)
{
	struct kmod_slot *a[4], *b[2], *kthread;
	int i;

	for (i = 0; i < ARRAY_SIZE(a); i++)
		a[i] = kmod_slot_user(test, KMOD_TEST_USER);
	for (i = 0; i < ARRAY_SIZE(b); i++)
		b[i] = kmod_slot_user(test, KMOD_TEST_USER + 1);
	kthread = kmod_slot_request(test, KMOD_SLOT_KTHREAD, 0);
	kmod_slot_end(test, a[0]);
	KUNIT_EXPECT_TRUE(test, kthread->held);
	kmod_slot_end(test, kthread);
	KUNIT_EXPECT_TRUE(test, b[0]->held);
	kmod_slot_end(test, b[0]);
	KUNIT_EXPECT_TRUE(test, a[1]->held);
	kmod_slot_end(test, a[1]);
	KUNIT_EXPECT_TRUE(test, b[1]->held);
	kmod_slot_end(test, b[1]);
	KUNIT_EXPECT_TRUE(test, a[2]->held);
	kmod_slot_end(test, a[2]);
	kmod_slot_end(test, a[3]);
}

static void kmod_slots_promoted_waiter_queues_with_admins(struct kunit *test)
{
	struct kmod_slot *held = kmod_slot_admin(test);
	struct kmod_slot *user = kmod_slot_user(test, KMOD_TEST_USER);
	struct kmod_slot *promoted = kmod_slot_user(test, KMOD_TEST_USER);

	kmod_slot_promote(promoted);
	kmod_slot_end(test, held);
	KUNIT_EXPECT_TRUE(test, promoted->held);
	KUNIT_EXPECT_FALSE(test, user->held);
	kmod_slot_promote(promoted);
	KUNIT_EXPECT_EQ(test, kmod_pools[KMOD_POOL_ADMINS].used, 1);
	kmod_slot_end(test, promoted);
	kmod_slot_end(test, user);
}

static void kmod_slots_shared_waiter_queues_with_faster_user(struct kunit *test)
{
	const struct kmod_slot_user other = { KMOD_SLOT_USER, KMOD_TEST_USER + 1 };
	struct kmod_slot *held = kmod_slot_user(test, KMOD_TEST_USER);
	struct kmod_slot *first = kmod_slot_user(test, KMOD_TEST_USER);
	struct kmod_slot *shared = kmod_slot_user(test, KMOD_TEST_USER);

	kmod_slot_share(shared, &other);
	kmod_slot_end(test, held);
	KUNIT_EXPECT_TRUE(test, shared->held);
	KUNIT_EXPECT_FALSE(test, first->held);
	/* The other user holds a slot by now. */
	kmod_slot_share(first, &other);
	KUNIT_EXPECT_PTR_NE(test, first->queue, shared->queue);
	kmod_slot_end(test, shared);
	KUNIT_EXPECT_TRUE(test, first->held);
	kmod_slot_end(test, first);
}

static bool kmod_slots_test_lend(void)
{
	bool lent = false;

	spin_lock_irq(&kmod_slots_lock);
	kmod_slots_lend(&lent);
	spin_unlock_irq(&kmod_slots_lock);
	return lent;
}

/* Simulates that time has passed. */
static void kmod_slots_test_age(unsigned long jiffies_passed)
{
	unsigned int pool;

	for (pool = 0; pool < KMOD_POOLS; pool++)
		kmod_pools[pool].stalled -= jiffies_passed;
	kmod_lent_last -= min_t(u64, kmod_lent_last, jiffies_passed);
}

static void kmod_slots_are_lent_when_none_is_released(struct kunit *test)
{
	struct kmod_slot *held = kmod_slot_admin(test), *a, *b;

	kmod_slots_test_age(KMOD_STALL);
	a = kmod_slot_admin(test);
	b = kmod_slot_admin(test);
	KUNIT_EXPECT_FALSE(test, kmod_slots_test_lend());
	kmod_slots_test_age(KMOD_STALL);
	KUNIT_EXPECT_TRUE(test, kmod_slots_test_lend());
	KUNIT_EXPECT_TRUE(test, a->held && a->lent);
	KUNIT_EXPECT_FALSE(test, b->held);

	kmod_slots_test_age(KMOD_LEND_INTERVAL);
	KUNIT_EXPECT_FALSE(test, kmod_slots_test_lend());
	kmod_slot_end(test, held);
	KUNIT_EXPECT_TRUE(test, b->held && !b->lent);
	kmod_slot_end(test, a);
	kmod_slot_end(test, b);
}

static void kmod_slots_lent_one_at_a_time(struct kunit *test)
{
	struct kmod_slot *held[2], *s[2];

	kmod_limit = 2;
	held[0] = kmod_slot_admin(test);
	held[1] = kmod_slot_admin(test);
	s[0] = kmod_slot_admin(test);
	s[1] = kmod_slot_admin(test);
	kmod_slots_test_age(KMOD_STALL);
	KUNIT_EXPECT_TRUE(test, kmod_slots_test_lend());
	KUNIT_EXPECT_FALSE(test, kmod_slots_test_lend());
	kmod_slots_test_age(KMOD_LEND_INTERVAL);
	KUNIT_EXPECT_TRUE(test, kmod_slots_test_lend());
	kmod_slot_end(test, s[0]);
	kmod_slot_end(test, s[1]);
	kmod_slot_end(test, held[0]);
	kmod_slot_end(test, held[1]);
}

static void kmod_slots_lent_one_passes_on(struct kunit *test)
{
	struct kmod_slot *held = kmod_slot_admin(test);
	struct kmod_slot *a = kmod_slot_admin(test), *b = kmod_slot_admin(test);

	kmod_slots_test_age(KMOD_STALL);
	KUNIT_EXPECT_TRUE(test, kmod_slots_test_lend());
	KUNIT_EXPECT_FALSE(test, b->held);
	kmod_slot_end(test, a);
	KUNIT_EXPECT_TRUE(test, b->held && b->lent);
	kmod_slot_end(test, b);
	kmod_slot_end(test, held);
}

static void kmod_slots_users_borrow_at_most_half(struct kunit *test)
{
	struct kmod_slot *held[4], *user[3];
	int i;

	kmod_limit = 4;
	for (i = 0; i < 2; i++) {
		held[i] = kmod_slot_user(test, KMOD_TEST_USER);
		held[i + 2] = kmod_slot_admin(test);
	}
	for (i = 0; i < ARRAY_SIZE(user); i++)
		user[i] = kmod_slot_user(test, KMOD_TEST_USER + i);
	for (i = 0; i < ARRAY_SIZE(user); i++) {
		kmod_slots_test_age(KMOD_STALL);
		KUNIT_EXPECT_EQ(test, kmod_slots_test_lend(), i < 2);
	}
	for (i = 0; i < ARRAY_SIZE(held); i++)
		kmod_slot_end(test, held[i]);
	for (i = 0; i < ARRAY_SIZE(user); i++)
		kmod_slot_end(test, user[i]);
}

static void kmod_slots_last_lent_one_is_for_admins(struct kunit *test)
{
	struct kmod_slot *held[2], *nested, *admin;

	held[0] = kmod_slot_admin(test);
	held[1] = kmod_slot_new(test, KMOD_SLOT_NESTED, 2, 0);
	nested = kmod_slot_new(test, KMOD_SLOT_NESTED, 2, 0);
	KUNIT_EXPECT_TRUE(test, kmod_slot_get(held[1], true));
	KUNIT_EXPECT_FALSE(test, kmod_slot_get(nested, true));
	kmod_slots_test_age(KMOD_STALL);
	KUNIT_EXPECT_FALSE(test, kmod_slots_test_lend());
	admin = kmod_slot_admin(test);
	kmod_slots_test_age(KMOD_STALL);
	KUNIT_EXPECT_TRUE(test, kmod_slots_test_lend());
	KUNIT_EXPECT_TRUE(test, admin->held);
	kmod_slot_end(test, admin);
	kmod_slot_end(test, held[0]);
	kmod_slot_end(test, held[1]);
	kmod_slot_end(test, nested);
}

static struct kunit_case kmod_slots_tests[] = {
	KUNIT_CASE(kmod_slots_limit_is_at_most_half_of_threads),
	KUNIT_CASE(kmod_slots_oldest_request_first),
	KUNIT_CASE(kmod_slots_cancelled_waiter_is_skipped),
	KUNIT_CASE(kmod_slots_put_releases_once),
	KUNIT_CASE(kmod_slots_try_does_not_queue),
	KUNIT_CASE(kmod_slots_raised_limit_serves_waiters),
	KUNIT_CASE(kmod_slots_lowered_limit_holds_for_new_requests),
	KUNIT_CASE(kmod_slots_invalid_limit_is_rejected),
	KUNIT_CASE(kmod_slots_each_depth_has_its_own),
	KUNIT_CASE(kmod_slots_users_and_kthreads_hold_half),
	KUNIT_CASE(kmod_slots_admin_before_older_user),
	KUNIT_CASE(kmod_slots_user_with_fewest_slots_first),
	KUNIT_CASE(kmod_slots_users_take_turns),
	KUNIT_CASE(kmod_slots_promoted_waiter_queues_with_admins),
	KUNIT_CASE(kmod_slots_shared_waiter_queues_with_faster_user),
	KUNIT_CASE(kmod_slots_are_lent_when_none_is_released),
	KUNIT_CASE(kmod_slots_lent_one_at_a_time),
	KUNIT_CASE(kmod_slots_lent_one_passes_on),
	KUNIT_CASE(kmod_slots_users_borrow_at_most_half),
	KUNIT_CASE(kmod_slots_last_lent_one_is_for_admins),
	{}
};

static struct kunit_suite kmod_slots_suite = {
	.name = "kmod_slots",
	.init = kmod_slots_test_init,
	.exit = kmod_slots_test_exit,
	.test_cases = kmod_slots_tests,
};

kunit_test_suite(kmod_slots_suite);
