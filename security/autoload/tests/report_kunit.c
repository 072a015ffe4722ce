// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the reports of denials. Included by security/autoload/report.c.
 */
#include <kunit/test.h>

static const char *autoload_test_line(struct kunit *test, enum autoload_kind kind,
				      const char *name, const struct autoload_requester *by)
{
	struct autoload_line *line = kunit_kzalloc(test, sizeof(*line), GFP_KERNEL);
	struct autoload_denial denial = {
		.kind = kind, .name = name, .rule = "/etc/a.conf:5", .by = by, .enforced = true,
	};

	KUNIT_ASSERT_NOT_NULL(test, line);
	autoload_line_fill(line, &denial);
	KUNIT_EXPECT_EQ(test, strlen(line->text), line->len);
	return line->text;
}

static void autoload_report_has_the_known_keys(struct kunit *test)
{
	char exe[] = "/bin/a", cgroup[] = "/b.slice";
	struct autoload_requester by = {
		.pid = 3, .uid = 1000, .loginuid = -1, .comm = "a", .caps = 0x3000,
		.init_userns = true,
	};

	KUNIT_EXPECT_STREQ(test, autoload_test_line(test, AUTOLOAD_MODULE, "x", &by),
			   "denied: kind=module name=x rule=/etc/a.conf:5 pid=3 uid=1000 auid=4294967295 comm=a");
	KUNIT_EXPECT_STREQ(test, autoload_test_line(test, AUTOLOAD_HELPER, "/x", &by),
			   "denied: kind=helper name=/x rule=/etc/a.conf:5 pid=3 comm=a");
	by.exe = exe;
	by.cgroup = cgroup;
	KUNIT_EXPECT_STREQ(test, autoload_test_line(test, AUTOLOAD_ALIAS, "x", &by),
			   "denied: kind=alias name=x rule=/etc/a.conf:5 pid=3 uid=1000 auid=4294967295 caps=3000 userns=init kthread=0 comm=a exe=/bin/a cgroup=/b.slice");
}

static void autoload_report_cannot_be_forged(struct kunit *test)
{
	struct autoload_requester by = { .comm = "b\"\n=" };

	KUNIT_EXPECT_STREQ(test,
			   autoload_test_line(test, AUTOLOAD_HELPER, "a rule=1 pid=\\1\x80", &by),
			   "denied: kind=helper name=a\\x20rule=1\\x20pid=\\x5c1\\x80 rule=/etc/a.conf:5 pid=0 comm=b\\x22\\x0a=");
}

static void autoload_report_fits_into_a_line(struct kunit *test)
{
	char *path = kunit_kzalloc(test, 1000, GFP_KERNEL);
	struct autoload_requester by = { .exe = path, .cgroup = path };
	const char *line, *exe;

	KUNIT_ASSERT_NOT_NULL(test, path);
	memset(path, ' ', 999);
	line = autoload_test_line(test, AUTOLOAD_ALIAS, path, &by);
	KUNIT_EXPECT_LE(test, strlen(line), AUTOLOAD_LINE_MAX);
	exe = strstr(line, " exe=");
	KUNIT_ASSERT_NOT_NULL(test, exe);
	/* Escaped bytes are not split. */
	KUNIT_EXPECT_EQ(test, strstr(line, " cgroup=") - exe,
			strlen(" exe=") + AUTOLOAD_PATH_MAX / 4 * 4);
}

static struct kunit_case autoload_report_cases[] = {
	KUNIT_CASE(autoload_report_has_the_known_keys),
	KUNIT_CASE(autoload_report_cannot_be_forged),
	KUNIT_CASE(autoload_report_fits_into_a_line),
	{}
};

static struct kunit_suite autoload_report_suite = {
	.name		= "autoload_report",
	.test_cases	= autoload_report_cases,
};

kunit_test_suite(autoload_report_suite);
