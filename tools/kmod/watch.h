/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kmodctl watch: trace events, as requests begin and end.
 */
#ifndef WATCH_H
#define WATCH_H

#include "kmodctl.h"

struct tep_event;
struct tep_handle;
struct tep_record;
struct tracefs_instance;

/* watch_instance.c */
#define TRACE_BUFFER_KB	512	/* of each CPU; an event takes 100 to 200 bytes */

bool trace_start(void);
void trace_stop(void);
struct tracefs_instance *trace_instance(void);
struct tep_handle *trace_formats(void);

/* watch_event.c */
struct event {
	u64 boottime;
	u64 number;		/* in the order of reading */
	u64 lost;		/* events lost before it; if set, the record is empty */
	const char *type;	/* request, deny, join, load, refuse, done; or lost */
	struct record record;
};

struct event *event_new(struct tep_event *format, const struct tep_record *raw);
struct event *event_new_lost(u64 boottime, int lost);
void event_free(struct event *event);

/* watch_ring.c */
bool ring_open(void);
int ring_poll_fd(void);
void ring_read(void);
bool ring_is_empty(void);
struct event *ring_next(u64 until);
void ring_close(void);

/* watch_site.c */
void site_init(const struct options *options);
const char *site_of(u64 address, u64 id);

/* watch_modules.c */
void open_add_module(u64 id, const char *module);
char *open_end(u64 id);

/* watch_print.c */
void print_watch_head(const struct options *options);
void print_event(const struct event *event, bool json);

#endif /* WATCH_H */
