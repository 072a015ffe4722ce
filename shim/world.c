// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requesters, modprobes and random schedules; see world.h.
 */
#include <stdlib.h>

#include "world.h"

struct world world;

/* Number of modprobes that may have children that request modules */
#define CHILDREN_MAX	40

static u64 now(void)
{
	return ktime_get_boottime_ns();
}

void world_reset(u64 seed, unsigned int limit)
{
	shim_seed(seed);
	memset(world.programs, 0, sizeof(world.programs));
	memset(world.recorded, 0, world.nr_records + 1);
	memset(world.active, 0, sizeof(world.active));
	world.nr_requesters = world.nr_asks = world.nr_runs = world.nr_unloads = 0;
	world.nr_records = 0;
	world.seq = 0;
	world.limit = world.limit_max = limit;
	world.density = 1 << shim_random(4);
	world.no_lack = false;
	world.children = false;
	world.starves = false;
	world.serving = false;
	world.frozen = false;
	world.root_name = -1;
	shim_fail_alloc = 0;
	umh_fail = 0;
	umh_disabled = false;
	umh_atomic = false;
	shim_stall = 0;
	shim_console = 0;
	pipeline_reset(limit);
}

struct requester *world_add(int name, uid_t uid, u64 delay)
{
	struct requester *q = &world.requesters[world.nr_requesters++];

	*q = (struct requester){ .name = name, .uid = uid, .delay = delay, .times = 1 };
	return q;
}

/* Requests a module, as the current task. */
int world_request(int name, bool nowait, const struct requester *q)
{
	struct ask *a = &world.asks[world.nr_asks++];

	if (world.nr_asks == ARRAY_SIZE(world.asks))
		shim_fail("I1: %d requests", world.nr_asks);
	*a = (struct ask){
		.name = name,
		.uid = current->flags & PF_KTHREAD ? KTHREAD_UID : current->uid,
		.outside = !current->process,
		.nowait = nowait,
		.starved = q && q->starve,
		.from = now(),
		.joins = now() + (q ? q->decide : 0),
		.seq = ++world.seq,
	};
	shim_log("requests m%d, uid %u%s", name, current->uid, nowait ? ", nowait" : "");
	a->status = __request_module(!nowait, "m%d", name);
	a->to = now();
	a->done = true;
	shim_log("result %d for m%d", a->status, name);
	check_return(a, q);
	return a->status;
}

static void requester(void *arg)
{
	struct requester *q = arg;

	current->uid = q->uid;
	current->userns = q->userns;
	current->flags = q->kthread ? PF_KTHREAD : 0;
	fiber_sleep(q->delay);
	if (q->starve) {
		shim_fiber->starve_at = 1 + shim_random(POINTS_MAX);
		shim_fiber->starve_for = q->starve;
		shim_fiber->starve_first = q->starve_first;
	}
	while (q->times-- && !current->killed)
		world_request(q->name, q->nowait, q);
	q->fiber = NULL;
}

int security_kernel_module_request(const char *name)
{
	const struct requester *q;

	for (q = world.requesters; q < world.requesters + world.nr_requesters; q++)
		if (q->fiber == shim_fiber)
			fiber_sleep(q->decide);
	return umh_fail && shim_chance(umh_fail) ? -EPERM : 0;
}

static void killer(void *arg)
{
	struct requester *q = arg;

	fiber_sleep(q->kill);
	if (!q->fiber)
		return;
	shim_log("kills %s[%d]", q->fiber->task.comm, q->fiber->task.pid);
	shim_kill(q->fiber);
}

void world_run(void)
{
	struct requester *q;

	for (q = world.requesters; q < world.requesters + world.nr_requesters; q++) {
		q->fiber = fiber_create("requester", requester, q);
		if (q->kill)
			fiber_create("killer", killer, q);
	}
	fiber_run_all(world.density);
	check_end();
}

