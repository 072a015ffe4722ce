// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the trace buffers of all CPUs, and sorts their events.
 *
 * tracefs_iterate_raw_events() is not suitable for monitoring. It returns when all buffers
 * are empty, and does not read a buffer again that was empty once. When one CPU wrote faster
 * than kmodctl printed, the call did not return within 10 s, and 1 of 100 events of the other
 * CPU was read. It sorts only the events of one call. Each call opens all files again, which
 * takes 110 us per CPU.
 */
#include <errno.h>
#include <event-parse.h>
#include <fcntl.h>
#include <kbuffer.h>
#include <string.h>
#include <tracefs.h>
#include <unistd.h>

#include "watch.h"

static struct tracefs_cpu **cpus;
static long nr_cpus;
static size_t page_size;
static void *page;
static struct kbuffer *kbuffer;
static int poll_fd = -1;

/* Events that have been read, sorted by time. The events before @first have been taken. */
static struct event **events;
static size_t first, nr_events;

static void add_event(struct event *event)
{
	static u64 last;

	event->number = ++last;
	events = grown(events, nr_events, sizeof(*events));
	events[nr_events++] = event;
}

/* Events of one CPU may have equal times, and keep their order. */
static int compare(const void *a, const void *b)
{
	const struct event *left = *(struct event *const *)a, *right = *(struct event *const *)b;

	if (left->boottime != right->boottime)
		return left->boottime < right->boottime ? -1 : 1;
	return left->number < right->number ? -1 : 1;
}

static void add_events_of_page(void)
{
	struct tep_record raw = { 0 };
	struct tep_event *format;
	int lost;

	kbuffer_load_subbuffer(kbuffer, page);
	raw.data = kbuffer_read_event(kbuffer, &raw.ts);
	lost = raw.data ? kbuffer_missed_events(kbuffer) : 0;
	if (lost)
		add_event(event_new_lost(raw.ts, lost));
	while (raw.data) {
		raw.size = kbuffer_event_size(kbuffer);
		format = tep_find_event_by_record(trace_formats(), &raw);
		if (format)
			add_event(event_new(format, &raw));
		kbuffer_next_event(kbuffer, NULL);
		raw.data = kbuffer_read_event(kbuffer, &raw.ts);
	}
}

/* Reads at most one buffer of each CPU, so that a busy CPU does not delay the others. */
void ring_read(void)
{
	size_t pages;
	long cpu;

	nr_events -= first;
	if (first)
		memmove(events, events + first, nr_events * sizeof(*events));
	first = 0;
	for (cpu = 0; cpu < nr_cpus; cpu++) {
		pages = TRACE_BUFFER_KB * 1024 / page_size + 1;
		while (cpus[cpu] && pages-- && tracefs_cpu_read(cpus[cpu], page, true) > 0)
			add_events_of_page();
	}
	if (nr_events)
		qsort(events, nr_events, sizeof(*events), compare);
}

bool ring_is_empty(void)
{
	return first == nr_events;
}

/* Returns the oldest event unless it is newer than @until. The caller must free it. */
struct event *ring_next(u64 until)
{
	if (ring_is_empty() || events[first]->boottime > until)
		return NULL;
	return events[first++];
}

/* Returns a file that is readable when the buffer of any CPU has an event. */
int ring_poll_fd(void)
{
	return poll_fd;
}

static bool open_cpus(void)
{
	long cpu;

	nr_cpus = sysconf(_SC_NPROCESSORS_CONF);
	cpus = calloc(nr_cpus, sizeof(*cpus));
	for (cpu = 0; cpus && cpu < nr_cpus; cpu++) {
		errno = 0;
		cpus[cpu] = tracefs_cpu_open(trace_instance(), cpu, true);
		/* A CPU may be missing. */
		if (!cpus[cpu] && errno != ENOENT)
			return false;
	}
	return cpus;
}

bool ring_open(void)
{
	page_size = tep_get_sub_buffer_size(trace_formats());
	page = malloc(page_size);
	kbuffer = kbuffer_alloc(KBUFFER_LSIZE_SAME_AS_HOST, KBUFFER_ENDIAN_SAME_AS_HOST);
	poll_fd = tracefs_instance_file_open(trace_instance(), "trace_pipe",
					     O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (page && kbuffer && poll_fd >= 0 && open_cpus())
		return true;
	complain("cannot open the trace buffers: %s", strerror(errno));
	return false;
}

void ring_close(void)
{
	struct event *event;
	long cpu;

	while ((event = ring_next(~0ULL)))
		event_free(event);
	free(events);
	for (cpu = 0; cpus && cpu < nr_cpus; cpu++)
		tracefs_cpu_close(cpus[cpu]);
	free(cpus);
	kbuffer_free(kbuffer);
	free(page);
	if (poll_fd >= 0)
		close(poll_fd);
}
