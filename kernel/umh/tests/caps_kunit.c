// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the capability masks of helpers. Included by kernel/umh/caps.c.
 */
#include <kunit/test.h>
#include <linux/string.h>

/* Sets all bits of the mask, then writes text to its sysctl. Returns 0 or an errno. */
static int umh_caps_write(kernel_cap_t *mask, const char *text, loff_t pos)
{
	struct ctl_table table = umh_caps_sysctls[0];
	size_t len = strlen(text);
	char buffer[80];

	*mask = CAP_FULL_SET;
	table.data = mask;
	strscpy(buffer, text);
	return umh_caps_sysctl(&table, 1, buffer, &len, &pos);
}

static void umh_caps_read_prints_low_word_first(struct kunit *test)
{
	kernel_cap_t mask = { .val = 5ULL << 32 | 7 };
	struct ctl_table table = umh_caps_sysctls[0];
	char buffer[80] = "";
	size_t len = sizeof(buffer);
	loff_t pos = 0;

	table.data = &mask;
	KUNIT_EXPECT_EQ(test, umh_caps_sysctl(&table, 0, buffer, &len, &pos), 0);
	KUNIT_EXPECT_STREQ(test, buffer, "7\t5\n");
}

static void umh_caps_write_only_clears_bits(struct kunit *test)
{
	struct ctl_table table = umh_caps_sysctls[0];
	char all[] = "4294967295 4294967295\n";
	size_t len = strlen(all);
	kernel_cap_t mask;
	loff_t pos = 0;

	KUNIT_EXPECT_EQ(test, umh_caps_write(&mask, "3 1\n", 0), 0);
	KUNIT_EXPECT_EQ(test, mask.val, 1ULL << 32 | 3);

	table.data = &mask;
	KUNIT_EXPECT_EQ(test, umh_caps_sysctl(&table, 1, all, &len, &pos), 0);
	KUNIT_EXPECT_EQ(test, mask.val, 1ULL << 32 | 3);
}

static void umh_caps_omitted_word_is_unchanged(struct kunit *test)
{
	kernel_cap_t mask;

	KUNIT_EXPECT_EQ(test, umh_caps_write(&mask, "1", 0), 0);
	KUNIT_EXPECT_EQ(test, mask.val, (CAP_FULL_SET.val >> 32 << 32) | 1);
}

static void umh_caps_bad_input_changes_nothing(struct kunit *test)
{
	static const char * const bad[] = {
		"x", "1 x", "1x", "-1", "1 -1", "4294967296 0", "0 4294967296",
		"0 0 0", "0 0 x", " ", "\n", "0,0",
	};
	kernel_cap_t mask;
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ_MSG(test, umh_caps_write(&mask, bad[i], 0),
				    -EINVAL, "'%s'", bad[i]);
		KUNIT_EXPECT_EQ_MSG(test, mask.val, CAP_FULL_SET.val,
				    "'%s'", bad[i]);
	}
}

static void umh_caps_write_at_offset_changes_nothing(struct kunit *test)
{
	kernel_cap_t mask;

	KUNIT_EXPECT_EQ(test, umh_caps_write(&mask, "0 0", 1), 0);
	KUNIT_EXPECT_EQ(test, mask.val, CAP_FULL_SET.val);
}

static void umh_caps_write_requires_both_capabilities(struct kunit *test)
{
	static const int needed[] = { CAP_SETPCAP, CAP_SYS_MODULE };
	const struct cred *old;
	kernel_cap_t mask;
	struct cred *new;
	int i, err;

	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		new = prepare_creds();
		KUNIT_ASSERT_NOT_NULL(test, new);
		cap_lower(new->cap_effective, needed[i]);
		old = override_creds(new);
		err = umh_caps_write(&mask, "0 0", 0);
		revert_creds(old);
		put_cred(new);
		KUNIT_EXPECT_EQ(test, err, -EPERM);
		KUNIT_EXPECT_EQ(test, mask.val, CAP_FULL_SET.val);
	}
}

static void umh_caps_narrow_only_clears_bits(struct kunit *test)
{
	kernel_cap_t bset = umh_bset, inheritable = umh_inheritable;
	struct cred *new = prepare_creds();

	KUNIT_ASSERT_NOT_NULL(test, new);
	new->cap_bset.val = 0xf;
	new->cap_inheritable.val = 0xff;
	umh_bset.val = 0x3c;
	umh_inheritable.val = 0x1;
	umh_caps_narrow(new);
	umh_bset = bset;
	umh_inheritable = inheritable;

	KUNIT_EXPECT_EQ(test, new->cap_bset.val, 0xc);
	KUNIT_EXPECT_EQ(test, new->cap_inheritable.val, 0x1);
	abort_creds(new);
}

static void umh_caps_write_replaces_the_credentials_of_later_helpers(struct kunit *test)
{
	const struct cred *before = umh_caps_cred(), *after;
	kernel_cap_t bset = umh_bset, mask = CAP_FULL_SET;

	cap_lower(umh_bset, CAP_SYS_TIME);
	KUNIT_EXPECT_EQ(test, umh_caps_clear(&mask, mask), 0);
	umh_bset = bset;
	after = umh_caps_cred();
	KUNIT_EXPECT_EQ(test, umh_caps_clear(&mask, mask), 0);

	KUNIT_EXPECT_TRUE(test, cap_raised(before->cap_bset, CAP_SYS_TIME));
	KUNIT_EXPECT_FALSE(test, cap_raised(after->cap_bset, CAP_SYS_TIME));
	put_cred(before);
	put_cred(after);
}

static struct kunit_case umh_caps_tests[] = {
	KUNIT_CASE(umh_caps_read_prints_low_word_first),
	KUNIT_CASE(umh_caps_write_only_clears_bits),
	KUNIT_CASE(umh_caps_omitted_word_is_unchanged),
	KUNIT_CASE(umh_caps_bad_input_changes_nothing),
	KUNIT_CASE(umh_caps_write_at_offset_changes_nothing),
	KUNIT_CASE(umh_caps_write_requires_both_capabilities),
	KUNIT_CASE(umh_caps_narrow_only_clears_bits),
	KUNIT_CASE(umh_caps_write_replaces_the_credentials_of_later_helpers),
	{}
};

static struct kunit_suite umh_caps_suite = {
	.name = "umh_caps",
	.test_cases = umh_caps_tests,
};

kunit_test_suite(umh_caps_suite);
