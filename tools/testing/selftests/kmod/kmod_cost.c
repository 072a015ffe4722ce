// SPDX-License-Identifier: GPL-2.0-only
/*
 *	kmod_cost PROGRAM [RULES]
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
 * and, if there is a file RULES, which lets the request pass,
 *
 *	ruled	as kernel, with these loaded
 *	rules	(ruled - socket) / (kernel - socket)
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
#define RULES_MAX	65536

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

static void write_file(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	if (fd < 0 || write(fd, text, len) < 0) {
		fprintf(stderr, "kmod_cost: %s: %m\n", path);
		exit(1);
	}
	close(fd);
}

static void set_modprobe(const char *path)
{
	/* A line's end alone is the empty path. */
	if (!*path)
		path = "\n";
	write_file("/proc/sys/kernel/modprobe", path, strlen(path));
}

static void set_rules(const char *rules, size_t len)
{
	write_file("/sys/kernel/security/kmod/policy", rules, len);
}

static size_t read_rules(const char *path, char *rules)
{
	int fd = open(path, O_RDONLY);
	ssize_t len = read(fd, rules, RULES_MAX);

	if (len <= 0) {
		fprintf(stderr, "kmod_cost: %s: %m\n", path);
		exit(1);
	}
	close(fd);
	return len;
}

static long long by_kernel_with(const char *rules, size_t len)
{
	long long took;

	set_rules(rules, len);
	took = by_kernel();
	set_rules("\n", 1);
	return took;
}

static void print(long long u, long long k, long long t)
{
	printf("user %lld\nkernel %lld\nsocket %lld\nratio %.4f\ngross %.4f\n",
	       u, k, t, (double)(k - t) / u, (double)k / u);
}

int main(int argc, char **argv)
{
	static long long user[ROUNDS], kernel[ROUNDS], trigger[ROUNDS], ruled[ROUNDS];
	static char rules[RULES_MAX];
	size_t len = 0;
	int i, n;

	if (argc < 2 || argc > 3)
		return 2;
	argv_same[0] = argv[1];
	if (argc == 3)
		len = read_rules(argv[2], rules);
	/* The first rounds warm up, and are overwritten. */
	for (i = -WARM_UP; i < ROUNDS; i++) {
		n = i < 0 ? 0 : i;
		set_modprobe(argv[1]);
		user[n] = by_user_space();
		kernel[n] = by_kernel();
		if (len)
			ruled[n] = by_kernel_with(rules, len);
		set_modprobe("");
		trigger[n] = by_kernel();
	}
	set_modprobe(argv[1]);
	print(middle(user), middle(kernel), middle(trigger));
	if (len)
		printf("ruled %lld\nrules %.4f\n", middle(ruled),
		       (double)(middle(ruled) - middle(trigger)) /
		       (middle(kernel) - middle(trigger)));
	return 0;
}
