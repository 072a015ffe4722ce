// SPDX-License-Identifier: GPL-2.0-only
/*
 * Schedules with a known result. The seed decides only the order of events at the same
 * time.
 */
#include "world.h"

static void expect(bool cond, const char *text)
{
	if (!cond)
		shim_fail("expected: %s", text);
}

static struct program *fails_after(int name, u64 ns)
{
	struct program *p = &world.programs[name];

	p->run = ns;
	p->fails = true;
	return p;
}

/* Returns when the last request for the name ended, in s. */
static double last_end(int name)
{
	u64 last = 0;
	int i;

	for (i = 0; i < world.nr_asks; i++)
		if (world.asks[i].name == name && world.asks[i].to > last)
			last = world.asks[i].to;
	return last / 1e9;
}

static bool any_status(int name, int status)
{
	int i;

	for (i = 0; i < world.nr_asks; i++)
		if (world.asks[i].name == name && world.asks[i].status == status)
			return true;
	return false;
}

/* Returns when the n-th modprobe for the name was started, in s. */
static double start_of(int name, int n)
{
	int i;

	for (i = 0; i < world.nr_runs; i++)
		if (world.runs[i].name == name && !n--)
			return world.runs[i].from / 1e9;
	shim_fail("expected: a modprobe for m%d", name);
}

static void many(int n, int name, uid_t uid, u64 delay)
{
	while (n--)
		world_add(name, uid, delay);
}

static void limit(unsigned int n)
{
	world.limit = world.limit_max = n;
	pipeline_reset(n);
}

static void slow_failure(void)
{
	fails_after(0, 7 * SEC);
	many(8, 0, 1000, 0);
	world_run();
	expect(last_end(0) <= 13, "all end within 13 s");
	expect(world_count_runs(0) <= 3, "3 modprobes at most");
}

static void users_in_a_loop(void)
{
	int i;

	fails_after(0, 8 * SEC);
	for (i = 0; i < 6; i++)
		world_add(0, 1000, i * 700 * MSEC)->times = 4;
	world_add(0, 0, 3 * SEC);
	world_run();
	for (i = 0; i < world.nr_asks; i++)
		if (!world.asks[i].uid)
			expect(world.asks[i].to < 17 * SEC, "root has its result within 14 s");
}

/* check_return() detects a result that is older than its request. */
static void stale_failure(void)
{
	fails_after(0, 3 * SEC);
	many(2, 0, 0, 0);
	many(2, 0, 0, SEC);
	world_run();
	expect(world_count_runs(0) == 2, "a second modprobe for the later requests");
	expect(start_of(0, 1) < 4, "it starts when the first one has ended");
}

static void remove_at_1s(void *arg)
{
	fiber_sleep(SEC);
	world_unload();
}

static void stale_success(void)
{
	world.programs[0].run = 3 * SEC;
	world_add(0, 0, 0);
	many(2, 0, 0, 2 * SEC);
	fiber_create("rmmod", remove_at_1s, NULL);
	world_run();
	expect(world_count_runs(0) == 2, "a second modprobe after the removal");
}

static void shared_success(void)
{
	world.programs[0].run = 3 * SEC;
	world_add(0, 0, 0);
	many(20, 0, 1000, SEC);
	world_run();
	expect(world_count_runs(0) == 1, "one modprobe");
}

static void killed_leader(void)
{
	int i;

	limit(1);
	for (i = 0; i < 5; i++)
		fails_after(i, SEC);
	fails_after(0, 1900 * MSEC);
	world_add(0, 0, 0);
	world_add(1, 0, 100 * MSEC)->kill = 500 * MSEC;
	world_add(1, 0, 200 * MSEC);
	for (i = 2; i < 5; i++)
		world_add(i, 0, i * 150 * MSEC);
	world_run();
	for (i = 2; i < 5; i++)
		expect(start_of(1, 0) < start_of(i, 0), "m1 keeps its place");
}

