// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the policy's rules. Part of kernel/kmod/rules.c.
 */
#include <kunit/test.h>

static struct kmod_rules __rcu *kmod_rules_saved;

static int kmod_rules_test_init(struct kunit *test)
{
	kmod_rules_saved = kmod_rules;
	kmod_rules = NULL;
	return 0;
}

static void kmod_rules_test_exit(struct kunit *test)
{
	struct kmod_rules *rules = rcu_access_pointer(kmod_rules);

	kmod_rules = kmod_rules_saved;
	kvfree_rcu(rules, rcu);
}

static int kmod_rules_write(const char *text)
{
	return kmod_rules_set(text, strlen(text));
}

static enum kmod_ruling kmod_ruling_of(const char *alias)
{
	unsigned int line;

	return kmod_rules_judge(KMOD_RULE_ALIAS, alias, 1000, &line);
}

static void kmod_rules_first_match_wins(struct kunit *test)
{
	unsigned int line = 0;

	KUNIT_ASSERT_EQ(test, kmod_rules_write("# first\n"
					       "allow alias fs-ext4\n\n"
					       "  deny\talias  fs-*\n"
					       "allow alias fs-xfs\n"), 0);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("fs-ext4"), KMOD_RULE_ALLOW);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("fs-xfs"), KMOD_RULE_DENY);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("fs-"), KMOD_RULE_DENY);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("fs"), KMOD_RULE_NONE);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("xfs-xfs"), KMOD_RULE_NONE);
	kmod_rules_judge(KMOD_RULE_ALIAS, "fs-xfs", 0, &line);
	KUNIT_EXPECT_EQ(test, line, 4);
}

static void kmod_rules_without_pattern_characters_are_for_one_name(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, kmod_rules_write("deny alias a\n"
					       "deny alias sixteen.bytes..1\n"
					       "deny alias fifteen.bytes.1\n"), 0);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("a"), KMOD_RULE_DENY);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("ab"), KMOD_RULE_NONE);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of(""), KMOD_RULE_NONE);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("sixteen.bytes..1"), KMOD_RULE_DENY);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("sixteen.bytes..12"), KMOD_RULE_NONE);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("sixteen.bytes.."), KMOD_RULE_NONE);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("fifteen.bytes.1"), KMOD_RULE_DENY);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("fifteen.bytes.12"), KMOD_RULE_NONE);
}

static void kmod_rules_know_patterns(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, kmod_rules_write("allow alias long-enough-to-pass-*-key\n"
					       "deny alias net-pf-[34]?\n"
					       "deny alias a\\*b\n"
					       "deny alias *z\n"), 0);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("long-enough-to-pass-the-key"),
			KMOD_RULE_ALLOW);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("net-pf-38"), KMOD_RULE_DENY);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("net-pf-28"), KMOD_RULE_NONE);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("a*b"), KMOD_RULE_DENY);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("axb"), KMOD_RULE_NONE);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("xyz"), KMOD_RULE_DENY);
}

static void kmod_rules_take_dash_and_underscore_for_the_same(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, kmod_rules_write("deny alias crypto-a_b\n"
					       "deny alias x[a-c]y\n"
					       "deny alias v\\-w\n"), 0);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("crypto_a-b"), KMOD_RULE_DENY);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("crypto-a_b"), KMOD_RULE_DENY);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("xby"), KMOD_RULE_DENY);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("v_w"), KMOD_RULE_DENY);
}

static void kmod_rules_tell_users_and_kinds_apart(struct kunit *test)
{
	unsigned int line;

	KUNIT_EXPECT_TRUE(test, kmod_rules_alike(0, 1000));
	KUNIT_ASSERT_EQ(test, kmod_rules_write("deny alias x uid 1001\n"), 0);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("x"), KMOD_RULE_NONE);
	KUNIT_EXPECT_EQ(test, kmod_rules_judge(KMOD_RULE_ALIAS, "x", 1001, &line),
			KMOD_RULE_DENY);
	KUNIT_EXPECT_EQ(test, kmod_rules_judge(KMOD_RULE_MODULE, "x", 1001, &line),
			KMOD_RULE_NONE);
	KUNIT_EXPECT_TRUE(test, kmod_rules_alike(0, 1000));

	KUNIT_ASSERT_EQ(test, kmod_rules_write("deny module x uid 4294967294\n"), 0);
	KUNIT_EXPECT_EQ(test, kmod_rules_judge(KMOD_RULE_MODULE, "x", 4294967294, &line),
			KMOD_RULE_DENY);
	KUNIT_EXPECT_FALSE(test, kmod_rules_alike(0, 1000));
	KUNIT_EXPECT_TRUE(test, kmod_rules_alike(1000, 1000));
}

static void kmod_rules_that_are_bad_change_nothing(struct kunit *test)
{
	static const char *const bad[] = {
		"x", "\t", "deny", "deny alias\n", "deny alias\t\n", "allow alias x",
		"Deny alias x\n", "deny aliases x\n", "deny alias x y\n",
		"deny alias x uid\n", "deny alias x uid z\n", "deny alias x uid -1\n",
		"deny alias x uid +1\n", "deny alias x uid 1 2\n",
		"deny alias x uid 4294967295\n", "deny alias x uid 4294967296\n",
		"deny alias [x\n", "deny alias []\n", "deny alias [!]\n",
		"deny alias x\\\n", "deny alias x\r\n", "deny alias \x80\n",
		"deny alias x\ndeny alias y\nallow", "a\nb\n", "#\n\n\ndeny\n",
	};
	size_t i;

	KUNIT_ASSERT_EQ(test, kmod_rules_write("deny alias kept\n"), 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, kmod_rules_write(bad[i]), -EINVAL,
				    "text %zu: %s", i, bad[i]);
	KUNIT_EXPECT_EQ(test, kmod_rules_set("deny alias x\n#\0\n", 16), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("kept"), KMOD_RULE_DENY);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("x"), KMOD_RULE_NONE);
}

static void kmod_rules_can_be_as_short_as_can_be(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kmod_rules_write("deny alias a\ndeny alias b\n"), 0);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("b"), KMOD_RULE_DENY);
	KUNIT_EXPECT_EQ(test, kmod_rules_write("a\n"), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmod_rules_write("\n"), 0);
	KUNIT_EXPECT_EQ(test, kmod_ruling_of("b"), KMOD_RULE_NONE);
}

static struct kunit_case kmod_rules_cases[] = {
	KUNIT_CASE(kmod_rules_first_match_wins),
	KUNIT_CASE(kmod_rules_without_pattern_characters_are_for_one_name),
	KUNIT_CASE(kmod_rules_know_patterns),
	KUNIT_CASE(kmod_rules_take_dash_and_underscore_for_the_same),
	KUNIT_CASE(kmod_rules_tell_users_and_kinds_apart),
	KUNIT_CASE(kmod_rules_that_are_bad_change_nothing),
	KUNIT_CASE(kmod_rules_can_be_as_short_as_can_be),
	{}
};

static struct kunit_suite kmod_rules_suite = {
	.name		= "kmod_rules",
	.init		= kmod_rules_test_init,
	.exit		= kmod_rules_test_exit,
	.test_cases	= kmod_rules_cases,
};

kunit_test_suite(kmod_rules_suite);
