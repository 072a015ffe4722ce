// SPDX-License-Identifier: GPL-2.0-only
/*
 * Repeats an action. In the first round its first allocation fails, in the second round
 * its second one, and so on, until a round in which no allocation fails.
 *
 *	kmod_fail_nth MAX fs|pf|key NAME	as kmod_req
 *	kmod_fail_nth MAX write FILE TEXT	opens FILE and writes TEXT
 *	kmod_fail_nth MAX toggle FILE 1		writes 1; after the round, writes 0
 *	kmod_fail_nth MAX load FILE PARAMETERS	loads and unloads that module
 *	kmod_fail_nth MAX none -		does nothing: only the checks
 *
 * %d in NAME, TEXT and PARAMETERS is the number of the round. After each round no request
 * may be in flight, the counters of the journal must add up, and with a limit of one, the
 * next request must be served. Prints a summary and exits with 0, or prints the failed
 * check and exits with 1; exits with 5 if MAX rounds did not suffice.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "kmod_util.h"

#define JOURNAL		"/sys/kernel/debug/kmod/"
#define MODULE_PREFIX	"kmod_stub"
#define PATIENCE_S	60

struct counts {
	unsigned long long requests;
	unsigned long long outcomes;
	unsigned long long modprobes;
	unsigned long long beyond_limit;
	unsigned long long unrecorded;
};

/* Number of rounds by their errno */
static unsigned int results[4096];

static bool in_flight(void)
{
	char c;
	int fd = open(JOURNAL "inflight", O_RDONLY);
	ssize_t n = read(fd, &c, 1);

	close(fd);
	if (n < 0)
		exit(3);
	return n;
}

static struct counts read_counts(void)
{
	FILE *stats = fopen(JOURNAL "stats", "r");
	struct counts counts = { };
	unsigned long long n;
	char key[64];

	if (!stats)
		exit(4);
	while (fscanf(stats, "%63s %llu", key, &n) == 2) {
		if (!strcmp(key, "requests"))
			counts.requests = n;
		else if (!strncmp(key, "outcome_", 8))
			counts.outcomes += n;
		else if (!strcmp(key, "modprobes"))
			counts.modprobes = n;
		else if (!strcmp(key, "beyond_limit"))
			counts.beyond_limit = n;
		else if (!strcmp(key, "unrecorded"))
			counts.unrecorded = n;
		else if (!strcmp(key, "latency_us"))
			fscanf(stats, "%*u");
	}
	fclose(stats);
	return counts;
}

/* Waits for requests that the action has started and does not wait for. */
static bool all_ended(void)
{
	time_t end = time(NULL) + PATIENCE_S;

	while (in_flight()) {
		if (time(NULL) > end) {
			printf("a request is still in flight\n");
			return false;
		}
		sleep_ms(5);
	}
	return true;
}

/* The only slot must be free: a modprobe must be started, and not beyond the limit. */
static bool next_is_served(void)
{
	struct counts before = read_counts(), after;

	mount("none", "/", "kmod_fail_next", 0, NULL);
	after = read_counts();
	if (before.requests == before.outcomes && after.requests == before.requests + 1 &&
	    after.outcomes == after.requests && after.modprobes == before.modprobes + 1 &&
	    after.beyond_limit == before.beyond_limit)
		return true;
	printf("requests outcomes modprobes lent: %llu %llu %llu %llu, then %llu %llu %llu %llu\n",
	       before.requests, before.outcomes, before.modprobes, before.beyond_limit,
	       after.requests, after.outcomes, after.modprobes, after.beyond_limit);
	return false;
}

static int load(const char *file, const char *parameters)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -1;
	err = syscall(SYS_finit_module, fd, parameters, 0);
	close(fd);
	return err;
}

static int perform(char **action, const char *text)
{
	if (!strcmp(action[0], "fs"))
		return mount("none", "/", text, 0, NULL);
	if (!strcmp(action[0], "pf"))
		return socket(atoi(text), SOCK_STREAM, 0);
	if (!strcmp(action[0], "key"))
		return syscall(SYS_request_key, "user", text, "kmod_fail_nth", 0);
	if (!strcmp(action[0], "load"))
		return load(action[1], text);
	if (!strcmp(action[0], "toggle"))
		return write_file(action[1], "1", 1);
	if (!strcmp(action[0], "write"))
		return write_file(action[1], text, strlen(text));
	return 0;
}

static void fail_at(int fd, unsigned int n)
{
	char text[16];

	sprintf(text, "%u", n);
	if (pwrite(fd, text, strlen(text), 0) < 0) {
		perror("fail-nth");
		exit(6);
	}
}

/* Returns 0 if an allocation has failed, else the number of those left until one fails. */
static unsigned int left_over(int fd)
{
	char text[16] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) < 0) {
		perror("fail-nth");
		exit(7);
	}
	return atoi(text);
}

/* Returns whether an allocation has failed. */
static bool one_round(int fd, unsigned int n, char **action, const char *text)
{
	unsigned int left;
	int ret, err;

	fail_at(fd, n);
	ret = perform(action, text);
	err = ret < 0 ? errno : 0;
	left = left_over(fd);
	fail_at(fd, 0);
	results[err]++;
	if (!strcmp(action[0], "load") && ret >= 0)
		syscall(SYS_delete_module, MODULE_PREFIX, O_NONBLOCK);
	if (!strcmp(action[0], "toggle"))
		write_file(action[1], "0", 1);
	if (!strcmp(action[0], "pf") && ret >= 0)
		close(ret);
	return !left;
}

static void summarise(unsigned int rounds, const struct counts *before,
		      const struct counts *after)
{
	size_t i;

	printf("%u allocations failed; %llu modprobes, %llu requests not recorded;",
	       rounds - 1, after->modprobes - before->modprobes - rounds,
	       after->unrecorded - before->unrecorded);
	for (i = 0; i < sizeof(results) / sizeof(*results); i++)
		if (results[i])
			printf(" %s %u", i ? strerrorname_np(i) : "OK", results[i]);
	printf("\n");
}

int main(int argc, char **argv)
{
	int fd = open("/proc/thread-self/fail-nth", O_RDWR);
	struct counts before = read_counts(), after;
	unsigned int n = 1, max;
	char text[256];
	bool failed;

	if (fd < 0 || argc < 4)
		return 2;
	max = atoi(argv[1]);
	do {
		snprintf(text, sizeof(text), argv[argc - 1], n);
		failed = one_round(fd, n, argv + 2, text);
		if (!all_ended() || !next_is_served()) {
			printf("after failure %u of %s %s\n", n, argv[2], text);
			return 1;
		}
	} while (failed && n++ < max);
	after = read_counts();
	summarise(n, &before, &after);
	return failed ? 5 : 0;
}
