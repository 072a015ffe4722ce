// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for request_module(). Included by kernel/kmod.c.
 */
#include <kunit/test.h>
#include <linux/async.h>
#include <linux/panic.h>
#include <linux/printk.h>
#include <linux/string.h>

/* Formats a name into a buffer of MODULE_NAME_LEN bytes. Returns false if it was truncated. */
static __printf(2, 3)
bool kmod_name(char *name, const char *fmt, ...)
{
	struct kmod_request *r = kmod_request_alloc(NULL, true, 0);
	va_list args;
	bool fits;

	if (!r)
		return false;
	va_start(args, fmt);
	fits = kmod_request_set_name(r, fmt, args);
	va_end(args);
	strscpy(name, r->rec.name, MODULE_NAME_LEN);
	kmod_request_put(r);
	return fits;
}

static void kmod_name_is_formatted(struct kunit *test)
{
	char name[MODULE_NAME_LEN];

	KUNIT_EXPECT_TRUE(test, kmod_name(name, "net-pf-%d-proto-%d", 16, 9));
	KUNIT_EXPECT_STREQ(test, name, "net-pf-16-proto-9");
}

static void kmod_name_is_not_altered(struct kunit *test)
{
	static const char * const names[] = {
		"", " ", "-", "..", "a/b", "%s%n", "\x01\xff\n", "x=y z",
	};
	char name[MODULE_NAME_LEN];
	int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		KUNIT_EXPECT_TRUE(test, kmod_name(name, "%s", names[i]));
		KUNIT_EXPECT_STREQ(test, name, names[i]);
	}
}

static void kmod_name_too_long_is_rejected(struct kunit *test)
{
	char name[MODULE_NAME_LEN];
	int last = MODULE_NAME_LEN - 1;

	KUNIT_EXPECT_TRUE(test, kmod_name(name, "%*s", last, "x"));
	KUNIT_EXPECT_EQ(test, strlen(name), last);
	KUNIT_EXPECT_EQ(test, request_module("%*s", last + 1, "x"), -ENAMETOOLONG);
	KUNIT_EXPECT_FALSE(test, kmod_name(name, "%*s", last + 1, "x"));
	KUNIT_EXPECT_FALSE(test, kmod_name(name, "%*s", 70000, "x"));
}

static struct kunit_case kmod_name_tests[] = {
	KUNIT_CASE(kmod_name_is_formatted),
	KUNIT_CASE(kmod_name_is_not_altered),
	KUNIT_CASE(kmod_name_too_long_is_rejected),
	{}
};

static struct kunit_suite kmod_name_suite = {
	.name = "kmod_name",
	.test_cases = kmod_name_tests,
};

static void kmod_async_request(void *data, async_cookie_t cookie)
{
	*(int *)data = request_module("kunit");
}

/*
 * The init of a module waits for async work. The console must not show the warning, which
 * would count as a failure. The kernel warns only once.
 */
static void kmod_async_wait_warns(struct kunit *test)
{
	int result = 0, level = console_loglevel;

	if (panic_on_warn || test_taint(TAINT_WARN))
		kunit_skip(test, "needs panic_on_warn=0 and no warning before");
	console_loglevel = CONSOLE_LOGLEVEL_SILENT;
	async_schedule(kmod_async_request, &result);
	async_synchronize_full();
	console_loglevel = level;
	KUNIT_EXPECT_EQ(test, result, -ENOENT);
	KUNIT_EXPECT_TRUE(test, test_taint(TAINT_WARN));
}

static struct kunit_case kmod_async_tests[] = {
	KUNIT_CASE(kmod_async_wait_warns),
	{}
};

static struct kunit_suite kmod_async_suite = {
	.name = "kmod_async",
	.test_cases = kmod_async_tests,
};

kunit_test_suites(&kmod_name_suite, &kmod_async_suite);
