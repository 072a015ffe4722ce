// SPDX-License-Identifier: GPL-2.0-only
/*
 * Puts processes under stress.
 *
 *	kmod_stress SEED SECONDS NAME...	kills, stops and traces processes of these
 *						names; prints how many
 *	kmod_stress hog				allocates memory until the OOM killer ends it
 */
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kmod_random.h"
#include "kmod_util.h"

#define MAX_VICTIMS	512
#define MAX_STOPPED	16
#define STOP_S		4
#define STEP_MS		20
/* Steps for which a tracer waits for its tracee, which may sleep in the kernel */
#define TRACE_STEPS	10

static char **names;
static struct {
	pid_t pid;
	time_t until;
} stopped[MAX_STOPPED];
static unsigned int kills, stops, traces, drops;

static bool is_victim(const char *pid)
{
	char path[300], comm[32] = "";
	bool found = false;
	char **name;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (fgets(comm, sizeof(comm), file)) {
		comm[strcspn(comm, "\n")] = '\0';
		for (name = names; *name; name++)
			found |= !strcmp(*name, comm);
	}
	fclose(file);
	return found;
}

/* Returns a random process with one of the names, or 0. */
static pid_t pick_victim(void)
{
	pid_t victims[MAX_VICTIMS];
	struct dirent *entry;
	DIR *proc = opendir("/proc");
	int n = 0;

	while (proc && n < MAX_VICTIMS && (entry = readdir(proc)))
		if (atoi(entry->d_name) > 2 && is_victim(entry->d_name))
			victims[n++] = atoi(entry->d_name);
	closedir(proc);
	return n ? victims[random_below(n)] : 0;
}

/* The exit of the tracer ends the trace, in whichever state the tracee is. */
static void trace(pid_t pid, bool kill_it, int hold_ms)
{
	int i;

	if (ptrace(PTRACE_SEIZE, pid, NULL, kill_it ? PTRACE_O_EXITKILL : 0))
		_exit(1);
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	for (i = 0; i < TRACE_STEPS && waitpid(pid, NULL, WNOHANG | __WALL) == 0; i++)
		sleep_ms(STEP_MS);
	sleep_ms(hold_ms);
	_exit(0);
}

static void start_trace(pid_t pid)
{
	bool kill_it = random_one_in(4);
	int hold_ms = random_below(100);

	if (!fork())
		trace(pid, kill_it, hold_ms);
	traces++;
	drops += kill_it;
}

/* Continues the processes that have been stopped for long enough. */
static void release(time_t now)
{
	int i;

	for (i = 0; i < MAX_STOPPED; i++) {
		if (stopped[i].pid && stopped[i].until <= now) {
			kill(stopped[i].pid, SIGCONT);
			stopped[i].pid = 0;
		}
	}
}

static void stop(pid_t pid)
{
	int i = random_below(MAX_STOPPED);

	if (stopped[i].pid || kill(pid, SIGSTOP))
		return;
	stopped[i].pid = pid;
	stopped[i].until = time(NULL) + random_below(STOP_S);
	stops++;
}

static void step(void)
{
	static const int signals[] = { SIGKILL, SIGKILL, SIGTERM, SIGSEGV, SIGCHLD };
	pid_t pid = pick_victim();

	if (!pid)
		return;
	switch (random_below(4)) {
	case 0:
		kills += !kill(pid, signals[random_below(5)]);
		break;
	case 1:
		stop(pid);
		break;
	case 2:
		start_trace(pid);
		break;
	default:
		/* kthreadd must ignore it. */
		kill(2, SIGCHLD);
	}
}

static void hog(void)
{
	const size_t size = 1 << 20;
	char *p;

	for (;;) {
		p = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (p != MAP_FAILED)
			memset(p, 1, size);
	}
}

int main(int argc, char **argv)
{
	time_t end;

	if (argc == 2 && !strcmp(argv[1], "hog"))
		hog();
	if (argc < 4)
		return 2;
	random_state = strtoull(argv[1], NULL, 10);
	end = time(NULL) + atoi(argv[2]);
	names = argv + 3;
	while (time(NULL) < end) {
		release(time(NULL));
		step();
		sleep_ms(random_below(5 * STEP_MS));
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	/* The last step may have taken long. */
	release(time(NULL) + STOP_S);
	while (wait(NULL) > 0)
		;
	printf("killed %u, stopped %u, traced %u (%u with PTRACE_O_EXITKILL)\n", kills, stops,
	       traces, drops);
	return 0;
}
