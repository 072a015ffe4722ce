/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flights, tickets and slots of kernel/kmod as a Promela model; see README.md, which names the
 * function of each inline here. A critical section is one atomic step. Time is virtual: it
 * passes only when no kworker has work to do.
 *
 * Options, by -D: LIMIT, PLAIN (requesters), NAMES, ROOTS, UIDS, KILLS, UNLOADS, SLEEPS, NESTED,
 * DAEMONS, LOADING, NOWAIT, TURN, and BREAK_... to break the model.
 */
#ifndef LIMIT
#define LIMIT	1	/* kernel.kmod-limit */
#endif
#ifndef PLAIN
#define PLAIN	4	/* requesters outside any modprobe */
#endif
#ifndef NAMES
#define NAMES	2
#endif
#ifndef ROOTS
#define ROOTS	1	/* at most so many requesters are administrators */
#endif
#ifndef UIDS
#define UIDS	1	/* users, 1 or 2 */
#endif
#ifndef KILLS
#define KILLS	1	/* at most so many requesters are killed */
#endif
#ifndef UNLOADS
#define UNLOADS	1	/* at most so many modules are unloaded */
#endif
#ifndef SLEEPS
#define SLEEPS	0	/* a requester may sleep before it joins, as in a security module */
#endif
#ifndef NESTED
#define NESTED	0	/* requesters inside a modprobe for name 0 */
#endif
#ifndef DAEMONS
#define DAEMONS	0	/* likewise, by way of a daemon, for the same name */
#endif
#ifndef LOADING
#define LOADING	0	/* a modprobe may run the init of a module */
#endif
#ifndef NOWAIT
#define NOWAIT	0	/* a requester may not wait */
#endif
#ifndef HANGS
#define HANGS	1	/* without TIMED, at most so many modprobes are found hung */
#endif
#ifndef FAILS
#define FAILS	1	/* a modprobe may fail */
#endif
#ifndef SUCCEEDS
#define SUCCEEDS 1	/* a modprobe may succeed */
#endif
#ifndef TIMED
#define TIMED	0	/* the clock is part of the state; else each time limit may expire at any time */
#endif
#ifndef FINE
#define FINE	0	/* other tasks may run between the critical sections of one function */
#endif
#if FINE
#define SEQUENCE
#else
#define SEQUENCE atomic
#endif
#ifndef TURN
#define TURN	0	/* each user is served in turn: request I has name I */
#endif

/* In ticks. In the kernel, 5 s, 2 s, 1 s and 30 s. */
#ifndef WAIT
#define WAIT	2
#endif
#define STALL	1
#define INTERVAL 1
#ifndef HUNG
#define HUNG	(2 * WAIT + 1)
#endif
#ifndef LIFE
#define LIFE	(HUNG + 1)	/* of a modprobe, at most */
#endif

#define NR	(PLAIN + NESTED + DAEMONS)
#ifndef NF
#define NF	(NAMES + NESTED + FINE)	/* flights at a time */
#endif
#ifndef NM
#define NM	5			/* modprobes at a time */
#endif

#define NONE	15
#define OFF	15
#define BIT(i)	(1 << (i))
#define HAS(mask, i) (((mask) >> (i)) & 1)
#define SET(mask, i) mask = (mask) | BIT(i)
#define CLEAR(mask, i) mask = (mask) & ~BIT(i)
/* The requests of a mask with a higher id */
#define ABOVE(mask, id) ((mask) >> ((id) + 1) << ((id) + 1))

/* Pools; the class of a request is that of its pool. */
#define ADMINS	0
#define USERS	1
#define INSIDE	2
#define POOLS	3
#define HALF	((LIMIT + 1) / 2)

/* States of a modprobe */
#define FREE	0
#define NEW	1	/* the task that has allocated it is about to get a slot, or start it */
#define QUEUED	2	/* waits for a slot */
#define GRANTED	3	/* its work is queued */
#define RUNS	4
#define ENDED	5	/* has ended, and its slot is to be released */
#define LANDED	6	/* a kworker settles the rest of its requests */

/* Requests, by id, from 1 */
byte last_id;
byte rname[NR + 1], rclass[NR + 1], ruid[NR + 1], age[NR + 1], runs_for[NR + 1];
byte completed;		/* masks */
byte killed;
byte waits;
byte nowait;
byte opener;		/* of those, opened a flight and waits for the exec */
byte inside;		/* with a parent */

/* Flights */
byte fname[NF], reqs[NF], running[NF], queued[NF], covered[NF], since[NF], work[NF];
byte flights, is_open, is_nested, has_admin;	/* masks */
byte busy;		/* mask: the work runs */

