/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Drop-ins: policy files that kmodctl writes.
 */
#ifndef POLICY_DROPIN_H
#define POLICY_DROPIN_H

#include "policy.h"

#define DENY_FILE	"00-deny.conf"
#define ALLOW_FILE	"05-allow.conf"

struct dropin {
	char *path;		/* below --root */
	char *name;		/* the same without --root, as in marks */
	const char *comment;	/* first line of a new file */
	struct bytes text;
	bool changed;
	int lock;		/* file descriptor */
};

bool dropin_open(struct dropin *dropin, const char *file, const char *comment,
		 const struct options *options);
void dropin_close(struct dropin *dropin);
bool dropin_add(struct dropin *dropin, const char *line);
bool dropin_remove(struct dropin *dropin, const char *line);
bool dropin_write(struct dropin *dropin, const struct options *options);
bool dropin_load(const struct dropin *dropin, const struct options *options);

/* policy_allow.c */
int policy_allow_request(const struct options *options, u64 id);

#endif /* POLICY_DROPIN_H */
