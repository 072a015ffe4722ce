// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of helpers that sleep
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kmod_util.h"
#include "measure.h"

#define MEMINFO		"/proc/meminfo"
#define PF_KTHREAD	0x200000
#define ROUNDS		9
/* Seconds after which idle workers have exited: more than twice their timeout of 300 */
#define WORKERS_END	620

static int all;

struct usage {
	long long threads;
	long long stacks;	/* KB */
	long long kernel;	/* KB: stacks, slabs and page tables */
};

static void request_key(int number)
{
	char name[64];

	snprintf(name, sizeof(name), "bench_%d_%d", all, number);
	need(syscall(SYS_request_key, "user", name, "bench", 0) < 0, name);
}

static int is_kernel_thread(const char *pid)
{
	char path[300], line[512], *end;
	unsigned int flags = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (fgets(line, sizeof(line), file)) {
		end = strrchr(line, ')');
		if (end)
			sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %u", &flags);
	}
	fclose(file);
	return !!(flags & PF_KTHREAD);
}

static long long kernel_threads(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	long long n = 0;

	need(!!dir, "/proc");
	while ((entry = readdir(dir)))
		if (isdigit(entry->d_name[0]))
			n += is_kernel_thread(entry->d_name);
	closedir(dir);
	return n;
}

static struct usage usage(void)
{
	struct usage u = { kernel_threads(), get(MEMINFO, "KernelStack"), 0 };

	u.kernel = u.stacks + get(MEMINFO, "Slab") + get(MEMINFO, "PageTables");
	return u;
}

/* Waits until all helpers run, or none has started for 2 s. */
void hold_wait_started(int count)
{
	long long before, n = 0;

	do {
		before = n;
		sleep_ns(2000 * MS);
		n = modprobes();
	} while (n < count && n > before);
}

/* Creates a crowd with helpers that run until hold_end(). */
struct crowd *hold_begin(int count, crowd_fn fn)
{
	sleep_ns(WORKERS_END * 1000 * MS);
	all = count;
	unlink(HOLD_FIFO);
	need(!mkfifo(HOLD_FIFO, 0600), HOLD_FIFO);
	put(MODPROBE, "/bench/noop");
	forget_modprobes();
	probe_start();
	return crowd_create(count, fn);
}

void hold_end(struct crowd *crowd)
{
	int fd = open(HOLD_FIFO, O_RDWR);

	need(fd >= 0, HOLD_FIFO);
	if (all)
		crowd_wait(crowd);
	close(fd);
	probe_end();
}

int do_sleepers(int count)
{
	struct crowd *crowd = hold_begin(count, request_key);
	struct usage before = usage(), after;
	long long n;

	if (count) {
		crowd_go(crowd);
		hold_wait_started(count);
	}
	after = usage();
	n = modprobes();
	printf("sleepers%d_running %lld\n", count, n);
	printf("sleepers%d_threads %lld\n", count,
	       after.threads - before.threads);
	if (n) {
		printf("sleepers%d_stack %.1f\n", count,
		       (double)(after.stacks - before.stacks) / n);
		printf("sleepers%d_memory %.1f\n", count,
		       (double)(after.kernel - before.kernel) / n);
	}
	fflush(stdout);
	printf("sleepers%d_latency %lld\n", count, probe_latency(PROBE_REQUEST));
	hold_end(crowd);
	return 0;
}

/* Suspends as far as the freezer, and stores the time. Returns the busy time. */
static long long suspend(int refused, long long *took)
{
	int fd = open("/sys/power/state", O_WRONLY), failed;
	struct mark start;
	long long busy;

	need(fd >= 0, "/sys/power/state");
	mark_start(&start);
	failed = write(fd, "freeze", 6) < 0;
	*took = now_ns() - start.clock;
	busy = busy_since(&start);
	need(failed == refused, "suspend");
	close(fd);
	sleep_ns(300 * MS);
	return busy;
}

/* While helpers run, suspend fails after some seconds. */
int do_suspend(int count)
{
	struct crowd *crowd = hold_begin(count, request_key);
	long long busy[ROUNDS], took[ROUNDS];
	int i;

	if (count) {
		crowd_go(crowd);
		hold_wait_started(count);
	}
	put("/sys/power/pm_test", "freezer");
	put("/sys/module/suspend/parameters/pm_test_delay", "0");
	for (i = -1; i < ROUNDS; i++)
		busy[i < 0 ? 0 : i] = suspend(!!count, &took[i < 0 ? 0 : i]);
	printf("suspend%d %lld\n", count, median(busy, ROUNDS));
	printf("suspend%d_time %lld\n", count, median(took, ROUNDS) / 1000);
	hold_end(crowd);
	return 0;
}
