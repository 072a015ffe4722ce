// SPDX-License-Identifier: GPL-2.0-only
/*
 * The invariants, I1 to I11 of the design.
 */
#include "world.h"

#define WAIT	(5 * SEC)
/* For the rounding of times to jiffies, and KMOD_LATE */
#define SLACK	(350 * MSEC)

void shim_request_done(const struct kmod_record *rec)
{
	if (rec->id >= ARRAY_SIZE(world.recorded) || world.recorded[rec->id]++)
		shim_fail("I1: request %llu ended twice", (unsigned long long)rec->id);
	if ((int)rec->id > world.nr_records)
		world.nr_records = rec->id;
}

/* Returns whether a module was removed while the modprobe ran. */
static bool unloaded_during(const struct run *r)
{
	int i;

	for (i = 0; i < world.nr_unloads; i++)
		if (world.unloads[i].from > r->seq && world.unloads[i].to < r->seq_end)
			return true;
	return false;
}

/* Returns whether the end of r may have settled a. */
static bool may_settle(const struct run *r, const struct ask *a)
{
	if (!r->ended || r->name != a->name || r->status != a->status || r->seq_gone < a->seq)
		return false;
	return r->seq > a->seq || (!r->status && !unloaded_during(r));
}

static void check_fresh(const struct ask *a)
{
	int i;

	for (i = world.nr_runs; i--;)
		if (may_settle(&world.runs[i], a))
			return;
	shim_fail("I5: result %d for m%d is older than the request", a->status, a->name);
}

/* Doubling makes slots scarce when modprobes run for long. */
static bool slots_are_scarce(void)
{
	const struct run *r;

	for (r = world.runs; r < world.runs + world.nr_runs; r++)
		if ((r->ended ? r->to : ktime_get_boottime_ns()) - r->from >= 15 * SEC)
			return true;
	return !world.no_lack;
}

/* A request has returned. */
void check_return(const struct ask *a, const struct requester *q)
{
	u64 since = q && q->kill > a->joins ? q->kill : a->joins;

	if (current->killed && a->to > since && !shim_stall && !a->starved)
		shim_fail("I9: a killed requester waited");
	if (a->status == -ERESTARTSYS && !current->killed)
		shim_fail("I1: interrupted, but not killed");
	if (a->nowait && a->status > 0)
		shim_fail("I1: a wait status without a wait");
	if (a->nowait && a->to > a->joins + WAIT + SLACK && !shim_stall && !a->starved)
		shim_fail("I5: waited %.1f s without a wait", (a->to - a->joins) / 1e9);
	if (!a->nowait && a->status >= 0)
		check_fresh(a);
	if (a->status == -ETIME && !slots_are_scarce())
		shim_fail("I5: no slot for m%d, but none is lacking", a->name);
}

/* A modprobe was started. */
void check_start(void)
{
	unsigned int limit = world.limit_max, *n = world.active, pool;

	if (n[0] + n[1] > limit || n[1] > DIV_ROUND_UP(limit, 2) || n[POOL_LENT] > limit)
		shim_fail("I3: limit %u: %u admins', %u users', %u lent", limit, n[0], n[1],
			  n[POOL_LENT]);
	for (pool = 2; pool < POOL_LENT; pool++)
		if (n[pool] > limit)
			shim_fail("I3: limit %u: %u at depth %u", limit, n[pool], pool);
}

/* Returns how long a request's own modprobe would run: as long as the longest one. */
static u64 longest_run(int name)
{
	const struct run *r;
	u64 longest = 0;

	for (r = world.runs; r < world.runs + world.nr_runs; r++)
		if (r->name == name && r->to - r->from > longest)
			longest = r->to - r->from;
	return longest;
}

/* No request may take more than 5 s longer than alone, or twice as long with a slow init. */
static void check_times(void)
{
	const struct ask *a;
	u64 bound;

	if (slots_are_scarce())
		return;
	for (a = world.asks; a < world.asks + world.nr_asks; a++) {
		if (a->starved)
			continue;
		bound = longest_run(a->name) + WAIT;
		if (world.programs[a->name].init || world.programs[a->name].other)
			bound += longest_run(a->name);
		if (a->to > a->joins + bound + SLACK)
			shim_fail("I5: %.1f s for m%d, expected %.1f s", (a->to - a->joins) / 1e9,
				  a->name, bound / 1e9);
	}
}

/* Requests that were all made before the first modprobe ended may cost at most two. */
static void check_storm(int name)
{
	u64 last = 0, first_end = -1;
	const struct ask *a;
	const struct run *r;

	for (a = world.asks; a < world.asks + world.nr_asks; a++) {
		if (a->name != name)
			continue;
		if (!a->outside)
			return;
		last = a->joins > last ? a->joins : last;
	}
	for (r = world.runs; r < world.runs + world.nr_runs; r++)
		if (r->name == name && r->to < first_end)
			first_end = r->to;
	if (last < first_end && longest_run(name) < WAIT && world_count_runs(name) > 2)
		shim_fail("I5: a storm for m%d took %d modprobes", name, world_count_runs(name));
}

/* A single request that leads to a loop may cost one modprobe for each name on it. */
static void check_loop(void)
{
	int i, outside = 0;

	for (i = 0; i < world.nr_asks; i++)
		outside += world.asks[i].outside;
	for (i = 0; i < NAMES_MAX && outside == 1 && !world.children; i++)
		if (world_count_runs(i) > 1)
			shim_fail("I4: %d modprobes for m%d", world_count_runs(i), i);
}

/* Users must not keep root from having a module loaded. */
static void check_root(void)
{
	const struct ask *a;
	const struct run *r;

	for (a = world.asks; a < world.asks + world.nr_asks; a++) {
		if (a->name != world.root_name || a->uid || a->to < a->from + WAIT)
			continue;
		for (r = world.runs; r < world.runs + world.nr_runs; r++)
			if (r->name == a->name && r->from >= a->from &&
			    r->from <= a->from + WAIT + SLACK)
				return;
		shim_fail("I11: no modprobe for root's m%d within 5 s", a->name);
	}
}

/* A schedule has ended. */
void check_end(void)
{
	const char *leftover = pipeline_leftover();
	int i;

	for (i = 0; i < world.nr_asks; i++)
		if (!world.asks[i].done)
			shim_fail("I1: request %d, for m%d, has not returned", i, world.asks[i].name);
	if (leftover)
		shim_fail("I1: %s", leftover);
	umh_check();
	if (shim_allocated)
		shim_fail("I1: %u allocations are left", shim_allocated);
	for (i = 1; i <= world.nr_records; i++)
		if (!world.recorded[i])
			shim_fail("I1: request %d was not recorded", i);
	check_root();
	if (!world.no_lack)
		return;
	check_times();
	check_loop();
	for (i = 0; i < NAMES_MAX && !world.starves; i++)
		check_storm(i);
}
