// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for khelper. Included by kernel/umh/queue.c.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/sched.h>
#include <linux/string.h>

/* For a worker that is blocked as if it were creating a thread, until it is released */
static DECLARE_COMPLETION(umh_queue_test_blocked);
static DECLARE_COMPLETION(umh_queue_test_go_on);

static void umh_queue_test_block(struct work_struct *work)
{
	struct umh_spawner *s = container_of(work, struct umh_spawner, work);

	/* Each helper that was added meanwhile has queued the work again. */
	if (!READ_ONCE(s->busy))
		return;
	complete(&umh_queue_test_blocked);
	wait_for_completion(&umh_queue_test_go_on);
	WRITE_ONCE(s->busy, false);
}

/* Blocks the worker that serves the queue, and returns it. */
static struct umh_spawner *umh_queue_test_block_worker(struct kunit *test)
{
	struct umh_spawner *s = umh_spawner;

	flush_work(&s->work);
	INIT_WORK(&s->work, umh_queue_test_block);
	raw_spin_lock_irq(&umh_lock);
	s->since = jiffies;
	WRITE_ONCE(s->busy, true);
	raw_spin_unlock_irq(&umh_lock);
	queue_work(khelper, &s->work);
	KUNIT_EXPECT_NE(test, 0, wait_for_completion_timeout(&umh_queue_test_blocked, HZ));
	return s;
}

static void umh_queue_test_release(struct umh_spawner *s)
{
	complete(&umh_queue_test_go_on);
	flush_work(&s->work);
	INIT_WORK(&s->work, umh_spawn_all);
}

static char *umh_queue_test_argv[] = { "nothing", NULL };

static int umh_queue_test_run(void)
{
	return call_usermodehelper("/nowhere/nothing", umh_queue_test_argv, NULL,
				   UMH_WAIT_EXEC);
}

static void umh_queue_blocked_worker_is_replaced(struct kunit *test)
{
	struct umh_spawner *s = umh_queue_test_block_worker(test);
	unsigned long start = jiffies;

	KUNIT_EXPECT_EQ(test, umh_queue_test_run(), -ENOENT);
	KUNIT_EXPECT_GE(test, jiffies - start, UMH_STUCK / 2);
	KUNIT_EXPECT_LT(test, jiffies - start, 2 * UMH_STUCK);
	KUNIT_EXPECT_PTR_NE(test, umh_spawner, s);

	/* The next helper does not wait. */
	start = jiffies;
	KUNIT_EXPECT_EQ(test, umh_queue_test_run(), -ENOENT);
	KUNIT_EXPECT_LT(test, jiffies - start, UMH_STUCK / 2);
	umh_queue_test_release(s);
	KUNIT_EXPECT_EQ(test, umh_queue_test_run(), -ENOENT);
}

/* Makes the worker look blocked for so long that another one takes over soon. */
static void umh_queue_test_age(struct umh_spawner *s)
{
	raw_spin_lock_irq(&umh_lock);
	s->since -= UMH_STUCK;
	raw_spin_unlock_irq(&umh_lock);
	mod_delayed_work(umh_wq, &umh_stuck_work, HZ / 50);
}

static void umh_queue_survives_many_blocked_workers(struct kunit *test)
{
	struct umh_spawner *s[UMH_SPAWNERS - 1];
	int i;

	for (i = 0; i < ARRAY_SIZE(s); i++) {
		s[i] = umh_queue_test_block_worker(test);
		umh_queue_test_age(s[i]);
		KUNIT_EXPECT_EQ(test, umh_queue_test_run(), -ENOENT);
	}
	for (i = 0; i < ARRAY_SIZE(s); i++)
		complete(&umh_queue_test_go_on);
	for (i = 0; i < ARRAY_SIZE(s); i++) {
		flush_work(&s[i]->work);
		INIT_WORK(&s[i]->work, umh_spawn_all);
	}
	KUNIT_EXPECT_EQ(test, umh_queue_test_run(), -ENOENT);
}

