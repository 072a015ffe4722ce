// SPDX-License-Identifier: GPL-2.0-only
/*
 * Modprobes that do not end: those that hang, and those that load a module.
 */
#define pr_fmt(fmt) "kmod: " fmt

#include <linux/jiffies.h>
#include <linux/printk.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/types.h>

#include "flight.h"

static void kmod_inflight_report_loading(const struct kmod_record *rec, pid_t pid,
					 const char *module, unsigned int secs)
{
	kmod_journal_note(KMOD_SLOW_INIT);
	if (*module)
		pr_info_ratelimited("module %s: init has been running for %u s, requested by %s[%d]\n",
				    module, secs, kmod_escaped(rec->by.comm), rec->by.pid);
	else
		pr_info_ratelimited("modprobe %s (pid %d), requested by %s[%d], has waited %u s for a load of a module\n",
				    kmod_escaped(rec->name), pid, kmod_escaped(rec->by.comm),
				    rec->by.pid, secs);
}

static void kmod_inflight_report_hung(const struct kmod_record *rec, pid_t pid)
{
	kmod_journal_note(KMOD_HUNG);
	pr_warn_ratelimited("modprobe %s (pid %d), requested by %s[%d] and %u others, is hung; releasing its slot\n",
			    kmod_escaped(rec->name), pid, kmod_escaped(rec->by.comm),
			    rec->by.pid, rec->joiners);
}

/**
 * kmod_inflight_hung - handle a modprobe that has not ended within UMH_HUNG_SECS
 * @m: the modprobe
 *
 * If it is loading a module, it is not hung, and keeps its slot.
 *
 * Context: process context.
 * Return: true if it is not hung. Then this must be called again later.
 */
bool kmod_inflight_hung(struct kmod_modprobe *m)
{
	char module[MODULE_NAME_LEN];
	unsigned long loading;
	struct kmod_record rec;
	bool known;
	pid_t pid;

	spin_lock_irq(&kmod_inflight_lock);
	loading = m->loading ? m->loading_since : 0;
	memcpy(module, m->module, sizeof(module));
	rec = m->request->rec;
	pid = m->pid;
	known = m->slow;
	m->slow = loading;
	if (!loading) {
		m->hung = true;
		if (kmod_flight_needs_next(m->flight))
			kmod_flight_kick(m->flight, 0);
	}
	spin_unlock_irq(&kmod_inflight_lock);

	if (loading && !known)
		kmod_inflight_report_loading(&rec, pid, module, (jiffies - loading) / HZ);
	if (!loading && kmod_slot_put(&m->slot))
		kmod_inflight_report_hung(&rec, pid);
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
	m->loading_since = jiffies ?: 1;
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
	if (m->loading)
		m->loading--;
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
