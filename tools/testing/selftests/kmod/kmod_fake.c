// SPDX-License-Identifier: GPL-2.0-only
/*
 * A scripted helper: a modprobe, request-key, core helper or any other. It reads words
 * from the file "do.LAST_ARGUMENT" in its folder, or from "do", and obeys them in order;
 * without either file it exits with 0:
 *
 *	sleep MS	sleep MS milliseconds
 *	random MS	sleep up to MS milliseconds
 *	hold		wait until the file "hold" has been removed
 *	status		copy /proc/self/status to the file "status"
 *	environ		copy /proc/self/environ to the file "environ"
 *	fdinfo N	copy /proc/self/fdinfo/N to the file "fdinfo"
 *	stdin		copy the first bytes of the standard input to the file "stdin"
 *	instantiate TEXT  as a request-key: instantiate the key with TEXT
 *	reject SECONDS	as a request-key: reject the key with EKEYREJECTED
 *	run PROGRAM	run PROGRAM with the same arguments, exit with its status
 *	signal N	kill itself with signal N
 *	exit N		exit with status N
 *
 * It appends lines to the file "log" in its folder:
 *
 *	start PID PARENT PROGRAM ARGV[0] ARGV[1] ...
 *	ran PID STATUS MICROSECONDS
 *	end PID
 *
 * Bytes that are not printable, spaces and per cent signs are written as %XX. "end" is
 * written shortly before the exit, so a count of running helpers may be too low, but never
 * too high.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kmod_util.h"

#define BLANKS	"\n "

static char program[PATH_MAX];
static int dir = -1;

/* One write per line: helpers that share the log must not mix their lines. */
static void log_line(const char *text)
{
	int fd = openat(dir, "log", O_WRONLY | O_APPEND | O_CREAT, 0666);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		exit(120);
	close(fd);
}

static void escape(FILE *to, const char *text)
{
	for (; *text; text++) {
		unsigned char c = *text;

		if (c > ' ' && c < 0x7f && c != '%')
			putc(c, to);
		else
			fprintf(to, "%%%02x", c);
	}
}

static void log_start(int argc, char **argv)
{
	char *text = NULL;
	size_t size;
	FILE *line = open_memstream(&text, &size);
	int i;

	fprintf(line, "start %d %d %s", getpid(), getppid(), program);
	for (i = 0; i < argc; i++) {
		putc(' ', line);
		escape(line, argv[i]);
	}
	fputs("\n", line);
	fclose(line);
	log_line(text);
	free(text);
}

static void log_end(void)
{
	char text[32];

	snprintf(text, sizeof(text), "end %d\n", getpid());
	log_line(text);
}

static long random_ms(long max)
{
	srandom(now_ns() ^ getpid());
	return random() % (max + 1);
}

static void hold(void)
{
	while (!faccessat(dir, "hold", F_OK, 0))
		sleep_ms(50);
}

/* Copies at most 64 KiB, but reads all: the writer of a pipe must not get SIGPIPE. */
static void copy(int from, const char *name)
{
	int to = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	size_t copied = 0;
	char buffer[4096];
	ssize_t n;

	while ((n = read(from, buffer, sizeof(buffer))) > 0) {
		if (copied < 65536 && write(to, buffer, n) != n)
			exit(121);
		copied += n;
	}
	close(to);
}

static void copy_file(const char *path, const char *name)
{
	int from = open(path, O_RDONLY);

	copy(from, name);
	close(from);
}

static int run(char *path, char **argv)
{
	long long from = now_us();
	char text[64];
	int status = -1;
	pid_t pid;

	argv[0] = path;
	pid = fork();
	if (!pid) {
		execv(path, argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
	snprintf(text, sizeof(text), "ran %d %d %lld\n", getpid(), status, now_us() - from);
	log_line(text);
	return status;
}

/* Arguments: create KEY UID GID THREAD_RING PROCESS_RING SESSION_RING */
static void instantiate(char **argv, const char *text)
{
	long key = atol(argv[2]), ring = atol(argv[7]);

	if (syscall(SYS_keyctl, KEYCTL_ASSUME_AUTHORITY, key) < 0 ||
	    syscall(SYS_keyctl, KEYCTL_INSTANTIATE, key, text, strlen(text),
		    ring) < 0)
		exit(118);
}

static void reject(char **argv, long seconds)
{
	long key = atol(argv[2]), ring = atol(argv[7]);

	if (syscall(SYS_keyctl, KEYCTL_ASSUME_AUTHORITY, key) < 0 ||
	    syscall(SYS_keyctl, KEYCTL_REJECT, key, seconds, EKEYREJECTED,
		    ring) < 0)
		exit(119);
}

static void copy_fdinfo(const char *number)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%s", number);
	copy_file(path, "fdinfo");
}

static void die_by(int signal_number)
{
	log_end();
	signal(signal_number, SIG_DFL);
	raise(signal_number);
	exit(122);
}

static void leave(int status)
{
	log_end();
	exit(status);
}

/* Words without a value. Returns 0 for any other word. */
static int obey_word(const char *word)
{
	if (!strcmp(word, "hold"))
		hold();
	else if (!strcmp(word, "status"))
		copy_file("/proc/self/status", "status");
	else if (!strcmp(word, "environ"))
		copy_file("/proc/self/environ", "environ");
	else if (!strcmp(word, "stdin"))
		copy(0, "stdin");
	else
		return 0;
	return 1;
}

static void obey_pair(const char *word, char *value, char **argv)
{
	if (!strcmp(word, "sleep"))
		sleep_ms(atol(value));
	else if (!strcmp(word, "random"))
		sleep_ms(random_ms(atol(value)));
	else if (!strcmp(word, "fdinfo"))
		copy_fdinfo(value);
	else if (!strcmp(word, "instantiate"))
		instantiate(argv, value);
	else if (!strcmp(word, "reject"))
		reject(argv, atol(value));
	else if (!strcmp(word, "run"))
		leave(run(value, argv));
	else if (!strcmp(word, "signal"))
		die_by(atoi(value));
	else if (!strcmp(word, "exit"))
		leave(atoi(value));
	else
		exit(124);
}

static void obey(char *words, char **argv)
{
	char *word, *value;

	for (word = strtok(words, BLANKS); word; word = strtok(NULL, BLANKS)) {
		if (obey_word(word))
			continue;
		value = strtok(NULL, BLANKS);
		if (!value)
			exit(123);
		obey_pair(word, value, argv);
	}
	leave(0);
}

int main(int argc, char **argv)
{
	char name[NAME_MAX + 1], words[256], parent[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	int fd;

	if (n < 0 || !argc)
		return 125;
	memcpy(parent, program, sizeof(parent));
	dir = open(dirname(parent), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	log_start(argc, argv);

	snprintf(name, sizeof(name), "do.%s", argv[argc - 1]);
	fd = openat(dir, name, O_RDONLY);
	if (fd < 0)
		fd = openat(dir, "do", O_RDONLY);
	n = fd < 0 ? 0 : read(fd, words, sizeof(words) - 1);
	if (n < 0)
		return 126;
	close(fd);
	words[n] = '\0';
	obey(words, argv);
}
