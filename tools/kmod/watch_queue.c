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
	for (i = queue->count++; i > queue->head; i--) {
		if (queue->events[i - 1]->boottime <= event->boottime)
			break;
		queue->events[i] = queue->events[i - 1];
	}
	queue->events[i] = event;
}

bool queue_is_empty(const struct queue *queue)
{
	return queue->head == queue->count;
}

/* Not each time, or a long queue would be moved again and again. */
static void move_up(struct queue *queue)
{
	if (queue->head * 2 < queue->count)
		return;
	queue->count -= queue->head;
	memmove(queue->events, queue->events + queue->head,
		queue->count * sizeof(*queue->events));
	queue->head = 0;
}

/* The oldest event if it is not newer than @until, else NULL. */
struct event *queue_take(struct queue *queue, u64 until)
{
	struct event *oldest;

	if (queue_is_empty(queue))
		return NULL;
	oldest = queue->events[queue->head];
	if (oldest->boottime > until)
		return NULL;
	queue->head++;
	move_up(queue);
	return oldest;
}
