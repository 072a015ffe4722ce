// SPDX-License-Identifier: GPL-2.0-only
/*
 *	kmod_cost PROGRAM
 *
 * What does a module request that fails cost, compared with a user space process
 * that starts the same program, with the same arguments, and waits for it? Makes
 * PROGRAM, which exits with 1, kernel.modprobe. Rounds differ by some per cent, as
 * addresses are random: prints the mean of their middle half, in nanoseconds:
 *
 *	user	vfork(), execve() and waitpid()
 *	kernel	a socket() of a family that nobody has, which makes a request
 *	socket	the same with autoloading switched off: what the system call
 *		costs that serves as the trigger, and no part of the request
 *	ratio	(kernel - socket) / user
 *	gross	kernel / user
 *
 * Where one instruction takes one nanosecond of guest time, these are
 * instructions.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS	601
#define WARM_UP	20
/* A family that no kernel of the tests has, nor a module: AF_ECONET. */
#define FAMILY	19

static char *argv_same[] = { NULL, "-q", "--", "net-pf-19", NULL };
static char *envp_same[] = {
	"HOME=/", "TERM=linux", "PATH=/sbin:/usr/sbin:/bin:/usr/bin", NULL
};

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long by_user_space(void)
{
	long long from = now();
	int status;
	pid_t pid = vfork();

	if (!pid) {
		execve(argv_same[0], argv_same, envp_same);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid ||
	    !WIFEXITED(status) || WEXITSTATUS(status) != 1) {
		fputs("kmod_cost: the program does not run as it should\n", stderr);
		exit(1);
	}
	return now() - from;
}

static long long by_kernel(void)
{
	long long from = now();

	if (socket(FAMILY, SOCK_STREAM, 0) >= 0) {
		fputs("kmod_cost: the kernel knows that family\n", stderr);
		exit(1);
	}
	return now() - from;
}

static int compare(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return (x > y) - (x < y);
}

static long long middle(long long *values)
{
	long long sum = 0;
	int i;

	qsort(values, ROUNDS, sizeof(*values), compare);
	for (i = ROUNDS / 4; i < ROUNDS - ROUNDS / 4; i++)
		sum += values[i];
	return sum / (ROUNDS - 2 * (ROUNDS / 4));
}

static void set_modprobe(const char *path)
{
	int fd = open("/proc/sys/kernel/modprobe", O_WRONLY | O_TRUNC);

	/* A line's end alone is the empty path. */
	if (!*path)
		path = "\n";
	if (fd < 0 || write(fd, path, strlen(path)) < 0) {
		perror("kmod_cost: kernel.modprobe");
		exit(1);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	static long long user[ROUNDS], kernel[ROUNDS], trigger[ROUNDS];
	long long u, k, t;
	int i;

	if (argc != 2)
		return 2;
	argv_same[0] = argv[1];
	/* The first rounds warm up, and are overwritten. */
	for (i = -WARM_UP; i < ROUNDS; i++) {
		set_modprobe(argv[1]);
		user[i < 0 ? 0 : i] = by_user_space();
		kernel[i < 0 ? 0 : i] = by_kernel();
		set_modprobe("");
		trigger[i < 0 ? 0 : i] = by_kernel();
	}
	set_modprobe(argv[1]);
	u = middle(user);
	k = middle(kernel);
	t = middle(trigger);
	printf("user %lld\nkernel %lld\nsocket %lld\nratio %.4f\ngross %.4f\n",
	       u, k, t, (double)(k - t) / u, (double)k / u);
	return 0;
}