/* Modprobes */
byte state[NM], flight[NM], pool[NM], uid[NM], ticket[NM], mreq[NM], covers[NM], settled[NM], lived[NM];
byte unloads_at[NM];
byte hung, loading, held, lent, failed;		/* masks */
byte hung_put;		/* masks: slot to be released by the watch */
byte asks;		/* has requested another module */
byte blocked;		/* waits for that request */

/* Slots */
byte used[POOLS], stalled[POOLS];
byte lent_to[2];	/* number lent: all, and to users */
byte quser[3], qago[3];	/* by uid: slots held; grants since its last, 3 at most */
byte lent_ago, lend_work = OFF;

byte unloads;
byte entering;		/* requesters that are about to join a flight */
byte plain, roots, kills = KILLS, hangs = HANGS * !TIMED;

/* Only for the properties: when a modprobe was started, and whether a module was unloaded since. */
byte born[NM];
byte stale;

hidden byte i, j, x, y, z, p, q;

/* ---- expressions ---- */

#define PENDING(f)	(reqs[f])
#define UNCOVERED(f)	ABOVE(reqs[f], covered[f])
#define RUNNING(f, with_hung) ((with_hung) -> running[f] : (running[f] & ~hung))
#define NEEDS_NEXT(f)	(queued[f] == NONE && (running[f] & ~hung) == 0 && UNCOVERED(f) != 0)
#define OWED(f)		(UNCOVERED(f) && HAS(nowait, LAST(reqs[f])) && !HAS(opener, LAST(reqs[f])))
#define IS_LOADING(f)	((running[f] & loading) != 0)
#define COUNT(mask)	(HAS(mask, 0) + HAS(mask, 1) + HAS(mask, 2) + HAS(mask, 3) + HAS(mask, 4) + HAS(mask, 5))
#ifdef BREAK_DEPTHS
#define INSIDE_USED (used[ADMINS] + used[USERS] + used[INSIDE])
#else
#define INSIDE_USED used[INSIDE]
#endif
#define HAS_SLOT(p)	((p) == INSIDE -> INSIDE_USED < LIMIT : \
			 (!((p) == USERS && used[USERS] >= USERS_MAX) && \
			  used[ADMINS] + used[USERS] < LIMIT))
#ifdef BREAK_HALF
#define USERS_MAX	LIMIT
#else
#define USERS_MAX	HALF
#endif

/* The highest bit */
#define LAST(mask) (HAS(mask, 7) -> 7 : (HAS(mask, 6) -> 6 : (HAS(mask, 5) -> 5 : (HAS(mask, 4) -> 4 : \
	(HAS(mask, 3) -> 3 : (HAS(mask, 2) -> 2 : 1))))))

/* Sets x to the lowest bit of the mask. */
inline lowest(mask)
{
	x = 0;
	do
	:: HAS(mask, x) -> break
	:: else -> x++
	od
}

/* Sets y to the requests, of requesters not killed, that the oldest modprobe does not cover. */
inline later(f)
{
	y = 0;
	if
	:: running[f] ->
		q = NONE;
		i = 0;
		do
		:: i < NM ->
			if
			:: HAS(running[f], i) && covers[i] < q -> q = covers[i]
			:: else
			fi;
			i++
		:: else -> break
		od;
		y = ABOVE(reqs[f], q) & ~killed
	:: else
	fi
}

/* ---- slots.c ---- */

#define BEFORE(a, b) (quser[uid[a]] < quser[uid[b]] || (quser[uid[a]] == quser[uid[b]] && \
	(qago[uid[a]] > qago[uid[b]] || (qago[uid[a]] == qago[uid[b]] && ticket[a] < ticket[b]))))

/* Sets x to the first waiter of a pool. */
inline pool_first(p)
{
	x = NONE;
	i = 0;
	do
	:: i < NM ->
		if
#ifdef BREAK_TURN
		:: state[i] == QUEUED && pool[i] == p && (x == NONE || ticket[i] < ticket[x]) -> x = i
#else
		:: state[i] == QUEUED && pool[i] == p && (x == NONE || BEFORE(i, x)) -> x = i
#endif
		:: else
		fi;
		i++
	:: else -> break
	od
}

/* Only the order of the users' queues matters, relative to each other and to a new one. */
inline served(u)
{
	if
	:: UIDS == 2 ->
		qago[1] = (qago[1] < 3 && quser[1] + quser[2] > 0 -> qago[1] + 1 : qago[1]);
		qago[2] = (qago[2] < 3 && quser[1] + quser[2] > 0 -> qago[2] + 1 : qago[2]);
		if
		:: u -> qago[u] = 0
		:: else
		fi
	:: else
	fi
}

