// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clocks, files and crowds of threads for the benchmark.
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

/* Enough for what the threads do here. */
#define STACK	65536

struct crowd {
	deed deed;
	int count;
	atomic_int next;	/* gives each thread its number */
	atomic_int ready;	/* threads that wait at the gate */
	atomic_int gate;	/* rounds that were begun; a futex */
	atomic_int left;	/* threads that are at it; a futex at 0 */
};

void need(int condition, const char *what)
{
	if (!condition) {
		perror(what);
		exit(1);
	}
}

/* The sum of the numbers that follow that key in a file. */
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
 * To the nanosecond, unlike /proc/stat. Who reads it is not idle, so there is no
 * idle time between the clock and this, whichever comes first.
 */
static long long idle(void)
{
	return get("/proc/timer_list", ".idle_sleeptime");
}

/* Reading costs something, too: outside of what is measured. */
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
		crowd->deed(number);
		if (atomic_fetch_sub(&crowd->left, 1) == 1)
			futex_wake(&crowd->left);
	}
	return NULL;
}

/* The threads are there, and wait, when this returns. */
struct crowd *crowd_make(int count, deed deed)
{
	struct crowd *crowd = calloc(1, sizeof(*crowd));
	pthread_attr_t attributes;
	pthread_t thread;
	int i;

	need(!!crowd, "calloc");
	crowd->deed = deed;
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
