// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fibers, the seeded scheduler and virtual time; see fiber.h.
 *
 * Not instrumented by ThreadSanitizer, for which each fiber is a thread.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "world.h"

#define STACK_SIZE	(128 * 1024)
#define FIBERS_MAX	2048
#define STEPS_MAX	4000000

#ifdef SHIM_TSAN
void *__tsan_get_current_fiber(void);
void *__tsan_create_fiber(unsigned int flags);
void __tsan_switch_to_fiber(void *fiber, unsigned int flags);
#define TSAN_NO_SYNC	1
#else
static inline void *__tsan_get_current_fiber(void) { return NULL; }
static inline void *__tsan_create_fiber(unsigned int flags) { return NULL; }
static inline void __tsan_switch_to_fiber(void *fiber, unsigned int flags) { }
#define TSAN_NO_SYNC	0
#endif

#ifdef __SANITIZE_ADDRESS__
void __sanitizer_start_switch_fiber(void **save, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *save, const void **bottom, size_t *size);
void __asan_unpoison_memory_region(const void *addr, size_t size);
#else
static inline void __sanitizer_start_switch_fiber(void **save, const void *bottom,
						  size_t size) { }
static inline void __sanitizer_finish_switch_fiber(void *save, const void **bottom,
						   size_t *size) { }
static inline void __asan_unpoison_memory_region(const void *addr, size_t size) { }
#endif

static struct fiber main_fiber;
static struct fiber *fibers[FIBERS_MAX], *runnable[FIBERS_MAX], *free_fibers;
static int nr_fibers, nr_runnable;

static LIST_HEAD(timers);
static u64 now, random_state;
static pid_t last_pid;
static unsigned int steps, point_density;
static bool in_timer;		/* a timer runs, in no task */
unsigned int shim_stall;
bool umh_atomic;

struct fiber *shim_fiber = &main_fiber;
struct task_struct *shim_current = &main_fiber.task;

void shim_seed(u64 seed)
{
	random_state = (seed + 1) * 0x9e3779b97f4a7c15ULL;
	now = 0;
	last_pid = 0;
	for (seed = 0; seed < 8; seed++)
		shim_random(2);
}

/* xorshift64*. Returns a number below n. */
u32 shim_random(u32 n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545f4914f6cdd1dULL >> 32) * n >> 32;
}

u64 ktime_get_boottime_ns(void)
{
	return now;
}

void timer_add(struct shim_timer *t, u64 ns)
{
	__tsan_release(t);
	t->expires = now + ns;
	list_add_tail(&t->node, &timers);
}

void timer_del(struct shim_timer *t)
{
	if (t->node.next)
		list_del(&t->node);
}

static void timer_run(struct shim_timer *t)
{
	static void *tsan;

	if (!tsan)
		tsan = __tsan_create_fiber(0);
	__tsan_switch_to_fiber(tsan, TSAN_NO_SYNC);
	__tsan_acquire(t);
	in_timer = true;
	t->fn(t);
	in_timer = false;
	__tsan_release(&main_fiber);
	__tsan_switch_to_fiber(shim_fiber->tsan, TSAN_NO_SYNC);
}

/* Advances the time to the next timer and runs all that expire then. */
static bool timers_advance(void)
{
	struct shim_timer *t, *first = NULL;
	struct list_head *e, *next;

	list_for_each_entry(t, &timers, node)
		if (!first || t->expires < first->expires)
			first = t;
	if (!first)
		return false;
	now = first->expires;
	for (e = timers.next; e != &timers; e = next) {
		next = e->next;
		t = list_entry(e, struct shim_timer, node);
		if (t->expires > now)
			continue;
		list_del(e);
		timer_run(t);
	}
	return true;
}

/* Saves the callee-saved registers on the stack, and continues on another one. */
void fiber_switch_stack(void **save, void *sp);
#ifdef __x86_64__
asm(".text\n"
    ".globl fiber_switch_stack\n"
    "fiber_switch_stack:\n"
    "	push %rbp; push %rbx; push %r12; push %r13; push %r14; push %r15\n"
    "	mov %rsp, (%rdi)\n"
    "	mov %rsi, %rsp\n"
    "	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx; pop %rbp\n"
    "	ret\n");
#define FRAME_WORDS	6
#else
#error "fiber_switch_stack() is written for x86-64 only"
#endif

static void fiber_switch(struct fiber *to)
{
	struct fiber *from = shim_fiber;
	void *fake;

	if (from == to)
		return;
	shim_fiber = to;
	shim_current = &to->task;
	__sanitizer_start_switch_fiber(&fake, to->stack, to->stack_size);
	__tsan_switch_to_fiber(to->tsan, TSAN_NO_SYNC);
	fiber_switch_stack(&from->sp, to->sp);
	__sanitizer_finish_switch_fiber(fake, NULL, NULL);
}

