// SPDX-License-Identifier: GPL-2.0-only
/*
 *	kmod_cost PROGRAM [RULES]
 *
 * Compares the cost of a failing module request with that of a user space process that
 * starts the same program with the same arguments and waits for it. PROGRAM must exit
 * with 1; it becomes kernel.modprobe. Rounds differ by some per cent because addresses are
 * random. Prints the mean of the middle half of the rounds, in nanoseconds:
 *
 *	user	vfork(), execve() and waitpid()
 *	kernel	socket() of an unknown family, which requests a module
 *	socket	the same with an empty kernel.modprobe: the cost of the system call
 *		without the request
 *	ratio	(kernel - socket) / user
 *	gross	kernel / user
 *
 * and with a file RULES, whose rules must allow the request,
 *
 *	ruled	as kernel, with these rules loaded
 *	rules	(ruled - socket) / (kernel - socket)
 *
 * In a guest that takes one nanosecond per instruction, these are counts of instructions.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kmod_util.h"

#define ROUNDS	601
#define WARM_UP	20
#define POLICY		"/sys/kernel/security/autoload/policy"
#define RULES_MAX	65536

static long long by_user_space(char *program)
{
	long long from = now_ns();
	int status = run_as_modprobe(program, UNKNOWN_FAMILY_ALIAS);

	if (!WIFEXITED(status) || WEXITSTATUS(status) != 1) {
		fputs("kmod_cost: the program must exit with status 1\n", stderr);
		exit(1);
	}
	return now_ns() - from;
}

static long long by_kernel(void)
{
	long long from = now_ns();

	if (socket(UNKNOWN_FAMILY, SOCK_STREAM, 0) >= 0) {
		fputs("kmod_cost: expected socket() to fail\n", stderr);
		exit(1);
	}
	return now_ns() - from;
}

static void must_write(const char *path, const char *text, size_t len)
{
	if (write_file(path, text, len)) {
		fprintf(stderr, "kmod_cost: %s: %m\n", path);
		exit(1);
	}
}

static void set_modprobe(const char *path)
{
	/* A newline alone sets the empty path. */
	if (!*path)
		path = "\n";
	must_write("/proc/sys/kernel/modprobe", path, strlen(path));
}

static void set_rules(const char *rules, size_t len)
{
	must_write(POLICY, rules, len);
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
	long long k, t, r;
	size_t len = 0;
	int i, n;

	if (argc < 2 || argc > 3)
		return 2;
	if (argc == 3)
		len = read_rules(argv[2], rules);
	/* Later rounds overwrite the results of the rounds that warm up. */
	for (i = -WARM_UP; i < ROUNDS; i++) {
		n = i < 0 ? 0 : i;
		set_modprobe(argv[1]);
		user[n] = by_user_space(argv[1]);
		kernel[n] = by_kernel();
		if (len)
			ruled[n] = by_kernel_with(rules, len);
		set_modprobe("");
		trigger[n] = by_kernel();
	}
	set_modprobe(argv[1]);
	k = mean_of_middle_half(kernel, ROUNDS);
	t = mean_of_middle_half(trigger, ROUNDS);
	print(mean_of_middle_half(user, ROUNDS), k, t);
	if (len) {
		r = mean_of_middle_half(ruled, ROUNDS);
		printf("ruled %lld\nrules %.4f\n", r, (double)(r - t) / (k - t));
	}
	return 0;
}