/* A process that requests a module for a modprobe, which may wait for it */
struct other {
	int name;
	bool queue;
	u64 delay;
	struct fiber *waiter;
	struct shim_process *process;
};

static void other_process(void *arg)
{
	struct other *o = arg;

	current->process = o->process;
	fiber_sleep(o->delay);
	while (o->queue && world.serving)
		fiber_sleep(10 * MSEC);
	world.serving |= o->queue;
	world_request(o->name, false, NULL);
	world.serving &= !o->queue;
	if (o->delay)
		umh_origin_exit();
	if (o->waiter)
		fiber_wake(o->waiter);
	else
		free(o);
}

static void nested_request(const struct program *p)
{
	struct other *o;

	if (p->how == INSIDE) {
		world_request(p->next, false, NULL);
		return;
	}
	if (p->how != DAEMON && p->how != QUEUE && world.nr_runs > CHILDREN_MAX)
		return;
	o = calloc(1, sizeof(*o));
	o->name = p->next;
	if (p->how == CHILD || p->how == HELPER) {
		o->process = p->how == CHILD ? current->process : umh_origin_inherit();
		o->delay = p->how == CHILD ? 0 : 3 * SEC;
		world.children = true;
		fiber_create(p->how == CHILD ? "child" : "helper", other_process, o);
		return;
	}
	o->queue = p->how == QUEUE;
	o->waiter = shim_fiber;
	fiber_create("daemon", other_process, o);
	fiber_block();
	free(o);
}

/* Another task removes a module. */
void world_unload(void)
{
	unsigned int from = ++world.seq;

	shim_log("a module is removed");
	pipeline_module("other", MODULE_STATE_GOING, true);
	if (world.nr_unloads == ARRAY_SIZE(world.unloads))
		return;
	world.unloads[world.nr_unloads].from = from;
	world.unloads[world.nr_unloads++].to = ++world.seq;
}

static void load_module(const struct program *p, const char *name)
{
	struct kmod_modprobe *m = kmod_load_begin();
	unsigned int from;

	fiber_sleep(p->other);
	if (!p->init) {
		kmod_load_end(m);
		return;
	}
	shim_log("init of %s", name);
	pipeline_module(name, MODULE_STATE_COMING, false);
	fiber_sleep(p->init);
	from = ++world.seq;
	pipeline_module(name, p->init_fails ? MODULE_STATE_GOING : MODULE_STATE_LIVE,
			false);
	if (p->init_fails && world.nr_unloads < (int)ARRAY_SIZE(world.unloads)) {
		world.unloads[world.nr_unloads].from = from;
		world.unloads[world.nr_unloads++].to = ++world.seq;
	}
	fiber_sleep(p->async);
	kmod_load_end(m);
}

/* Runs the program. Returns its wait status, which is unique if it fails. */
int world_modprobe(const char *name)
{
	const struct program *p = &world.programs[atoi(name + 1)];
	int status = p->fails ? 256 * world.nr_runs : 0;

	if (p->nested)
		nested_request(p);
	if (p->init || p->other)
		load_module(p, name);
	fiber_sleep(p->run);
	while (world.frozen)
		fiber_sleep(100 * MSEC);
	return status;
}

static struct run *find_run(const struct kmod_modprobe *m)
{
	int i;

	for (i = world.nr_runs; i--;)
		if (world.runs[i].m == m && !world.runs[i].ended)
			return &world.runs[i];
	return NULL;
}

void world_modprobe_starts(const struct kmod_modprobe *m, const char *name)
{
	struct run *r = &world.runs[world.nr_runs++];

	if (world.nr_runs == ARRAY_SIZE(world.runs))
		shim_fail("I3: %d modprobes", world.nr_runs);
	*r = (struct run){
		.name = atoi(name + 1),
		.from = now(),
		.seq = ++world.seq,
		.seq_gone = -1,
		.m = m,
		.pool = pipeline_pool(m),
		.counted = true,
	};
	shim_log("modprobe %s starts, pool %u", name, r->pool);
	world.active[r->pool]++;
	check_start();
}