inline check_limits()
{
	q = 0; y = 0; z = 0; j = 0;
	i = 0;
	do
	:: i < NM ->
		if
		:: HAS(held, i) && HAS(lent, i) -> z++
		:: HAS(held, i) && !HAS(lent, i) && pool[i] == ADMINS -> q++
		:: HAS(held, i) && !HAS(lent, i) && pool[i] == USERS -> y++
		:: HAS(held, i) && !HAS(lent, i) && pool[i] == INSIDE -> j++
		:: else
		fi;
		i++
	:: else -> break
	od;
	assert(q + y <= LIMIT);
	assert(y <= HALF);
	assert(j <= LIMIT);
	assert(z <= LIMIT)
}

inline slot_use(m)
{
	SET(held, m);
	quser[uid[m]] = quser[uid[m]] + (uid[m] > 0);
	served(uid[m]);
	if
	:: HAS(lent, m) ->
		lent_to[0]++;
		lent_to[1] = lent_to[1] + (pool[m] == USERS)
	:: else -> used[pool[m]]++
	fi
}

inline slot_grant(m)
{
	state[m] = GRANTED;
#if TURN
	/* A user that has never had a slot must not be overtaken by the other one. */
	i = 0;
	do
	:: i < NM ->
		assert(!(state[i] == QUEUED && uid[i] == 2 && uid[m] == 1));
		i++
	:: else -> break
	od;
#endif
	slot_use(m)
}

inline slots_grant()
{
	p = 0;
	do
	:: p < POOLS ->
		pool_first(p);
		if
		:: x != NONE && HAS_SLOT(p) -> slot_grant(x)
		:: else -> p++
		fi
	:: else -> break
	od
}

inline slot_take(m)
{
	if
	:: HAS_SLOT(pool[m]) -> CLEAR(lent, m); slot_use(m)
	:: else
	fi
}

inline slot_enqueue(m)
{
	pool_first(pool[m]);
	if
	:: x == NONE -> stalled[pool[m]] = 0
	:: else
	fi;
	state[m] = QUEUED
}

/* Also kmod_slot_init(), for request r. */
inline slot_init(m, r)
{
	pool[m] = rclass[r];
	uid[m] = ruid[r];
	ticket[m] = r;
	if
	:: UIDS == 2 && ruid[r] > 0 ->
		/* A user without a queue: before the one that was served last. */
		x = 0; i = 0;
		do
		:: i < NM ->
			x = x + (i != m && state[i] != FREE && uid[i] == ruid[r]);
			i++
		:: else -> break
		od;
		qago[ruid[r]] = (x == 0 -> 1 : qago[ruid[r]])
	:: else
	fi
}

inline slot_promote(m)
{
#ifndef BREAK_PROMOTE
	if
	:: pool[m] == USERS && !HAS(held, m) ->
		pool[m] = ADMINS;
		uid[m] = 0;
		if
		:: state[m] == QUEUED ->
			state[m] = NEW;
			slot_enqueue(m)
		:: else
		fi;
		slots_grant()
	:: else
	fi
#else
	skip
#endif
}

#ifdef BREAK_LAST_LENT
#define KEPT(p)	0
#else
#define KEPT(p)	((p) != ADMINS && lent_to[0] + 1 >= LIMIT || \
	(p) == USERS && lent_to[1] >= LIMIT / 2)
#endif
#define MAY_BORROW(p) (!KEPT(p) && (!TIMED || stalled[p] >= STALL) && lent_to[0] < LENT_MAX)
#ifdef BREAK_LENT_MAX
#define LENT_MAX (LIMIT + 1)
#elif defined(BREAK_LEND)
#define LENT_MAX 0
#else
#define LENT_MAX LIMIT
#endif

/* Without TIMED a pool may be stalled whenever another one is. */
inline slots_pass()
{
	p = 0;
	do
	:: p < POOLS ->
		pool_first(p);
		if
		:: x != NONE && MAY_BORROW(p) ->
			SET(lent, x);
			slot_grant(x);
			break
		:: else -> p++
		fi
	:: else -> break
	od
}

inline slot_put(m)
{
	if
#ifdef BREAK_PUT_TWICE
	:: true ->
		used[pool[m]] = (used[pool[m]] > 0 -> used[pool[m]] - 1 : 0);
		CLEAR(held, m);
		slots_grant()
#else
	:: HAS(held, m) ->
		CLEAR(held, m);
		quser[uid[m]] = quser[uid[m]] - (uid[m] > 0);
		if
		:: HAS(lent, m) ->
			lent_to[0]--;
			lent_to[1] = lent_to[1] - (pool[m] == USERS)
		:: else ->
			used[pool[m]]--;
			stalled[pool[m]] = 0
		fi;
		slots_grant();
		if
		:: HAS(lent, m) -> slots_pass()
		:: else
		fi
	:: else
#endif
	fi
}

