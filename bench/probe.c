// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process that is forked before the threads of a measurement and performs one action at
 * a time on request, so that its figures do not include the cost of these threads.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kmod_util.h"
#include "measure.h"

#define ROUNDS		31
/* The kernel's share is a hundredth of a request; single rounds differ by more. */
#define PAIRS		1201
/* Time limit of a request, in seconds */
#define PATIENCE	20

static int command[2], answer[2];
static pid_t prober;

static void probe(void)
{
	long long from;
	char action;

	while (read(command[0], &action, 1) == 1) {
		from = now_ns();
		if (action == PROBE_FLOOR)
			run_as_modprobe("/bench/noop", UNKNOWN_FAMILY_ALIAS);
		else
			socket(UNKNOWN_FAMILY, SOCK_STREAM, 0);
		from = now_ns() - from;
		if (write(answer[1], &from, sizeof(from)) != sizeof(from))
			break;
	}
	_exit(0);
}

void probe_start(void)
{
	need(!pipe(command) && !pipe(answer), "pipe");
	prober = fork();
	need(prober >= 0, "fork");
	if (!prober)
		probe();
}

void probe_end(void)
{
	kill(prober, SIGKILL);
}

static long long probe_once(char action)
{
	struct pollfd fd = { .fd = answer[0], .events = POLLIN };
	long long took;

	need(write(command[1], &action, 1) == 1, "probe");
	if (!poll(&fd, 1, PATIENCE * 1000))
		return PATIENCE * 1000 * MS;
	need(read(answer[0], &took, sizeof(took)) == sizeof(took), "probe");
	return took;
}

/*
 * Returns the median in nanoseconds. If the first round takes a second or more, it is the
 * only one.
 */
long long probe_latency(char action)
{
	long long took[ROUNDS];
	int i, n = ROUNDS;

	for (i = -1; i < n; i++) {
		took[i < 0 ? 0 : i] = probe_once(action);
		if (i < 0 && took[0] >= 1000 * MS)
			return took[0];
	}
	return median(took, n);
}

/*
 * Measures requests and the floor in turn. Returns the difference of their means and stores
 * the mean of the requests. If the first round takes a second or more, it is the only one.
 */
long long probe_share(long long *request)
{
	static long long requests[PAIRS], floors[PAIRS];
	int i, n = PAIRS;

	for (i = -1; i < n; i++) {
		requests[i < 0 ? 0 : i] = probe_once(PROBE_REQUEST);
		floors[i < 0 ? 0 : i] = probe_once(PROBE_FLOOR);
		if (i < 0 && requests[0] >= 1000 * MS)
			n = 0;
	}
	*request = mean_of_middle_half(requests, n ?: 1);
	return *request - mean_of_middle_half(floors, n ?: 1);
}
