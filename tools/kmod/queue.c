// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each CPU has a trace buffer of its own. An event waits here until no older one can
 * come from another CPU any more.
 */
#include <string.h>

#include "kmodctl.h"

/* Sorts the event in; nearly always it is the newest one. */
void queue_add(struct queue *queue, struct event *event)
{
	size_t i;

	queue->events = grown(queue->events, queue->count, sizeof(*queue->events));
	for (i = queue->count++; i > 0; i--) {
		if (queue->events[i - 1]->boottime <= event->boottime)
			break;
		queue->events[i] = queue->events[i - 1];
	}
	queue->events[i] = event;
}

/* The oldest event if it is not newer than @until, else NULL. */
struct event *queue_take(struct queue *queue, u64 until)
{
	struct event *oldest = queue->count ? queue->events[0] : NULL;

	if (!oldest || oldest->boottime > until)
		return NULL;
	queue->count--;
	memmove(queue->events, queue->events + 1, queue->count * sizeof(*queue->events));
	return oldest;
}
