// SPDX-License-Identifier: GPL-2.0-only
/*
 *	scale boot COUNT RUNS	COUNT threads request modules, as the boot of a large machine
 *	scale same COUNT RUNS	COUNT threads wait for one name whose modprobe is held
 *	scale spread COUNT RUNS	COUNT threads wait for different names
 *	scale chosen COUNT RUNS	the same, with names that collide in a hash without a salt
 *
 * Prints lines "THING MEASURE VALUE". Each load runs with the same threads: first RUNS times
 * without any instrument, then with the statistics of locks, then with the tracer of interrupts.
 * The last two leave their results to the caller, in /proc/lock_stat and in tracefs.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kmod_util.h"
#include "measure.h"

#define LOCK_STAT		"/proc/lock_stat"
#define LOCK_STAT_ON		"/proc/sys/kernel/lock_stat"
#define LATENCY			"/sys/kernel/tracing/tracing_max_latency"
#define TRACING_ON		"/sys/kernel/tracing/tracing_on"
#define STATS			"/sys/kernel/debug/kmod/stats"
#define INFLIGHT		"/sys/kernel/debug/kmod/inflight"

/* Covers the end of the modprobes and the deferred work of the previous run. */
#define SETTLE			(1000 * MS)
/* The way of the last thread to where it waits */
#define ARRIVAL			(300 * MS)
#define USERS			8
#define UID			1000

enum instrument { NOTHING, LOCKS, INTERRUPTS };

/* How thread N requests, by the remainder of N. */
static const struct role {
	int policy;
	int priority;	/* of SCHED_FIFO, else nice */
	int is_user;
} roles[] = {
	{ SCHED_OTHER, 0, 0 },
	{ SCHED_OTHER, -10, 0 },
	{ SCHED_FIFO, 10, 0 },
	{ SCHED_BATCH, 5, 0 },
	{ SCHED_OTHER, 0, 1 },
	{ SCHED_OTHER, 10, 1 },
	{ SCHED_FIFO, 1, 1 },
	{ SCHED_BATCH, 19, 1 },
};

#define ROLES	((int)(sizeof(roles) / sizeof(*roles)))

static char (*names)[14];	/* of thread N; the size of salg_type */
static int *sockets;
static long long *took;		/* nanoseconds */
static atomic_int entered, returned;
static int prepared;

/* These calls change only the calling thread. */
static void take_role(int number)
{
	const struct role *role = &roles[number % ROLES];
	int fifo = role->policy == SCHED_FIFO, uid = UID + number / ROLES % USERS;
	struct sched_param param = { .sched_priority = fifo ? role->priority : 0 };

	need(!sched_setscheduler(0, role->policy, &param), "sched_setscheduler");
	if (!fifo)
		need(!setpriority(PRIO_PROCESS, 0, role->priority), "setpriority");
	if (role->is_user)
		need(!syscall(SYS_setresuid, uid, uid, uid), "setresuid");
}

static void act(int number)
{
	struct sockaddr_alg sa = { .salg_family = AF_ALG };

	if (!prepared) {
		sockets[number] = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
		need(sockets[number] >= 0, "socket");
		take_role(number);
		return;
	}
	memcpy(sa.salg_type, names[number], sizeof(sa.salg_type));
	took[number] = now_ns();
	atomic_fetch_add(&entered, 1);
	need(bind(sockets[number], (struct sockaddr *)&sa, sizeof(sa)) < 0 &&
	     errno == ENOENT, "bind");
	took[number] = now_ns() - took[number];
	atomic_fetch_add(&returned, 1);
}

static unsigned long rotate(unsigned long x, int n)
{
	return x << n | x >> (64 - n);
}

/*
 * The bucket of the request's name in a hash of 256, as full_name_hash() and hash_min() of a
 * little-endian 64-bit kernel find it for a salt of 0.
 */
static unsigned int bucket(const char *type)
{
	const unsigned long golden = 0x61c8864680b583ebUL;
	char text[32] = "algif-";
	unsigned long word, x = 0, y = 0;
	size_t len, at;

	strcat(text, type);
	len = strlen(text);
	for (at = 0; at + 8 <= len; at += 8) {
		memcpy(&word, text + at, 8);
		x ^= word;
		y ^= x;
		x = rotate(x, 12) + y;
		y = rotate(y, 45) * 9;
	}
	if (at < len) {
		memcpy(&word, text + at, 8);
		x ^= word;
	}
	y = (y ^ x * golden) * golden;
	return (unsigned int)(y >> 32) * 0x61c88647U >> 24;
}

static void make_names(const char *load, int count)
{
	int entries = count / 4, different = entries - entries / 3, n = 0, i;

	names = calloc(count, sizeof(*names));
	need(!!names, "calloc");
	for (i = 0; i < count; i++) {
		if (!strcmp(load, "boot")) {
			n = i % entries % different;
		} else if (!strcmp(load, "spread")) {
			n = i;
		} else if (!strcmp(load, "chosen")) {
			do
				snprintf(names[i], sizeof(*names), "%c%d", *load, ++n);
			while (bucket(names[i]));
		}
		snprintf(names[i], sizeof(*names), "%c%d", *load, n);
	}
}

static void use(enum instrument instrument)
{
	if (instrument == LOCKS) {
		put(LOCK_STAT, "0");
		put(LOCK_STAT_ON, "1");
	} else if (instrument == INTERRUPTS) {
		put(LATENCY, "0");
		put(TRACING_ON, "1");
	}
}