/* kmod_lend() */
active proctype Lend()
{
end:	do
	:: atomic {
		(TIMED -> lend_work == 0 : lend_work != OFF) ->
		/* Without TIMED any pool may be due first. */
		if
		:: p = 0
		:: !TIMED -> p = 1
		:: !TIMED && NESTED -> p = 2
		fi
		d_step {
		lend_work = OFF;
		do
		:: p < POOLS ->
			pool_first(p);
			if
			:: x != NONE ->
				if
				:: MAY_BORROW(p) && (!TIMED || lent_ago >= INTERVAL) ->
					SET(lent, x);
					slot_grant(x);
					lent_ago = 0;
					p = (TIMED -> p : POOLS)
				:: else
				fi
			:: else
			fi;
			p++
		:: else -> break
		od;
		z = 0;
		i = 0;
		do
		:: i < NM -> z = z | (state[i] == QUEUED); i++
		:: else -> break
		od;
		lend_work = (z -> 1 : OFF);
		check_limits()
	   } }
	od
}

/* ---- flight.c, inflight.c, settle.c, start.c, watch.c ---- */

/* queue_work() and timer_reduce() */
inline kick(f, delay)
{
	if
	:: (delay) == 0 -> work[f] = 0
	:: (delay) != 0 && work[f] == OFF -> work[f] = (TIMED -> (delay) : 1)
	:: else
	fi
}

inline flight_close(f)
{
#ifndef BREAK_CLOSE
	if
	:: reqs[f] == 0 && running[f] == 0 && queued[f] == NONE -> CLEAR(is_open, f)
	:: else
	fi
#else
	skip
#endif
}

/* The request must no longer be in a list. */
inline settle(r)
{
	SET(completed, r);
	age[r] = 0
}

inline settle_etime(f, r)
{
	CLEAR(reqs[f], r);
	assert(rclass[r] != INSIDE);
	if
	:: TIMED && rclass[r] == ADMINS && ROOTS == 1 && !DAEMONS ->
		/*
		 * A modprobe must have been started for the request. With one slot, the request may
		 * wait for a modprobe of a user for the same name.
		 */
		z = 0;
		i = 1;
		do
		:: i <= last_id ->
			z = z | (LIMIT == 1 && i != r && rname[i] == rname[r]);
			i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < NM -> z = z | (HAS(running[f], i) && born[i] >= r); i++
		:: else -> break
		od;
		assert(z)
	:: else
	fi;
	settle(r)
}

/* The end of m settles r: no result is older than its request. */
inline settle_by(m, r)
{
	CLEAR(settled[m], r);
	assert(r <= born[m] || (!HAS(failed, m) && !HAS(stale, m)));
	settle(r)
}

/* Also kmod_flight_lookup(). Sets x to the flight. */
inline flight_lookup(r)
{
	x = NONE;
	i = 0;
	do
	:: i < NF ->
		if
		:: HAS(is_open, i) && fname[i] == rname[r] && !HAS(is_nested, i) -> x = i; i = NF
		:: HAS(is_open, i) && fname[i] == rname[r] && HAS(is_nested, i) && running[i] && x == NONE ->
			x = i; i++
		:: else -> i++
		fi
	:: else -> break
	od;
	if
	:: HAS(inside, r) -> x = NONE
	:: else
	fi
}

inline flight_add(f, r)
{
	SET(reqs[f], r);
	if
	:: rclass[r] == ADMINS -> SET(has_admin, f)
	:: else
	fi
}

/* Sets x to a free modprobe, for request r of flight f. */
inline modprobe_alloc(f, r)
{
	y = 0;
	do
	:: state[y] == FREE -> break
	:: else -> y++; assert(y < NM)
	od;
	state[y] = NEW;
	flight[y] = f;
	slot_init(y, r);
	x = y
}

inline modprobe_free(m)
{
	state[m] = FREE;
	flight[m] = 0; pool[m] = 0; uid[m] = 0; ticket[m] = 0; mreq[m] = 0; covers[m] = 0;
	lived[m] = 0; unloads_at[m] = 0; born[m] = 0;
	CLEAR(hung, m); CLEAR(loading, m); CLEAR(lent, m); CLEAR(failed, m); CLEAR(stale, m);
	CLEAR(asks, m)
}

/* Frees the flight if nothing refers to it, except perhaps its work, which then does nothing. */
inline flight_put(f)
{
	j = 0;
	i = 0;
	do
	:: i < NM -> j = j | (state[i] != FREE && flight[i] == f); i++
	:: else -> break
	od;
	if
	:: !HAS(is_open, f) && reqs[f] == 0 && j == 0 && !HAS(busy, f) ->
		work[f] = OFF; fname[f] = 0; covered[f] = 0; since[f] = 0;
		CLEAR(has_admin, f); CLEAR(is_nested, f); CLEAR(flights, f)
	:: else
	fi
}

