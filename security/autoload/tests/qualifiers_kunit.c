// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the qualifiers of rules. Included by security/autoload/qualifiers.c.
 */
#include <kunit/test.h>

#define AUTOLOAD_LINE_SIZE	300

/* Returns the error message, or NULL. The qualifiers point into @line. */
static const char *autoload_test_parse(struct autoload_qualifiers *q, const char *text,
				       char line[AUTOLOAD_LINE_SIZE])
{
	*q = (struct autoload_qualifiers) { };
	strscpy(line, text, AUTOLOAD_LINE_SIZE);
	return autoload_qualifiers_parse(q, line);
}

static bool autoload_test_accepts(const char *text)
{
	char line[AUTOLOAD_LINE_SIZE];
	struct autoload_qualifiers q;

	return !autoload_test_parse(&q, text, line);
}

static int autoload_test_matches(struct kunit *test, const char *text,
				 struct autoload_requester by)
{
	char line[AUTOLOAD_LINE_SIZE];
	struct autoload_qualifiers q;

	KUNIT_ASSERT_NULL(test, autoload_test_parse(&q, text, line));
	return autoload_qualifiers_match(&q, &by);
}

#define AUTOLOAD_MATCHES(text, ...) \
	autoload_test_matches(test, text, (struct autoload_requester) { __VA_ARGS__ })

static void autoload_qualifiers_accept_well_formed_lines(struct kunit *test)
{
	static const char *const good[] = {
		"", " \t", "uid 0", "uid 007", "uid 0-0", "uid 0-4294967294", " uid\t1-2 ",
		"cap net_admin", "cap cap_net_admin", "cap checkpoint_restore",
		"cap chown cap chown cap bpf", "userns init", "userns other", "kthread",
		"kthread userns other cap kill uid 1",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++)
		KUNIT_EXPECT_TRUE_MSG(test, autoload_test_accepts(good[i]), "'%s'", good[i]);
}

static void autoload_qualifiers_reject_malformed_lines(struct kunit *test)
{
	static const char *const bad[] = {
		"x", "UID 1", "uid", "uid x", "uid -1", "uid +1", "uid 1-", "uid -", "uid 1--2",
		"uid 1-2-3", "uid 2-1", "uid 1 -2", "uid 1- 2", "uid 4294967295",
		"uid 0-4294967295", "uid 0x1", "uid 1-+2", "uid 1 2", "uid 1 uid 1",
		"cap", "cap 12", "cap NET_ADMIN", "cap CAP_NET_ADMIN", "cap cap_",
		"cap cap_cap_chown", "cap net_admin,kill", "cap net", "userns", "userns any",
		"userns init userns init", "kthread 1", "kthread kthread", "cgroup",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_FALSE_MSG(test, autoload_test_accepts(bad[i]), "'%s'", bad[i]);
}

static void autoload_qualifiers_match_uid_ranges(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, AUTOLOAD_MATCHES("", .uid = 7), 1);
	KUNIT_EXPECT_EQ(test, AUTOLOAD_MATCHES("uid 7", .uid = 7), 1);
	KUNIT_EXPECT_EQ(test, AUTOLOAD_MATCHES("uid 7", .uid = 6), 0);
	KUNIT_EXPECT_EQ(test, AUTOLOAD_MATCHES("uid 7", .uid = 8), 0);
	KUNIT_EXPECT_EQ(test, AUTOLOAD_MATCHES("uid 7-9", .uid = 7), 1);
	KUNIT_EXPECT_EQ(test, AUTOLOAD_MATCHES("uid 7-9", .uid = 9), 1);
	KUNIT_EXPECT_EQ(test, AUTOLOAD_MATCHES("uid 7-9", .uid = 10), 0);
	KUNIT_EXPECT_EQ(test, AUTOLOAD_MATCHES("uid 0", .uid = 0), 1);
	KUNIT_EXPECT_EQ(test, AUTOLOAD_MATCHES("uid 4294967294", .uid = 4294967294), 1);
}

static void autoload_qualifiers_match_userns_and_kthread(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, AUTOLOAD_MATCHES("userns init", .init_userns = true), 1);
	KUNIT_EXPECT_EQ(test, AUTOLOAD_MATCHES("userns init", .init_userns = false), 0);
	KUNIT_EXPECT_EQ(test, AUTOLOAD_MATCHES("userns other", .init_userns = true), 0);
	KUNIT_EXPECT_EQ(test, AUTOLOAD_MATCHES("userns other", .init_userns = false), 1);
	KUNIT_EXPECT_EQ(test, AUTOLOAD_MATCHES("kthread", .kthread = true), 1);
	KUNIT_EXPECT_EQ(test, AUTOLOAD_MATCHES("kthread", .kthread = false), 0);
	KUNIT_EXPECT_EQ(test, AUTOLOAD_MATCHES("kthread uid 1", .kthread = true), 0);
	KUNIT_EXPECT_EQ(test, AUTOLOAD_MATCHES("kthread uid 1", .uid = 1), 0);
	KUNIT_EXPECT_EQ(test, AUTOLOAD_MATCHES("kthread uid 1", .kthread = true, .uid = 1), 1);
}