/* The results remain. */
static void stop_using(enum instrument instrument)
{
	if (instrument == LOCKS)
		put(LOCK_STAT_ON, "0");
	else if (instrument == INTERRUPTS)
		put(TRACING_ON, "0");
}

/* Requests that got no slot. The unpatched kernel does not count them; returns -1. */
static long long timed_out(void)
{
	FILE *file = fopen(STATS, "r");
	long long n = -1;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "outcome_busy %lld", &n) == 1)
			break;
	if (file)
		fclose(file);
	return n;
}

static double seconds(long long ns)
{
	return (double)ns / 1e9;
}

static long long longest(int count)
{
	long long max = 0;
	int i;

	for (i = 0; i < count; i++)
		if (took[i] > max)
			max = took[i];
	return max;
}

static void begin(const char *modprobe)
{
	put(MODPROBE, modprobe);
	forget_modprobes();
	atomic_store(&entered, 0);
	atomic_store(&returned, 0);
	sleep_ns(SETTLE);
}

static void boot(struct crowd *crowd, int count, enum instrument instrument)
{
	long long from, ns, lost;

	begin("/bench/noop_log");
	lost = timed_out();
	use(instrument);
	from = now_ns();
	crowd_go(crowd);
	crowd_wait(crowd);
	ns = now_ns() - from;
	stop_using(instrument);
	if (instrument)
		return;
	sleep_ns(SETTLE);
	/* The unpatched kernel runs a modprobe for each request that gets a slot. */
	lost = lost < 0 ? count - modprobes() : timed_out() - lost;
	printf("requests seconds %.3f\n", seconds(ns));
	printf("requests served_per_second %.1f\n", (double)(count - lost) / seconds(ns));
	printf("requests longest_seconds %.3f\n", seconds(longest(count)));
	printf("requests modprobes %lld\n", modprobes());
	printf("requests without_slot %lld\n", lost);
}

static void read_inflight(void)
{
	FILE *file = fopen(INFLIGHT, "r");
	long long from = now_ns();
	char line[1024];
	int n = 0;

	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		n++;
	fclose(file);
	printf("inflight seconds %.3f\n", seconds(now_ns() - from));
	printf("inflight lines %d\n", n);
}

/*
 * The modprobes are held until all threads wait. Then autoloading is switched off, so that the
 * waiters pass through the slots without modprobes, and the modprobes end.
 */
static void wait_for_held(struct crowd *crowd, int count, enum instrument instrument)
{
	long long from, entry, drain;
	int hold, peak;

	begin("/bench/hold");
	use(instrument);
	from = now_ns();
	crowd_go(crowd);
	while (atomic_load(&entered) < count)
		sleep_ns(5 * MS);
	entry = now_ns() - from;
	sleep_ns(ARRIVAL);
	peak = count - atomic_load(&returned);
	if (!instrument)
		read_inflight();
	from = now_ns();
	put(MODPROBE, "\n");
	hold = open(HOLD_FIFO, O_RDWR | O_CLOEXEC);
	need(hold >= 0, HOLD_FIFO);
	crowd_wait(crowd);
	drain = now_ns() - from;
	stop_using(instrument);
	if (!instrument) {
		printf("requests seconds %.3f\n", seconds(entry + drain));
		printf("requests per_second %.1f\n", (double)count / seconds(entry + drain));
		printf("requests entry_seconds %.3f\n", seconds(entry));
		printf("requests drain_seconds %.3f\n", seconds(drain));
		printf("requests waiting_at_once %d\n", peak);
	}
	sleep_ns(SETTLE);
	close(hold);
}

static void raise_limit(int resource, rlim_t value)
{
	struct rlimit limit = { value, value };

	need(!setrlimit(resource, &limit), "setrlimit");
}

static void allow(int count)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", 2 * count + 4096);
	put("/proc/sys/kernel/threads-max", text);
	snprintf(text, sizeof(text), "%d", 4 * count + 32768);
	put("/proc/sys/kernel/pid_max", text);
	put("/proc/sys/vm/max_map_count", text);
	raise_limit(RLIMIT_NPROC, RLIM_INFINITY);
	raise_limit(RLIMIT_NOFILE, count + 1024);
}

static void run(const char *load, struct crowd *crowd, int count, enum instrument instrument)
{
	if (!strcmp(load, "boot"))
		boot(crowd, count, instrument);
	else
		wait_for_held(crowd, count, instrument);
}

int main(int argc, char **argv)
{
	const char *load = argc > 3 ? argv[1] : "";
	int count = argc > 3 ? atoi(argv[2]) : 0;
	int runs = argc > 3 ? atoi(argv[3]) : 0;
	struct crowd *crowd;

	if (count < 4 || !strstr("boot same spread chosen", load))
		return 2;
	allow(count);
	make_names(load, count);
	sockets = calloc(count, sizeof(*sockets));
	took = calloc(count, sizeof(*took));
	need(sockets && took, "calloc");
	unlink(HOLD_FIFO);
	need(!mkfifo(HOLD_FIFO, 0600), HOLD_FIFO);
	crowd = crowd_create(count, act);
	crowd_go(crowd);
	crowd_wait(crowd);
	prepared = 1;
	while (runs--)
		run(load, crowd, count, NOTHING);
	run(load, crowd, count, LOCKS);
	run(load, crowd, count, INTERRUPTS);
	fflush(stdout);
	_exit(0);
}
