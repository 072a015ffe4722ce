// SPDX-License-Identifier: GPL-2.0-only
/*
 * Busy time, files and crowds of threads for the benchmark
 */
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kmod_util.h"
#include "measure.h"

/* Stack size of the threads of a crowd */
#define STACK	65536

struct crowd {
	crowd_fn fn;
	int count;
	atomic_int next;	/* number of the next thread */
	atomic_int ready;	/* threads that wait at the gate */
	atomic_int gate;	/* rounds that have begun; a futex */
	atomic_int left;	/* threads that still run; a futex, woken at 0 */
};

void need(int condition, const char *message)
{
	if (!condition) {
		perror(message);
		exit(1);
	}
}

/* Returns the sum of the numbers that follow the key in a file. */
long long get(const char *path, const char *key)
{
	FILE *file = fopen(path, "r");
	long long value, sum = 0;
	char line[512], *at;
	int found = 0;

	need(!!file, path);
	while (fgets(line, sizeof(line), file)) {
		at = strstr(line, key);
		if (at && sscanf(at + strlen(key), " : %lld", &value) == 1) {
			sum += value;
			found = 1;
		}
	}
	fclose(file);
	need(found, key);
	return sum;
}

void put(const char *path, const char *text)
{
	need(!write_file(path, text, strlen(text)), path);
}

/*
 * Returns the idle time, in nanoseconds, unlike /proc/stat. The CPU is not idle while it reads
 * this file, so no idle time passes between this and a read of the clock.
 */
static long long idle(void)
{
	return get("/proc/timer_list", ".idle_sleeptime");
}

/* Reads the idle time outside the interval, as the read itself takes time. */
void mark_start(struct mark *mark)
{
	mark->idle = idle();
	mark->clock = now_ns();
}

long long busy_since(const struct mark *start)
{
	long long clock = now_ns();

	return clock - start->clock - (idle() - start->idle);
}

long long modprobes(void)
{
	struct stat st;

	return stat(COUNT_FILE, &st) ? 0 : st.st_size;
}

void forget_modprobes(void)
{
	unlink(COUNT_FILE);
}

long long median(long long *values, int count)
{
	sort_values(values, count);
	return values[count / 2];
}

static void futex_wait(atomic_int *at, int value)
{
	syscall(SYS_futex, at, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake(atomic_int *at)
{
	syscall(SYS_futex, at, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static void *member(void *argument)
{
	struct crowd *crowd = argument;
	int number = atomic_fetch_add(&crowd->next, 1);
	int round;

	for (round = 0; ; round++) {
		atomic_fetch_add(&crowd->ready, 1);
		while (atomic_load(&crowd->gate) == round)
			futex_wait(&crowd->gate, round);
		crowd->fn(number);
		if (atomic_fetch_sub(&crowd->left, 1) == 1)
			futex_wake(&crowd->left);
	}
	return NULL;
}

/* Creates the threads. Returns when all of them wait at the gate. */
struct crowd *crowd_create(int count, crowd_fn fn)
{
	struct crowd *crowd = calloc(1, sizeof(*crowd));
	pthread_attr_t attributes;
	pthread_t thread;
	int i;

	need(!!crowd, "calloc");
	crowd->fn = fn;
	crowd->count = count;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	for (i = 0; i < count; i++)
		need(!pthread_create(&thread, &attributes, member, crowd),
		     "pthread_create");
	while (atomic_load(&crowd->ready) < count)
		sleep_ns(10 * MS);
	sleep_ns(100 * MS);
	return crowd;
}

void crowd_go(struct crowd *crowd)
{
	atomic_store(&crowd->left, crowd->count);
	atomic_fetch_add(&crowd->gate, 1);
	futex_wake(&crowd->gate);
}

void crowd_wait(struct crowd *crowd)
{
	int left;

	while ((left = atomic_load(&crowd->left)))
		futex_wait(&crowd->left, left);
}