/* The first request is older than the first modprobe, but joins after that has ended. */
static void late_joiner(void)
{
	limit(1);
	fails_after(0, 2 * SEC);
	fails_after(1, 4 * SEC);
	world_add(0, 0, 0)->decide = 3 * SEC;
	world_add(0, 0, 500 * MSEC);
	world_add(1, 0, SEC);
	world_add(0, 0, 1500 * MSEC)->kill = 4 * SEC;
	world_run();
}

static void empty_path_at_1s(void *arg)
{
	fiber_sleep(SEC);
	pipeline_set_path(NULL);
}

static void switched_off(void)
{
	limit(1);
	fails_after(0, 1500 * MSEC);
	world_add(0, 0, 0);
	world_add(1, 0, 500 * MSEC);
	fiber_create("admin", empty_path_at_1s, NULL);
	world_run();
	expect(world.nr_runs == 1 && any_status(1, -ENOENT), "m1's modprobe is not started");
}

/* Adds a request for 3 * n, which leads to a chain of three names. */
static void chain(int n)
{
	int i;

	for (i = 3 * n; i < 3 * n + 3; i++) {
		fails_after(i, 100 * MSEC);
		world.programs[i].nested = i < 3 * n + 2;
		world.programs[i].next = i + 1;
	}
	world_add(3 * n, 0, 0);
}

static void chain_of_three(void)
{
	limit(1);
	chain(0);
	world_run();
	expect(world.nr_runs == 3 && last_end(0) < 1, "3 modprobes within a second");
}

static void fifty_chains(void)
{
	int i;

	for (i = 0; i < 50; i++)
		chain(i);
	world_run();
	expect(world.nr_runs == 150, "150 modprobes");
}

static void loop_of_two(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		fails_after(i, 100 * MSEC);
		world.programs[i].nested = true;
		world.programs[i].next = !i;
	}
	world_add(0, 1000, 0);
	world_run();
	expect(world.nr_runs == 2 && last_end(0) < 1, "2 modprobes within a second");
	expect(any_status(0, -ELOOP), "ELOOP");
}

static void no_helper_at_2s(void *arg)
{
	fiber_sleep(2 * SEC);
	world.programs[0].nested = false;
}

/* A helper that the kernel started for a modprobe makes a request when that has ended. */
static void outliving_helper(void)
{
	struct program *p = fails_after(0, SEC);

	p->nested = true;
	p->how = HELPER;
	world_add(0, 0, 0);
	fiber_create("admin", no_helper_at_2s, NULL);
	world_run();
	expect(world.nr_runs == 2 && !any_status(0, -ELOOP), "no loop with an ended modprobe");
}

static void two_users(void)
{
	int i;

	limit(4);
	for (i = 0; i < 15; i++) {
		fails_after(i, 700 * MSEC);
		world_add(i, i < 14 ? 1000 : 2000, i < 14 ? 0 : 100 * MSEC);
	}
	world_run();
	expect(start_of(14, 0) < 1, "the other user is served next");
}

/*
 * A user has many ids in a user namespace, and another one below it. The container of another
 * user was created by root.
 */
static void subordinate_ids(void)
{
	static struct user_namespace outer = { .level = 1, .parent = &init_user_ns,
					       .owner = 1000, .root = 1000 };
	static struct user_namespace inner = { .level = 2, .parent = &outer, .owner = 100001 };
	static struct user_namespace other = { .level = 1, .parent = &init_user_ns,
					       .root = 200000 };
	int i;

	limit(4);
	for (i = 0; i < 22; i++) {
		fails_after(i, 700 * MSEC);
		world_add(i, 100000 + i, i < 20 ? 0 : 100 * MSEC)->userns = i & 1 ? &inner : &outer;
	}
	world.requesters[20].uid = 2000;
	world.requesters[20].userns = NULL;
	world.requesters[21].uid = 200005;
	world.requesters[21].userns = &other;
	world_run();
	expect(start_of(20, 0) < 1 && start_of(21, 0) < 1, "the other users are served next");
}