static void autoload_qualifiers_ask_for_the_cgroup_last(struct kunit *test)
{
	char path[] = "/a";

	if (!IS_ENABLED(CONFIG_CGROUPS)) {
		KUNIT_EXPECT_FALSE(test, autoload_test_accepts("cgroup /a"));
		return;
	}
	KUNIT_EXPECT_EQ(test, AUTOLOAD_MATCHES("cgroup /a uid 1", .uid = 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, AUTOLOAD_MATCHES("cgroup /a uid 1", .uid = 2), 0);
	KUNIT_EXPECT_EQ(test, AUTOLOAD_MATCHES("cgroup /a uid 1", .uid = 1, .cgroup = path), 1);
	KUNIT_EXPECT_EQ(test, AUTOLOAD_MATCHES("cgroup /b uid 1", .uid = 1, .cgroup = path), 0);
}

static void autoload_cgroup_patterns_are_checked(struct kunit *test)
{
	static const char *const good[] = {
		"/", "/a", "/a/*", "**", "/**", "**/a", "/a?", "/\\*", "/a\\\\x2d", "/\\***", "/]",
		"/*?*", "/**/**",
	};
	static const char *const bad[] = {
		"", "a", "*", "*/a", "?", "\\/a", "/***", "/a[b]", "/a\\", "/a b", "/\x80",
		"/\\\x80",
	};
	char longest[AUTOLOAD_CGROUP_MAX + 2] = "/";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++)
		KUNIT_EXPECT_TRUE_MSG(test, autoload_cgroup_glob_is_valid(good[i]), "'%s'",
				      good[i]);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_FALSE_MSG(test, autoload_cgroup_glob_is_valid(bad[i]), "'%s'",
				       bad[i]);
	memset(longest + 1, 'a', AUTOLOAD_CGROUP_MAX - 1);
	KUNIT_EXPECT_TRUE(test, autoload_cgroup_glob_is_valid(longest));
	longest[AUTOLOAD_CGROUP_MAX] = 'a';
	KUNIT_EXPECT_FALSE(test, autoload_cgroup_glob_is_valid(longest));
}

static const struct {
	const char *glob;
	const char *yes[4];
	const char *no[5];
} autoload_cgroup_cases[] = {
	{ "/", { "/" }, { "/a" } },
	{ "/a", { "/a" }, { "/", "/b", "/ab", "/a/b" } },
	{ "/*", { "/", "/a", "/abc" }, { "/a/b" } },
	{ "/?", { "/a" }, { "/", "/ab", "/a/" } },
	{ "/a?b", { "/axb" }, { "/a/b", "/ab" } },
	{ "/a/*", { "/a/b" }, { "/a", "/a/b/c" } },
	{ "/*/b", { "/a/b", "//b" }, { "/b", "/a/a/b", "/a/bb" } },
	{ "/a*c", { "/ac", "/abc", "/acc" }, { "/a/c", "/acd" } },
	{ "/*a*b*", { "/ab", "/xaxbx", "/aab" }, { "/ba", "/a/b" } },
	{ "/**", { "/", "/a", "/a/b" }, { } },
	{ "**", { "", "/", "/a/b" }, { } },
	{ "/a/**", { "/a", "/a/b", "/a/b/c" }, { "/", "/ab", "/b/a" } },
	{ "/a**", { "/a", "/ab", "/a/b", "/ab/c" }, { "/b" } },
	{ "**/b", { "/b", "/a/b", "/b/b/b" }, { "/b/a", "/ab" } },
	{ "/a/**/c", { "/a/b/c", "/a/b/b/c", "/a/c/c" }, { "/a/c", "/a/b/cc" } },
	{ "**/a*c/d", { "/abc/d", "/x/ac/d", "/abc/x/ac/d" }, { "/a/c/d", "/abc/d/e" } },
	{ "**/docker-*.scope/**", { "/s/docker-1.scope", "/docker-.scope/a/b" },
	  { "/docker-1.slice", "/docker-1/x.scope" } },
	{ "/*/**", { "/a", "/a/b", "/" }, { "" } },
	{ "/\\*", { "/*" }, { "/a", "/" } },
	{ "/a\\\\x2db", { "/a\\x2db" }, { "/ax2db", "/a-b" } },
	{ "/a-b_c", { "/a-b_c" }, { "/a_b_c", "/a-b-c" } },
};

static void autoload_cgroup_patterns_match_paths(struct kunit *test)
{
	const char *glob, *path;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(autoload_cgroup_cases); i++) {
		glob = autoload_cgroup_cases[i].glob;
		KUNIT_EXPECT_TRUE_MSG(test, autoload_cgroup_glob_is_valid(glob), "'%s'", glob);
		for (j = 0; j < ARRAY_SIZE(autoload_cgroup_cases[i].yes); j++) {
			path = autoload_cgroup_cases[i].yes[j];
			if (path)
				KUNIT_EXPECT_TRUE_MSG(test, autoload_cgroup_matches(glob, path),
						      "'%s' and '%s'", glob, path);
		}
		for (j = 0; j < ARRAY_SIZE(autoload_cgroup_cases[i].no); j++) {
			path = autoload_cgroup_cases[i].no[j];
			if (path)
				KUNIT_EXPECT_FALSE_MSG(test, autoload_cgroup_matches(glob, path),
						       "'%s' and '%s'", glob, path);
		}
	}
}

static struct kunit_case autoload_qualifiers_cases[] = {
	KUNIT_CASE(autoload_qualifiers_accept_well_formed_lines),
	KUNIT_CASE(autoload_qualifiers_reject_malformed_lines),
	KUNIT_CASE(autoload_qualifiers_match_uid_ranges),
	KUNIT_CASE(autoload_qualifiers_match_userns_and_kthread),
	KUNIT_CASE(autoload_qualifiers_ask_for_the_cgroup_last),
	KUNIT_CASE(autoload_cgroup_patterns_are_checked),
	KUNIT_CASE(autoload_cgroup_patterns_match_paths),
	{}
};

static struct kunit_suite autoload_qualifiers_suite = {
	.name		= "autoload_qualifiers",
	.test_cases	= autoload_qualifiers_cases,
};

kunit_test_suite(autoload_qualifiers_suite);
