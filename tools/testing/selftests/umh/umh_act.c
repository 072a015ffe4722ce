// SPDX-License-Identifier: GPL-2.0-only
/*
 * A helper that ends as its arguments specify:
 *
 *	exit N			exits with status N
 *	signal N		kills itself with signal N, without a core dump
 *	core DIR N		the same, with a core dump in DIR
 *	again N			execs "exit N"
 *	leader N		the first thread ends, then another one calls exit_group(N)
 *	last N			the first thread ends, then the last one with status N
 *	thread N		another thread execs "exit N"
 *	orphaned N		the first thread ends, then another one execs "exit N"
 *	stopped N		is stopped and continued, then exits
 *	traced N		exits under a tracer that reaps late
 *	dropped N		exits under a tracer that exits without reaping
 *	traceme N		asks its parent to trace it, then exits
 *	tracethread N		the same in another thread, which ends first
 *	parent N		exits and leaves a child that runs for minutes
 *	noenv			exits with 0 if its environment is empty, else with 1
 *	hold FILE N		exits once FILE has been removed
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kmod/kmod_util.h"

/* Long enough to detect an engine that mistakes an earlier event for the end of the helper */
#define A_WHILE_MS	30
#define LONG_S		600

static char self[4096];
static char *number;

static void exec_exit(void)
{
	char *argv[4] = { self, "exit", number, NULL };

	execve(self, argv, environ);
	_exit(99);
}

static void die(int signal_number, rlim_t core)
{
	struct rlimit limit = { core, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &limit);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
	_exit(98);
}

/* Calls exit_group(): N becomes the status of the process, whichever thread calls it. */
static void *exits(void *unused)
{
	sleep_ms(A_WHILE_MS);
	_exit(atoi(number));
	return unused;
}

/* Ends only this thread. It is the last one, so its status becomes that of the process. */
static void *ends(void *unused)
{
	sleep_ms(A_WHILE_MS);
	syscall(SYS_exit, atoi(number));
	return unused;
}

static void *execs(void *unused)
{
	sleep_ms(A_WHILE_MS);
	exec_exit();
	return unused;
}

static void start(void *(*function)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, function, NULL))
		_exit(96);
}

static void end_this_thread(void)
{
	syscall(SYS_exit, 91);
}

/*
 * The child that continues this process repeats SIGCONT, and has another name: make torture,
 * which stops and kills helpers by name, must not leave this one stopped.
 */
static void stopped(void)
{
	pid_t me = getpid(), child;
	char name[16];

	prctl(PR_GET_NAME, name);
	prctl(PR_SET_NAME, "continuer");
	child = fork();
	if (child < 0)
		_exit(94);
	while (!child) {
		sleep_ms(A_WHILE_MS);
		if (getppid() != me)
			_exit(0);
		kill(me, SIGCONT);
	}
	prctl(PR_SET_NAME, name);
	raise(SIGSTOP);
	kill(child, SIGKILL);
	wait(NULL);
}

/* The tracer outlives this process, and reaps it late or exits without reaping it. */
static void traced(int reap)
{
	pid_t me = getpid();
	int ready[2];
	char c;

	if (pipe(ready))
		_exit(95);
	if (!fork()) {
		if (ptrace(PTRACE_SEIZE, me, 0, 0))
			_exit(94);
		if (write(ready[1], "", 1) != 1)
			_exit(93);
		sleep_ms(A_WHILE_MS);
		if (reap)
			waitpid(me, NULL, __WALL);
		_exit(0);
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		_exit(92);
}

static void *traced_by_parent(void *unused)
{
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	return unused;
}

static void leave_child(void)
{
	if (!fork()) {
		setsid();
		sleep(LONG_S);
		_exit(0);
	}
}

static void act_by_threads(const char *act)
{
	if (!strcmp(act, "leader")) {
		start(exits);
		end_this_thread();
	} else if (!strcmp(act, "last")) {
		start(ends);
		end_this_thread();
	} else if (!strcmp(act, "thread")) {
		start(execs);
		pause();
	} else if (!strcmp(act, "tracethread")) {
		start(traced_by_parent);
		sleep_ms(A_WHILE_MS);
		_exit(atoi(number));
	} else if (!strcmp(act, "orphaned")) {
		start(execs);
		end_this_thread();
	}
}

static void act_before_exit(const char *act)
{
	if (!strcmp(act, "stopped"))
		stopped();
	else if (!strcmp(act, "traced"))
		traced(1);
	else if (!strcmp(act, "dropped"))
		traced(0);
	else if (!strcmp(act, "traceme"))
		traced_by_parent(NULL);
	else if (!strcmp(act, "parent"))
		leave_child();
	else if (strcmp(act, "exit"))
		_exit(89);
}

int main(int argc, char **argv)
{
	if (argc < 2 || readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return 88;
	number = argv[argc - 1];

	if (!strcmp(argv[1], "noenv"))
		return !!*environ;
	if (!strcmp(argv[1], "signal"))
		die(atoi(number), 0);
	if (!strcmp(argv[1], "core") && !chdir(argv[2]))
		die(atoi(number), RLIM_INFINITY);
	if (!strcmp(argv[1], "again"))
		exec_exit();
	if (!strcmp(argv[1], "hold")) {
		while (!access(argv[2], F_OK))
			sleep_ms(A_WHILE_MS);
		return atoi(number);
	}
	act_by_threads(argv[1]);
	act_before_exit(argv[1]);
	return atoi(number);
}