/* The worker is blocked, so that the test can take the helpers from the queue. */
static void umh_queue_is_served_in_order_by_one_worker(struct kunit *test)
{
	struct umh_spawner *s = umh_queue_test_block_worker(test), *other = umh_spawners;
	struct subprocess_info *info[3];
	int i;

	if (other == s)
		other++;
	for (i = 0; i < ARRAY_SIZE(info); i++) {
		info[i] = call_usermodehelper_setup("/kunit", NULL, NULL, GFP_KERNEL, NULL, NULL,
						    NULL);
		KUNIT_ASSERT_NOT_NULL(test, info[i]);
		umh_queue_add(info[i]);
	}

	KUNIT_EXPECT_NULL(test, umh_queue_pop(other));
	for (i = 0; i < ARRAY_SIZE(info); i++) {
		struct subprocess_info *next = umh_queue_pop(s);

		KUNIT_EXPECT_PTR_EQ(test, next, info[i]);
		/* Another worker may have taken it. */
		info[i] = next;
	}
	KUNIT_EXPECT_NULL(test, umh_queue_pop(s));
	for (i = 0; i < ARRAY_SIZE(info) && info[i]; i++) {
		umh_complete(info[i]);
		umh_put(info[i]);
	}
	umh_queue_test_release(s);
}

/* A long queue is no reason to replace a worker. */
static void umh_queue_busy_worker_is_kept(struct kunit *test)
{
	struct umh_spawner *s = umh_spawner;
	struct subprocess_info info = {};
	struct umh_spawner *next;
	unsigned long delay;

	flush_work(&s->work);
	raw_spin_lock_irq(&umh_lock);
	next = umh_take_over(&delay);
	raw_spin_unlock_irq(&umh_lock);
	KUNIT_EXPECT_NULL(test, next);
	KUNIT_EXPECT_EQ(test, delay, 0);

	raw_spin_lock_irq(&umh_lock);
	list_add_tail(&info.queued, &umh_queue);
	s->since = jiffies - UMH_STUCK / 2;
	WRITE_ONCE(s->busy, true);
	next = umh_take_over(&delay);
	WRITE_ONCE(s->busy, false);
	list_del(&info.queued);
	raw_spin_unlock_irq(&umh_lock);
	KUNIT_EXPECT_NULL(test, next);
	KUNIT_EXPECT_GT(test, delay, 0);
	KUNIT_EXPECT_LE(test, delay, UMH_STUCK / 2);
}

struct umh_queue_test_work {
	struct work_struct work;
	char comm[TASK_COMM_LEN];
};

static void umh_queue_test_note_comm(struct work_struct *work)
{
	struct umh_queue_test_work *w = container_of(work, struct umh_queue_test_work, work);

	memcpy(w->comm, current->comm, TASK_COMM_LEN);
}

/* A helper inherits the CPUs of the worker. The names of unbound workers have a 'u'. */
static void umh_queue_worker_is_unbound(struct kunit *test)
{
	struct umh_queue_test_work w;

	INIT_WORK_ONSTACK(&w.work, umh_queue_test_note_comm);
	queue_work(khelper, &w.work);
	flush_work(&w.work);
	destroy_work_on_stack(&w.work);
	KUNIT_EXPECT_EQ_MSG(test, strncmp(w.comm, "kworker/u", 9), 0, "%s", w.comm);
}

static struct kunit_case umh_queue_tests[] = {
	KUNIT_CASE_SLOW(umh_queue_blocked_worker_is_replaced),
	KUNIT_CASE(umh_queue_survives_many_blocked_workers),
	KUNIT_CASE(umh_queue_is_served_in_order_by_one_worker),
	KUNIT_CASE(umh_queue_busy_worker_is_kept),
	KUNIT_CASE(umh_queue_worker_is_unbound),
	{}
};

static struct kunit_suite umh_queue_suite = {
	.name = "umh_queue",
	.test_cases = umh_queue_tests,
};

kunit_test_suite(umh_queue_suite);
