// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the verdicts. Included by security/autoload/mode.c.
 */
#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/uidgid.h>

#include "autoload_test.h"

#define AUTOLOAD_NAME	"kunit-policy"

static void autoload_mode_write(const struct autoload_file *file, const char *text)
{
	mutex_lock(&autoload_mutex);
	file->set(text, strlen(text));
	mutex_unlock(&autoload_mutex);
}

static void autoload_mode_rules(const char *text)
{
	autoload_mode_write(&autoload_policy_file, text);
}

struct autoload_mode_saved {
	unsigned int mode;
	bool enforced;
};

static void autoload_mode_restore(struct kunit_resource *resource)
{
	const struct autoload_mode_saved *saved = resource->data;

	mutex_lock(&autoload_mutex);
	write_seqcount_begin(&autoload_seq);
	WRITE_ONCE(autoload_mode, saved->mode);
	WRITE_ONCE(autoload_enforced, saved->enforced);
	write_seqcount_end(&autoload_seq);
	mutex_unlock(&autoload_mutex);
}

void autoload_test_save_mode(struct kunit *test)
{
	static struct kunit_resource resource;
	static struct autoload_mode_saved saved;

	autoload_test_needs_unlocked(test);
	saved = (struct autoload_mode_saved) { autoload_mode, autoload_enforced };
	kunit_add_resource(test, NULL, autoload_mode_restore, &resource, &saved);
	autoload_mode = AUTOLOAD_MODE_ALL;
	autoload_enforced = true;
}

static int autoload_mode_test_init(struct kunit *test)
{
	autoload_test_save_rules(test);
	autoload_test_save_mode(test);
	autoload_test_save_learned(test);
	return 0;
}

/* Returns the verdict for a requester that has exactly these capabilities. */
static int autoload_permit_with(struct kunit *test, char *name, kernel_cap_t caps)
{
	const struct cred *old;
	struct cred *new = prepare_creds();
	int err;

	KUNIT_ASSERT_NOT_NULL(test, new);
	new->cap_effective = caps;
	old = override_creds(new);
	err = autoload_permit_alias(name);
	revert_creds(old);
	put_cred(new);
	return err;
}

static int autoload_permit_with_cap(struct kunit *test, char *name, int cap)
{
	kernel_cap_t caps = CAP_EMPTY_SET;

	cap_raise(caps, cap);
	return autoload_permit_with(test, name, caps);
}

static void autoload_mode_0_allows_all(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, autoload_permit_with(test, AUTOLOAD_NAME, CAP_EMPTY_SET), 0);
}

static void autoload_mode_1_allows_administrators(struct kunit *test)
{
	autoload_mode = AUTOLOAD_MODE_ADMIN;
	KUNIT_EXPECT_EQ(test, autoload_permit_with(test, AUTOLOAD_NAME, CAP_EMPTY_SET),
			-EPERM);
	KUNIT_EXPECT_EQ(test, autoload_permit_with_cap(test, AUTOLOAD_NAME, CAP_SYS_MODULE),
			0);
	KUNIT_EXPECT_EQ(test, autoload_permit_with_cap(test, AUTOLOAD_NAME, CAP_NET_ADMIN),
			-EPERM);
	KUNIT_EXPECT_EQ(test, autoload_permit_with_cap(test, "netdev-kunit", CAP_NET_ADMIN), 0);
	KUNIT_EXPECT_EQ(test, autoload_permit_with(test, "netdev-kunit", CAP_EMPTY_SET), -EPERM);
}

static void autoload_mode_2_denies_all(struct kunit *test)
{
	autoload_mode = AUTOLOAD_MODE_NONE;
	KUNIT_EXPECT_EQ(test, autoload_permit_with_cap(test, AUTOLOAD_NAME, CAP_SYS_MODULE),
			-EPERM);
	KUNIT_EXPECT_EQ(test, autoload_permit_with_cap(test, "netdev-kunit", CAP_NET_ADMIN),
			-EPERM);
}

