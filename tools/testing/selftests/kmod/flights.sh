#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Flights: overlapping requests for one name. No result may be older than its request, no
# request may take more than SLOT_TIMEOUT longer than it would alone, and none may depend on
# another requester. See inflight.sh for the number of modprobes.
# shellcheck disable=SC2317 # the tests are called by name
source "$(dirname "$0")/kmod_lib.sh"

CONF=/etc/modprobe.d/kmod_flights.conf
CGROUPS=$WORK/cgroups
BOX=$CGROUPS/box
RT_RUNTIME=$SYSCTL/sched_rt_runtime_us
WORKER_CPUS=/sys/devices/virtual/workqueue/cpumask
# A module that no test needs to stay loaded. As its file system needs a device, a mount without
# one fails with ENODEV only while the module is not loaded.
MODULE=vfat
# Seconds for which a modprobe continues after its result is decided
LINGER=3
# The time that each CPU reserves for tasks that are not real-time
FAIR_SERVERS=(/sys/kernel/debug/sched/fair_server/cpu*/runtime)
ALL_CPUS=$(taskset -p $$ | sed 's/.*: //')

# Busy processes, which restore_more kills
HOGS=()

restore_more()
{
	local pid

	[[ ! -e $BOX/cpu.max ]] || echo max >"$BOX/cpu.max"
	[[ ${#HOGS[@]} -eq 0 ]] || kill_and_reap "${HOGS[@]}"
	HOGS=()
	taskset -p "$ALL_CPUS" $$ >/dev/null
	rm -f "$CONF"
	rmmod kmod_stub 2>/dev/null || :
	[[ -d $BOX ]] || return 0
	while read -r pid; do
		echo "$pid" >"$CGROUPS/cgroup.procs" || :
	done <"$BOX/cgroup.procs"
	wait_until rmdir "$BOX" || :
	umount "$CGROUPS" || :
}

# microseconds SECONDS: prints SECONDS plus the time that any result may take
microseconds() { echo $(($1 * 1000000 + SOON)); }

all_failed() { is "$(grep -c ' ENODEV ' "$WORK/out")" "$1" "requests"; }
slowest() { awk '$3 > max { max = $3 } END { print max + 0 }' "$WORK/out"; }

# FAULTS 33. The first requester waits for the first modprobe. Later requesters wait for the
# second one, which is started after SLOT_TIMEOUT.
slow_failure()
{
	use_helper fake sleep 7000 exit 1
	ask -n 8 -s fs kmod_slow >"$WORK/out"
	all_failed 8 && at_most "$(slowest)" "$(microseconds $((7 + SLOT_TIMEOUT)))" \
		"microseconds:" && at_most "$(started fake)" 3 "modprobes:"
}

# FAULTS 34. Root makes its request right after the start of a modprobe, when the start of the
# next one is as far away as possible.
root_among_users()
{
	local pids=() i line

	use_helper fake sleep 8000 exit 1
	for ((i = 0; i < 6; i++)); do
		become "$NOBODY" "$HERE/kmod_req" -r 20 pf 19 >/dev/null &
		pids+=($!)
	done
	wait_until has_started fake 2 || return 1
	line=$(ask pf 19)
	kill_and_reap "${pids[@]}"
	at_most "$(time_of "$line")" "$(microseconds $((8 + SLOT_TIMEOUT)))" "microseconds:"
}

unload_module() { ! is_loaded "$MODULE" || rmmod "$MODULE"; }

# loads_module MODPROBES: checks that a request now loads the module, and that MODPROBES
# modprobes have been started in total
loads_module()
{
	local line

	line=$(ask fs "$MODULE")
	[[ $(result_of "$line") != ENODEV ]] || complain "$MODULE is not found" || return 1
	is_loaded "$MODULE" || complain "$MODULE is not loaded" || return 1
	is "$(started fake)" "$1" "modprobes" &&
		at_most "$(time_of "$line")" "$(microseconds $((LINGER + SLOT_TIMEOUT)))" \
			"microseconds:"
}

# FAULTS 35, "depmod; mount": the first modprobe has not found the module and still runs when
# the module is installed.
installed_meanwhile()
{
	unload_module || return 1
	script decides <<-END
		if [[ -e $WORK/installed ]]; then
			exec $REAL_MODPROBE "\$@"
		fi
		: >$WORK/decided
		sleep $LINGER
		exit 1
	END
	use_helper fake run "$WORK/decides"
	"$HERE/kmod_req" fs "$MODULE" >"$WORK/out" &
	wait_until test -e "$WORK/decided" || return 1
	: >"$WORK/installed"
	loads_module 2 || return 1
	wait
	all_failed 1
}

# FAULTS 36, "rmmod; mount": the first modprobe has loaded the module and still runs when the
# module is removed.
removed_meanwhile()
{
	unload_module || return 1
	script loads <<-END
		$REAL_MODPROBE "\$@" || exit 1
		: >$WORK/loaded
		sleep $LINGER
	END
	use_helper fake run "$WORK/loads"
	"$HERE/kmod_req" fs "$MODULE" >"$WORK/out" &
	wait_until test -e "$WORK/loaded" && rmmod "$MODULE" || return 1
	echo "run $REAL_MODPROBE" >"$WORK/fake/do"
	loads_module 2 || return 1
	wait
}

going() { grep -q '^kmod_stub .* Unloading ' /proc/modules; }

# The same, while the exit function of the module, which has unregistered what the second request
# needs, still runs.
removed_slowly()
{
	"$REAL_MODPROBE" -n kmod_stub 2>/dev/null || return "$KSFT_SKIP"
	"$REAL_MODPROBE" kmod_stub exit_ms=$((LINGER * 1000)) || return 1
	use_held_helper
	"$HERE/kmod_req" -s fs kmod_same >/dev/null &
	wait_until has_started fake || return 1
	rmmod kmod_stub &
	wait_until going || return 1
	"$HERE/kmod_req" -s fs kmod_same >/dev/null &
	wait_until are_waiting 2 || return 1
	release
	wait_until has_started fake 2 && going || return 1
	wait
}

# FAULTS 37. The killed requester was the first one for its name. Requests for that name and for
# other names wait behind it.
kept_place()
{
	local first name

	take_every_slot || return 1
	"$HERE/kmod_req" fs kmod_x >/dev/null &
	first=$!
	wait_until asleep "$first" || return 1
	for name in x b1 b2 b3; do
		"$HERE/kmod_req" fs "kmod_$name" >/dev/null &
		wait_until asleep $! || return 1
	done
	kill_and_reap "$first"
	release
	wait
	is "$(names_of fake | tail -n +3 | tr '\n' ' ')" \
		'fs-kmod_x fs-kmod_b1 fs-kmod_b2 fs-kmod_b3 '
}

# request_module_nowait() while an older modprobe runs: it must return without waiting, and must
# not share the failure of that modprobe.
nowait_later()
{
	"$REAL_MODPROBE" -n kmod_stub 2>/dev/null || return "$KSFT_SKIP"
	ask_held kmod_nowait exit 1 || return 1
	"$REAL_MODPROBE" kmod_stub nowait=fs-kmod_nowait &
	wait_until gone $! && rmmod kmod_stub || return 1
	asleep "$REQUESTER" || complain "the first requester no longer waits" || return 1
	release
	wait
	wait_until has_started fake 2 &&
		is "$(names_of fake | sort -u)" fs-kmod_nowait "modprobes for"
}

# All requests that are made while the first modprobe runs must share the second one.
nowait_storm()
{
	local i from=$SECONDS most

	"$REAL_MODPROBE" -n kmod_stub 2>/dev/null || return "$KSFT_SKIP"
	ask_held kmod_nowaits exit 1 || return 1
	for ((i = 0; i < 10; i++)); do
		"$REAL_MODPROBE" kmod_stub nowait=fs-kmod_nowaits && rmmod kmod_stub || return 1
	done
	most=$((2 << ((SECONDS - from) / SLOT_TIMEOUT)))
	release
	wait
	wait_until has_started fake 2 && wait_until all_ended fake && sleep 1 &&
		at_most "$(started fake)" "$most" "modprobes:"
}

# returns_soon PID: lets the modprobe end; this requester must return soon after
returns_soon()
{
	local from

	release
	from=$(now_us)
	wait_until gone "$1"
	at_most $(($(now_us) - from)) "$SOON" "microseconds from the end of modprobe:"
}

# FAULTS 56. All but the first and the last requester are in a cgroup with 1 ms of CPU time per
# second, which busy processes use up. The first modprobe fails. Neither the start of the next
# one nor any result may depend on these requesters.
without_quota()
{
	local pids=() i pid

	mkdir -p "$CGROUPS"
	mount -t cgroup2 none "$CGROUPS" || return "$KSFT_SKIP"
	mkdir "$BOX"
	if ! echo +cpu >"$CGROUPS/cgroup.subtree_control" || [[ ! -e $BOX/cpu.max ]]; then
		return "$KSFT_SKIP"
	fi
	ask_held kmod_quota exit 1 || return 1
	for ((i = 0; i < 5; i++)); do
		"$HERE/kmod_req" fs kmod_quota >/dev/null &
		pids+=($!)
	done
	wait_until are_waiting 6 || return 1
	echo '1000 1000000' >"$BOX/cpu.max"
	for ((i = 0; i < 2; i++)); do
		sh -c 'while :; do :; done' &
		HOGS+=($!)
	done
	for pid in "${pids[@]}" "${HOGS[@]}"; do
		echo "$pid" >"$BOX/cgroup.procs"
	done
	"$HERE/kmod_req" fs kmod_quota >/dev/null &
	wait_until asleep $! && returns_soon $!
}

# The same with a real-time task on the CPU of all requesters but the first and the last one.
# Helpers and the kernel's workers are kept off that CPU, as on machines for real-time work.
behind_real_time()
{
	local i file

	[[ $(nproc) -ge 2 && -w $WORKER_CPUS ]] || return "$KSFT_SKIP"
	echo 1 >"$WORKER_CPUS"
	taskset -p 1 $$ >/dev/null
	echo -1 >"$RT_RUNTIME"
	for file in "${FAIR_SERVERS[@]}"; do
		[[ ! -e $file ]] || echo 0 >"$file"
	done
	ask_held kmod_rt || return 1
	taskset -p 1 "$(pid_of fake)" >/dev/null
	for ((i = 0; i < 3; i++)); do
		taskset 2 "$HERE/kmod_req" fs kmod_rt >/dev/null &
	done
	wait_until are_waiting 4 || return 1
	# Ends by itself, as no other task gets that CPU to end it.
	# shellcheck disable=SC2016 # not to be expanded
	taskset 2 chrt -f 50 bash -c 'while ((SECONDS < $0)); do :; done' $((4 * SCALE + 4)) &
	HOGS+=($!)
	sleep 0.5
	"$HERE/kmod_req" fs kmod_rt >/dev/null &
	wait_until asleep $! && returns_soon $!
}

# slow_module [PARAMETER]: makes a request for fs-kmod_slow_init load a module with an init that
# takes longer than HUNG seconds, when a modprobe counts as hung, and longer than SLOT_TIMEOUT
slow_module()
{
	"$REAL_MODPROBE" -n kmod_stub 2>/dev/null || return "$KSFT_SKIP"
	mkdir -p "${CONF%/*}"
	printf 'alias fs-kmod_slow_init kmod_stub\noptions kmod_stub %s=%d\n' \
		"${1:-init_ms}" $(((HUNG + 4) * 1000)) >"$CONF"
	dmesg -c >/dev/null
}

init_lines()
{
	local line='kmod: module kmod_stub: init has been running for [0-9]* s'

	dmesg | grep -c "$line, requested by kmod_req"
}

hung_lines() { dmesg | grep -c 'kmod: modprobe fs-kmod_slow_init .* is hung; releasing its slot'; }
has_hung_line() { [[ $(hung_lines) -ge 1 ]]; }

# one_slow_load [PARAMETER]: checks that a slow load for a request takes one modprobe
one_slow_load()
{
	local hung slow

	slow_module "$@" || return $?
	hung=$(stat_of hung) slow=$(stat_of slow_inits)
	use_helper fake run "$REAL_MODPROBE"
	"$HERE/kmod_req" fs kmod_slow_init >/dev/null &
	wait_until in_state fs-kmod_slow_init loading || return 1
	# Before the init runs, these requests might have another modprobe started for them.
	"$HERE/kmod_req" -n 4 -s fs kmod_slow_init >/dev/null &
	wait
	is_loaded kmod_stub || complain "kmod_stub is not loaded" || return 1
	is "$(started fake)" 1 "modprobes" && is "$(init_lines)" 1 "lines on a slow init" &&
		is "$(hung_lines)" 0 "lines on a hung modprobe" &&
		is "$(($(stat_of slow_inits) - slow))" 1 "slow_inits" &&
		is "$(($(stat_of hung) - hung))" 0 "hung"
}

# FAULTS 58
slow_init() { one_slow_load; }

# The loader waits for async work of the init, such as a search for disks, after the module
# has become live.
slow_async() { one_slow_load async_ms; }

coming() { grep -q '^kmod_stub .* Loading ' /proc/modules; }

# The modprobe of a request waits for a load that is no request's.
loaded_by_another()
{
	local line='kmod: modprobe fs-kmod_slow_init .* has waited [0-9]* s for a load of a module'

	slow_module || return $?
	use_helper fake run "$REAL_MODPROBE"
	"$REAL_MODPROBE" kmod_stub &
	wait_until coming || return 1
	"$HERE/kmod_req" fs kmod_slow_init >/dev/null &
	wait_until in_state fs-kmod_slow_init loading || return 1
	# Requests that were made since would have another modprobe started for them.
	"$HERE/kmod_req" -n 4 -s fs kmod_slow_init >/dev/null &
	wait
	is "$(started fake)" 1 "modprobes" && is "$(hung_lines)" 0 "lines on a hung modprobe" &&
		is "$(dmesg | grep -c "$line")" 1 "lines on a load" &&
		is "$(outcome fs-kmod_slow_init)" 'outcome=ok result=0'
}

# A modprobe that does not end after a slow init must not keep its slot either.
hangs_after_init()
{
	slow_module || return $?
	script lingers <<-END
		$REAL_MODPROBE "\$@"
		exec $WORK/fake/modprobe kmod_lingers
	END
	use_helper fake run "$WORK/lingers"
	echo hold >"$WORK/fake/do.kmod_lingers"
	hold
	"$HERE/kmod_req" fs kmod_slow_init >/dev/null &
	sleep "$HUNG"
	wait_until has_hung_line && is "$(init_lines)" 1 "lines on a slow init" || return 1
	in_state fs-kmod_slow_init hung || complain "the request is not in state hung" || return 1
	release
	wait
}

TESTS=(
	'slow_failure|8 requests that share a modprobe of 7 s all return within 12 s'
	'root_among_users|users that repeat a request delay a request of root by at most 5 s'
	'installed_meanwhile|a request does not share the failure of a modprobe started before it'
	'removed_meanwhile|a request after rmmod does not share the success of an older modprobe'
	'removed_slowly|a request during rmmod does not share the success of an older modprobe'
	'kept_place|after the kill of the first requester the others keep their place'
	'nowait_later|a request that does not wait does not share an older failure'
	'nowait_storm|overlapping requests that do not wait share two modprobes'
	'without_quota|a requester without CPU quota does not delay other requesters'
	'behind_real_time|a requester behind a real-time task does not delay other requesters'
	'slow_init|a module with a slow init is reported as such, and loaded by one modprobe'
	'slow_async|a module with slow async work is loaded by one modprobe'
	'loaded_by_another|a modprobe that waits for another load of its module is not repeated'
	'hangs_after_init|a modprobe that hangs after a slow init is reported and releases its slot'
)
needs_journal
skip_without "needs CONFIG_VFAT_FS=m, see config" modprobe -n "$MODULE"
save "$RT_RUNTIME" "$WORKER_CPUS" "${FAIR_SERVERS[@]}"
run_tests
