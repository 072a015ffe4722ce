/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_POLICY_FUZZ_H
#define SHIM_POLICY_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PLACE_SIZE	256

enum verdict {
	NO_RULE,
	ALLOWED,
	DENIED
};

/* A policy, and a request to which it is applied */
struct input {
	bool module;		/* the name is that of a module */
	const char *name;
	uid_t uid;
	uint64_t capabilities;
	bool other_userns;
	bool kthread;
	const char *cgroup;
	const char *policy;	/* ends with a newline */
};

/* judge.c: the kernel. kernel_judge() sets @place if it returns DENIED. */
bool kernel_load(const char *text);
enum verdict kernel_judge(const struct input *input, char place[PLACE_SIZE]);

#endif /* SHIM_POLICY_FUZZ_H */