static void autoload_rules_override_mode(struct kunit *test)
{
	autoload_mode_rules("deny alias " AUTOLOAD_NAME "\n");
	KUNIT_EXPECT_EQ(test, autoload_permit_with_cap(test, AUTOLOAD_NAME, CAP_SYS_MODULE),
			-EPERM);
	autoload_mode = AUTOLOAD_MODE_NONE;
	autoload_mode_rules("allow alias " AUTOLOAD_NAME "\n");
	KUNIT_EXPECT_EQ(test, autoload_permit_with(test, AUTOLOAD_NAME, CAP_EMPTY_SET), 0);
}

static void autoload_changes_repeat_a_decision(struct kunit *test)
{
	unsigned int seq = read_seqcount_begin(&autoload_seq);

	autoload_mode_rules("deny alias " AUTOLOAD_NAME "\n");
	KUNIT_EXPECT_TRUE(test, read_seqcount_retry(&autoload_seq, seq));
	seq = read_seqcount_begin(&autoload_seq);
	autoload_mode_write(&autoload_enforce_file, "0");
	KUNIT_EXPECT_TRUE(test, read_seqcount_retry(&autoload_seq, seq));
	seq = read_seqcount_begin(&autoload_seq);
	mutex_lock(&autoload_mutex);
	autoload_mode_set(AUTOLOAD_MODE_NONE);
	mutex_unlock(&autoload_mutex);
	KUNIT_EXPECT_TRUE(test, read_seqcount_retry(&autoload_seq, seq));
}

/* A kernel thread that has taken the credentials of a user, as cryptomgr_probe does */
static int autoload_permit_for_user(struct kunit *test, char *name)
{
	const struct cred *old;
	struct cred *new = prepare_creds();
	int err;

	KUNIT_ASSERT_NOT_NULL(test, new);
	new->uid = KUIDT_INIT(1000);
	new->cap_effective = CAP_EMPTY_SET;
	old = override_creds(new);
	err = autoload_permit_alias(name);
	revert_creds(old);
	put_cred(new);
	return err;
}

static void autoload_kthreads_are_judged_by_their_credentials(struct kunit *test)
{
	char name[] = AUTOLOAD_NAME;

	KUNIT_ASSERT_TRUE(test, current->flags & PF_KTHREAD);
	autoload_mode = AUTOLOAD_MODE_ADMIN;
	KUNIT_EXPECT_EQ(test, autoload_permit_alias(name), 0);
	KUNIT_EXPECT_EQ(test, autoload_permit_for_user(test, name), -EPERM);

	autoload_mode = AUTOLOAD_MODE_ALL;
	autoload_mode_rules("deny alias " AUTOLOAD_NAME " uid 1000 kthread\n");
	KUNIT_EXPECT_EQ(test, autoload_permit_alias(name), 0);
	KUNIT_EXPECT_EQ(test, autoload_permit_for_user(test, name), -EPERM);
	autoload_mode_rules("deny alias " AUTOLOAD_NAME " cap sys_module kthread\n");
	KUNIT_EXPECT_EQ(test, autoload_permit_alias(name), -EPERM);
	KUNIT_EXPECT_EQ(test, autoload_permit_for_user(test, name), 0);
}

static void autoload_rules_can_depend_on_capabilities(struct kunit *test)
{
	autoload_mode = AUTOLOAD_MODE_ADMIN;
	autoload_mode_rules("allow alias " AUTOLOAD_NAME " cap net_admin\n");
	KUNIT_EXPECT_EQ(test, autoload_permit_with(test, AUTOLOAD_NAME, CAP_EMPTY_SET),
			-EPERM);
	KUNIT_EXPECT_EQ(test, autoload_permit_with_cap(test, AUTOLOAD_NAME, CAP_SYS_ADMIN),
			-EPERM);
	KUNIT_EXPECT_EQ(test, autoload_permit_with_cap(test, AUTOLOAD_NAME, CAP_NET_ADMIN), 0);
	autoload_mode_rules("allow alias " AUTOLOAD_NAME " cap net_admin cap sys_admin\n");
	KUNIT_EXPECT_EQ(test, autoload_permit_with_cap(test, AUTOLOAD_NAME, CAP_NET_ADMIN),
			-EPERM);
	KUNIT_EXPECT_EQ(test, autoload_permit_with(test, AUTOLOAD_NAME, CAP_FULL_SET), 0);
}

