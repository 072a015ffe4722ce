// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of programs that user space starts, without any request
 */
#include <stdio.h>
#include <sys/wait.h>

#include "kmod_util.h"
#include "measure.h"

#define PROGRAM		"/bench/noop"
/* As kmod_cost */
#define ROUNDS		601
#define WARM_UP		20
#define ARGUMENTS	1000

/* Prints the mean of the middle half of the rounds. */
static void measure(const char *name, char *const argv[])
{
	static long long took[ROUNDS];
	long long from;
	int i, n, status;

	for (i = -WARM_UP; i < ROUNDS; i++) {
		n = i < 0 ? 0 : i;
		from = now_ns();
		status = run_program(argv);
		took[n] = now_ns() - from;
		need(WIFEXITED(status) && WEXITSTATUS(status) == 1, PROGRAM);
	}
	printf("%s %lld\n", name, mean_of_middle_half(took, ROUNDS));
}

int do_exec(void)
{
	char *const as_modprobe[] = { PROGRAM, "-q", "--", UNKNOWN_FAMILY_ALIAS, NULL };
	/* 16 bytes each, with the terminating one */
	static char words[ARGUMENTS][16];
	static char *argv[ARGUMENTS + 2] = { PROGRAM };
	int i;

	measure("floor", as_modprobe);
	for (i = 0; i < ARGUMENTS; i++) {
		snprintf(words[i], sizeof(words[i]), "argument%07d", i);
		argv[i + 1] = words[i];
	}
	argv[11] = NULL;
	measure("exec10", argv);
	argv[11] = words[10];
	measure("exec1000", argv);
	return 0;
}
