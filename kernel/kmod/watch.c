// SPDX-License-Identifier: GPL-2.0-only
/*
 * Modprobes that do not end: those that hang, and those that load a module.
 */
#define pr_fmt(fmt) "kmod: " fmt

#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/printk.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "flight.h"

/* A modprobe that is hung, or loads a module. A copy, since it may end meanwhile. */
struct kmod_report {
	struct kmod_record rec;
	pid_t pid;
	bool hung;
	char module[MODULE_NAME_LEN];
	unsigned long secs;
};

static void kmod_report_fill(struct kmod_report *report, const struct kmod_modprobe *m)
{
	report->rec = m->request->rec;
	report->pid = m->pid;
	report->hung = m->hung;
	memcpy(report->module, m->module, sizeof(report->module));
	report->secs = (jiffies - m->loading_since) / HZ;
}

/* Takes the next report that is due. Returns false if there is none. */
static bool kmod_report_next(struct kmod_report *report)
{
	struct kmod_modprobe *m;
	bool found = false;

	spin_lock_irq(&kmod_inflight_lock);
	list_for_each_entry(m, &kmod_running, all) {
		found = m->report;
		if (found) {
			m->report = false;
			kmod_report_fill(report, m);
			break;
		}
	}
	spin_unlock_irq(&kmod_inflight_lock);
	return found;
}

static void kmod_report_print(const struct kmod_report *r)
{
	const struct kmod_requester *by = &r->rec.by;

	if (r->hung)
		pr_warn_ratelimited("modprobe %s (pid %d), requested by %s[%d] and %u others, is hung; releasing its slot\n",
				    kmod_escaped(r->rec.name), r->pid, kmod_escaped(by->comm),
				    by->pid, r->rec.joiners);
	else if (*r->module)
		pr_info_ratelimited("module %s: init has been running for %lu s, requested by %s[%d]\n",
				    r->module, r->secs, kmod_escaped(by->comm), by->pid);
	else
		pr_info_ratelimited("modprobe %s (pid %d), requested by %s[%d], has waited %lu s for a load of a module\n",
				    kmod_escaped(r->rec.name), r->pid, kmod_escaped(by->comm),
				    by->pid, r->secs);
}

static void kmod_report(struct work_struct *work)
{
	struct kmod_report report;

	while (kmod_report_next(&report))
		kmod_report_print(&report);
}

static DECLARE_WORK(kmod_report_work, kmod_report);

/**
 * kmod_inflight_hung - handle a modprobe that has not ended within UMH_HUNG_SECS
 * @m: the modprobe
 *
 * If it is loading modules, it is not hung, and keeps its slot.
 *
 * Context: process context.
 * Return: true if it is not hung. Then this must be called again later.
 */
bool kmod_inflight_hung(struct kmod_modprobe *m)
{
	bool loading, report;

	spin_lock_irq(&kmod_inflight_lock);
	loading = kmod_modprobe_is_loading(m);
	report = !loading || (m->loading && !m->slow);
	m->report |= report;
	m->slow = m->loading;
	if (!loading) {
		m->hung = true;
		if (kmod_flight_needs_next(m->flight))
			kmod_flight_kick(m->flight, 0);
	}
	spin_unlock_irq(&kmod_inflight_lock);

	if (loading ? report : kmod_slot_put(&m->slot)) {
		kmod_journal_note(loading ? KMOD_SLOW_INIT : KMOD_HUNG);
		/* A slow console must not delay other modprobes that are hung. */
		queue_work(kmod_wq, &kmod_report_work);
	}
	return loading;
}

/**
 * kmod_inflight_load_begin - record that a module is about to be loaded
 * @m: the modprobe inside which the current task runs
 *
 * Context: process context.
 */
void kmod_inflight_load_begin(struct kmod_modprobe *m)
{
	spin_lock_irq(&kmod_inflight_lock);
	if (!m->loading++)
		*m->module = '\0';
	m->loading_since = jiffies;
	m->slow = false;
	spin_unlock_irq(&kmod_inflight_lock);
}

/**
 * kmod_inflight_load_end - record the end of the load of a module
 * @m: the modprobe of kmod_inflight_load_begin()
 *
 * Context: process context.
 */
void kmod_inflight_load_end(struct kmod_modprobe *m)
{
	spin_lock_irq(&kmod_inflight_lock);
	/* The end of the modprobe has reset this if a descendant goes on. */
	if (m->loading && !--m->loading)
		m->loaded = jiffies ?: 1;
	spin_unlock_irq(&kmod_inflight_lock);
}

/**
 * kmod_inflight_loaded - record that the init of a module is about to run
 * @m: the modprobe inside which the current task runs
 * @module: name of the module
 * @copy: set to the record of the request for which the modprobe runs
 *
 * Context: process context.
 */
void kmod_inflight_loaded(struct kmod_modprobe *m, const char *module,
			  struct kmod_record *copy)
{
	struct kmod_request *r = m->request;

	spin_lock_irq(&kmod_inflight_lock);
	strscpy(m->module, module, sizeof(m->module));
	if (!RB_EMPTY_NODE(&r->all))
		r->rec.modules++;
	*copy = r->rec;
	spin_unlock_irq(&kmod_inflight_lock);
}

/**
 * kmod_inflight_init_failed - record that the init of a module has failed
 * @m: the modprobe inside which the current task runs
 *
 * Context: process context.
 */
void kmod_inflight_init_failed(struct kmod_modprobe *m)
{
	spin_lock_irq(&kmod_inflight_lock);
	if (!RB_EMPTY_NODE(&m->request->all) && m->request->rec.modules)
		m->request->rec.modules--;
	spin_unlock_irq(&kmod_inflight_lock);
}
