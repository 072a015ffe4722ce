/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The narrowest rule that allows a request.
 */
#ifndef POLICY_NARROW_H
#define POLICY_NARROW_H

#include "kmodctl.h"

/* Ids of users that systemd creates for the time that a service runs. */
#define FIRST_DYNAMIC	61184
#define LAST_DYNAMIC	65519

size_t container_prefix(const char *name);
bool is_unit(const char *name, size_t length);
char *pattern_of(const char *escaped);
char *cgroup_of(const char *path);
char *scope_of(const struct record *record);

#endif /* POLICY_NARROW_H */
