// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the rules. Included by security/autoload/rules.c.
 */
#include <kunit/resource.h>
#include <kunit/test.h>

#include "autoload_test.h"

static struct autoload_rules *autoload_rules_replace(struct autoload_rules *rules)
{
	guard(mutex)(&autoload_mutex);
	return rcu_replace_pointer(autoload_rules, rules, lockdep_is_held(&autoload_mutex));
}

static void autoload_rules_restore(struct kunit_resource *saved)
{
	struct autoload_rules *rules = autoload_rules_replace(saved->data);

	kvfree_rcu(rules, rcu);
}

void autoload_test_save_rules(struct kunit *test)
{
	static struct kunit_resource saved;

	autoload_test_needs_unlocked(test);
	kunit_add_resource(test, NULL, autoload_rules_restore, &saved,
			   autoload_rules_replace(NULL));
}

static int autoload_rules_test_init(struct kunit *test)
{
	autoload_test_save_rules(test);
	return 0;
}

static int autoload_rules_write(const char *text)
{
	int err;

	mutex_lock(&autoload_mutex);
	err = autoload_rules_set(text, strlen(text));
	mutex_unlock(&autoload_mutex);
	return err;
}

static int autoload_ruling_for(enum autoload_kind kind, const char *name, uid_t uid)
{
	struct autoload_requester by = { .uid = uid };
	char rule[AUTOLOAD_RULE_SIZE];

	return autoload_rules_match(kind, name, &by, rule);
}

static int autoload_ruling_of(const char *alias)
{
	return autoload_ruling_for(AUTOLOAD_ALIAS, alias, 1000);
}

/* Returns the place of the rule that denies the alias, or "". */
static const char *autoload_rule_of(struct kunit *test, const char *alias)
{
	char *rule = kunit_kzalloc(test, AUTOLOAD_RULE_SIZE, GFP_KERNEL);
	struct autoload_requester by = { .uid = 1000 };

	KUNIT_ASSERT_NOT_NULL(test, rule);
	autoload_rules_match(AUTOLOAD_ALIAS, alias, &by, rule);
	return rule;
}

static void autoload_rules_first_match_wins(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, autoload_rules_write("# first\n"
					       "allow alias fs-ext4\n\n"
					       "  deny\talias  fs-*\n"
					       "allow alias fs-xfs\n"), 0);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("fs-ext4"), AUTOLOAD_ALLOW);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("fs-xfs"), AUTOLOAD_DENY);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("fs-"), AUTOLOAD_DENY);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("fs"), AUTOLOAD_NONE);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("xfs-xfs"), AUTOLOAD_NONE);
	KUNIT_EXPECT_STREQ(test, autoload_rule_of(test, "fs-xfs"), "4");
}

static void autoload_rules_plain_text_matches_one_name(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, autoload_rules_write("deny alias a\n"
					       "deny alias sixteen.bytes..1\n"
					       "deny alias fifteen.bytes.1\n"), 0);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("a"), AUTOLOAD_DENY);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("ab"), AUTOLOAD_NONE);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of(""), AUTOLOAD_NONE);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("sixteen.bytes..1"), AUTOLOAD_DENY);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("sixteen.bytes..12"), AUTOLOAD_NONE);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("sixteen.bytes.."), AUTOLOAD_NONE);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("fifteen.bytes.1"), AUTOLOAD_DENY);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("fifteen.bytes.12"), AUTOLOAD_NONE);
}

static void autoload_rules_match_glob_patterns(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, autoload_rules_write("allow alias long-enough-to-pass-*-key\n"
					       "deny alias net-pf-[34]?\n"
					       "deny alias a\\*b\n"
					       "deny alias *z\n"), 0);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("long-enough-to-pass-the-key"),
			AUTOLOAD_ALLOW);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("net-pf-38"), AUTOLOAD_DENY);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("net-pf-28"), AUTOLOAD_NONE);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("a*b"), AUTOLOAD_DENY);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("axb"), AUTOLOAD_NONE);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("xyz"), AUTOLOAD_DENY);
}

static void autoload_rules_treat_dash_as_underscore(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, autoload_rules_write("deny alias crypto-a_b\n"
					       "deny alias x[a-c]y\n"
					       "deny alias v\\-w\n"), 0);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("crypto_a-b"), AUTOLOAD_DENY);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("crypto-a_b"), AUTOLOAD_DENY);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("xby"), AUTOLOAD_DENY);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("v_w"), AUTOLOAD_DENY);
}

