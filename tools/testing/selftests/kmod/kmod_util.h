/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Clock, files, statistics and requests for the test programs and for the benchmark.
 */
#ifndef KMOD_UTIL_H
#define KMOD_UTIL_H

#include <errno.h>
#include <fcntl.h>
#include <linux/if_alg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* AF_ECONET, which neither the tested kernels nor their modules provide */
#define UNKNOWN_FAMILY		19
#define UNKNOWN_FAMILY_ALIAS	"net-pf-19"

static inline long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static inline long long now_us(void)
{
	return now_ns() / 1000;
}

static inline void sleep_ns(long long ns)
{
	struct timespec t = { ns / 1000000000, ns % 1000000000 };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

static inline void sleep_ms(long ms)
{
	sleep_ns(ms * 1000000LL);
}

/* Writes to the start of an existing file. Returns 0, or -1 with errno. */
static inline int write_file(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err;
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, len);
	err = errno;
	close(fd);
	errno = err;
	return n == (ssize_t)len ? 0 : -1;
}

static inline int compare_values(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return (x > y) - (x < y);
}

static inline void sort_values(long long *values, int count)
{
	qsort(values, count, sizeof(*values), compare_values);
}

/* Sorts the values. The mean of their middle half varies less than their median. */
static inline long long mean_of_middle_half(long long *values, int count)
{
	int from = count / 4, to = count - count / 4, i;
	long long sum = 0;

	sort_values(values, count);
	for (i = from; i < to; i++)
		sum += values[i];
	return sum / (to - from);
}

/*
 * Starts a program from user space and waits for it, with the environment that the kernel
 * gives modprobe. Returns its wait status, or -1.
 */
static inline int run_program(char *const argv[])
{
	char *const envp[] = {
		"HOME=/", "TERM=linux", "PATH=/sbin:/usr/sbin:/bin:/usr/bin",
		NULL
	};
	int status;
	pid_t pid = vfork();

	if (!pid) {
		execve(argv[0], argv, envp);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

/* The same, also with the arguments that the kernel gives modprobe */
static inline int run_as_modprobe(char *path, char *name)
{
	char *const argv[] = { path, "-q", "--", name, NULL };

	return run_program(argv);
}

/* Requests algif-TYPE, crypto-NAME and so on. Returns 0, or -1 with errno. */
static inline int bind_alg(const char *type, const char *name)
{
	struct sockaddr_alg sa = { .salg_family = AF_ALG };
	int fd = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), result, err;

	if (fd < 0)
		return -1;
	snprintf((char *)sa.salg_type, sizeof(sa.salg_type), "%s", type);
	snprintf((char *)sa.salg_name, sizeof(sa.salg_name), "%s", name);
	result = bind(fd, (struct sockaddr *)&sa, sizeof(sa));
	err = errno;
	close(fd);
	errno = err;
	return result;
}

#endif /* KMOD_UTIL_H */
