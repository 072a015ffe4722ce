// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of modprobe's slots. Part of kernel/kmod/slots.c.
 */
#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>

/* Somebody who waits for a slot; and in which order they got theirs. */
struct kmod_slot_client {
	enum kmod_slot_class class;
	struct task_struct *task;
	struct completion left;
	int result;
	int place;
};

/* Does not wait. */
static int kmod_slot_try(enum kmod_slot_class class)
{
	return kmod_slot_get(class, jiffies);
}

static atomic_t kmod_slots_served;
static unsigned int kmod_limit_saved;

static int kmod_slots_test_init(struct kunit *test)
{
	kmod_limit_saved = kmod_limit;
	kmod_limit = 1;
	atomic_set(&kmod_slots_served, 0);
	return 0;
}

static void kmod_slots_test_exit(struct kunit *test)
{
	enum kmod_slot_class class;

	kmod_limit = kmod_limit_saved;
	for (class = 0; class < KMOD_SLOT_CLASSES; class++) {
		KUNIT_EXPECT_EQ(test, kmod_slots[class].used, 0);
		KUNIT_EXPECT_TRUE(test, list_empty(&kmod_slots[class].waiters));
	}
}

static int kmod_slot_client_run(void *data)
{
	struct kmod_slot_client *c = data;

	allow_signal(SIGKILL);
	c->result = kmod_slot_get(c->class, jiffies + 5 * HZ);
	c->place = atomic_inc_return(&kmod_slots_served);
	complete(&c->left);
	return 0;
}

static int kmod_slots_waiting(void)
{
	enum kmod_slot_class class;
	int n = 0;

	spin_lock_irq(&kmod_slots_lock);
	for (class = 0; class < KMOD_SLOT_CLASSES; class++)
		n += list_count_nodes(&kmod_slots[class].waiters);
	spin_unlock_irq(&kmod_slots_lock);
	return n;
}

/* Starts one and returns when it waits, so that they queue in a known order. */
static struct kmod_slot_client *kmod_slot_client(struct kunit *test,
						 enum kmod_slot_class class)
{
	struct kmod_slot_client *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	int before = kmod_slots_waiting(), tries = 1000;

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->class = class;
	init_completion(&c->left);
	c->task = kthread_run(kmod_slot_client_run, c, "kmod_client");
	KUNIT_ASSERT_FALSE(test, IS_ERR(c->task));
	while (kmod_slots_waiting() == before && tries--)
		usleep_range(1000, 2000);
	KUNIT_ASSERT_EQ(test, kmod_slots_waiting(), before + 1);
	return c;
}

static void kmod_slot_client_expect(struct kunit *test,
				    struct kmod_slot_client *c, int result)
{
	KUNIT_ASSERT_NE(test, 0, wait_for_completion_timeout(&c->left, HZ));
	KUNIT_EXPECT_EQ(test, c->result, result);
}

static void kmod_slots_limit_is_the_smaller_one(struct kunit *test)
{
	kmod_limit = 7;
	KUNIT_EXPECT_EQ(test, kmod_slots_max(), 7);
	kmod_limit = UINT_MAX;
	KUNIT_EXPECT_EQ(test, kmod_slots_max(), max_threads / 2);
}

static void kmod_slots_are_served_in_order(struct kunit *test)
{
	struct kmod_slot_client *c[4];
	int i;

	KUNIT_ASSERT_EQ(test, kmod_slot_try(KMOD_SLOT_ADMIN), 0);
	for (i = 0; i < ARRAY_SIZE(c); i++)
		c[i] = kmod_slot_client(test, KMOD_SLOT_ADMIN);
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		kmod_slot_put(KMOD_SLOT_ADMIN);
		kmod_slot_client_expect(test, c[i], 0);
		KUNIT_EXPECT_EQ(test, c[i]->place, i + 1);
	}
	kmod_slot_put(KMOD_SLOT_ADMIN);
}

static void kmod_slots_killed_waiter_leaves_at_once(struct kunit *test)
{
	struct kmod_slot_client *killed, *next;

	KUNIT_ASSERT_EQ(test, kmod_slot_try(KMOD_SLOT_ADMIN), 0);
	killed = kmod_slot_client(test, KMOD_SLOT_ADMIN);
	next = kmod_slot_client(test, KMOD_SLOT_ADMIN);
	send_sig(SIGKILL, killed->task, 1);
	kmod_slot_client_expect(test, killed, -ERESTARTSYS);

	kmod_slot_put(KMOD_SLOT_ADMIN);
	kmod_slot_client_expect(test, next, 0);
	kmod_slot_put(KMOD_SLOT_ADMIN);
}

static void kmod_slots_full_house_times_out(struct kunit *test)
{
	unsigned long start;

	KUNIT_ASSERT_EQ(test, kmod_slot_try(KMOD_SLOT_ADMIN), 0);
	start = jiffies;
	KUNIT_EXPECT_EQ(test, kmod_slot_get(KMOD_SLOT_ADMIN, start + HZ / 5),
			-ETIME);
	KUNIT_EXPECT_GE(test, jiffies - start, HZ / 5);
	kmod_slot_put(KMOD_SLOT_ADMIN);
	KUNIT_EXPECT_EQ(test, kmod_slot_try(KMOD_SLOT_ADMIN), 0);
	kmod_slot_put(KMOD_SLOT_ADMIN);
}

