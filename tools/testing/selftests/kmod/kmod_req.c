// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes the kernel run a helper, by ordinary system calls.
 *
 *	kmod_req [-n COUNT] [-s] [-k MS] [-r COUNT] fs|pf|key|hash NAME
 *
 *	fs	mounts a file system of that type: module fs-NAME
 *	pf	opens a socket of that family: module net-pf-NAME
 *	key	requests a key of that description: /sbin/request-key
 *	hash	binds a socket to that hash: modules net-pf-38, algif-hash, ...
 *
 * -n COUNT	that many processes make one request each at the same time, for NAME0,
 *		NAME1, ..., or with -s all for NAME
 * -k MS	kills each of these COUNT processes at a random time within MS milliseconds
 * -r COUNT	one process makes that many requests, one after the other
 *
 * Prints a line per request,
 *
 *	NAME RESULT MICROSECONDS
 *
 * in which RESULT is OK or the name of the errno. For a killed process RESULT is "killed",
 * and the time is that from the kill to the exit.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kmod_util.h"

struct child {
	pid_t pid;
	long long kill_at;	/* microseconds; 0: never, or killed already */
	long long killed_at;
	char name[4200];
};

static const char *kind;
static int start[2];

static int request(const char *name)
{
	if (!strcmp(kind, "fs"))
		return mount("none", "/", name, 0, NULL);
	if (!strcmp(kind, "pf"))
		return socket(atoi(name), SOCK_STREAM, 0);
	if (!strcmp(kind, "key"))
		return syscall(SYS_request_key, "user", name, "kmod_req", 0);
	if (!strcmp(kind, "hash"))
		return bind_alg("hash", name);
	fprintf(stderr, "kmod_req: expected fs, pf, key or hash, not %s\n", kind);
	exit(2);
}

/* One write per line: the processes must not mix their lines. */
static void report(const char *name, const char *result, long long us)
{
	char line[4300];
	int n = snprintf(line, sizeof(line), "%s %s %lld\n", name, result, us);

	if (write(1, line, n) != n)
		exit(3);
}

static void one(const char *name)
{
	long long from = now_us(), took;
	int err = request(name) < 0 ? errno : 0;

	took = now_us() - from;
	report(name, err ? strerrorname_np(err) : "OK", took);
}

static void spawn(struct child *child)
{
	char c;

	child->pid = fork();
	if (child->pid < 0) {
		perror("kmod_req: fork");
		exit(4);
	}
	if (child->pid)
		return;
	close(start[1]);
	if (read(start[0], &c, 1) < 0)
		_exit(5);
	one(child->name);
	_exit(0);
}

static void reap(struct child *children, int count, int *alive)
{
	int status, i;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (i = 0; children[i].pid != pid && i < count - 1; i++)
			;
		if (WIFSIGNALED(status))
			report(children[i].name, "killed",
			       now_us() - children[i].killed_at);
		children[i].kill_at = 0;
		(*alive)--;
	}
}

/* Kills the processes that are due. Returns the microseconds until the next one. */
static long long kill_due(struct child *children, int count)
{
	long long next = 1000000, left;
	int i;

	for (i = 0; i < count; i++) {
		if (!children[i].kill_at)
			continue;
		left = children[i].kill_at - now_us();
		if (left <= 0) {
			children[i].killed_at = now_us();
			children[i].kill_at = 0;
			kill(children[i].pid, SIGKILL);
		} else if (left < next) {
			next = left;
		}
	}
	return next;
}

static void many(const char *name, int count, int same, long kill_ms)
{
	struct child *children = calloc(count, sizeof(*children));
	int i, alive = count;
	struct timespec t;
	sigset_t chld;
	long long us;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	if (!children || pipe(start))
		exit(6);
	for (i = 0; i < count; i++) {
		if (same)
			sprintf(children[i].name, "%s", name);
		else
			sprintf(children[i].name, "%s%d", name, i);
		spawn(&children[i]);
	}
	close(start[1]);
	for (i = 0; kill_ms && i < count; i++)
		children[i].kill_at = now_us() + random() % (kill_ms * 1000) + 1;
	while (alive) {
		us = kill_due(children, count);
		t.tv_sec = us / 1000000;
		t.tv_nsec = us % 1000000 * 1000;
		sigtimedwait(&chld, NULL, &t);
		reap(children, count, &alive);
	}
}

int main(int argc, char **argv)
{
	int opt, count = 0, same = 0;
	long kill_ms = 0, times = 1;

	srandom(getpid());
	while ((opt = getopt(argc, argv, "+n:sk:r:")) != -1) {
		switch (opt) {
		case 'n':
			count = atoi(optarg);
			break;
		case 's':
			same = 1;
			break;
		case 'k':
			kill_ms = atol(optarg);
			break;
		case 'r':
			times = atoi(optarg);
			break;
		default:
			return 2;
		}
	}
	if (argc - optind != 2 || strlen(argv[optind + 1]) > 4096)
		return 2;
	kind = argv[optind];
	if (count)
		many(argv[optind + 1], count, same, kill_ms);
	else
		while (times--)
			one(argv[optind + 1]);
	return 0;
}
