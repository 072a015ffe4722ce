// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locks, completions, work, memory and the log, for fibers. Not instrumented by
 * ThreadSanitizer, which is told about the order that each of them enforces.
 */
#include <stdlib.h>

#include "fiber.h"

bool shim_verbose;
u64 shim_console;
int max_threads = 10000;
struct user_namespace init_user_ns;
struct notifier_block *shim_module_nb;

unsigned int shim_allocated, shim_fail_alloc;
DEFINE_SPINLOCK(tasklist_lock);

/* A line of -v: the virtual time, the task, and the event. */
void shim_log(const char *fmt, ...)
{
	va_list args;

	if (!shim_verbose)
		return;
	va_start(args, fmt);
	printf("%10.3f %s[%d]: ", ktime_get_boottime_ns() / 1e9, current->comm, current->pid);
	vprintf(fmt, args);
	putchar('\n');
	va_end(args);
}

int scnprintf(char *text, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, size, fmt, args);
	va_end(args);
	return !size ? 0 : min(len, (int)size - 1);
}

int shim_printk(const char *fmt, ...)
{
	char text[1000];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	text[strcspn(text, "\n")] = 0;
	shim_log("printk: %s", text);
	if (shim_console)
		fiber_sleep(shim_console);
	return 0;
}

void shim_might_sleep(void)
{
	shim_assert(!shim_fiber->locks && !shim_fiber->irqs_off, "sleeps in atomic context");
}

void *kzalloc(size_t size, gfp_t gfp)
{
	if (gfp == GFP_KERNEL)
		shim_might_sleep();
	fiber_point();
	if (shim_fail_alloc && shim_chance(shim_fail_alloc)) {
		shim_log("no memory");
		return NULL;
	}
	shim_allocated++;
	return calloc(1, size);
}

void kfree(const void *p)
{
	if (p)
		shim_allocated--;
	free((void *)p);
}

void refcount_inc(refcount_t *r)
{
	shim_assert(r->n++ > 0, "there was no reference");
}

bool refcount_dec_and_test(refcount_t *r)
{
	__tsan_acquire(r);
	__tsan_release(r);
	shim_assert(r->n > 0, "there was no reference");
	return !--r->n;
}

/* Locks. Their owner does not sleep, so the wait for one takes no time. */
static void lock(spinlock_t *l)
{
	shim_assert(l->owner != shim_fiber, "deadlock");
	fiber_point();
	while (l->owner)
		fiber_point();
	l->owner = shim_fiber;
	shim_fiber->locks++;
	__tsan_acquire(l);
}

void shim_lock(spinlock_t *l, bool irq)
{
	if (irq) {
		shim_assert(!shim_fiber->irqs_off, "would enable interrupts too early");
		shim_fiber->irqs_off = true;
	}
	lock(l);
}

bool shim_lock_irqsave(spinlock_t *l)
{
	bool were_off = shim_fiber->irqs_off;

	shim_fiber->irqs_off = true;
	lock(l);
	return were_off;
}

void shim_unlock(spinlock_t *l, bool irq)
{
	shim_assert(l->owner == shim_fiber, "not the owner");
	__tsan_release(l);
	l->owner = NULL;
	shim_fiber->locks--;
	if (irq)
		shim_fiber->irqs_off = false;
	fiber_point();
}

bool shim_holds(const spinlock_t *l)
{
	return l->owner == shim_fiber;
}

void init_completion(struct completion *c)
{
	*c = (struct completion){ };
}

void complete(struct completion *c)
{
	__tsan_acquire(c);
	__tsan_release(c);
	c->done++;
	if (c->waiter)
		fiber_wake(c->waiter);
}

int wait_for_completion_killable(struct completion *c)
{
	struct fiber *f = shim_fiber;

	shim_might_sleep();
	fiber_point();
	__tsan_release(c);
	while (!c->done && !f->task.killed) {
		c->waiter = f;
		f->killable = true;
		fiber_block();
		f->killable = false;
		c->waiter = NULL;
	}
	__tsan_acquire(c);
	if (!c->done)
		return -ERESTARTSYS;
	c->done--;
	return 0;
}

void shim_kill(struct fiber *f)
{
	f->task.killed = true;
	if (f->killable)
		fiber_wake(f);
}

/* Runs a work item once no other kworker runs the same one. */
static void kworker(void *arg)
{
	struct work_struct *w = arg;
	struct fiber *f, *self = shim_fiber;

	current->flags = PF_KTHREAD;
	self->work = w;
again:
	for (f = fiber_next(NULL); f; f = fiber_next(f)) {
		if (f->works && f->work == w) {
			fiber_block();
			goto again;
		}
	}
	self->works = true;
	w->pending = false;
	__tsan_acquire(w);
	w->func(w);
	shim_might_sleep();
	self->works = false;
	self->work = NULL;
	for (f = fiber_next(NULL); f; f = fiber_next(f))
		if (f->work == w)
			fiber_wake(f);
}

static void run_work(struct work_struct *w)
{
	fiber_create("kworker", kworker, w);
}

bool queue_work(struct workqueue_struct *wq, struct work_struct *w)
{
	fiber_point();
	__tsan_release(w);
	if (w->pending)
		return false;
	w->pending = true;
	run_work(w);
	return true;
}

void shim_delayed_work_timer(struct shim_timer *t)
{
	run_work(&container_of(t, struct delayed_work, timer)->work);
}

bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *d,
			unsigned long delay)
{
	fiber_point();
	__tsan_release(&d->work);
	if (d->work.pending)
		return false;
	d->work.pending = true;
	timer_add(&d->timer, delay * NSEC_PER_JIFFY);
	return true;
}

int timer_reduce(struct timer_list *t, unsigned long expires)
{
	u64 ns = (expires - SHIM_JIFFIES) * NSEC_PER_JIFFY;
	bool pending;

	fiber_point();
	pending = t->node.next;
	if (pending && t->expires <= ns)
		return true;
	timer_del(t);
	timer_add(t, ns - ktime_get_boottime_ns());
	return pending;
}

int timer_delete(struct timer_list *t)
{
	bool pending = t->node.next;

	timer_del(t);
	return pending;
}

int proc_douintvec_minmax(const struct ctl_table *t, int write, void *buffer,
			  size_t *lenp, loff_t *ppos)
{
	WRITE_ONCE(*(unsigned int *)t->data, *(unsigned int *)buffer);
	return 0;
}