/* The second user joins a flight that waits behind other requests of the first one. */
static void user_joins_user(bool kthread)
{
	int i;

	limit(4);
	for (i = 0; i < 20; i++) {
		fails_after(i, 700 * MSEC);
		world_add(i, 1000, i * 10 * MSEC);
	}
	world_add(19, kthread ? 0 : 2000, 300 * MSEC)->kthread = kthread;
	world_run();
	expect(start_of(19, 0) < 1, "the other user is served next");
}

static void user_joins(void)
{
	user_joins_user(false);
}

static void kthread_joins(void)
{
	user_joins_user(true);
}

/* The second user joins while a modprobe for the first one runs, behind others of it. */
static void user_joins_later(void)
{
	int i;

	limit(4);
	fails_after(0, 700 * MSEC);
	world_add(0, 1000, 0);
	for (i = 1; i < 20; i++) {
		fails_after(i, 700 * MSEC);
		world_add(i, 1000, i * 10 * MSEC);
	}
	world_add(0, 1000, 300 * MSEC);
	world_add(0, 2000, 400 * MSEC);
	world_run();
	expect(start_of(0, 1) < 1.5, "the other user is served next");
}

static void two_users_share(void)
{
	int i;

	limit(4);
	for (i = 0; i < 12; i++) {
		fails_after(i, SEC);
		world_add(i, i < 6 ? 1000 : 2000, (i < 6 ? i : 50 + i) * 10 * MSEC);
	}
	world_run();
	expect(start_of(2, 0) < 1.5 && start_of(6, 0) < 1.5, "each user gets one of two slots");
}

static void fifty_hung(void)
{
	int i;

	for (i = 0; i < 51; i++)
		fails_after(i, 100 * SEC);
	for (i = 0; i < 51; i++)
		world_add(i, 0, i < 50 ? 0 : SEC)->kill = i & 1 ? 500 * MSEC : 0;
	world_run();
	expect(start_of(50, 0) < 6, "the 51st starts within 5 s");
}

/* The console takes 10 s for each line while modprobes are found hung. */
static void slow_console(void)
{
	int i;

	limit(8);
	shim_console = 10 * SEC;
	for (i = 0; i < 16; i++) {
		fails_after(i, i < 8 ? 100 * SEC : SEC);
		world_add(i, 0, i < 8 ? 0 : 30500 * MSEC);
	}
	world_run();
	for (i = 8; i < 16; i++)
		expect(start_of(i, 0) < 31, "all slots are released at once");
}

/* Many requests fail while the console takes 10 s for each line. */
static void slow_console_busy(void)
{
	int i;

	limit(1);
	shim_console = 10 * SEC;
	fails_after(0, 20 * SEC);
	fails_after(1, SEC);
	world_add(0, 1000, 0);
	for (i = 0; i < 3; i++)
		world_add(1, 1000, SEC);
	world_run();
	expect(last_end(1) < 7, "all requests fail in time");
}

/* Many requests are made while modprobes that hang hold all slots. */
static void many_beyond_limit(void)
{
	int i;

	limit(4);
	for (i = 0; i < 12; i++) {
		fails_after(i, i < 4 ? 100 * SEC : 100 * MSEC);
		world_add(i, 0, i < 4 ? 0 : SEC);
	}
	world_run();
	for (i = 4; i < 12; i++)
		expect(!any_status(i, -ETIME), "no request fails");
}

/* All slots are taken, the last one by uid, just when a second modprobe is due. */
static void full_by(uid_t uid)
{
	int i;

	limit(2);
	fails_after(0, 7 * SEC);
	fails_after(1, 300 * MSEC);
	world_add(0, 0, 0);
	world_add(0, 0, SEC);
	world_add(1, uid, 5900 * MSEC);
	world_run();
	for (i = 0; i < world.nr_asks; i++)
		expect(world.asks[i].status > 0, "each request has the result of a modprobe");
}

static void full_for_a_moment(void)
{
	full_by(0);
}

