// SPDX-License-Identifier: GPL-2.0-only
/*
 * The time from a request to the first instruction of its helper, while tasks use the CPUs
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <x86intrin.h>

#include "kmod_util.h"
#include "measure.h"

/* Requests in each turn: the tasks need some time until all of them run. */
#define REQUESTS	5
/* Before each request. It covers the exit of the previous modprobe. */
#define REST		(20 * MS)

static int file;
static double ticks_per_us;

static void find_frequency(void)
{
	unsigned long long ticks = __rdtsc();
	long long from = now_ns();

	sleep_ns(500 * MS);
	ticks = __rdtsc() - ticks;
	ticks_per_us = ticks * 1000.0 / (now_ns() - from);
}

/* In microseconds. The counters of all CPUs are those of the host. */
static double request(void)
{
	unsigned long long from, started, to;

	sleep_ns(REST);
	from = __rdtsc();
	need(socket(UNKNOWN_FAMILY, SOCK_STREAM, 0) < 0, "socket");
	to = __rdtsc();
	need(pread(file, &started, sizeof(started), 0) == sizeof(started) &&
	     started > from && started < to, START_FILE);
	return (started - from) / ticks_per_us;
}

static void turn(double *values)
{
	int i;

	load_switch(1);
	for (i = 0; i < REQUESTS; i++)
		values[i] = request();
	load_switch(0);
}

int do_start(int count, int rounds)
{
	char name[32];

	file = open(START_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	need(file >= 0, START_FILE);
	put(MODPROBE, "/bench/start");
	find_frequency();
	load_create(count);
	snprintf(name, sizeof(name), "start%ld_%d", sysconf(_SC_NPROCESSORS_ONLN), count);
	in_turns(name, rounds, REQUESTS, turn);
	return 0;
}
