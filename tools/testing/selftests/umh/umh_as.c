// SPDX-License-Identifier: GPL-2.0-only
/*
 * umh_as STATE PROGRAM [ARGUMENT]...: runs PROGRAM in a state that its helpers must not
 * inherit. states[] lists the states.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define IOPRIO_WHO_PROCESS	1
#define IOPRIO_IDLE		(3 << 13)
#define MPOL_BIND		2

static void must(int result)
{
	if (result < 0) {
		perror("umh_as");
		exit(120);
	}
}

static void policy(int number, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	must(sched_setscheduler(0, number, &param));
}

static void as_fifo(void)
{
	policy(SCHED_FIFO, 50);
}

static void as_round_robin(void)
{
	policy(SCHED_RR, 1);
}

static void as_batch(void)
{
	policy(SCHED_BATCH, 0);
}

static void as_idle(void)
{
	policy(SCHED_IDLE, 0);
}

static void as_nice(void)
{
	must(setpriority(PRIO_PROCESS, 0, 19));
}

static void as_not_nice(void)
{
	must(setpriority(PRIO_PROCESS, 0, -15));
}

static void as_pinned(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	must(sched_setaffinity(0, sizeof(set), &set));
}

static void as_masked(void)
{
	sigset_t all;

	sigfillset(&all);
	must(sigprocmask(SIG_BLOCK, &all, NULL));
}

static void as_ignoring(void)
{
	int i;

	for (i = 1; i < NSIG; i++)
		signal(i, SIG_IGN);
}

/* Also with signals pending */
static void as_pending(void)
{
	as_masked();
	must(raise(SIGTERM));
	must(raise(SIGUSR1));
}

/* Every limit that does not keep the program itself from running */
static void as_limited(void)
{
	static const int which[] = {
		RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_CORE, RLIMIT_NOFILE,
		RLIMIT_MEMLOCK, RLIMIT_LOCKS, RLIMIT_SIGPENDING,
		RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_RTPRIO, RLIMIT_RTTIME,
		RLIMIT_NPROC,
	};
	struct rlimit limit = { 20, 21 };
	size_t i;

	for (i = 0; i < sizeof(which) / sizeof(*which); i++)
		must(setrlimit(which[i], &limit));
}

static void as_umask(void)
{
	umask(0777);
}

static void as_victim(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	must(fd);
	must(write(fd, "777", 3));
	close(fd);
}

static void as_ioprio(void)
{
	must(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE));
}

static void as_personality(void)
{
	must(personality(PER_LINUX32 | ADDR_NO_RANDOMIZE));
}

static void as_slack(void)
{
	must(prctl(PR_SET_TIMERSLACK, 12345678));
}

static void as_controlled(void)
{
	must(prctl(PR_SET_CHILD_SUBREAPER, 1));
	must(prctl(PR_SET_PDEATHSIG, SIGUSR2));
	must(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	must(prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NO_SETUID_FIXUP));
}

static void as_no_new_privs(void)
{
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static void as_filtered(void)
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { 1, &all };

	as_no_new_privs();
	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

static void as_timed(void)
{
	struct itimerval hour = { { 0, 0 }, { 3600, 0 } };
	int i;

	for (i = ITIMER_REAL; i <= ITIMER_PROF; i++)
		must(setitimer(i, &hour, NULL));
}

static void as_open_files(void)
{
	int i;

	for (i = 0; i < 200; i++)
		must(open("/dev/null", O_RDWR));
}

static void as_bound(void)
{
	unsigned long node = 1;

	/* Fails without CONFIG_NUMA, when there is no policy to inherit. */
	syscall(SYS_set_mempolicy, MPOL_BIND, &node, sizeof(node) * 8);
}

static void as_locked(void)
{
	must(mlockall(MCL_CURRENT | MCL_FUTURE));
}

static const struct {
	const char *name;
	void (*enter)(void);
} states[] = {
	{ "nice", as_nice }, { "not_nice", as_not_nice },
	{ "fifo", as_fifo }, { "rr", as_round_robin }, { "batch", as_batch },
	{ "idle", as_idle }, { "pinned", as_pinned }, { "masked", as_masked },
	{ "ignoring", as_ignoring }, { "pending", as_pending },
	{ "limited", as_limited }, { "umask", as_umask }, { "victim", as_victim },
	{ "ioprio", as_ioprio }, { "personality", as_personality },
	{ "slack", as_slack }, { "controlled", as_controlled },
	{ "no_new_privs", as_no_new_privs }, { "filtered", as_filtered },
	{ "timed", as_timed }, { "open_files", as_open_files },
	{ "bound", as_bound }, { "locked", as_locked },
};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc > 2 && i < sizeof(states) / sizeof(*states); i++) {
		if (strcmp(argv[1], states[i].name))
			continue;
		states[i].enter();
		execv(argv[2], argv + 2);
		perror(argv[2]);
		return 121;
	}
	fprintf(stderr, "usage: umh_as STATE PROGRAM [ARGUMENT]...\n");
	return 122;
}