static void full_by_user(void)
{
	full_by(1000);
}

/* Users take all slots that they can get. Root makes its request later. */
static void users_fill(unsigned int n)
{
	int i;

	limit(n);
	for (i = 0; i < 20; i++) {
		fails_after(i, 100 * SEC);
		world_add(i, 1000 + i % 5, 0)->kthread = i == 3;
	}
	fails_after(20, SEC);
	world_add(20, 0, 20 * SEC);
	world_run();
	expect(start_of(20, 0) < 25, "root's modprobe starts within 5 s");
}

static void users_fill_1(void)
{
	users_fill(1);
}

static void users_fill_4(void)
{
	users_fill(4);
}

static void daemon_loop(void)
{
	struct program *p = fails_after(0, 100 * MSEC);

	limit(8);
	p->nested = true;
	p->how = DAEMON;
	world_add(0, 0, 0);
	world_run();
	expect(last_end(0) < 60, "it ends within 60 s");
	expect(world.nr_runs <= 8, "with kernel.kmod-limit modprobes at most");
}

/* The daemon serves one request at a time. */
static void queue_loop(unsigned int n)
{
	struct program *p = fails_after(0, 100 * MSEC);

	limit(n);
	p->nested = true;
	p->how = QUEUE;
	world_add(0, 0, 0);
	world_run();
	expect(ktime_get_boottime_ns() < 60 * SEC, "it ends within 60 s");
	expect(world.nr_runs <= (int)n, "with kernel.kmod-limit modprobes at most");
}

static void queue_loop_2(void)
{
	queue_loop(2);
}

static void queue_loop_8(void)
{
	queue_loop(8);
}

static void queue_loop_50(void)
{
	queue_loop(50);
}

static void after_hung(void)
{
	fails_after(0, 100 * SEC);
	world_add(0, 0, 0);
	world_add(0, 0, 35 * SEC);
	world_run();
	expect(world_count_runs(0) > 2, "the next modprobe is doubled, too");
}

static void slow_init(void)
{
	world.programs[0].init = 36 * SEC;
	many(3, 0, 0, 0);
	many(5, 0, 1000, 8 * SEC);
	world_run();
	expect(world_count_runs(0) == 1, "one modprobe");
}

/*
 * Root joins a flight behind a user. The user's other requests hold the slots that users may
 * have, so that only the class of root's request lets the flight have further modprobes.
 */
static void root_behind_users(void)
{
	int i;

	limit(8);
	fails_after(0, 12 * SEC);
	world_add(0, 1000, 0);
	for (i = 1; i < 4; i++) {
		fails_after(i, 100 * SEC);
		world_add(i, 1000, 0);
	}
	world_add(0, 1000, 500 * MSEC);
	world_add(0, 0, SEC);
	world_run();
	for (i = 0; i < world.nr_asks; i++)
		if (!world.asks[i].uid)
			expect(world.asks[i].status > 0, "root has the result of a modprobe");
}

/* Root's request, which does not wait, joins one of a user that does not wait either. */
static void root_nowait_joins(void)
{
	int i;

	limit(4);
	for (i = 0; i < 2; i++) {
		fails_after(i, 100 * SEC);
		world_add(i, 1000, 0);
	}
	fails_after(2, SEC);
	world_add(2, 1000, 100 * MSEC)->nowait = true;
	world_add(2, 1000, 200 * MSEC)->nowait = true;
	world_add(2, 0, 500 * MSEC)->nowait = true;
	world_run();
	expect(start_of(2, 0) < 1, "root's request is served at once");
}

/* Requests that do not wait share one place, which must not expire with the oldest of them. */
static void nowait_joins_late(void)
{
	limit(1);
	fails_after(0, 6 * SEC);
	world_add(0, 1000, 0);
	world_add(1, 1000, 200 * MSEC)->nowait = true;
	world_add(1, 1000, 500 * MSEC)->nowait = true;
	world_add(1, 1000, 4500 * MSEC)->nowait = true;
	world_run();
	expect(world_count_runs(1) == 1, "the last request is served");
}

