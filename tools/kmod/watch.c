// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl watch: requests as they begin and end.
 *
 * Sleeps until an event arrives, waits for events that follow shortly after it, and prints the
 * events that are older than SETTLE_NS, because no CPU adds older ones. This takes up to 50 ms.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "watch.h"

#define MOMENT_MS	20
#define SETTLE_NS	10000000

static atomic_int ended_by;
static int wakeup[2];

static void on_signal(int signal)
{
	int error = errno;

	ended_by = signal;
	if (write(wakeup[1], "", 1) < 0)
		errno = error;
}

/* Signals must not kill kmodctl before it has removed the trace instance. */
static bool catch_signals(void)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM };
	struct sigaction action = { .sa_handler = on_signal }, before;
	size_t i;

	if (pipe2(wakeup, O_CLOEXEC | O_NONBLOCK)) {
		complain("cannot create a pipe: %s", strerror(errno));
		return false;
	}
	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		sigaction(signals[i], &action, &before);
		/* nohup(1) */
		if (signals[i] == SIGHUP && before.sa_handler == SIG_IGN)
			sigaction(SIGHUP, &before, NULL);
	}
	return true;
}

static bool is_ended(void)
{
	return ended_by || ferror(stdout);
}

static void print_events(u64 until, bool json)
{
	struct event *event;

	while (!is_ended() && (event = ring_next(until))) {
		print_event(event, json);
		event_free(event);
	}
}

static void follow(bool json)
{
	struct pollfd fds[] = {
		{ .fd = wakeup[0], .events = POLLIN },
		{ .fd = STDOUT_FILENO },	/* for errors only: its reader has exited */
		{ .fd = ring_poll_fd(), .events = POLLIN },
	};
	u64 until;

	while (!is_ended()) {
		poll(fds, 3, ring_is_empty() ? -1 : MOMENT_MS);
		poll(fds, 2, MOMENT_MS);
		if (fds[1].revents && !ended_by)
			ended_by = SIGPIPE;
		until = now_boottime() - SETTLE_NS;
		ring_read();
		print_events(until, json);
	}
}

/* Exits as if the signal had not been caught. */
static void die_of(int signal_number)
{
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

int cmd_watch(const struct options *options)
{
	bool started;

	site_init(options);
	if (!catch_signals() || !trace_start())
		return EXIT_FAILURE;
	started = ring_open();
	if (started) {
		print_watch_head(options);
		follow(options->json);
	}
	ring_close();
	trace_stop();
	if (ended_by)
		die_of(ended_by);
	return started ? EXIT_SUCCESS : EXIT_FAILURE;
}
