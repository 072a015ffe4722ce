#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The number of modprobes must not exceed kernel.kmod-limit, even when requesters are killed, and
# waiting requests must be served in order. The exception: when no slot has been released for
# 2 s, a waiting request gets one beyond the limit, see slot_classes.sh.
source "$(dirname "$0")/kmod_lib.sh"

DEFAULT=50
MANY=200
STORMS=$(on_debug 5 20)
# Microseconds
TIMEOUT=$((SLOT_TIMEOUT * 1000000))

limit() { cat "$LIMIT_SYSCTL"; }
default_limit() { is "${SAVED[$LIMIT_SYSCTL]}" "$DEFAULT"; }

round_trip()
{
	local value

	for value in 1 2 1000 4294967295 "$DEFAULT"; do
		set_limit "$value" && is "$(limit)" "$value" || return 1
	done
}

rejected()
{
	local value

	set_limit 7
	for value in 0 -1 x 5x '' ' ' 4294967296 99999999999999999999; do
		is "$(write_to "$LIMIT_SYSCTL" <<<"$value")" EINVAL "'$value':" &&
			is "$(limit)" 7 || return 1
	done
}

# affordable N LIMIT: prints N, or less if with that limit this machine cannot serve N requests
# in half the time after which a waiting request fails
affordable()
{
	local n=$1 from n_in_time

	set_limit "$2"
	use_helper fake sleep 10
	from=$(now_us)
	ask -n "$2" fs kmod_speed >/dev/null
	n_in_time=$(($2 * TIMEOUT / 2 / ($(now_us) - from)))
	echo $((n_in_time < n ? n_in_time : n))
}

# Modprobes that sleep for 10 ms accumulate if the kernel does not enforce the limit.
all_served()
{
	local many before

	before=$(lent)
	many=$(affordable "$MANY" "$DEFAULT")
	many=$((many > DEFAULT ? many : DEFAULT + 10))
	say "$many requests"
	use_helper fake sleep 10
	is "$(ask -n "$many" fs kmod_many | awk '$2 == "ENODEV"' | wc -l)" "$many" "requests" &&
		is "$(started fake)" "$many" "modprobes" &&
		is "$(names_of fake | sort -u | wc -l)" "$many" "names" &&
		wait_until all_ended fake && keeps_limit fake "$DEFAULT" "$before"
}

small_limit()
{
	local few before

	before=$(lent)
	few=$(affordable 40 3)
	few=$((few > 6 ? few : 6))
	set_limit 3
	use_helper fake random 20
	is "$(ask -n "$few" fs kmod_few | awk '$2 == "ENODEV"' | wc -l)" "$few" "requests" &&
		wait_until all_ended fake &&
		is "$(started fake)" "$few" "modprobes" &&
		keeps_limit fake 3 "$before" && at_least "$(peak_of fake)" 2 "alive:"
}

# Requesters live for at most 300 ms. A kernel that releases the slot with the requester,
# instead of with its modprobe, exceeds the limit. Afterwards no slot may be lost: with a
# limit of 5 the peak must be 5.
killed_requesters()
{
	local round before

	for ((round = 0; round < STORMS; round++)); do
		before=$(lent)
		use_helper fake sleep 700
		ask -n 150 -k 300 fs "kmod_storm$round" >/dev/null
		wait_until all_ended fake || return 1
		keeps_limit fake "$DEFAULT" "$before" || return 1
	done
	set_limit 5
	use_helper fake sleep 1000
	is "$(ask -n 5 fs kmod_after | awk '$2 == "ENODEV"' | wc -l)" 5 "requests" &&
		is "$(peak_of fake)" 5 "alive:"
}

# The killed requester waits for a slot; the modprobes that hold the slots continue.
killed_waiter()
{
	take_every_slot || return 1
	"$HERE/kmod_req" fs kmod_waiter >/dev/null &
	wait_until asleep $! && dies_at_once $! && is "$(started fake)" 2 "modprobes" || return 1
	release
	wait
	ask fs kmod_later >/dev/null
	is "$(names_of fake | tail -n 1)" fs-kmod_later
}

# The third request must get the slot.
killed_in_the_middle()
{
	local pids=() i

	take_every_slot || return 1
	for i in 1 2 3; do
		"$HERE/kmod_req" fs "kmod_mid$i" >/dev/null &
		pids+=($!)
		wait_until asleep $! || return 1
	done
	kill_and_reap "${pids[0]}" "${pids[1]}"
	release
	wait
	is "$(names_of fake | tail -n 1)" fs-kmod_mid3 && is "$(started fake)" 3 "modprobes"
}

times_out()
{
	local line

	take_every_slot || return 1
	dmesg -c >/dev/null
	line=$(ask fs kmod_no_slot)
	is "$(result_of "$line")" ENODEV && is "$(started fake)" 2 "modprobes" &&
		at_least "$(time_of "$line")" "$TIMEOUT" "microseconds:" &&
		at_most "$(time_of "$line")" $((TIMEOUT + 2 * SOON)) "microseconds:" || return 1
	is "$(dmesg | grep -c 'kmod: request for fs-kmod_no_slot by kmod_req\[.*\] timed out')" \
		1 "lines in the log" || return 1
	release
	wait
	ask fs kmod_after >/dev/null
	is "$(names_of fake | tail -n 1)" fs-kmod_after
}

# The third modprobe must be started before SLOT_STALL allows one beyond the limit.
raised_limit()
{
	local before

	take_every_slot || return 1
	before=$(lent)
	"$HERE/kmod_req" fs kmod_third >/dev/null &
	wait_until asleep $! || return 1
	set_limit 2
	wait_until has_started fake 3 && is "$(lent)" "$before" "started beyond the limit:"
}

# Each request starts once the previous one waits for the slot.
in_order()
{
	local i

	take_every_slot || return 1
	for i in 1 2 3 4 5; do
		"$HERE/kmod_req" fs "kmod_turn$i" >/dev/null &
		wait_until asleep $! || return 1
	done
	release
	wait
	is "$(names_of fake | tail -n 5 | tr '\n' ' ')" \
		'fs-kmod_turn1 fs-kmod_turn2 fs-kmod_turn3 fs-kmod_turn4 fs-kmod_turn5 '
}

failed_starts()
{
	local i

	set_limit 1
	set_modprobe "$WORK/not-there"
	for ((i = 0; i < 5; i++)); do
		at_most "$(time_of "$(ask fs kmod_none)")" "$SOON" "microseconds:" || return 1
	done
	use_helper fake
	ask fs kmod_some >/dev/null
	is "$(started fake)" 1 "modprobes"
}

TESTS=(
	'default_limit|kernel.kmod-limit is 50 by default'
	'round_trip|a read returns the limit that was written'
	'rejected|zero, negative, too large and malformed limits fail with EINVAL'
	'all_served|more requests than slots are all served, by at most 50 modprobes at a time'
	'small_limit|a small limit is kept, and all its slots are used'
	'killed_requesters|the modprobe of a killed requester counts against the limit'
	'killed_waiter|a request that is killed while it waits for a slot returns at once'
	'killed_in_the_middle|a killed waiter does not delay the waiters behind it'
	'times_out|a request that gets no slot within 5 s fails and logs one line'
	'raised_limit|a raised limit serves a waiting request at once'
	'in_order|waiting requests get their slots in order'
	'failed_starts|a modprobe whose exec fails releases its slot'
)
run_tests
