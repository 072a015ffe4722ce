// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a request costs while others, for other names, have modprobes that do not end.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "kmod_util.h"
#include "measure.h"

#define LIMIT	"/proc/sys/kernel/kmod-limit"

static void ask_module(int number)
{
	char name[64];

	snprintf(name, sizeof(name), "bench_inflight_%d", number);
	need(mount("none", "/", name, 0, NULL) < 0, name);
}

int do_inflight(int count)
{
	struct crowd *crowd = hold_begin(count, ask_module);
	long long request, share;

	/* The unpatched kernel has no such file, and 50 is its limit. */
	if (!access(LIMIT, W_OK))
		put(LIMIT, "1000");
	put(MODPROBE, "/bench/hold");
	crowd_go(crowd);
	hold_let_start(count);
	put(MODPROBE, "/bench/noop");
	share = probe_share(&request);
	printf("inflight%d_running %lld\n", count, modprobes());
	printf("inflight%d_latency %lld\n", count, request);
	printf("inflight%d_share %lld\n", count, share);
	hold_end(crowd);
	return 0;
}