static void kmod_slots_late_grant_is_not_lost(struct kunit *test)
{
	struct kmod_slot_waiter w;

	KUNIT_ASSERT_EQ(test, kmod_slot_try(KMOD_SLOT_ADMIN), 0);
	KUNIT_ASSERT_FALSE(test, kmod_slot_take(KMOD_SLOT_ADMIN, &w));
	kmod_slot_put(KMOD_SLOT_ADMIN);
	KUNIT_EXPECT_TRUE(test, kmod_slot_give_up(&w));
	KUNIT_EXPECT_EQ(test, kmod_slots[KMOD_SLOT_ADMIN].used, 1);
	kmod_slot_put(KMOD_SLOT_ADMIN);
}

static void kmod_slots_larger_limit_wakes_waiters(struct kunit *test)
{
	struct kmod_slot_client *c;
	char text[] = "2\n";
	size_t len = 2;
	loff_t pos = 0;

	KUNIT_ASSERT_EQ(test, kmod_slot_try(KMOD_SLOT_ADMIN), 0);
	c = kmod_slot_client(test, KMOD_SLOT_ADMIN);
	KUNIT_EXPECT_EQ(test, kmod_limit_sysctl(kmod_slots_sysctls, 1, text,
						&len, &pos), 0);
	kmod_slot_client_expect(test, c, 0);
	kmod_slot_put(KMOD_SLOT_ADMIN);
	kmod_slot_put(KMOD_SLOT_ADMIN);
}

static void kmod_slots_smaller_limit_holds_from_now_on(struct kunit *test)
{
	struct kmod_slot_client *c;
	int i;

	kmod_limit = 3;
	for (i = 0; i < 3; i++)
		KUNIT_ASSERT_EQ(test, kmod_slot_try(KMOD_SLOT_ADMIN), 0);
	kmod_limit = 1;
	c = kmod_slot_client(test, KMOD_SLOT_ADMIN);
	kmod_slot_put(KMOD_SLOT_ADMIN);
	kmod_slot_put(KMOD_SLOT_ADMIN);
	KUNIT_EXPECT_FALSE(test, completion_done(&c->left));
	kmod_slot_put(KMOD_SLOT_ADMIN);
	kmod_slot_client_expect(test, c, 0);
	kmod_slot_put(KMOD_SLOT_ADMIN);
}

static void kmod_slots_bad_limit_changes_nothing(struct kunit *test)
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

static void kmod_slots_nested_have_their_own(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, kmod_slot_try(KMOD_SLOT_ADMIN), 0);
	KUNIT_EXPECT_EQ(test, kmod_slot_try(KMOD_SLOT_NESTED), 0);
	KUNIT_EXPECT_EQ(test, kmod_slot_try(KMOD_SLOT_NESTED), -ETIME);
	kmod_slot_put(KMOD_SLOT_NESTED);
	kmod_slot_put(KMOD_SLOT_ADMIN);
}

static void kmod_slots_users_have_half(struct kunit *test)
{
	struct kmod_slot_client *user;

	kmod_limit = 4;
	KUNIT_ASSERT_EQ(test, kmod_slot_try(KMOD_SLOT_USER), 0);
	KUNIT_ASSERT_EQ(test, kmod_slot_try(KMOD_SLOT_USER), 0);
	user = kmod_slot_client(test, KMOD_SLOT_USER);
	KUNIT_EXPECT_EQ(test, kmod_slot_try(KMOD_SLOT_ADMIN), 0);
	KUNIT_EXPECT_FALSE(test, completion_done(&user->left));

	kmod_slot_put(KMOD_SLOT_ADMIN);
	KUNIT_EXPECT_FALSE(test, completion_done(&user->left));
	kmod_slot_put(KMOD_SLOT_USER);
	kmod_slot_client_expect(test, user, 0);
	kmod_slot_put(KMOD_SLOT_USER);
	kmod_slot_put(KMOD_SLOT_USER);
}

static void kmod_slots_order_holds_across_classes(struct kunit *test)
{
	struct kmod_slot_client *user, *admin;

	KUNIT_ASSERT_EQ(test, kmod_slot_try(KMOD_SLOT_ADMIN), 0);
	user = kmod_slot_client(test, KMOD_SLOT_USER);
	admin = kmod_slot_client(test, KMOD_SLOT_ADMIN);
	kmod_slot_put(KMOD_SLOT_ADMIN);
	kmod_slot_client_expect(test, user, 0);
	KUNIT_EXPECT_FALSE(test, completion_done(&admin->left));
	kmod_slot_put(KMOD_SLOT_USER);
	kmod_slot_client_expect(test, admin, 0);
	kmod_slot_put(KMOD_SLOT_ADMIN);
}

static struct kunit_case kmod_slots_tests[] = {
	KUNIT_CASE(kmod_slots_limit_is_the_smaller_one),
	KUNIT_CASE(kmod_slots_are_served_in_order),
	KUNIT_CASE(kmod_slots_killed_waiter_leaves_at_once),
	KUNIT_CASE(kmod_slots_full_house_times_out),
	KUNIT_CASE(kmod_slots_late_grant_is_not_lost),
	KUNIT_CASE(kmod_slots_larger_limit_wakes_waiters),
	KUNIT_CASE(kmod_slots_smaller_limit_holds_from_now_on),
	KUNIT_CASE(kmod_slots_nested_have_their_own),
	KUNIT_CASE(kmod_slots_users_have_half),
	KUNIT_CASE(kmod_slots_order_holds_across_classes),
	KUNIT_CASE(kmod_slots_bad_limit_changes_nothing),
	{}
};

static struct kunit_suite kmod_slots_suite = {
	.name = "kmod_slots",
	.init = kmod_slots_test_init,
	.exit = kmod_slots_test_exit,
	.test_cases = kmod_slots_tests,
};

kunit_test_suite(kmod_slots_suite);