static void uncount(struct run *r)
{
	if (r->counted)
		world.active[r->pool]--;
	r->counted = false;
}

/* Called before and after the report that a modprobe is hung, which may have no effect. */
void world_modprobe_hung(struct kmod_modprobe *m, bool maybe)
{
	struct run *r = find_run(m);

	if (!r)
		return;
	if (maybe) {
		shim_log("modprobe m%d is hung", r->name);
		uncount(r);
	} else if (!pipeline_is_hung(m) && !r->ended) {
		r->counted = true;
		world.active[r->pool]++;
	}
}

struct run *world_modprobe_ends(const struct kmod_modprobe *m, int status)
{
	struct run *r = find_run(m);

	if (!r)
		return NULL;
	r->to = now();
	r->seq_end = ++world.seq;
	r->status = status;
	r->ended = true;
	uncount(r);
	return r;
}

void world_modprobe_gone(struct run *r)
{
	if (r)
		r->seq_gone = ++world.seq;
}

int world_count_runs(int name)
{
	int i, n = 0;

	for (i = 0; i < world.nr_runs; i++)
		n += world.runs[i].name == name;
	return n;
}

/* Other tasks of a random schedule. */
static void unloader(void *arg)
{
	int n = 1 + shim_random(3);

	while (n--) {
		fiber_sleep(shim_random(8000) * MSEC);
		world_unload();
	}
}

static void reader(void *arg)
{
	enum kmod_inflight_state state;
	struct kmod_record rec;
	u64 cursor;
	int n = 4;

	while (n--) {
		fiber_sleep(shim_random(3000) * MSEC);
		for (cursor = 0; kmod_inflight_next(&cursor, &rec, &state); cursor++)
			shim_assert(rec.name[0] == 'm' && state <= KMOD_INFLIGHT_HUNG, "bad record");
	}
}

static void administrator(void *arg)
{
	unsigned int limit = 1 + shim_random(4);

	fiber_sleep(shim_random(8000) * MSEC);
	if (shim_chance(3))
		pipeline_set_path(NULL);
	world.limit_max = limit > world.limit_max ? limit : world.limit_max;
	shim_log("limit %u", limit);
	pipeline_set_limit(limit);
}

/* User space is frozen, but for requesters: one that waits would prevent that. */
static void check_frozen(u64 from)
{
	const struct ask *a;

	if (shim_stall || world.starves)
		return;
	for (a = world.asks; a < world.asks + world.nr_asks; a++)
		if (!a->done && now() > (a->joins > from ? a->joins : from) + 11 * SEC)
			shim_fail("I8: request %d for m%d prevents suspend",
				  (int)(a - world.asks), a->name);
}

static void suspend(void)
{
	u64 from = now();

	world.frozen = true;
	shim_log("frozen");
	while (now() < from + 25 * SEC) {
		fiber_sleep(100 * MSEC);
		check_frozen(from);
	}
	world.frozen = false;
	shim_log("thawed");
}

static void suspender(void *arg)
{
	int i, n;

	for (i = 0; i < 3; i++) {
		fiber_sleep(shim_random(12000) * MSEC + 1);
		umh_disabled = true;
		for (n = 0; n < 500 && umh_counted; n++)
			fiber_sleep(10 * MSEC);
		if (!umh_counted)
			suspend();
		umh_disabled = false;
	}
}

static u64 random_time(void)
{
	switch (shim_random(8)) {
	case 0:
		return 0;
	case 1:
		return SEC * 5;
	case 2:
	case 3:
		return shim_random(15000) * MSEC;
	case 4:
		return shim_random(40000) * MSEC;
	case 5:
		return shim_chance(4) ? SEC * 100 : SEC * 7;
	default:
		return shim_random(2000) * MSEC;
	}
}

