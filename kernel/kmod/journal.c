// SPDX-License-Identifier: GPL-2.0-only
/*
 * The journal: the most recent requests, and counters of all requests.
 */
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/time64.h>

#include "record.h"

/* Number of records in the ring, which takes 90 KB. A boot makes fewer requests. */
#define KMOD_JOURNAL_SIZE	256

/* Buckets up to 2^25 us (half a minute), and one for longer requests */
#define KMOD_LATENCY_BUCKETS	27

struct kmod_stats {
	u64 outcomes[KMOD_OUTCOME_COUNT];
	u64 joined;
	u64 nested;
	u64 nowait;
	u64 modules;
	u64 events[KMOD_EVENTS];
	u64 latency[KMOD_LATENCY_BUCKETS];
	u64 latency_us;
};

/* Protects everything below. Nests inside tasklist_lock. */
static DEFINE_SPINLOCK(kmod_journal_lock);
static struct kmod_record kmod_journal[KMOD_JOURNAL_SIZE];
static u64 kmod_journal_count;		/* requests ended since boot */
static struct kmod_stats kmod_stats;

/* Bucket n counts the requests that took at least 2^(n-1) us and less than 2^n us. */
static unsigned int kmod_latency_bucket(u64 us)
{
	return us ? min(ilog2(us) + 1, KMOD_LATENCY_BUCKETS - 1) : 0;
}

static void kmod_journal_tally(const struct kmod_record *rec)
{
	u64 us = div_u64(rec->slot_ns + rec->run_ns, NSEC_PER_USEC);

	kmod_stats.outcomes[rec->outcome]++;
	kmod_stats.joined += !!rec->into;
	kmod_stats.nested += !!rec->parent;
	kmod_stats.nowait += !rec->wait;
	kmod_stats.modules += rec->modules;
	kmod_stats.latency[kmod_latency_bucket(us)]++;
	kmod_stats.latency_us += us;
}

/**
 * kmod_journal_add - add a request to the journal
 * @rec: record of a request that has ended
 *
 * Context: any, including under tasklist_lock.
 */
void kmod_journal_add(const struct kmod_record *rec)
{
	unsigned long flags;

	spin_lock_irqsave(&kmod_journal_lock, flags);
	kmod_journal[kmod_journal_count++ % KMOD_JOURNAL_SIZE] = *rec;
	kmod_journal_tally(rec);
	spin_unlock_irqrestore(&kmod_journal_lock, flags);
}

/**
 * kmod_journal_note - count an event
 * @event: the event
 *
 * Context: process context.
 */
void kmod_journal_note(enum kmod_event event)
{
	spin_lock_irq(&kmod_journal_lock);
	kmod_stats.events[event]++;
	spin_unlock_irq(&kmod_journal_lock);
}

/**
 * kmod_journal_next - iterate over the requests in the journal
 * @cursor: position in the order in which the requests ended. Advanced to the oldest
 *	record if the record at that position has been overwritten.
 * @rec: set to the record at the position
 *
 * Context: process context.
 * Return: true if there is a record at @cursor.
 */
bool kmod_journal_next(u64 *cursor, struct kmod_record *rec)
{
	u64 oldest = 0;
	bool found;

	spin_lock_irq(&kmod_journal_lock);
	if (kmod_journal_count > KMOD_JOURNAL_SIZE)
		oldest = kmod_journal_count - KMOD_JOURNAL_SIZE;
	*cursor = max(*cursor, oldest);
	found = *cursor < kmod_journal_count;
	if (found)
		*rec = kmod_journal[*cursor % KMOD_JOURNAL_SIZE];
	spin_unlock_irq(&kmod_journal_lock);
	return found;
}

static void kmod_journal_show_latency(struct seq_file *m, const struct kmod_stats *s)
{
	unsigned int i;

	for (i = 0; i < KMOD_LATENCY_BUCKETS - 1; i++)
		seq_printf(m, "latency_us %u %llu\n", 1U << i, s->latency[i]);
	seq_printf(m, "latency_us inf %llu\n", s->latency[i]);
	seq_printf(m, "latency_us_sum %llu\n", s->latency_us);
}

/**
 * kmod_journal_stats - print the counters
 * @m: destination
 *
 * Context: process context.
 */
void kmod_journal_stats(struct seq_file *m)
{
	struct kmod_stats s;
	u64 requests;
	int i;

	spin_lock_irq(&kmod_journal_lock);
	s = kmod_stats;
	requests = kmod_journal_count;
	spin_unlock_irq(&kmod_journal_lock);

	seq_printf(m, "requests %llu\n", requests);
	for (i = 0; i < KMOD_OUTCOME_COUNT; i++)
		seq_printf(m, "outcome_%s %llu\n", kmod_outcome_names[i], s.outcomes[i]);
	seq_printf(m, "joined %llu\nnested %llu\nnowait %llu\n", s.joined, s.nested, s.nowait);
	seq_printf(m, "modprobes %llu\nmodules %llu\nhung %llu\n", s.events[KMOD_MODPROBE],
		   s.modules, s.events[KMOD_HUNG]);
	seq_printf(m, "slow_inits %llu\nbeyond_limit %llu\n", s.events[KMOD_SLOW_INIT],
		   s.events[KMOD_LENT]);
	seq_printf(m, "unrecorded %llu\n", s.events[KMOD_UNRECORDED]);
	kmod_journal_show_latency(m, &s);
}

#ifdef CONFIG_KMOD_KUNIT_TEST
#include "tests/journal_kunit.c"
#endif