static void suspend_at_3s(void *arg)
{
	fiber_sleep(3 * SEC);
	expect(umh_counted == *(unsigned int *)arg, "suspend waits for awaited modprobes only");
}

/* A modprobe is started for a request that does not wait for it, and another one does. */
static void awaited_by_joiner(void)
{
	static unsigned int counted = 1;

	limit(1);
	fails_after(0, 2 * SEC);
	fails_after(1, 4 * SEC);
	world_add(0, 0, 0);
	world_add(1, 0, SEC)->nowait = true;
	world_add(1, 0, 1500 * MSEC);
	fiber_create("suspend", suspend_at_3s, &counted);
	world_run();
}

/* A request that waits joins a modprobe that was started for one that does not. */
static void awaited_again(void)
{
	static unsigned int counted = 1;

	fails_after(0, 4 * SEC);
	world_add(0, 0, 0)->nowait = true;
	world_add(0, 0, SEC);
	fiber_create("suspend", suspend_at_3s, &counted);
	world_run();
}

static void disable_helpers(void *arg)
{
	fiber_sleep(SEC);
	umh_disabled = true;
	fiber_sleep(2 * SEC);
	umh_disabled = false;
}

/* Suspend may freeze a modprobe that nobody waits for. A request that then waits prevents it. */
static void joins_during_suspend(void)
{
	fails_after(0, 20 * SEC);
	world_add(0, 0, 0)->nowait = true;
	world_add(0, 1000, 2 * SEC);
	fiber_create("suspend", disable_helpers, NULL);
	world_run();
	expect(any_status(0, -EBUSY) && last_end(0) < 2.5, "the request fails");
}

static void awaited_by_nobody(void)
{
	static unsigned int counted;

	fails_after(0, 4 * SEC);
	fails_after(1, 4 * SEC);
	world_add(0, 0, 0)->nowait = true;
	world_add(1, 0, 0)->kill = SEC;
	fiber_create("suspend", suspend_at_3s, &counted);
	world_run();
}

/* The init schedules async work, such as a search for disks, which the loader waits for. */
static void slow_async(void)
{
	world.programs[0].init = 10 * MSEC;
	world.programs[0].async = 36 * SEC;
	many(3, 0, 0, 0);
	many(5, 0, 1000, 8 * SEC);
	world_run();
	expect(world_count_runs(0) == 1, "one modprobe");
}

/* Another process, such as udev, loads the module already. */
static void slow_other(void)
{
	limit(4);
	world.programs[0].other = 36 * SEC;
	many(3, 0, 0, 0);
	many(5, 0, 1000, 8 * SEC);
	world_run();
	expect(world_count_runs(0) == 1, "one modprobe");
	expect(!any_status(0, -ETIME), "the load is waited for");
}

/* The modprobes that are started from then on take less time. */
static void faster(void *at)
{
	fiber_sleep(*(u64 *)at);
	fails_after(0, 20 * SEC);
}

/* With one slot, root joins the flight of a user, whose modprobe holds it. */
static void root_joins_1(void)
{
	int i;

	limit(1);
	fails_after(0, 12 * SEC);
	world_add(0, 1000, 0);
	world_add(0, 0, SEC);
	world_run();
	for (i = 0; i < world.nr_asks; i++)
		if (!world.asks[i].uid)
			expect(world.asks[i].status > 0, "root has the result of a modprobe");
	expect(start_of(0, 1) < 9, "which is started within 8 s");
}

/* A user's flight has as many modprobes as the limit allows when root joins it. */
static void root_joins_2(void)
{
	limit(2);
	fails_after(0, 4 * SEC);
	fails_after(1, 100 * SEC);
	world_add(0, 1000, 0);
	world_add(1, 1000, 500 * MSEC);
	world_add(1, 1000, 3 * SEC);
	world_add(1, 0, 9 * SEC);
	world_run();
	expect(world_count_runs(1) > 2 && start_of(1, 2) < 15, "root's modprobe starts within 5 s");
}

