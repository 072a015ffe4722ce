// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of who may load what. Part of kernel/kmod/policy.c.
 */
#include <kunit/test.h>
#include <linux/cred.h>
#include <linux/err.h>

#define KMOD_POLICY_NAME	"kunit-policy"

static int kmod_policy_test_init(struct kunit *test)
{
	kmod_autoload_mode = KMOD_AUTOLOAD_ANYONE;
	kmod_policy_enforced = true;
	return 0;
}

static void kmod_policy_test_exit(struct kunit *test)
{
	kmod_policy_test_init(test);
	kmod_policy_locked = false;
	kmod_rules_set("\n", 1);
	kmod_learned_clear();
}

static void kmod_policy_rules(const char *text)
{
	kmod_rules_set(text, strlen(text));
}

/* With these capabilities and no others. */
static int kmod_policy_ask(struct kunit *test, const char *name, kernel_cap_t caps)
{
	struct kmod_record rec = { .uid = 1000, .comm = "kunit" };
	const struct cred *old;
	struct cred *new = prepare_creds();
	int err;

	KUNIT_ASSERT_NOT_NULL(test, new);
	strscpy(rec.name, name, sizeof(rec.name));
	new->cap_effective = caps;
	old = override_creds(new);
	err = kmod_policy_request(&rec);
	revert_creds(old);
	put_cred(new);
	return err;
}

static int kmod_policy_ask_as(struct kunit *test, const char *name, int cap)
{
	kernel_cap_t caps = CAP_EMPTY_SET;

	cap_raise(caps, cap);
	return kmod_policy_ask(test, name, caps);
}

static void kmod_mode_0_is_for_anyone(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kmod_policy_ask(test, KMOD_POLICY_NAME, CAP_EMPTY_SET), 0);
}

static void kmod_mode_1_is_for_administrators(struct kunit *test)
{
	kmod_autoload_mode = KMOD_AUTOLOAD_ADMIN;
	KUNIT_EXPECT_EQ(test, kmod_policy_ask(test, KMOD_POLICY_NAME, CAP_EMPTY_SET),
			-EPERM);
	KUNIT_EXPECT_EQ(test, kmod_policy_ask_as(test, KMOD_POLICY_NAME, CAP_SYS_MODULE),
			0);
	KUNIT_EXPECT_EQ(test, kmod_policy_ask_as(test, KMOD_POLICY_NAME, CAP_NET_ADMIN),
			-EPERM);
	KUNIT_EXPECT_EQ(test, kmod_policy_ask_as(test, "netdev-kunit", CAP_NET_ADMIN), 0);
	KUNIT_EXPECT_EQ(test, kmod_policy_ask(test, "netdev-kunit", CAP_EMPTY_SET), -EPERM);
}

static void kmod_mode_2_is_for_nobody(struct kunit *test)
{
	kmod_autoload_mode = KMOD_AUTOLOAD_NOBODY;
	KUNIT_EXPECT_EQ(test, kmod_policy_ask_as(test, KMOD_POLICY_NAME, CAP_SYS_MODULE),
			-EPERM);
	KUNIT_EXPECT_EQ(test, kmod_policy_ask_as(test, "netdev-kunit", CAP_NET_ADMIN),
			-EPERM);
}

static void kmod_rules_go_before_the_mode(struct kunit *test)
{
	kmod_policy_rules("deny alias " KMOD_POLICY_NAME "\n");
	KUNIT_EXPECT_EQ(test, kmod_policy_ask_as(test, KMOD_POLICY_NAME, CAP_SYS_MODULE),
			-EPERM);
	kmod_autoload_mode = KMOD_AUTOLOAD_NOBODY;
	kmod_policy_rules("allow alias " KMOD_POLICY_NAME "\n");
	KUNIT_EXPECT_EQ(test, kmod_policy_ask(test, KMOD_POLICY_NAME, CAP_EMPTY_SET), 0);
}

static void kmod_modules_are_allowed_without_a_rule(struct kunit *test)
{
	struct kmod_record rec = { .uid = 1000, .comm = "kunit" };

	kmod_autoload_mode = KMOD_AUTOLOAD_NOBODY;
	KUNIT_EXPECT_EQ(test, kmod_policy_module(&rec, "kunit_module"), 0);
	kmod_policy_rules("allow module kunit_m*\ndeny module kunit-*\n");
	KUNIT_EXPECT_EQ(test, kmod_policy_module(&rec, "kunit_module"), 0);
	KUNIT_EXPECT_EQ(test, kmod_policy_module(&rec, "kunit_other"), -EPERM);
}

static void kmod_nothing_is_denied_while_the_kernel_learns(struct kunit *test)
{
	kmod_autoload_mode = KMOD_AUTOLOAD_NOBODY;
	KUNIT_ASSERT_EQ(test, kmod_policy_enforce(false), 0);
	KUNIT_EXPECT_EQ(test, kmod_policy_ask(test, KMOD_POLICY_NAME, CAP_EMPTY_SET), 0);
	KUNIT_EXPECT_EQ(test, kmod_policy_ask(test, KMOD_POLICY_NAME, CAP_EMPTY_SET), 0);
	KUNIT_ASSERT_EQ(test, kmod_policy_enforce(true), 0);
	KUNIT_EXPECT_EQ(test, kmod_policy_ask(test, KMOD_POLICY_NAME, CAP_EMPTY_SET),
			-EPERM);
}

static void kmod_changes_take_cap_sys_module(struct kunit *test)
{
	const struct cred *old;
	struct cred *new = prepare_creds();

	KUNIT_ASSERT_NOT_NULL(test, new);
	cap_lower(new->cap_effective, CAP_SYS_MODULE);
	old = override_creds(new);
	KUNIT_EXPECT_EQ(test, kmod_policy_enforce(false), -EPERM);
	KUNIT_EXPECT_EQ(test, kmod_policy_lock(), -EPERM);
	KUNIT_EXPECT_EQ(test, kmod_rules_set("\n", 1), -EPERM);
	revert_creds(old);
	put_cred(new);
	KUNIT_EXPECT_TRUE(test, kmod_policy_is_enforced());
	KUNIT_EXPECT_FALSE(test, kmod_policy_is_locked());
}

static void kmod_lock_ends_all_changes(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, kmod_policy_lock(), 0);
	KUNIT_EXPECT_EQ(test, kmod_policy_lock(), -EPERM);
	KUNIT_EXPECT_EQ(test, kmod_policy_enforce(false), -EPERM);
	KUNIT_EXPECT_EQ(test, kmod_rules_set("\n", 1), -EPERM);
	KUNIT_EXPECT_TRUE(test, kmod_policy_is_locked());
}

static struct kunit_case kmod_policy_cases[] = {
	KUNIT_CASE(kmod_mode_0_is_for_anyone),
	KUNIT_CASE(kmod_mode_1_is_for_administrators),
	KUNIT_CASE(kmod_mode_2_is_for_nobody),
	KUNIT_CASE(kmod_rules_go_before_the_mode),
	KUNIT_CASE(kmod_modules_are_allowed_without_a_rule),
	KUNIT_CASE(kmod_nothing_is_denied_while_the_kernel_learns),
	KUNIT_CASE(kmod_changes_take_cap_sys_module),
	KUNIT_CASE(kmod_lock_ends_all_changes),
	{}
};

static struct kunit_suite kmod_policy_suite = {
	.name		= "kmod_policy",
	.init		= kmod_policy_test_init,
	.exit		= kmod_policy_test_exit,
	.test_cases	= kmod_policy_cases,
};

kunit_test_suite(kmod_policy_suite);
