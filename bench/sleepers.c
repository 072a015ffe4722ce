// SPDX-License-Identifier: GPL-2.0-only
/*
 * What helpers cost that are there and sleep.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

#define MEMINFO		"/proc/meminfo"
#define PF_KTHREAD	0x200000
#define FAMILY		19
#define ROUNDS		9
/* A request that takes longer is taken for one that does not come back. */
#define PATIENCE	20
/* Seconds after which workers that were needed once are gone again: twice 300. */
#define WORKERS_END	620

static int all;
static int tell[2], answer[2];
static pid_t prober;

struct usage {
	long long threads;
	long long stacks;	/* KB */
	long long kernel;	/* KB: stacks, slabs and page tables */
};

static void ask_key(int number)
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

/* Until all run, or none was added for a while. */
static void let_start(int count)
{
	long long before, n = 0;

	do {
		before = n;
		rest(2000 * MS);
		n = modprobes();
	} while (n < count && n > before);
}

/*
 * A process that was there before the others, makes a request when told to, and
 * tells how long that took.
 */
static void probe(void)
{
	long long from;
	char c;

	while (read(tell[0], &c, 1) == 1) {
		from = now();
		socket(FAMILY, SOCK_STREAM, 0);
		from = now() - from;
		if (write(answer[1], &from, sizeof(from)) != sizeof(from))
			break;
	}
	_exit(0);
}

static void start_probe(void)
{
	need(!pipe(tell) && !pipe(answer), "pipe");
	prober = fork();
	need(prober >= 0, "fork");
	if (!prober)
		probe();
}

/* In nanoseconds; our patience when there is no end. */
static long long latency(void)
{
	struct pollfd fd = { .fd = answer[0], .events = POLLIN };
	long long took[ROUNDS];
	int i;

	for (i = -1; i < ROUNDS; i++) {
		need(write(tell[1], "x", 1) == 1, "probe");
		if (!poll(&fd, 1, PATIENCE * 1000)) {
			kill(prober, SIGKILL);
			return PATIENCE * 1000 * MS;
		}
		need(read(answer[0], &took[i < 0 ? 0 : i], sizeof(*took)) ==
		     sizeof(*took), "probe");
	}
	return median(took, ROUNDS);
}

static struct crowd *begin(int count)
{
	rest(WORKERS_END * 1000 * MS);
	all = count;
	unlink(HOLD_FIFO);
	need(!mkfifo(HOLD_FIFO, 0600), HOLD_FIFO);
	put("/proc/sys/kernel/modprobe", "/bench/noop");
	forget_modprobes();
	start_probe();
	return crowd_make(count, ask_key);
}

static void end(struct crowd *crowd)
{
	int fd = open(HOLD_FIFO, O_RDWR);

	need(fd >= 0, HOLD_FIFO);
	if (all)
		crowd_wait(crowd);
	close(fd);
	kill(prober, SIGKILL);
}

int do_sleepers(int count)
{
	struct crowd *crowd = begin(count);
	struct usage before = usage(), after;
	long long n;

	if (count) {
		crowd_go(crowd);
		let_start(count);
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
	printf("sleepers%d_latency %lld\n", count, latency());
	end(crowd);
	return 0;
}

/* The freezer only, and at once back again. Returns what that cost. */
static long long suspend(int refused, long long *took)
{
	int fd = open("/sys/power/state", O_WRONLY), failed;
	struct mark start;
	long long busy;

	need(fd >= 0, "/sys/power/state");
	mark_start(&start);
	failed = write(fd, "freeze", 6) < 0;
	*took = now() - start.clock;
	busy = busy_since(&start);
	need(failed == refused, "suspend");
	close(fd);
	rest(300 * MS);
	return busy;
}

/* With helpers it is refused, after some seconds. */
int do_suspend(int count)
{
	struct crowd *crowd = begin(count);
	long long busy[ROUNDS], took[ROUNDS];
	int i;

	if (count) {
		crowd_go(crowd);
		let_start(count);
	}
	put("/sys/power/pm_test", "freezer");
	put("/sys/module/suspend/parameters/pm_test_delay", "0");
	for (i = -1; i < ROUNDS; i++)
		busy[i < 0 ? 0 : i] = suspend(!!count, &took[i < 0 ? 0 : i]);
	printf("suspend%d %lld\n", count, median(busy, ROUNDS));
	printf("suspend%d_time %lld\n", count, median(took, ROUNDS) / 1000);
	end(crowd);
	return 0;
}