/* Likewise, with the default limit. */
static void root_joins_50(void)
{
	static u64 at = 74 * SEC;
	int i;

	fails_after(0, 100 * SEC);
	for (i = 0; i < 75; i++)
		world_add(0, 1000, i * SEC);
	world_add(0, 0, 75 * SEC);
	fiber_create("admin", faster, &at);
	world_run();
	for (i = 0; i < world.nr_asks; i++)
		if (!world.asks[i].uid)
			expect(world.asks[i].status > 0, "root has the result of a modprobe");
}

/*
 * Root's modprobe hangs, and users hold all of their slots. The next modprobe is for an older
 * request, of a user, but is served as root's.
 */
static void root_hung(void)
{
	static u64 at = 14 * SEC;
	int i;

	limit(8);
	for (i = 0; i < 3; i++)
		fails_after(i, 100 * SEC);
	world_add(0, 1000, 0);
	world_add(1, 1001, 0);
	world_add(2, 1001, 0);
	world_add(0, 1000, SEC);
	world_add(0, 0, 6 * SEC);
	fiber_create("admin", faster, &at);
	world_run();
	for (i = 0; i < world.nr_asks; i++)
		if (!world.asks[i].uid)
			expect(world.asks[i].to < 40 * SEC, "root has a result within 34 s");
}

/* With one slot, a modprobe for an older request is hung when the next one is started. */
static void joins_hung_1(void)
{
	static u64 at = 34 * SEC;
	int i;

	limit(1);
	fails_after(0, 100 * SEC);
	world_add(0, 0, 0);
	world_add(0, 0, 35 * SEC);
	fiber_create("admin", faster, &at);
	world_run();
	for (i = 0; i < world.nr_asks; i++)
		expect(world.asks[i].status > 0, "each has the result of a modprobe");
}

/* The requester that opens the flight gets no CPU at some point of its request. */
static void starved_leader(unsigned int n)
{
	int i;

	limit(n);
	fails_after(0, SEC);
	world_add(0, 0, 0)->decide = 2 * SEC;
	world_add(0, 1000, 100 * MSEC)->starve = 100 * SEC;
	world_add(0, 0, 500 * MSEC);
	world_run();
	for (i = 0; i < world.nr_asks; i++)
		if (!world.asks[i].uid)
			expect(world.asks[i].to < 5 * SEC && world.asks[i].status > 0,
			       "root has its result within 4.5 s");
}

static void starved_leader_1(void)
{
	starved_leader(1);
}

static void starved_leader_50(void)
{
	starved_leader(50);
}

/* Likewise, while a modprobe that hangs holds the only slot. */
static void starved_leader_hung(void)
{
	fails_after(1, 100 * SEC);
	limit(1);
	fails_after(0, SEC);
	world_add(1, 0, 0);
	world_add(0, 1000, 100 * MSEC)->starve = 100 * SEC;
	world_add(0, 0, 500 * MSEC);
	world_run();
	expect(!any_status(0, -ETIME), "root is granted a slot beyond the limit");
}

/*
 * A user joins the flight of another one, which is starved and holds two of three slots. A third
 * user makes many requests.
 */
static void starved_leader_user(void)
{
	int i;

	limit(6);
	for (i = 0; i < 20; i++)
		fails_after(i, i == 1 ? 100 * SEC : 700 * MSEC);
	world_add(0, 2000, 0)->decide = 300 * MSEC;
	world_add(1, 1000, 50 * MSEC);
	world_add(0, 1000, 100 * MSEC)->starve = 100 * SEC;
	for (i = 2; i < 20; i++)
		world_add(i, 3000, 200 * MSEC);
	world_run();
	for (i = 0; i < world.nr_asks; i++)
		if (world.asks[i].uid == 2000)
			expect(world.asks[i].to < 4 * SEC && world.asks[i].status > 0,
			       "the other user has its result within 4 s");
}