static void random_program(struct program *p, int names, bool daemons)
{
	p->run = random_time();
	p->fails = shim_chance(2);
	p->nested = shim_chance(3);
	p->how = daemons && shim_chance(2) ? DAEMON : shim_chance(4) ? CHILD :
		 shim_chance(8) ? HELPER : INSIDE;
	p->next = shim_random(names);
	p->init = shim_chance(5) ? random_time() : 0;
	p->init_fails = shim_chance(2);
	p->other = shim_chance(20) ? random_time() : 0;
	p->async = shim_chance(20) ? random_time() : 0;
}

static void random_requester(int names)
{
	struct requester *q = world_add(shim_random(names), 0, 0);

	if (shim_chance(2))
		q->uid = 1000 + shim_random(3);
	q->kthread = shim_chance(8);
	q->nowait = shim_chance(4);
	q->times = 1 + shim_random(2);
	q->delay = shim_chance(2) ? 0 : shim_random(8000) * MSEC;
	q->decide = shim_chance(8) ? random_time() : 0;
	q->kill = shim_chance(5) ? 1 + shim_random(10000) * MSEC : 0;
	q->starve = world.starves && shim_chance(4) ? random_time() : 0;
}

/* Users, and kernel threads for users, take all that they can get. Root makes one request. */
static void greedy_world(void)
{
	int n, users = 1 + shim_random(12);
	struct requester *q;

	world.limit = world.limit_max = 1 + shim_random(4);
	pipeline_reset(world.limit);
	for (n = 0; n < users; n++) {
		world.programs[n].run = shim_chance(2) ? random_time() : 100 * SEC;
		q = world_add(n, 1000 + shim_random(3), shim_random(4000) * MSEC);
		q->kthread = shim_chance(6);
		if (q->kthread)
			q->uid = 0;
		q->nowait = shim_chance(3);
		q->times = 1 + shim_random(2);
		q->kill = shim_chance(3) ? 1 + shim_random(10000) * MSEC : 0;
		q->starve = shim_chance(8) ? 100 * SEC : 0;
	}
	world.programs[users].run = SEC;
	/* With a limit of 1 a user's modprobe for the same name is root's only one. */
	world.root_name = users;
	if (world.limit > 1 && shim_chance(2))
		world.root_name = shim_random(users);
	world_add(world.root_name, 0, shim_random(20000) * MSEC);
	world_run();
}

void random_world(u64 seed)
{
	static const unsigned int limits[] = { 1, 1, 2, 3, 4, 50 };
	bool daemons, changes;
	int names, n;

	world_reset(seed, 50);
	if (shim_chance(8)) {
		greedy_world();
		return;
	}
	daemons = shim_chance(10);
	changes = shim_chance(8);
	if (daemons || shim_chance(2))
		world.limit = world.limit_max = limits[shim_random(ARRAY_SIZE(limits) - daemons)];
	pipeline_reset(world.limit);
	shim_fail_alloc = shim_chance(8) ? 15 : 0;
	umh_fail = shim_chance(8) ? 10 : 0;
	shim_stall = shim_chance(6) ? 100 : 0;
	world.starves = shim_chance(8);
	shim_console = shim_chance(16) ? SEC : 0;
	world.no_lack = world.limit == 50 && !daemons && !changes && !shim_fail_alloc &&
			!umh_fail && !shim_stall;

	if (shim_chance(4)) {
		world.no_lack = false;
		fiber_create("suspend", suspender, NULL);
	}
	names = 1 + shim_random(3);
	for (n = 0; n < names; n++)
		random_program(&world.programs[n], names, daemons);
	for (n = 1 + shim_random(shim_chance(4) ? 16 : 6); n; n--)
		random_requester(names);
	if (shim_chance(4))
		fiber_create("unloader", unloader, NULL);
	if (shim_chance(4))
		fiber_create("reader", reader, NULL);
	if (changes)
		fiber_create("admin", administrator, NULL);
	world_run();
}
