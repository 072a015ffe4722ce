/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fibers: the tasks of a schedule, in one thread of the machine. At each scheduling point
 * the seed decides which runnable fiber continues. When none is runnable, the virtual
 * time advances to the next timer.
 */
#ifndef SHIM_FIBER_H
#define SHIM_FIBER_H

#include "shim.h"

/* A requester with a CPU passes fewer scheduling points until it waits. */
#define POINTS_MAX	30

/**
 * struct fiber - a task
 * @task: current of this fiber
 * @sp: stack pointer while it is not running
 * @stack: lowest address of its stack
 * @stack_size: size of its stack
 * @tsan: for ThreadSanitizer
 * @fn: its function
 * @arg: the argument of @fn
 * @timer: wakes it from fiber_sleep()
 * @next_free: in the list of fibers that have ended
 * @index: in the array of runnable fibers, or -1
 * @killable: it sleeps until it is woken or killed
 * @locks: number of spin locks held
 * @irqs_off: interrupts are disabled
 * @work: the work that a kworker executes, or is about to execute
 * @works: it executes @work
 * @starve_at: it gets no CPU from this scheduling point on, counted down to 0
 * @starve_for: for so long, in ns
 * @starve_first: or for so long, if not 0; then @starve_for applies to a later point
 */
struct fiber {
	struct task_struct task;
	void *sp;
	char *stack;
	size_t stack_size;
	void *tsan;
	void (*fn)(void *arg);
	void *arg;
	struct shim_timer timer;
	struct fiber *next_free;
	int index;
	bool killable;
	unsigned int locks;
	bool irqs_off;
	struct work_struct *work;
	bool works;
	unsigned int starve_at;
	u64 starve_for;
	u64 starve_first;
};

extern struct fiber *shim_fiber;	/* the running one */
extern bool shim_verbose;
extern u64 shim_console;	/* how long the console takes for a line, in ns */
extern unsigned int shim_stall;	/* one scheduling point in so many stalls; 0: none */

/* Random numbers from the seed. */
void shim_seed(u64 seed);
u32 shim_random(u32 n);
static inline bool shim_chance(u32 n)
{
	return !shim_random(n);
}

/* Scheduling. */
struct fiber *fiber_create(const char *comm, void (*fn)(void *arg), void *arg);
void fiber_wake(struct fiber *f);
void fiber_block(void);
void fiber_point(void);
void fiber_sleep(u64 ns);
void fiber_run_all(unsigned int density);
struct fiber *fiber_next(struct fiber *f);
void timer_add(struct shim_timer *t, u64 ns);
void timer_del(struct shim_timer *t);

/* Tells ThreadSanitizer about the order that a lock, a completion etc. enforces. */
#ifdef SHIM_TSAN
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
#else
static inline void __tsan_acquire(void *addr) { }
static inline void __tsan_release(void *addr) { }
#endif

/* kernel.c */
extern unsigned int shim_allocated;
extern unsigned int shim_fail_alloc;	/* one allocation in so many fails; 0: none */
extern spinlock_t tasklist_lock;
void shim_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void shim_kill(struct fiber *f);
void shim_might_sleep(void);

#endif