static void autoload_rules_match_uid_and_kind(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, autoload_rules_write("deny alias x uid 1001\n"), 0);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("x"), AUTOLOAD_NONE);
	KUNIT_EXPECT_EQ(test, autoload_ruling_for(AUTOLOAD_ALIAS, "x", 1001),
			AUTOLOAD_DENY);
	KUNIT_EXPECT_EQ(test, autoload_ruling_for(AUTOLOAD_MODULE, "x", 1001),
			AUTOLOAD_NONE);

	KUNIT_ASSERT_EQ(test, autoload_rules_write("deny module x\n"), 0);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("x"), AUTOLOAD_NONE);
	KUNIT_EXPECT_EQ(test, autoload_ruling_for(AUTOLOAD_MODULE, "x", 1000),
			AUTOLOAD_DENY);
}

static void autoload_rules_name_their_file(struct kunit *test)
{
	static char name[AUTOLOAD_ORIGIN_MAX + 2], text[AUTOLOAD_ORIGIN_MAX + 20];

	KUNIT_ASSERT_EQ(test, autoload_rules_write("deny alias a\n"
					       " file /etc/a.conf\n"
					       "\n"
					       "deny alias b\n"
					       "file\tb\n"
					       "deny alias c\n"), 0);
	KUNIT_EXPECT_STREQ(test, autoload_rule_of(test, "a"), "1");
	KUNIT_EXPECT_STREQ(test, autoload_rule_of(test, "b"), "/etc/a.conf:2");
	KUNIT_EXPECT_STREQ(test, autoload_rule_of(test, "c"), "b:1");

	memset(name, 'x', AUTOLOAD_ORIGIN_MAX);
	snprintf(text, sizeof(text), "file %s\ndeny alias a\n", name);
	KUNIT_ASSERT_EQ(test, autoload_rules_write(text), 0);
	KUNIT_EXPECT_EQ(test, strlen(autoload_rule_of(test, "a")), AUTOLOAD_ORIGIN_MAX + 2);
	name[AUTOLOAD_ORIGIN_MAX] = 'x';
	snprintf(text, sizeof(text), "file %s\n", name);
	KUNIT_EXPECT_EQ(test, autoload_rules_write(text), -EINVAL);
}

static void autoload_rules_bad_rule_changes_nothing(struct kunit *test)
{
	static const char *const bad[] = {
		"deny alias\n", "deny alias\t\n",
		"Deny alias x\n", "deny aliases x\n", "deny alias x y\n",
		"deny alias x uid\n", "deny alias x uid z\n", "deny alias x uid -1\n",
		"deny alias x uid +1\n", "deny alias x uid 1 2\n",
		"deny alias x uid 4294967295\n", "deny alias x uid 4294967296\n",
		"deny module x uid 1\n", "deny module x y\n", "deny module x kthread\n",
		"file\n", "file a b\n", "file \x80\n", "file a\ndeny\n", "files a\n",
		"deny alias [x\n", "deny alias []\n", "deny alias [!]\n",
		"deny alias x\\\n", "deny alias x\r\n", "deny alias \x80\n",
		"deny alias x\ndeny alias y\nallow\n", "a\nb\n", "#\n\n\ndeny\n",
	};
	size_t i;

	KUNIT_ASSERT_EQ(test, autoload_rules_write("deny alias kept\n"), 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, autoload_rules_write(bad[i]), -EINVAL,
				    "text %zu: %s", i, bad[i]);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("kept"), AUTOLOAD_DENY);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("x"), AUTOLOAD_NONE);
}

static void autoload_rules_accept_shortest_rules(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, autoload_rules_write("deny alias a\ndeny alias b\n"), 0);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("b"), AUTOLOAD_DENY);
	KUNIT_EXPECT_EQ(test, autoload_rules_write("a\n"), -EINVAL);
	KUNIT_EXPECT_EQ(test, autoload_rules_write("\n"), 0);
	KUNIT_EXPECT_EQ(test, autoload_ruling_of("b"), AUTOLOAD_NONE);
}

static struct kunit_case autoload_rules_cases[] = {
	KUNIT_CASE(autoload_rules_first_match_wins),
	KUNIT_CASE(autoload_rules_plain_text_matches_one_name),
	KUNIT_CASE(autoload_rules_match_glob_patterns),
	KUNIT_CASE(autoload_rules_treat_dash_as_underscore),
	KUNIT_CASE(autoload_rules_match_uid_and_kind),
	KUNIT_CASE(autoload_rules_name_their_file),
	KUNIT_CASE(autoload_rules_bad_rule_changes_nothing),
	KUNIT_CASE(autoload_rules_accept_shortest_rules),
	{}
};

static struct kunit_suite autoload_rules_suite = {
	.name		= "autoload_rules",
	.init		= autoload_rules_test_init,
	.test_cases	= autoload_rules_cases,
};

kunit_test_suite(autoload_rules_suite);