/*
 * 32 openers are starved, each at another point, and others join their flights. Then another user
 * needs all 32 slots.
 */
static void starved_leader_slot(void)
{
	int i;

	limit(64);
	umh_atomic = true;
	for (i = 0; i < 32; i++) {
		fails_after(i, 100 * MSEC);
		world_add(i, 1000, 0)->starve = 100 * SEC;
		world_add(i, 2000, 50 * MSEC);
		fails_after(32 + i, 3 * SEC);
		world_add(32 + i, 3000, 3 * SEC);
	}
	world_run();
	for (i = 0; i < 32; i++)
		expect(last_end(32 + i) < 7, "none waits for the slot of a starved opener");
}

/* Openers of flights get no CPU for a moment, and then none any more. */
static void starved_twice(void)
{
	struct requester *q;
	int i;

	limit(100);
	for (i = 0; i < 32; i++) {
		fails_after(i, SEC);
		q = world_add(i, 1000, 100 * MSEC);
		q->starve_first = 100 * MSEC;
		q->starve = 100 * SEC;
		world_add(i, 0, 150 * MSEC);
	}
	world_run();
	for (i = 0; i < world.nr_asks; i++)
		if (!world.asks[i].uid)
			expect(world.asks[i].to < 3 * SEC && world.asks[i].status > 0,
			       "root has its result within 3 s");
}

/* A request that was made before the modprobe was started, but joins when that is hung. */
static void late_joins_hung(void)
{
	static u64 at = 34 * SEC;

	fails_after(0, 100 * SEC);
	world_add(0, 1000, 0)->decide = 35 * SEC;
	world_add(0, 0, 100 * MSEC)->nowait = true;
	fiber_create("admin", faster, &at);
	world_run();
	expect(last_end(0) < 35 + 20 + 5.5, "it does not wait for the hung one");
}

static void disable_at_4s(void *arg)
{
	fiber_sleep(4 * SEC);
	umh_disabled = true;
	fiber_sleep(2500 * MSEC);
	umh_disabled = false;
}

/* A modprobe that is added for a later request cannot be started; that of the first one runs. */
static void added_not_started(void)
{
	int i;

	fails_after(0, 7 * SEC);
	world_add(0, 0, 0);
	world_add(0, 1000, SEC);
	fiber_create("suspend", disable_at_4s, NULL);
	world_run();
	for (i = 0; i < world.nr_asks; i++)
		if (!world.asks[i].uid)
			expect(world.asks[i].status > 0, "root has the result of its own modprobe");
}

static void no_memory_at_29s(void *arg)
{
	fiber_sleep(29 * SEC);
	shim_fail_alloc = 1;
	fiber_sleep(5 * SEC);
	shim_fail_alloc = 0;
	expect(!umh_counted, "suspend does not wait for a modprobe without waiters");
}

/* The only request that waits fails for lack of memory. */
static void awaited_until_no_memory(void)
{
	fails_after(0, 100 * SEC);
	world_add(0, 0, 0)->nowait = true;
	world_add(0, 0, 28 * SEC);
	fiber_create("memory", no_memory_at_29s, NULL);
	world_run();
}

/*
 * Root's modprobe for m0 is slow. Users hold all slots that they may have, so one that requests m0
 * fails. Half of the slots are free for root.
 */
static void users_fail_for_root(u64 delay)
{
	static u64 at = 5500 * MSEC;
	int i;

	limit(8);
	for (i = 0; i < 5; i++)
		fails_after(i, 100 * SEC);
	world_add(0, 0, 0);
	for (i = 1; i < 5; i++)
		world_add(i, 1000, 0);
	world_add(0, 1000, SEC);
	world_add(0, 0, delay);
	fiber_create("admin", faster, &at);
	world_run();
	for (i = 0; i < world.nr_asks; i++)
		if (!world.asks[i].uid)
			expect(world.asks[i].status > 0, "root has the result of a modprobe");
}

