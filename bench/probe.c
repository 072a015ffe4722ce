// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process that was there before all others of a measurement, and does one thing
 * at a time when told to: what the others cost is not in its figures.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kmod_util.h"
#include "measure.h"

#define ROUNDS		31
/* What is ours is a hundredth of a request, and rounds differ by more than that. */
#define PAIRS		1201
/* A request that takes longer is taken for one that does not come back. */
#define PATIENCE	20

static int tell[2], answer[2];
static pid_t prober;

static void probe(void)
{
	long long from;
	char what;

	while (read(tell[0], &what, 1) == 1) {
		from = now_ns();
		if (what == PROBE_FLOOR)
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
	need(!pipe(tell) && !pipe(answer), "pipe");
	prober = fork();
	need(prober >= 0, "fork");
	if (!prober)
		probe();
}

void probe_end(void)
{
	kill(prober, SIGKILL);
}

static long long probe_once(char what)
{
	struct pollfd fd = { .fd = answer[0], .events = POLLIN };
	long long took;

	need(write(tell[1], &what, 1) == 1, "probe");
	if (!poll(&fd, 1, PATIENCE * 1000))
		return PATIENCE * 1000 * MS;
	need(read(answer[0], &took, sizeof(took)) == sizeof(took), "probe");
	return took;
}

/* In nanoseconds; our patience when there is no end, and a few rounds if slow. */
long long probe_latency(char what)
{
	long long took[ROUNDS];
	int i, n = ROUNDS;

	for (i = -1; i < n; i++) {
		took[i < 0 ? 0 : i] = probe_once(what);
		if (i < 0 && took[0] >= 1000 * MS)
			return took[0];
	}
	return median(took, n);
}

/*
 * What a request takes above the floor, both by turns; *request is the former. Our
 * patience when there is no end, and one round if it is slow.
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
