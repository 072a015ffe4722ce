/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the measurements of the benchmark: the busy time of the machine, crowds of
 * threads, the probe process, helpers that run until they are released, turns of guests, and
 * tasks that use the CPUs.
 */
#ifndef MEASURE_H
#define MEASURE_H

#define COUNT_FILE	"/tmp/bench.count"
#define HOLD_FIFO	"/tmp/bench.hold"
#define START_FILE	"/tmp/bench.start"
#define MODPROBE	"/proc/sys/kernel/modprobe"
#define MS		1000000LL

/* The actions of the probe */
#define PROBE_REQUEST	'r'
#define PROBE_FLOOR	'f'

/* The start of an interval, for busy_since() */
struct mark {
	long long clock;	/* nanoseconds since boot */
	long long idle;		/* nanoseconds that the CPUs were idle */
};

struct crowd;

/* Called by each thread of a crowd once the gate is open. */
typedef void (*crowd_fn)(int number);

void mark_start(struct mark *mark);
long long busy_since(const struct mark *start);

void need(int condition, const char *message);
void put(const char *path, const char *text);
long long get(const char *path, const char *key);
long long modprobes(void);
void forget_modprobes(void);
long long median(long long *values, int count);

struct crowd *crowd_create(int count, crowd_fn fn);
void crowd_go(struct crowd *crowd);
void crowd_wait(struct crowd *crowd);

void probe_start(void);
long long probe_latency(char action);
long long probe_share(long long *request);
void probe_end(void);

struct crowd *hold_begin(int count, crowd_fn fn);
void hold_wait_started(int count);
void hold_end(struct crowd *crowd);

/* Measures as many values as the caller of in_turns() wants from each turn. */
typedef void (*turn_fn)(double *values);

void in_turns(const char *name, int count, int each, turn_fn turn);

void load_create(int count);
void load_switch(int on);

int do_exec(void);
int do_inflight(int count);
int do_sleepers(int count);
int do_start(int count, int rounds);
int do_suspend(int count);

#endif
