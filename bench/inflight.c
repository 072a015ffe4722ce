// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of a request while modprobes for other names run
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "kmod_util.h"
#include "measure.h"

#define LIMIT	"/proc/sys/kernel/kmod-limit"

static void request_name(int number)
{
	char name[64];

	snprintf(name, sizeof(name), "bench_inflight_%d", number);
	need(mount("none", "/", name, 0, NULL) < 0, name);
}

int do_inflight(int count)
{
	struct crowd *crowd = hold_begin(count, request_name);
	long long request, share;

	/* The unpatched kernel has a constant limit of 50. */
	if (!access(LIMIT, W_OK))
		put(LIMIT, "1000");
	put(MODPROBE, "/bench/hold");
	crowd_go(crowd);
	hold_wait_started(count);
	put(MODPROBE, "/bench/noop");
	share = probe_share(&request);
	printf("inflight%d_running %lld\n", count, modprobes());
	printf("inflight%d_latency %lld\n", count, request);
	printf("inflight%d_share %lld\n", count, share);
	hold_end(crowd);
	return 0;
}
