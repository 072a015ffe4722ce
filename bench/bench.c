// SPDX-License-Identifier: GPL-2.0-only
/*
 *	bench same|distinct COUNT	COUNT threads make a request at the same time
 *	bench load			Debian's modprobe loads ext2
 *	bench loop			modprobe requests the name that it serves
 *	bench inflight COUNT		COUNT modprobes sleep
 *	bench sleepers COUNT		COUNT request-keys sleep
 *	bench suspend COUNT		suspend as far as the freezer, with COUNT request-keys
 *	bench exec			user space starts programs
 *	bench pair same|distinct COUNT ROUNDS
 *					wall-clock microseconds per request
 *	bench start COUNT ROUNDS	microseconds until a helper starts, beside COUNT tasks
 *
 * Prints lines "NAME VALUE"; the last two print "NAME ROUND VALUE", see turns.c. Instructions
 * are nanoseconds during which the machine was not idle, in a guest that takes one nanosecond
 * per instruction.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kmod_util.h"
#include "measure.h"

#define ROUNDS		7
#define WARM_UP		2
/* Covers the deferred work of a request: exit of modprobe, RCU callbacks, exit of workers. */
#define SETTLE		(300 * MS)
/* Covers the exit of the modprobes and RCU callbacks, also those of the other guest. */
#define PAIR_SETTLE	(50 * MS)

static int round_number;

static void request_same(int number)
{
	(void)number;
	need(socket(UNKNOWN_FAMILY, SOCK_STREAM, 0) < 0, "socket");
}

static void request_distinct(int number)
{
	char name[64];

	snprintf(name, sizeof(name), "bench_%d_%d", round_number, number);
	need(mount("none", "/", name, 0, NULL) < 0 && errno == ENODEV, name);
}

/* Returns the busy time of the whole machine for one round. */
static long long storm(struct crowd *crowd)
{
	struct mark start;
	long long busy;

	round_number++;
	sleep_ns(SETTLE);
	mark_start(&start);
	crowd_go(crowd);
	crowd_wait(crowd);
	sleep_ns(SETTLE);
	busy = busy_since(&start);
	return busy;
}

/* Returns the busy time per request, including the wake-up of the threads. */
static long long storms(struct crowd *crowd, int count, const char *modprobe)
{
	long long busy[ROUNDS];
	int i;

	put(MODPROBE, modprobe);
	for (i = -WARM_UP; i < ROUNDS; i++)
		busy[i < 0 ? 0 : i] = storm(crowd) / count;
	return median(busy, ROUNDS);
}

static int do_storms(const char *kind, int count)
{
	int same = !strcmp(kind, "same");
	struct crowd *crowd = crowd_create(count, same ? request_same : request_distinct);
	const char *modprobe = same ? "/bench/slow" : "/bench/noop";
	const char *counted = same ? "/bench/slow_log" : "/bench/noop_log";

	long long on = storms(crowd, count, modprobe);
	/* Without modprobe: the threads and system calls alone */
	long long off = storms(crowd, count, "\n");

	printf("%s%d_gross %lld\n", kind, count, on);
	printf("%s%d_off %lld\n", kind, count, off);
	printf("%s%d %lld\n", kind, count, on - off);
	put(MODPROBE, counted);
	forget_modprobes();
	storm(crowd);
	printf("%s%d_modprobes %lld\n", kind, count, modprobes());
	return 0;
}

/* The crowd of a pair row */
static struct {
	struct crowd *crowd;
	int count;
} pair;

/* Uses the wall clock, which includes waits. */
static void pair_turn(double *us)
{
	long long from;

	round_number++;
	sleep_ns(PAIR_SETTLE);
	load_switch(1);
	from = now_ns();
	crowd_go(pair.crowd);
	crowd_wait(pair.crowd);
	*us = (now_ns() - from) / 1000.0 / pair.count;
	load_switch(0);
}

static int do_pair(const char *kind, int count, int rounds)
{
	int same = !strcmp(kind, "same");
	char name[32] = "pair_one";

	if (count > 1)
		snprintf(name, sizeof(name), "pair_%s%d", kind, count);
	put(MODPROBE, "/bench/noop");
	load_create(0);
	pair.count = count;
	pair.crowd = crowd_create(count, same ? request_same : request_distinct);
	in_turns(name, rounds, 1, pair_turn);
	return 0;
}

static void load_by_user(void)
{
	need(!run_as_modprobe("/sbin/modprobe", "fs-ext2"), "modprobe");
}

static void load_by_kernel(void)
{
	/* ENOENT: the file system is known now, but has no such device. */
	need(mount("none", "/", "ext2", 0, NULL) < 0 && errno == ENOENT,
	     "mount of ext2");
}

/* Returns the busy time of the whole machine, including the time after modprobe's exit. */
static long long load_once(void (*load)(void), long long *took)
{
	struct mark start;
	long long busy;

	sleep_ns(SETTLE);
	mark_start(&start);
	load();
	*took = now_ns() - start.clock;
	sleep_ns(SETTLE);
	busy = busy_since(&start);
	need(!syscall(SYS_delete_module, "ext2", O_NONBLOCK), "rmmod");
	return busy;
}

static int do_load(void)
{
	long long kernel[ROUNDS], user[ROUNDS], took[ROUNDS], unused, k, u;
	int i;

	put(MODPROBE, "/sbin/modprobe");
	for (i = -WARM_UP; i < ROUNDS; i++) {
		kernel[i < 0 ? 0 : i] =
			load_once(load_by_kernel, &took[i < 0 ? 0 : i]);
		user[i < 0 ? 0 : i] = load_once(load_by_user, &unused);
	}
	k = median(kernel, ROUNDS);
	u = median(user, ROUNDS);
	printf("load %lld\nload_busy %lld\n", median(took, ROUNDS), k);
	printf("load_share %.3f\n", (double)(k - u) * 100 / k);
	return 0;
}

static int do_loop(void)
{
	long long from;

	put(MODPROBE, "/bench/loop");
	forget_modprobes();
	from = now_ns();
	need(mount("none", "/", "bench_loop", 0, NULL) < 0, "mount");
	printf("loop_time %lld\n", (now_ns() - from) / 1000);
	sleep_ns(SETTLE);
	printf("loop_modprobes %lld\n", modprobes());
	return 0;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	int count = argc > 2 ? atoi(argv[2]) : 0;

	if (!strcmp(name, "same") || !strcmp(name, "distinct"))
		return do_storms(name, count);
	if (!strcmp(name, "load"))
		return do_load();
	if (!strcmp(name, "loop"))
		return do_loop();
	if (!strcmp(name, "exec"))
		return do_exec();
	if (!strcmp(name, "pair") && argc > 4)
		return do_pair(argv[2], atoi(argv[3]), atoi(argv[4]));
	if (!strcmp(name, "start") && argc > 3)
		return do_start(count, atoi(argv[3]));
	if (!strcmp(name, "inflight"))
		return do_inflight(count);
	if (!strcmp(name, "sleepers"))
		return do_sleepers(count);
	if (!strcmp(name, "suspend"))
		return do_suspend(count);
	return 2;
}
