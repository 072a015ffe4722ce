// SPDX-License-Identifier: GPL-2.0-only
/*
 * The modprobes and the request-key of the benchmark. Macros select their actions at
 * compile time, so that the measured programs do nothing else:
 *
 *	LOG		append a byte to the log, whose size is the number of starts
 *	SLEEP_MS	sleep so many milliseconds
 *	ASK		request the same module again
 *	HOLD		wait until the fifo is opened for writing
 *	START		store the counter of the first instruction, with the entry point "first"
 */
#include "measure.h"

#ifdef START
unsigned long long started;

asm(".globl first\n"
	"first:\n"
	"rdtsc\n"
	"shl $32, %rdx\n"
	"or %rdx, %rax\n"
	"mov %rax, started(%rip)\n"
	"jmp _start\n");
#endif

int main(void)
{
#ifdef LOG
	int fd = open(COUNT_FILE, O_WRONLY | O_APPEND | O_CREAT, 0600);

	if (fd < 0 || write(fd, "x", 1) != 1)
		return 3;
#endif
#ifdef SLEEP_MS
	msleep(SLEEP_MS);
#endif
#ifdef ASK
	mount("none", "/", "bench_loop", 0, NULL);
#endif
#ifdef START
	int fd = open(START_FILE, O_WRONLY);

	if (fd < 0 || write(fd, &started, sizeof(started)) != sizeof(started))
		return 3;
#endif
#ifdef HOLD
	open(HOLD_FIFO, O_RDONLY);
#endif
	return 1;
}
