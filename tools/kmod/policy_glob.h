/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Patterns of rules.
 */
#ifndef POLICY_GLOB_H
#define POLICY_GLOB_H

#include "kmodctl.h"

#define SET_WORDS	4

/* A set of bytes. */
struct byte_set {
	u64 words[SET_WORDS];
};

struct atom {
	struct byte_set set;
	bool many;		/* any number of bytes, otherwise one */
};

struct glob {
	struct atom *atoms;
	size_t count;
};

enum glob_type {
	NAMES,			/* '-' and '_' are equal */
	CGROUPS,		/* only '**' matches a slash */
};

void glob_parse(struct glob *glob, enum glob_type type, const char *pattern);
void glob_of_name(struct glob *glob, enum glob_type type, const char *name);
void glob_free(struct glob *glob);
size_t glob_find(const struct glob *glob, char byte);
bool glob_is_same(const struct glob *a, const struct glob *b);
bool globs_meet(const struct glob *a, const struct glob *b);
bool glob_covers(const struct glob *a, const struct glob *b);

#endif /* POLICY_GLOB_H */
