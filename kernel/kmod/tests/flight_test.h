/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KMOD_TESTS_FLIGHT_TEST_H
#define _KERNEL_KMOD_TESTS_FLIGHT_TEST_H

#include <linux/types.h>

bool kmod_test_no_flight(void);

#endif /* _KERNEL_KMOD_TESTS_FLIGHT_TEST_H */
