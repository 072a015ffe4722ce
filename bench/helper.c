// SPDX-License-Identifier: GPL-2.0-only
/*
 * The modprobes and the request-key of the benchmark. What each does is said
 * when it is compiled, so that the measured ones do nothing besides:
 *
 *	LOG		append a byte to the log: its size is the number of starts
 *	SLEEP_MS	sleep so long
 *	ASK		ask for the same module again
 *	HOLD		stay until somebody has the fifo open for writing
 */
#include "measure.h"

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
#ifdef HOLD
	open(HOLD_FIFO, O_RDONLY);
#endif
	return 1;
}
