// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the journal. Included by kernel/kmod/journal.c.
 */
#include <kunit/test.h>
#include <linux/string.h>

#include <trace/misc/umh.h>

struct kmod_journal_saved {
	u64 count;
	struct kmod_stats stats;
};

static struct kmod_journal_saved kmod_journal_saved;

static int kmod_journal_test_init(struct kunit *test)
{
	kmod_journal_saved.count = kmod_journal_count;
	kmod_journal_saved.stats = kmod_stats;
	return 0;
}

static void kmod_journal_test_exit(struct kunit *test)
{
	kmod_journal_count = kmod_journal_saved.count;
	kmod_stats = kmod_journal_saved.stats;
}

static void kmod_journal_keeps_last_records(struct kunit *test)
{
	struct kmod_record rec = { .outcome = KMOD_OK };
	struct kmod_record found;
	u64 cursor = 0, n, from = kmod_journal_count;

	for (n = 0; n < 10000; n++) {
		rec.id = n;
		kmod_journal_add(&rec);
	}
	KUNIT_EXPECT_EQ(test, kmod_journal_count, from + 10000);
	KUNIT_EXPECT_EQ(test, kmod_stats.outcomes[KMOD_OK],
			kmod_journal_saved.stats.outcomes[KMOD_OK] + 10000);

	for (n = 10000 - KMOD_JOURNAL_SIZE; kmod_journal_next(&cursor, &found); n++) {
		KUNIT_EXPECT_EQ(test, found.id, n);
		cursor++;
	}
	KUNIT_EXPECT_EQ(test, n, 10000);
}

static void kmod_journal_counts_by_kind(struct kunit *test)
{
	struct kmod_record rec = { .outcome = KMOD_LOOP, .into = 3, .parent = 2,
				   .modules = 5 };
	struct kmod_stats *was = &kmod_journal_saved.stats;

	kmod_journal_add(&rec);
	kmod_journal_note(KMOD_MODPROBE);
	KUNIT_EXPECT_EQ(test, kmod_stats.outcomes[KMOD_LOOP], was->outcomes[KMOD_LOOP] + 1);
	KUNIT_EXPECT_EQ(test, kmod_stats.joined, was->joined + 1);
	KUNIT_EXPECT_EQ(test, kmod_stats.nested, was->nested + 1);
	KUNIT_EXPECT_EQ(test, kmod_stats.nowait, was->nowait + 1);
	KUNIT_EXPECT_EQ(test, kmod_stats.modules, was->modules + 5);
	KUNIT_EXPECT_EQ(test, kmod_stats.events[KMOD_MODPROBE],
			was->events[KMOD_MODPROBE] + 1);
}

static void kmod_journal_buckets_are_powers_of_two(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kmod_latency_bucket(0), 0);
	KUNIT_EXPECT_EQ(test, kmod_latency_bucket(1), 1);
	KUNIT_EXPECT_EQ(test, kmod_latency_bucket(2), 2);
	KUNIT_EXPECT_EQ(test, kmod_latency_bucket(3), 2);
	KUNIT_EXPECT_EQ(test, kmod_latency_bucket(4), 3);
	KUNIT_EXPECT_EQ(test, kmod_latency_bucket((1 << 25) - 1), 25);
	KUNIT_EXPECT_EQ(test, kmod_latency_bucket(1 << 25), 26);
	KUNIT_EXPECT_EQ(test, kmod_latency_bucket(U64_MAX), 26);
}

/* The names and their order are ABI: scripts and kmodctl depend on them. */
static void kmod_journal_outcome_names_are_stable(struct kunit *test)
{
	static const char *const names[] = {
		"ok", "failed", "off", "name", "lsm", "loop", "busy", "killed", "error",
	};
	enum kmod_outcome outcome;

	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(names), (size_t)KMOD_OUTCOME_COUNT);
	for (outcome = 0; outcome < KMOD_OUTCOME_COUNT; outcome++)
		KUNIT_EXPECT_STREQ(test, kmod_outcome_names[outcome], names[outcome]);
	KUNIT_EXPECT_EQ(test, KMOD_LSM, 4);
	KUNIT_EXPECT_LT(test, KMOD_FAILED, KMOD_OFF);
	KUNIT_EXPECT_LT(test, KMOD_KILLED, KMOD_ERROR);
}

static void kmod_journal_escapes_user_strings(struct kunit *test)
{
	static const char * const cases[][2] = {
		{ "", "" }, { "xfs", "xfs" }, { "a b", "a\\x20b" },
		{ "q\"\\", "q\\x22\\x5c" }, { "\x01\x7f\n", "\\x01\\x7f\\x0a" },
		{ "\xa0\xff", "\\xa0\\xff" }, { "a=b'%", "a=b'%" },
	};
	char text[32];
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(text, 'X', sizeof(text));
		umh_escape(cases[i][0], text, sizeof(text));
		KUNIT_EXPECT_STREQ(test, text, cases[i][1]);
		KUNIT_EXPECT_EQ(test, umh_escaped_size(cases[i][0]), strlen(text) + 1);
	}

	/* The string has grown since its size was computed. */
	memset(text, 'X', sizeof(text));
	umh_escape("a b", text, 4);
	KUNIT_EXPECT_STREQ(test, text, "a\\x");
	KUNIT_EXPECT_EQ(test, text[4], 'X');
}

static struct kunit_case kmod_journal_tests[] = {
	KUNIT_CASE(kmod_journal_keeps_last_records),
	KUNIT_CASE(kmod_journal_counts_by_kind),
	KUNIT_CASE(kmod_journal_buckets_are_powers_of_two),
	KUNIT_CASE(kmod_journal_outcome_names_are_stable),
	KUNIT_CASE(kmod_journal_escapes_user_strings),
	{}
};

static struct kunit_suite kmod_journal_suite = {
	.name = "kmod_journal",
	.init = kmod_journal_test_init,
	.exit = kmod_journal_test_exit,
	.test_cases = kmod_journal_tests,
};

kunit_test_suite(kmod_journal_suite);
