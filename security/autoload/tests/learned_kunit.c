// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for learning. Included by security/autoload/learned.c.
 */
#include <kunit/resource.h>
#include <kunit/test.h>

#include "autoload_test.h"

struct autoload_learned_saved {
	struct list_head list;
	unsigned int count;
	unsigned long missed;
	u64 since;
};

static void autoload_learned_restore(struct kunit_resource *resource)
{
	struct autoload_learned_saved *saved = resource->data;

	autoload_learned_clear("", 0);
	guard(mutex)(&autoload_learned_mutex);
	list_splice(&saved->list, &autoload_learned);
	autoload_learned_count += saved->count;
	autoload_learned_missed += saved->missed;
	autoload_learned_since = saved->since;
}

void autoload_test_save_learned(struct kunit *test)
{
	static struct kunit_resource resource;
	static struct autoload_learned_saved saved;

	mutex_lock(&autoload_learned_mutex);
	saved.count = autoload_learned_count;
	saved.missed = autoload_learned_missed;
	saved.since = autoload_learned_since;
	list_replace_init(&autoload_learned, &saved.list);
	autoload_learned_count = 0;
	autoload_learned_missed = 0;
	mutex_unlock(&autoload_learned_mutex);
	kunit_add_resource(test, NULL, autoload_learned_restore, &resource, &saved);
}

static int autoload_learned_test_init(struct kunit *test)
{
	autoload_test_save_learned(test);
	return 0;
}

static void autoload_test_learn(enum autoload_kind kind, const char *name,
				struct autoload_requester by)
{
	struct autoload_denial denial = {
		.kind = kind, .name = name, .rule = "mode:1", .by = &by,
	};

	autoload_learn(&denial);
}

#define AUTOLOAD_LEARN(...) \
	autoload_test_learn(AUTOLOAD_ALIAS, "x", (struct autoload_requester) { __VA_ARGS__ })

static void autoload_learned_requesters_do_not_hide_others(struct kunit *test)
{
	char a[] = "/a", b[] = "/b";

	AUTOLOAD_LEARN(.uid = 0, .init_userns = true);
	AUTOLOAD_LEARN(.uid = 0, .init_userns = true, .pid = 1);
	KUNIT_EXPECT_EQ(test, autoload_learned_count, 1);
	AUTOLOAD_LEARN(.uid = 1, .init_userns = true);
	AUTOLOAD_LEARN(.uid = 0, .init_userns = true, .caps = 1);
	AUTOLOAD_LEARN(.uid = 0, .init_userns = false);
	AUTOLOAD_LEARN(.uid = 0, .init_userns = true, .kthread = true);
	AUTOLOAD_LEARN(.uid = 0, .init_userns = true, .cgroup = a);
	AUTOLOAD_LEARN(.uid = 0, .init_userns = true, .cgroup = b);
	AUTOLOAD_LEARN(.uid = 0, .init_userns = true, .cgroup = b);
	KUNIT_EXPECT_EQ(test, autoload_learned_count, 7);
	autoload_test_learn(AUTOLOAD_MODULE, "x",
			    (struct autoload_requester) { .init_userns = true });
	KUNIT_EXPECT_EQ(test, autoload_learned_count, 8);
	KUNIT_EXPECT_EQ(test, list_first_entry(&autoload_learned, struct autoload_learned,
					       node)->count, 2);
}

static void autoload_learned_keeps_copies(struct kunit *test)
{
	char cgroup[] = "/a", exe[] = "/b";
	struct autoload_learned *l;

	AUTOLOAD_LEARN(.cgroup = cgroup, .exe = exe);
	cgroup[1] = 'c';
	exe[1] = 'c';
	l = list_first_entry(&autoload_learned, struct autoload_learned, node);
	KUNIT_EXPECT_STREQ(test, l->by.cgroup, "/a");
	KUNIT_EXPECT_STREQ(test, l->by.exe, "/b");
}

static void autoload_learned_notes_its_start(struct kunit *test)
{
	u64 since;

	autoload_learn_anew();
	since = autoload_learned_since;
	KUNIT_EXPECT_NE(test, since, 0);
	AUTOLOAD_LEARN(.uid = 0);
	KUNIT_EXPECT_EQ(test, autoload_learned_since, since);
	autoload_learned_clear("", 0);
	KUNIT_EXPECT_GT(test, autoload_learned_since, since);
	KUNIT_EXPECT_TRUE(test, list_empty(&autoload_learned));
}

static struct kunit_case autoload_learned_cases[] = {
	KUNIT_CASE(autoload_learned_requesters_do_not_hide_others),
	KUNIT_CASE(autoload_learned_keeps_copies),
	KUNIT_CASE(autoload_learned_notes_its_start),
	{}
};

static struct kunit_suite autoload_learned_suite = {
	.name		= "autoload_learned",
	.init		= autoload_learned_test_init,
	.test_cases	= autoload_learned_cases,
};

kunit_test_suite(autoload_learned_suite);