inline flight_cancel(f)
{
	if
#ifdef BREAK_CANCEL
	:: queued[f] != NONE && state[queued[f]] == QUEUED ->
#else
	:: queued[f] != NONE && !UNCOVERED(f) && state[queued[f]] == QUEUED ->
#endif
		modprobe_free(queued[f]);
		queued[f] = NONE
	:: else
	fi
}

/* The part of kmod_inflight_start() under the lock. Sets mreq[m] to the request, if any. */
inline inflight_start(m)
{
	z = flight[m];
	if
	:: queued[z] == m -> queued[z] = NONE
	:: else
	fi;
	later(z);
	y = (UNCOVERED(z) -> UNCOVERED(z) : y);
	if
	:: y == 0 ->
		flight_close(z);
		state[m] = ENDED;	/* its slot is to be released */
	:: else ->
		lowest(y);
		mreq[m] = x;
		runs_for[x]++;
		born[m] = last_id;
#ifdef BREAK_COVERS
		covers[m] = last_id + (last_id < NR);
#else
		covers[m] = last_id;
#endif
		unloads_at[m] = unloads;
		SET(running[z], m);
		CLEAR(has_admin, z);
		covered[z] = covers[m];
		since[z] = 0;
		state[m] = RUNS
	fi
}

/* The part of kmod_inflight_end() under the lock */
inline inflight_end(m)
{
	z = flight[m];
	CLEAR(running[z], m);
	CLEAR(hung, m);
	runs_for[mreq[m]]--;
	CLEAR(loading, m);
#ifdef BREAK_UNLOADS
	if
	:: !HAS(failed, m) ->
#else
	if
	:: !HAS(failed, m) && unloads_at[m] == unloads ->
#endif
		settled[m] = reqs[z];
		reqs[z] = 0
	:: else ->
		settled[m] = reqs[z] & ~ABOVE(reqs[z], covers[m]);
		reqs[z] = ABOVE(reqs[z], covers[m])
	fi;
#ifndef BREAK_COVERED
	covered[z] = 0;
	i = 0;
	do
	:: i < NM ->
		covered[z] = (HAS(running[z], i) && covers[i] > covered[z] -> covers[i] : covered[z]);
		i++
	:: else -> break
	od;
#endif
	if
	:: settled[m] ->
		lowest(settled[m]);
		settle_by(m, x)
	:: else
	fi;
#ifndef BREAK_KICK
	if
	:: NEEDS_NEXT(z) -> kick(z, 0)
	:: else
	fi;
#endif
	flight_close(z);
	state[m] = ENDED
}

/* After the lock is dropped: releases the slot and settles the other requests. */
inline release(m)
{
	slot_put(m);
	check_limits();
	do
	:: settled[m] -> lowest(settled[m]); settle_by(m, x)
	:: else -> break
	od;
	z = flight[m];
	modprobe_free(m);
	flight_put(z)
}

/* kmod_modprobe_start() */
inline start(m)
{
	atomic {
		d_step {
			inflight_start(m);
			check_limits();
#if !FINE
			if
			:: state[m] == ENDED -> release(m)
			:: else
			fi
#endif
		}
		if
		:: LOADING && state[m] == RUNS -> SET(loading, m)
		:: true
		fi
	}
}

/* kmod_flight_launch() */
inline launch(f, m)
{
	d_step {
		slot_take(m);
		if
		:: HAS(held, m)
		:: else ->
			slot_enqueue(m);
			lend_work = (lend_work == OFF -> (TIMED -> STALL : 1) : lend_work);
			kick(f, WAIT)
		fi
	}
	if
	:: state[m] == NEW -> start(m)
	:: else
	fi
}

/*
 * kmod_modprobe_work(), the modprobe, and the watch for hung helpers. A modprobe ends at any
 * time, with any status.
 */
#define MAY_HANG(m) (TIMED -> lived[m] == HUNG : hangs > 0)

proctype Modprobe(byte m)
{
end:	do
	:: atomic { state[m] == GRANTED -> start(m) }
	:: atomic {
		state[m] == RUNS && !HAS(blocked, m) ->
		if
		:: FAILS -> SET(failed, m)
		:: SUCCEEDS -> true
		fi;
		d_step {
			inflight_end(m);
#if !FINE
			release(m)
#endif
		}
	   }
	:: d_step { state[m] == ENDED ->
		slot_put(m);
		check_limits();
		if
		:: settled[m] == 0 && !HAS(hung_put, m) ->
			z = flight[m]; modprobe_free(m); flight_put(z)
		:: else -> state[m] = LANDED
		fi
	   }
	:: d_step { state[m] == LANDED && settled[m] -> lowest(settled[m]); settle_by(m, x) }
	:: d_step { state[m] == LANDED && !settled[m] && !HAS(hung_put, m) ->
		z = flight[m]; modprobe_free(m); flight_put(z)
	   }
	/* kmod_inflight_hung() */
	:: d_step { state[m] == RUNS && MAY_HANG(m) && !HAS(hung, m) && !HAS(loading, m) ->
		hangs = hangs - !TIMED;
		SET(hung, m);
		if
		:: NEEDS_NEXT(flight[m]) -> kick(flight[m], 0)
		:: else
		fi;
#if FINE
		SET(hung_put, m)
#else
		slot_put(m);
		check_limits()
#endif
	   }
	:: d_step { HAS(hung_put, m) -> CLEAR(hung_put, m); slot_put(m); check_limits() }
	od
}

