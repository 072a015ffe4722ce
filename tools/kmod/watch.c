// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl watch: requests as they come and end.
 *
 * Sleeps until an event comes, then a moment for what follows it at once, and shows what
 * is old enough that nothing older can come from another CPU. That takes 50 ms at most.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "kmodctl.h"

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

/* So that the instance is removed. A write to a closed pipe returns then, too. */
static bool catch_signals(void)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM };
	struct sigaction action = { .sa_handler = on_signal }, before;
	size_t i;

	if (pipe2(wakeup, O_CLOEXEC | O_NONBLOCK)) {
		complain("cannot make a pipe: %s", strerror(errno));
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

/* The first two say that it is time to end, the others that there are events. */
enum { WAKEUP, OUTPUT, EVENTS };

static struct pollfd *make_fds(const struct ring *ring)
{
	struct pollfd *fds = calloc(EVENTS + ring->cpu_count, sizeof(*fds));
	int cpu;

	if (!fds) {
		complain("out of memory");
		exit(EXIT_FAILURE);
	}
	fds[WAKEUP] = (struct pollfd){ .fd = wakeup[0], .events = POLLIN };
	/* Only whether its reader is gone. */
	fds[OUTPUT] = (struct pollfd){ .fd = STDOUT_FILENO };
	for (cpu = 0; cpu < ring->cpu_count; cpu++)
		fds[EVENTS + cpu] = (struct pollfd){ .fd = ring->fds[cpu], .events = POLLIN };
	return fds;
}

static bool must_end(const struct pollfd *fds)
{
	if (!ended_by && fds[OUTPUT].revents)
		ended_by = SIGPIPE;
	return ended_by || ferror(stdout);
}

static void show(struct queue *queue, u64 until, bool json)
{
	struct event *event;

	while (!ended_by && !ferror(stdout) && (event = queue_take(queue, until))) {
		print_event(event, json);
		event_free(event);
	}
}

static void follow(struct ring *ring, bool json)
{
	struct pollfd *fds = make_fds(ring);
	u64 until;

	while (!must_end(fds)) {
		poll(fds, EVENTS + ring->cpu_count, queue_is_empty(ring->queue) ? -1 : MOMENT_MS);
		poll(fds, EVENTS, MOMENT_MS);
		until = now_boottime() - SETTLE_NS;
		ring_read(ring);
		show(ring->queue, until, json);
	}
	free(fds);
}

static void drop(struct queue *queue)
{
	struct event *event;

	while ((event = queue_take(queue, ULLONG_MAX)))
		event_free(event);
	free(queue->events);
}

/* As if the signal had not been caught. */
static void die_of(int signal_number)
{
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

int cmd_watch(const struct options *options)
{
	struct queue queue = { 0 };
	struct ring ring = { 0 };
	bool started;

	site_init(options);
	if (!catch_signals() || !trace_start())
		return EXIT_FAILURE;
	started = ring_open(&ring, &queue);
	if (started) {
		print_watch_head(options->json);
		follow(&ring, options->json);
	}
	drop(&queue);
	ring_close(&ring);
	trace_stop();
	if (ended_by)
		die_of(ended_by);
	return started && !ring.trouble ? EXIT_SUCCESS : EXIT_FAILURE;
}
