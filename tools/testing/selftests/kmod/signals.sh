#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Signals to the requester, to its modprobe and to kernel threads
source "$(dirname "$0")/kmod_lib.sh"

STORMS=10

killed_requester()
{
	ask_held kmod_killed && dies_at_once "$REQUESTER" &&
		is "$(ended fake)" 0 "modprobes ended"
}

modprobe_goes_on()
{
	ask_held kmod_goes_on || return 1
	kill_and_reap "$REQUESTER"
	release
	wait_until has_ended fake
}

# The next request must wait until the modprobe of the killed requester has ended. Half a second
# would suffice to start another modprobe.
slot_is_counted()
{
	set_limit 1
	ask_held kmod_first || return 1
	kill_and_reap "$REQUESTER"
	"$HERE/kmod_req" fs kmod_second >/dev/null &
	wait_until asleep $! || return 1
	sleep 0.5
	is "$(started fake)" 1 "modprobes" || return 1
	release
	wait
	is "$(names_of fake | tail -n 1)" fs-kmod_second
}

# Requesters are killed while modprobes exit, in random order.
storm()
{
	local round

	for ((round = 0; round < STORMS; round++)); do
		use_helper fake random 5
		ask -n 60 -k 60 fs "kmod_storm$round" >"$WORK/out"
		# A process that is killed after its request prints two lines.
		is "$(awk '!seen[$1]++' "$WORK/out" | wc -l)" 60 "requests" || return 1
		wait_until all_ended fake || return 1
		at_most "$(awk '$2 == "killed" && $3 > max { max = $3 } END { print max + 0 }' \
			"$WORK/out")" "$SOON" "microseconds from kill to end:" || return 1
	done
	all_reaped || return 1
	use_helper fake exit 1
	is "$(result_of "$(ask fs kmod_calm)")" ENODEV && is "$(started fake)" 1 "modprobes"
}

# The result must not be 0.
killed_modprobe()
{
	"$REAL_MODPROBE" -qn test_kmod || return "$KSFT_SKIP"
	use_held_helper
	status_of kmod_murder >"$WORK/out" &
	wait_until has_started fake || return 1
	kill -KILL "$(pid_of fake)"
	wait_until gone $! && is "$(<"$WORK/out")" 9
}

stopped_modprobe()
{
	ask_held kmod_stopped || return 1
	kill -STOP "$(pid_of fake)"
	release
	sleep 1
	asleep "$REQUESTER" || complain "the requester no longer waits" || return 1
	kill -CONT "$(pid_of fake)"
	wait_until gone "$REQUESTER" && is "$(result_of "$(<"$WORK/out")")" ENODEV
}

kernel_thread_pids()
{
	cat /proc/[0-9]*/stat 2>/dev/null | sed 's/ (.*)/ x/' |
		awk 'int($9 / 2097152) % 2 { print $1 }'
}

# The engine must not mistake SIGCHLD for the end of a helper.
stray_sigchld()
{
	local round pids

	ask_held kmod_sigchld || return 1
	mapfile -t pids < <(kernel_thread_pids)
	at_least "${#pids[@]}" 10 "kernel threads" || return 1
	for round in 1 2 3 4 5; do
		kill -CHLD "${pids[@]}" 2>/dev/null || :
		sleep 0.1
	done
	asleep "$REQUESTER" || complain "the requester no longer waits in round $round" || return 1
	release
	wait_until gone "$REQUESTER" && is "$(result_of "$(<"$WORK/out")")" ENODEV
}

# The wait is killable, not interruptible.
other_signals()
{
	ask_held kmod_signals || return 1
	# The default action of both is to ignore them.
	kill -CHLD "$REQUESTER"
	kill -WINCH "$REQUESTER"
	sleep 0.5
	asleep "$REQUESTER" || complain "the requester no longer waits" || return 1
	release
	wait_until gone "$REQUESTER"
}

TESTS=(
	'killed_requester|a killed requester returns at once while its modprobe runs'
	'modprobe_goes_on|the modprobe of a killed requester runs to its end'
	'slot_is_counted|the modprobe of a killed requester holds its slot until it ends'
	'storm|kills at random times leave no zombie and lose no request'
	'killed_modprobe|the result of a killed modprobe is the number of the signal'
	'stopped_modprobe|a request waits for a stopped modprobe'
	'stray_sigchld|SIGCHLD sent to kernel threads does not end a wait'
	'other_signals|a signal that is not fatal does not end the wait of a requester'
)
run_tests