/* kmod_flight_work() */
proctype Work(byte f)
{
	byte wait, delay, n, m, r;
	bit acts, started, is_stalled;
	byte over;	/* without TIMED: 1, KMOD_WAIT is over; 2, twice that */

end:	do
	:: SEQUENCE {
	   atomic {
		(TIMED -> work[f] == 0 : work[f] != OFF) -> work[f] = OFF; SET(busy, f); r = NONE;
		if
		:: over = 0
		:: !TIMED -> over = 1
		:: !TIMED -> over = 2
		fi
	   }
		/* kmod_flight_time_out(kmod_flight_expired), kmod_flight_cancel() */
		do
		:: d_step {
			r ->
			wait = 0;
			x = 0;
			if
			:: queued[f] != NONE && UNCOVERED(f) ->
				y = UNCOVERED(f);
				lowest(y);
				z = (age[x] < since[f] -> age[x] : since[f]);
				if
				:: (TIMED -> z < WAIT : !over) -> wait = WAIT - z; x = 0
				:: else -> settle_etime(f, x); x = 1
				fi
			:: else
			fi;
			if
			:: x == 0 -> flight_cancel(f)
			:: else
			fi;
			r = x;
			flight_close(f)
		   }
		:: else -> break
		od;
		skip;	/* d_step must not be the target of break */
		/* The decision, with kmod_flight_due() */
		d_step {
			r = 0; delay = 0; n = 0; m = 0;
			if
			:: NEEDS_NEXT(f) ->
				y = UNCOVERED(f);
				lowest(y);
				r = x;
				delay = WAIT;
				m = 1
			:: else ->
				later(f);
				if
				:: y && queued[f] == NONE ->
					delay = WAIT;
					if
					:: IS_LOADING(f)
					:: !IS_LOADING(f) && (TIMED -> since[f] < WAIT : !over) -> delay = WAIT - since[f]
					:: else ->
						lowest(y);
						r = x;
						n = COUNT(running[f] & ~hung);
						n = (n == 0 -> 1 : n);
						z = COUNT(running[f]);
						z = (LIMIT > z -> LIMIT - z : 0);
						n = (n > z -> z : n)
					fi
				:: else
				fi
			fi;
			acts = (r > 0);
			if
			:: r == 0 && (wait || delay) -> work[f] = (!TIMED -> 1 : (wait -> wait : delay))
			:: else
			fi
		}
		if
		:: r == 0 -> skip
		:: r && m ->
			/* kmod_flight_next() */
			d_step {
				modprobe_alloc(f, r);
				m = x;
				queued[f] = m;
				since[f] = 0;
				if
				:: HAS(has_admin, f) -> slot_promote(m)
				:: else
				fi
			}
			launch(f, m)
		:: else ->
			/* kmod_flight_double() */
			started = 0; is_stalled = 0;
			do
			:: n -> atomic { true -> d_step {
					n--;
					modprobe_alloc(f, r);
					m = x;
					if
					:: HAS(has_admin, f) -> slot_promote(m)
					:: else
					fi;
					slot_take(m);
					if
					:: HAS(held, m) -> started = 1
					:: else ->
						is_stalled = TIMED && stalled[pool[m]] >= WAIT;
						modprobe_free(m);
						n = 0;
						m = NONE
					fi
				} }
				if
				:: m != NONE -> start(m)
				:: else
				fi
			:: else -> break
			od;
			if
#ifndef BREAK_GIVE_UP
			:: !started && (TIMED -> is_stalled || since[f] >= 2 * WAIT : over == 2) ->
				/* kmod_flight_time_out(kmod_flight_later) */
				do
				:: d_step {
					r ->
					later(f);
					r = y;
					if
					:: r -> lowest(r); r = x; settle_etime(f, r)
					:: else
					fi
				   }
				:: else -> break
				od
#endif
			:: else
			fi
		fi;
		skip;
		d_step {
			if
			:: acts && delay -> kick(f, delay)
			:: else
			fi;
			wait = 0; delay = 0; n = 0; m = 0; r = 0; acts = 0; started = 0; is_stalled = 0; over = 0;
			CLEAR(busy, f);
			flight_put(f)
		}
	   }
	od
}

