// SPDX-License-Identifier: GPL-2.0-only
/*
 * Readers of the requests in flight, and of the modprobes that hold slots.
 */
#define pr_fmt(fmt) "kmod: " fmt

#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/sprintf.h>
#include <linux/time64.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "flight.h"

/* Maximum number of modprobes that are logged when the wait for a slot times out. */
#define KMOD_REPORT_MAX		4

/* Returns the time since modprobe was started for the request, in seconds. */
static unsigned int kmod_modprobe_secs(const struct kmod_modprobe *m)
{
	const struct kmod_record *rec = &m->request->rec;

	return div_u64(kmod_record_age(rec) - rec->slot_ns, NSEC_PER_SEC);
}

/* Prints the modprobes that hold slots into text, the oldest first. */
static void kmod_inflight_print(char *text, size_t size)
{
	const struct kmod_modprobe *m;
	size_t len = 0;
	int n = 0;

	spin_lock_irq(&kmod_inflight_lock);
	list_for_each_entry(m, &kmod_running, all) {
		const struct kmod_record *rec = &m->request->rec;

		if (m->hung)
			continue;
		if (n++ == KMOD_REPORT_MAX)
			break;
		len += scnprintf(text + len, size - len,
				 "%s%s (pid %d, %u s, by %s[%d])", len ? ", " : "",
				 kmod_escaped(rec->name), m->pid, kmod_modprobe_secs(m),
				 kmod_escaped(rec->by.comm), rec->by.pid);
	}
	spin_unlock_irq(&kmod_inflight_lock);
}

/* The request that kmod_busy_report() reports, with a reference; under kmod_inflight_lock. */
static struct kmod_request *kmod_busy;

static void kmod_busy_report(struct work_struct *work)
{
	char holders[400] = "";
	struct kmod_request *r;
	unsigned int secs;

	spin_lock_irq(&kmod_inflight_lock);
	r = kmod_busy;
	kmod_busy = NULL;
	spin_unlock_irq(&kmod_inflight_lock);
	if (!r)
		return;

	kmod_inflight_print(holders, sizeof(holders));
	/* The request has ended: these times are constant. */
	secs = DIV_U64_ROUND_CLOSEST(r->rec.slot_ns + r->rec.run_ns, NSEC_PER_SEC);
	pr_warn("request for %s by %s[%d] timed out after %u s; oldest holders of slots: %s\n",
		kmod_escaped(r->rec.name), kmod_escaped(r->rec.by.comm), r->rec.by.pid,
		secs, holders);
	kmod_request_put(r);
}

static DECLARE_WORK(kmod_busy_work, kmod_busy_report);

/**
 * kmod_inflight_report_busy - log that a request has timed out, and the slots in use
 * @r: the request
 *
 * A slow console delays only further reports, of which some may then be lost.
 *
 * Context: process context.
 */
void kmod_inflight_report_busy(struct kmod_request *r)
{
	static DEFINE_RATELIMIT_STATE(rs, DEFAULT_RATELIMIT_INTERVAL, 2);

	spin_lock_irq(&kmod_inflight_lock);
	if (!kmod_busy && __ratelimit(&rs)) {
		kmod_request_get(r);
		kmod_busy = r;
		queue_work(kmod_wq, &kmod_busy_work);
	}
	spin_unlock_irq(&kmod_inflight_lock);
}

static enum kmod_inflight_state kmod_inflight_state(struct kmod_request *r)
{
	const struct kmod_modprobe *m;

	m = list_first_entry_or_null(&r->modprobes, struct kmod_modprobe, for_request);
	if (m && m->loading)
		return KMOD_INFLIGHT_LOADING;
	if (m)
		return m->hung ? KMOD_INFLIGHT_HUNG : KMOD_INFLIGHT_RUNNING;
	return r->rec.into ? KMOD_INFLIGHT_JOINED : KMOD_INFLIGHT_WAITING;
}

/* Returns the request in flight with the lowest id that is at least @id, or NULL. */
static struct kmod_request *kmod_inflight_from(u64 id)
{
	struct kmod_request *r, *first = NULL;
	struct rb_node *node = kmod_all.rb_node;

	while (node) {
		r = rb_entry(node, struct kmod_request, all);
		if (r->rec.id < id) {
			node = node->rb_right;
		} else {
			first = r;
			node = node->rb_left;
		}
	}
	return first;
}

/**
 * kmod_inflight_next - iterate over the requests in flight
 * @cursor: lowest id to consider; set to the id of the request found
 * @rec: set to the record of the request with the lowest id from @cursor on
 * @state: set to the state of that request
 *
 * Context: process context.
 * Return: true if a request was found.
 */
bool kmod_inflight_next(u64 *cursor, struct kmod_record *rec,
			enum kmod_inflight_state *state)
{
	struct kmod_request *first;

	spin_lock_irq(&kmod_inflight_lock);
	first = kmod_inflight_from(*cursor);
	if (first) {
		*rec = first->rec;
		*state = kmod_inflight_state(first);
		*cursor = first->rec.id;
	}
	spin_unlock_irq(&kmod_inflight_lock);
	return first;
}
