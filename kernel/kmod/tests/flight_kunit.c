// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for flights. Included by kernel/kmod/flight.c.
 */
#include <kunit/test.h>

#include "flight_test.h"

/**
 * kmod_test_no_flight - test whether there is no flight that a request can join
 *
 * Context: under kmod_inflight_lock.
 * Return: true if there is none.
 */
bool kmod_test_no_flight(void)
{
	lockdep_assert_held(&kmod_inflight_lock);
	return hash_empty(kmod_by_name);
}

static void kmod_flight_hash_of_names_is_salted(struct kunit *test)
{
	static const char name[] = "kunit";

	KUNIT_EXPECT_NE(test, kmod_name_hash(name), full_name_hash(NULL, name, strlen(name)));
}

static struct kunit_case kmod_flight_tests[] = {
	KUNIT_CASE(kmod_flight_hash_of_names_is_salted),
	{}
};

static struct kunit_suite kmod_flight_suite = {
	.name = "kmod_flight",
	.test_cases = kmod_flight_tests,
};

kunit_test_suite(kmod_flight_suite);