/* ---- the world ---- */

/* kmod_flight_enter(). Sets y to the modprobe with which r opens a flight, or NONE. */
inline enter(r)
{
	flight_lookup(r);
	if
	:: x != NONE && HAS(nowait, r) && OWED(x) ->
		y = NONE;
		settle(r)
	:: x != NONE && !(HAS(nowait, r) && OWED(x)) ->
		z = x;
		flight_add(z, r);
		if
		:: queued[z] != NONE && rclass[r] == ADMINS -> slot_promote(queued[z])
		:: else
		fi;
#ifndef BREAK_JOIN
		if
		:: NEEDS_NEXT(z) -> kick(z, 0)
		:: else -> kick(z, WAIT)
		fi;
#endif
		y = NONE
	:: else ->
		z = 0;
		do
		:: HAS(flights, z) -> z++; assert(z < NF)
		:: else -> break
		od;
		SET(flights, z);
		SET(is_open, z);
		if
		:: HAS(nowait, r) -> SET(opener, r)
		:: else
		fi;
		fname[z] = rname[r];
		if
		:: HAS(inside, r) -> SET(is_nested, z)
		:: else
		fi;
		flight_add(z, r);
		modprobe_alloc(z, r);
		queued[z] = x;
		y = x
	fi
}

/* __request_module(). m is set to the modprobe that r starts. */
inline request(r, m)
{
	d_step {
		true;
		enter(r);
		m = y;
		entering = entering - (TIMED && !SLEEPS);
		if
		:: m == NONE && !HAS(nowait, r) -> SET(waits, r)
		:: else
		fi
	}
	if
	:: m != NONE ->
		launch(flight[m], m);
		d_step {
			if
			:: !HAS(nowait, r) -> SET(waits, r)
			:: else
			fi;
			m = NONE
		}
	:: else
	fi
}

/* Requesters are alike, so they begin in order. */
proctype Requester(byte number)
{
	byte r, m;

	atomic {
		plain == number ->
		plain++;
		last_id++;
		r = last_id;
		entering = entering + (TIMED && !SLEEPS);
#if TURN
		rname[r] = number;
		rclass[r] = USERS;
		if
		:: ruid[r] = 1
		:: roots == 0 -> roots = 1; ruid[r] = 2
		fi;
#else
		if
		:: rname[r] = 0
		:: number > 0 && NAMES > 1 -> rname[r] = 1
		:: number > 1 && NAMES > 2 -> rname[r] = 2
		fi;
		if
		:: roots < ROOTS -> roots++; rclass[r] = ADMINS
		:: rclass[r] = USERS; ruid[r] = 1
		:: UIDS > 1 -> rclass[r] = USERS; ruid[r] = 2
		fi;
		if
		:: NOWAIT -> SET(nowait, r)
		:: true
		fi
#endif
	}
	SEQUENCE { request(r, m) }
}

#define MAY_ASK(m) (fname[flight[m]] == 0 && !HAS(is_nested, flight[m]) && !HAS(asks, m))

/* A requester inside a modprobe for name 0, or a daemon that serves one. */
proctype Descendant()
{
	byte r, m, parent;

end:	atomic {
		if
		:: state[0] == RUNS && MAY_ASK(0) -> parent = 0
		:: state[1] == RUNS && MAY_ASK(1) -> parent = 1
		:: state[2] == RUNS && MAY_ASK(2) -> parent = 2
		:: state[3] == RUNS && MAY_ASK(3) -> parent = 3
		fi;
		SET(asks, parent);
		SET(blocked, parent);
		last_id++;
		r = last_id;
		entering = entering + (TIMED && !SLEEPS);
		if
		:: NESTED -> rname[r] = 1; rclass[r] = INSIDE; SET(inside, r)
		:: DAEMONS -> rname[r] = 0; rclass[r] = ADMINS
		:: DAEMONS -> rname[r] = 0; rclass[r] = USERS; ruid[r] = 1
		fi
	}
	SEQUENCE { request(r, m) }
	d_step { HAS(completed | killed, r) -> CLEAR(blocked, parent) }
}

/* kmod_flight_leave() */
inline leave(r)
{
	SET(killed, r);
	if
	:: runs_for[r] == 0 ->
		q = NONE;
		i = 0;
		do
		:: i < NM ->
			if
			:: HAS(settled[i], r) -> CLEAR(settled[i], r); q = flight[i]
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < NF ->
			if
			:: HAS(reqs[i], r) -> CLEAR(reqs[i], r); q = i
			:: else
			fi;
			i++
		:: else -> break
		od;
		assert(q != NONE);
		settle(r);
		flight_cancel(q);
		flight_close(q);
		flight_put(q)
	:: else
	fi
}

