// SPDX-License-Identifier: GPL-2.0-only
/*
 * shim: runs the pipeline of kernel/kmod in user space; see README.md.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "world.h"

/* Schedules of each scenario. */
#define SCENARIO_SEEDS	20

/* Survives the child process that runs the schedules. */
static struct shared {
	u64 seed;
	u64 done;
} *shared;

static const char *program;
static int passed, failed;

void shim_fail(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, ", at %.3f s\n", ktime_get_boottime_ns() / 1e9);
	_exit(1);
}

static void run_seeds(void (*run)(void), u64 first, u64 n)
{
	for (shared->seed = first; shared->seed < first + n; shared->seed++) {
		if (run) {
			world_reset(shared->seed, 50);
			run();
		} else {
			random_world(shared->seed);
		}
		shared->done++;
	}
	fflush(stdout);
	_exit(0);
}

/* Uses a separate process, because a violated invariant or a sanitizer ends it. */
static void run_test(const char *name, void (*run)(void), u64 first, u64 n)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		run_seeds(run, first, n);
	waitpid(pid, &status, 0);
	if (!status) {
		passed++;
		printf("ok %s\n", name);
		return;
	}
	failed++;
	printf("not ok %s\n# reproduce: %s -v -s %llu -n 1 %s\n", name, program,
	       (unsigned long long)shared->seed, run ? name : "random");
}

static void usage(void)
{
	fprintf(stderr, "usage: %s [-s SEED] [-n SCHEDULES] [-v] [SCENARIO|random|list]\n",
		program);
	exit(2);
}

int main(int argc, char **argv)
{
	const char *only = NULL;
	const struct scenario *s;
	u64 seed = 1, n = 0;
	int option;

	program = argv[0];
	while ((option = getopt(argc, argv, "s:n:v")) != -1) {
		if (option == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (option == 'n')
			n = strtoull(optarg, NULL, 0);
		else if (option == 'v')
			shim_verbose = true;
		else
			usage();
	}
	if (optind < argc)
		only = argv[optind++];
	if (optind < argc)
		usage();

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	for (s = scenarios; s->name; s++) {
		if (only && !strcmp(only, "list"))
			printf("%s\n", s->name);
		else if (!only || !strcmp(only, s->name))
			run_test(s->name, s->run, seed, only && n ? n : SCENARIO_SEEDS);
	}
	if (!only || !strcmp(only, "random"))
		run_test("random", NULL, seed, n ?: 1000);
	if (!passed && !failed)
		return only && !strcmp(only, "list") ? 0 : 2;
	printf("%d passed, %d failed\n", passed, failed);
	return failed > 0;
}
