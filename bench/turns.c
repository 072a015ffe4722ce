// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two guests that measure in turns. Each has a serial port that is connected with that of the
 * other. A byte on it is the turn; the guest without it waits in poll(), so that it does not use
 * the host's CPUs.
 *
 * The first guest takes one turn, then each of them takes two: A, BB, AA, BB, A. So each of
 * them is as often the first of a pair as the second.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "measure.h"

/* The caller has opened the port, because bytes would be lost while nobody has it open. */
#define PORT		3
#define TURN		't'
/* The second guest is ready; sent until the first one answers with the turn. */
#define READY		'r'
#define READY_EVERY	200
/* Milliseconds without a byte after which the other guest is taken for dead */
#define PATIENCE	120000
/* Turns that do not count */
#define WARM_UP		10

static int second, mine;

static void send_byte(char byte)
{
	need(write(PORT, &byte, 1) == 1, "the other guest");
}

/* Returns 0 after TIMEOUT milliseconds. */
static char receive(int timeout)
{
	struct pollfd fd = { .fd = PORT, .events = POLLIN };
	char byte;

	if (!poll(&fd, 1, timeout))
		return 0;
	need(read(PORT, &byte, 1) == 1, "the other guest");
	return byte;
}

/* There may be bytes of another kind that nobody has read. */
static void receive_only(char wanted)
{
	char byte;

	do {
		byte = receive(PATIENCE);
		if (!byte)
			errno = ETIMEDOUT;
		need(!!byte, "the other guest");
	} while (byte != wanted);
}

static void meet(void)
{
	int left = PATIENCE / READY_EVERY;

	mine = !second;
	if (!second)
		receive_only(READY);
	while (!mine) {
		errno = ETIMEDOUT;
		need(left--, "the other guest");
		send_byte(READY);
		mine = receive(READY_EVERY) == TURN;
	}
}

static void take_turn(void)
{
	if (!mine)
		receive_only(TURN);
	mine = 1;
}

static void pass_turn(void)
{
	mine = 0;
	send_byte(TURN);
}

/*
 * Takes turns until there are COUNT values, each turn giving EACH of them, and prints them.
 * The environment variable SECOND is set in one of the guests. At the end, the first one has the
 * turn again.
 */
void in_turns(const char *name, int count, int each, turn_fn turn)
{
	int turns = (count + each - 1) / each, i;
	double *values = calloc((size_t)turns * each, sizeof(*values));

	need(!!values, "calloc");
	second = !!getenv("SECOND");
	meet();
	for (i = -WARM_UP; i < turns; i++) {
		take_turn();
		turn(values + (i < 0 ? 0 : i) * each);
		/* WARM_UP is even. */
		if ((i & 1) == second)
			pass_turn();
	}
	if (mine && !second)
		pass_turn();
	/* Also the output, which another process copies to the port, must not disturb the other. */
	take_turn();
	for (i = 0; i < turns * each; i++)
		printf("%s %d %.1f\n", name, i, values[i]);
	fflush(stdout);
	if (second)
		pass_turn();
	free(values);
}