#define MAY_KILL(r) (r <= NR && HAS(waits & ~completed & ~killed, r))

active proctype Kill()
{
	byte r;

end:	do
	:: atomic {
		kills && (waits & ~completed & ~killed) ->
		if
		:: MAY_KILL(1) -> r = 1
		:: MAY_KILL(2) -> r = 2
		:: MAY_KILL(3) -> r = 3
		:: MAY_KILL(4) -> r = 4
		:: MAY_KILL(5) -> r = 5
		fi;
		d_step { kills--; leave(r); r = 0 }
	   }
	od
}

#define SOME_RUNS (state[0] == RUNS || state[1] == RUNS || state[2] == RUNS || state[3] == RUNS || \
	state[4] == RUNS)

active proctype Unload()
{
end:	do
	:: d_step {
		unloads < UNLOADS && SOME_RUNS ->
		unloads++;
		i = 0;
		do
		:: i < NM ->
			if
			:: state[i] == RUNS -> SET(stale, i)
			:: else
			fi;
			i++
		:: else -> break
		od
	   }
	od
}

/* ---- time ---- */

#define MUST_END(m) (lived[m] >= LIFE && !HAS(blocked, m))
#define MUST_HANG(m) (lived[m] == HUNG && !HAS(hung, m) && !HAS(loading, m))
#define IDLE(m) (state[m] == FREE || state[m] == QUEUED || \
	(state[m] == RUNS && !MUST_END(m) && !MUST_HANG(m) && !HAS(hung_put, m)))
#define AGES(m)	(state[m] == RUNS && lived[m] < LIFE)
#define NOTHING_TO_DO (busy == 0 && entering == 0 && lend_work != 0 && \
	work[0] != 0 && (NF < 2 || work[1 % NF] != 0) && (NF < 3 || work[2 % NF] != 0) && \
	(NF < 4 || work[3 % NF] != 0) && IDLE(0) && IDLE(1) && IDLE(2) && IDLE(3) && IDLE(4))
#define SOMETHING_LATER (lend_work != OFF || work[0] != OFF || work[1 % NF] != OFF || \
	work[2 % NF] != OFF || work[3 % NF] != OFF || \
	AGES(0) || AGES(1) || AGES(2) || AGES(3) || AGES(4))

active proctype Clock()
{
end:	do
	:: d_step {
		TIMED && NOTHING_TO_DO && SOMETHING_LATER ->
		/* No wake-up may be lost: nothing can be done now, and a timer ends each wait. */
		j = 0;
		do
		:: j < NF ->
			assert(!NEEDS_NEXT(j));
			assert(!UNCOVERED(j) || work[j] != OFF);
			j++
		:: else -> break
		od;
		lend_work = (lend_work == OFF -> OFF : lend_work - 1);
		lent_ago = (lent_ago < INTERVAL -> lent_ago + 1 : INTERVAL);
		i = 0;
		do
		:: i < NF ->
			work[i] = (work[i] == OFF -> OFF : work[i] - 1);
			since[i] = (HAS(flights, i) && since[i] < 2 * WAIT -> since[i] + 1 : since[i]);
			i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < NM ->
			lived[i] = (AGES(i) -> lived[i] + 1 : lived[i]);
			i++
		:: else -> break
		od;
		i = 1;
		do
		:: i <= last_id ->
			age[i] = (!HAS(completed, i) && age[i] < WAIT -> age[i] + 1 : age[i]);
			i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < POOLS ->
			stalled[i] = (stalled[i] < WAIT -> stalled[i] + 1 : WAIT);
			i++
		:: else -> break
		od
	   }
	od
}

#define NONE_LEFT (plain == PLAIN && busy == 0 && lend_work == OFF && flights == 0 && \
	state[0] + state[1] + state[2] + state[3] + state[4] == FREE && \
	completed == ABOVE(BIT(last_id + 1) - 1, 0))

/* Each request must end, and nothing may be left. Otherwise the end state is invalid. */
active proctype Finish()
{
	NONE_LEFT ->
	assert(is_open == 0 && held == 0 && blocked == 0 && hung_put == 0);
	assert(used[ADMINS] + used[USERS] + used[INSIDE] + lent_to[0] + lent_to[1] == 0);
	assert(quser[1] + quser[2] == 0)
}

init {
	atomic {
		i = 0;
		do
		:: i < NF -> queued[i] = NONE; work[i] = OFF; run Work(i); i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < NM -> run Modprobe(i); i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < PLAIN -> run Requester(i); i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < NESTED + DAEMONS -> run Descendant(); i++
		:: else -> break
		od
	}
}