/* The thread that runs the test is in the root group. */
static void autoload_rules_can_depend_on_the_cgroup(struct kunit *test)
{
	char name[] = AUTOLOAD_NAME;

	if (!IS_ENABLED(CONFIG_CGROUPS))
		kunit_skip(test, "needs CONFIG_CGROUPS");
	autoload_mode_rules("deny alias " AUTOLOAD_NAME " cgroup /?*\n");
	KUNIT_EXPECT_EQ(test, autoload_permit_alias(name), 0);
	autoload_mode_rules("deny alias " AUTOLOAD_NAME " cgroup /\n");
	KUNIT_EXPECT_EQ(test, autoload_permit_alias(name), -EPERM);
	autoload_mode_rules("allow alias " AUTOLOAD_NAME " cgroup /x\n"
			    "deny alias " AUTOLOAD_NAME " cgroup /**\n");
	KUNIT_EXPECT_EQ(test, autoload_permit_alias(name), -EPERM);
}

static void autoload_modules_outside_requests_are_allowed(struct kunit *test)
{
	autoload_mode = AUTOLOAD_MODE_NONE;
	KUNIT_EXPECT_EQ(test, autoload_permit_module("kunit_module"), 0);
	autoload_mode_rules("deny module kunit-*\n");
	KUNIT_EXPECT_EQ(test, autoload_permit_module("kunit_module"), 0);
}

static void autoload_learning_denies_nothing(struct kunit *test)
{
	autoload_mode = AUTOLOAD_MODE_NONE;
	autoload_enforced = false;
	KUNIT_EXPECT_EQ(test, autoload_permit_with(test, AUTOLOAD_NAME, CAP_EMPTY_SET), 0);
	KUNIT_EXPECT_EQ(test, autoload_permit_with(test, AUTOLOAD_NAME, CAP_EMPTY_SET), 0);
	autoload_enforced = true;
	KUNIT_EXPECT_EQ(test, autoload_permit_with(test, AUTOLOAD_NAME, CAP_EMPTY_SET),
			-EPERM);
}

static void autoload_errors_fail_requests_only_if_enforced(struct kunit *test)
{
	struct autoload_denial denial = { .enforced = true };

	KUNIT_EXPECT_EQ(test, autoload_apply(&denial, -ENOMEM), -ENOMEM);
	denial.enforced = false;
	KUNIT_EXPECT_EQ(test, autoload_apply(&denial, -ENOMEM), 0);
}

static struct kunit_case autoload_mode_cases[] = {
	KUNIT_CASE(autoload_mode_0_allows_all),
	KUNIT_CASE(autoload_mode_1_allows_administrators),
	KUNIT_CASE(autoload_mode_2_denies_all),
	KUNIT_CASE(autoload_rules_override_mode),
	KUNIT_CASE(autoload_changes_repeat_a_decision),
	KUNIT_CASE(autoload_kthreads_are_judged_by_their_credentials),
	KUNIT_CASE(autoload_rules_can_depend_on_capabilities),
	KUNIT_CASE(autoload_rules_can_depend_on_the_cgroup),
	KUNIT_CASE(autoload_modules_outside_requests_are_allowed),
	KUNIT_CASE(autoload_learning_denies_nothing),
	KUNIT_CASE(autoload_errors_fail_requests_only_if_enforced),
	{}
};

static struct kunit_suite autoload_mode_suite = {
	.name		= "autoload_mode",
	.init		= autoload_mode_test_init,
	.test_cases	= autoload_mode_cases,
};

kunit_test_suite(autoload_mode_suite);