static void fiber_schedule(void)
{
	if (++steps > STEPS_MAX)
		shim_fail("I1: livelock, %u steps", steps);
	while (!nr_runnable && timers_advance())
		;
	fiber_switch(nr_runnable ? runnable[shim_random(nr_runnable)] : &main_fiber);
}

static void fiber_remove(struct fiber *f)
{
	struct fiber *last = runnable[--nr_runnable];

	runnable[f->index] = last;
	last->index = f->index;
	f->index = -1;
}

void fiber_wake(struct fiber *f)
{
	if (f->index >= 0)
		return;
	f->index = nr_runnable;
	runnable[nr_runnable++] = f;
}

/* Sleeps until fiber_wake(). */
void fiber_block(void)
{
	fiber_remove(shim_fiber);
	fiber_schedule();
}

static void fiber_timer(struct shim_timer *t)
{
	fiber_wake(container_of(t, struct fiber, timer));
}

void fiber_sleep(u64 ns)
{
	shim_might_sleep();
	if (!ns) {
		fiber_point();
		return;
	}
	timer_add(&shim_fiber->timer, ns);
	fiber_block();
}

static void fiber_starve(void)
{
	u64 first = shim_fiber->starve_first;

	if (umh_atomic && pipeline_is_starting())
		return;

	shim_fiber->starve_first = 0;
	if (first)
		shim_fiber->starve_at = 1 + shim_random(POINTS_MAX);
	fiber_sleep(first ?: shim_fiber->starve_for);
}

/* A scheduling point: another fiber may continue, and this one may stall for seconds. */
void fiber_point(void)
{
	bool atomic = shim_fiber->locks || shim_fiber->irqs_off;

	if (shim_fiber == &main_fiber || in_timer)
		return;
	if (shim_fiber->starve_at && !atomic && !--shim_fiber->starve_at)
		fiber_starve();
	else if (shim_stall && !atomic && shim_chance(shim_stall))
		fiber_sleep(shim_random(6000) * (NSEC_PER_SEC / 1000) + 1);
	else if (shim_chance(point_density))
		fiber_schedule();
}

static void fiber_main(void)
{
	struct fiber *f = shim_fiber;
	const void *stack = NULL;
	size_t size = 0;

	__sanitizer_finish_switch_fiber(NULL, &stack, &size);
	if (!main_fiber.stack) {
		main_fiber.stack = (char *)stack;
		main_fiber.stack_size = size;
	}
	__tsan_acquire(f);
	f->fn(f->arg);
	shim_might_sleep();
	__tsan_release(&main_fiber);
	f->next_free = free_fibers;
	free_fibers = f;
	fiber_block();
}

static struct fiber *fiber_alloc(void)
{
	struct fiber **at = &free_fibers, *f;

	/* A fiber that is about to end still uses its stack. */
	if (*at == shim_fiber)
		at = &(*at)->next_free;
	f = *at;
	if (f) {
		*at = f->next_free;
		return f;
	}
	if (nr_fibers == FIBERS_MAX)
		shim_fail("I1: %d tasks", nr_fibers);
	f = fibers[nr_fibers++] = calloc(1, sizeof(*f));
	f->stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	f->stack_size = STACK_SIZE;
	f->tsan = __tsan_create_fiber(0);
	f->timer.fn = fiber_timer;
	return f;
}

struct fiber *fiber_create(const char *comm, void (*fn)(void *arg), void *arg)
{
	static const struct task_struct zero;
	struct fiber *f = fiber_alloc();
	void **sp = (void **)(f->stack + STACK_SIZE) - 2;

	__asan_unpoison_memory_region(f->stack, STACK_SIZE);
	*sp = fiber_main;
	f->sp = sp - FRAME_WORDS;
	f->fn = fn;
	f->arg = arg;
	f->killable = false;
	f->work = NULL;
	f->works = false;
	f->starve_at = 0;
	f->starve_first = 0;
	f->task = zero;
	f->task.signal = &f->task.own_signal;
	f->task.pid = ++last_pid;
	f->index = -1;
	strscpy(f->task.comm, comm, TASK_COMM_LEN);
	__tsan_release(f);
	fiber_wake(f);
	return f;
}

/* Iterates over all fibers, including those that have ended. */
struct fiber *fiber_next(struct fiber *f)
{
	static int i;

	if (!f)
		i = 0;
	return i < nr_fibers ? fibers[i++] : NULL;
}

/* Runs until all fibers have ended or sleep forever. Schedules at one point in @density. */
void fiber_run_all(unsigned int density)
{
	main_fiber.tsan = __tsan_get_current_fiber();
	point_density = density;
	steps = 0;
	fiber_schedule();
	__tsan_acquire(&main_fiber);
}