static void users_fail_for_root_6(void)
{
	users_fail_for_root(6 * SEC);
}

static void users_fail_for_root_13(void)
{
	users_fail_for_root(13 * SEC);
}

/* Users take turns with a slot that root could use. */
static void full_by_turns(void)
{
	int i;

	limit(2);
	fails_after(0, 9 * SEC);
	world_add(0, 0, 0);
	world_add(0, 0, SEC);
	for (i = 1; i < 30; i++) {
		fails_after(i, 300 * MSEC);
		world_add(i, 1000, i * 290 * MSEC);
	}
	world_run();
	expect(!any_status(0, -ETIME), "root has the result of a modprobe");
}

static void storm(void)
{
	fails_after(0, 300 * MSEC);
	many(40, 0, 1000, 0);
	world_run();
	expect(world_count_runs(0) <= 2, "2 modprobes at most");
}

const struct scenario scenarios[] = {
	{ "slow-failure",	slow_failure },
	{ "users-in-a-loop",	users_in_a_loop },
	{ "stale-failure",	stale_failure },
	{ "stale-success",	stale_success },
	{ "shared-success",	shared_success },
	{ "killed-leader",	killed_leader },
	{ "late-joiner",	late_joiner },
	{ "switched-off",	switched_off },
	{ "chain-of-three",	chain_of_three },
	{ "fifty-chains",	fifty_chains },
	{ "loop-of-two",	loop_of_two },
	{ "outliving-helper",	outliving_helper },
	{ "two-users",		two_users },
	{ "subordinate-ids",	subordinate_ids },
	{ "user-joins",		user_joins },
	{ "user-joins-later",	user_joins_later },
	{ "kthread-joins",	kthread_joins },
	{ "two-users-share",	two_users_share },
	{ "fifty-hung",		fifty_hung },
	{ "slow-console",	slow_console },
	{ "slow-console-busy",	slow_console_busy },
	{ "many-beyond-limit",	many_beyond_limit },
	{ "full-for-a-moment",	full_for_a_moment },
	{ "users-fill-limit-1",	users_fill_1 },
	{ "users-fill-limit-4",	users_fill_4 },
	{ "daemon-loop",	daemon_loop },
	{ "queue-loop-2",	queue_loop_2 },
	{ "queue-loop-8",	queue_loop_8 },
	{ "queue-loop-50",	queue_loop_50 },
	{ "after-hung",		after_hung },
	{ "slow-init",		slow_init },
	{ "slow-async",		slow_async },
	{ "slow-other",		slow_other },
	{ "root-behind-users",	root_behind_users },
	{ "root-nowait-joins",	root_nowait_joins },
	{ "nowait-joins-late",	nowait_joins_late },
	{ "awaited-by-joiner",	awaited_by_joiner },
	{ "awaited-again",	awaited_again },
	{ "joins-during-suspend", joins_during_suspend },
	{ "awaited-by-nobody",	awaited_by_nobody },
	{ "root-joins-1",	root_joins_1 },
	{ "root-joins-2",	root_joins_2 },
	{ "root-joins-50",	root_joins_50 },
	{ "root-hung",		root_hung },
	{ "joins-hung-1",	joins_hung_1 },
	{ "starved-leader-1",	starved_leader_1 },
	{ "starved-leader-50",	starved_leader_50 },
	{ "starved-leader-hung", starved_leader_hung },
	{ "starved-leader-user", starved_leader_user },
	{ "starved-leader-slot", starved_leader_slot },
	{ "starved-twice",	starved_twice },
	{ "late-joins-hung",	late_joins_hung },
	{ "added-not-started",	added_not_started },
	{ "awaited-until-no-memory", awaited_until_no_memory },
	{ "users-fail-for-root-6", users_fail_for_root_6 },
	{ "users-fail-for-root-13", users_fail_for_root_13 },
	{ "full-by-user",	full_by_user },
	{ "full-by-turns",	full_by_turns },
	{ "storm",		storm },
	{ }
};
