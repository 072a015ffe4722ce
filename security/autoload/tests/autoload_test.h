/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _AUTOLOAD_TEST_H
#define _AUTOLOAD_TEST_H

struct kunit;

/* Skips the test if the policy is locked. Suites can be run again on a machine in use. */
void autoload_test_needs_unlocked(struct kunit *test);

/* Each replaces a part of the policy by its default until the end of the test. */
void autoload_test_save_helpers(struct kunit *test);
void autoload_test_save_rules(struct kunit *test);
void autoload_test_save_mode(struct kunit *test);
void autoload_test_save_learned(struct kunit *test);

#endif /* _AUTOLOAD_TEST_H */
