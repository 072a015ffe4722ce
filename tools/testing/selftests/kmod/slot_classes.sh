#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Classes of slots: requests of any depth, kernel threads that act for users, users that compete,
# and requests that wait while all modprobes hang. Also, which program a waiting request runs.
# shellcheck disable=SC2317 # the tests are called by name
source "$(dirname "$0")/kmod_lib.sh"

# The longest chain of requests
LONGEST=8
USER_A=1000
USER_B=2000

served() { names_of fake | grep -c "$1" || :; }
are_served() { [[ $(served "$1") -ge $2 ]]; }

# use_chains LENGTH WORDS...: makes the modprobe for NAME obey the words and request NAME_2, the
# modprobe for NAME_2 request NAME_3, and so on up to a chain of LENGTH
use_chains()
{
	local length=$1

	script next <<-END
		name=\${!#}
		name=\${name#fs-}
		case \$name in
		*_$length) exit 1 ;;
		*_[2-9]) name=\${name%_*}_\$((\${name##*_} + 1)) ;;
		*) name=\${name}_2 ;;
		esac
		exec $HERE/kmod_req fs "\$name"
	END
	use_helper fake "${@:2}" run "$WORK/next"
}

# FAULTS 38
chain()
{
	local line before

	before=$(lent)
	set_limit 1
	use_chains 3
	line=$(ask fs kmod_chain)
	is "$(names_of fake | tr '\n' ' ')" 'fs-kmod_chain fs-kmod_chain_2 fs-kmod_chain_3 ' &&
		at_most "$(time_of "$line")" $((2 * SOON)) "microseconds:" &&
		is "$(lent)" "$before" "started beyond the limit:"
}

longest_chain()
{
	local before

	before=$(lent)
	set_limit 1
	use_chains "$LONGEST"
	ask fs kmod_long >/dev/null
	is "$(started fake)" "$LONGEST" "modprobes" &&
		is "$(lent)" "$before" "started beyond the limit:"
}

# As many chains as slots. The modprobes of each depth hold all its slots at the same time.
chains()
{
	local n=10 before

	before=$(lent)
	set_limit "$n"
	use_chains 3 sleep 500
	is "$(ask -n "$n" fs kmod_chain | grep -c ' ENODEV ')" "$n" "requests" &&
		is "$(started fake)" $((3 * n)) "modprobes" &&
		is "$(lent)" "$before" "started beyond the limit:"
}

# use_templates MS: makes a modprobe for a template of users take MS milliseconds. Modprobes for
# whole names, which the users request themselves, fail at once.
use_templates()
{
	local i

	use_helper fake exit 1
	for ((i = 0; i < 40; i++)); do
		echo "sleep $1 exit 1" >"$WORK/fake/do.crypto-t$i"
	done
}

# ask_templates N: a user binds sockets to N unknown templates. A kernel thread, cryptomgr_probe,
# requests each.
ask_templates()
{
	local i

	for ((i = 0; i < $1; i++)); do
		become "$NOBODY" "$HERE/kmod_req" hash "t$i(x)" >/dev/null &
	done
}

has_templates()
{
	use_helper fake exit 1
	"$REAL_MODPROBE" -a algif_hash cryptomgr 2>/dev/null || "$REAL_MODPROBE" algif_hash
	ask hash 'kmodt(x)' >/dev/null
	is "$(served '^crypto-kmodt$')" 1 "requests by kernel threads"
}

# FAULTS 39. Users, and kernel threads that act for them, may hold two of the four slots.
act_for_users()
{
	local before

	has_templates || return "$KSFT_SKIP"
	before=$(lent)
	set_limit 4
	use_templates 1000
	ask_templates 4
	wait_until are_served '^crypto-t[0-9]*$' 2 || return 1
	at_most "$(time_of "$(ask fs kmod_root)")" "$SOON" "microseconds:" || return 1
	wait
	is "$(served '^crypto-t[0-9]*$')" 4 "templates" && wait_until all_ended fake &&
		keeps_limit fake 3 "$before"
}

# template_after N SECONDS COMMAND...: a user binds N templates. After SECONDS, when as many of
# these requests as possible wait, COMMAND binds one more. It must be served, although a kernel
# thread requests it, like those of the user.
template_after()
{
	has_templates || return "$KSFT_SKIP"
	set_limit 4
	use_templates 700
	ask_templates "$1"
	wait_until are_served '^crypto-t[0-9]*$' 2 || return 1
	sleep "$2"
	"${@:3}" hash 'one(x)' >/dev/null
	is "$(served '^crypto-one$')" 1 "modprobes for that template"
}

root_template_few() { template_after 8 0 ask; }
root_template_crowd() { template_after 40 4 ask; }
user_template_crowd() { template_after 40 4 as "$USER_B" "$HERE/kmod_req"; }

# wait_queued N NAMES: waits until at least N requests for matching names wait for a slot. They time
# out after 5 s, so that waiting for much longer is of no use.
are_queued() { [[ $(grep -c "^id=[0-9]* name=$2 state=waiting " "$JOURNAL/inflight") -ge $1 ]]; }
wait_queued() { PATIENCE=10 wait_until are_queued "$@" || return "$TOO_LATE"; }

# next_after N: kills the Nth modprobe. Prints the name for which the next one is started.
next_after()
{
	local n

	n=$(started fake)
	kill -KILL "$(pid_of fake "$1")"
	wait_until has_started fake $((n + 1)) && names_of fake | tail -n 1
}

# in_time COMMAND...: repeats the command, up to five times, while it returns TOO_LATE: requests
# timed out before their turn, so the order of the others proves nothing.
TOO_LATE=2
in_time()
{
	local try status

	for try in 1 2 3 4 5; do
		status=0
		"$@" || status=$?
		[[ $status -eq $TOO_LATE ]] || return "$status"
		say "try $try: requests timed out"
		release
		wait
	done
	return 1
}

# FAULTS 40. With a limit of four, users have two slots, and two beyond the limit. All modprobes
# run until they are killed, so the speed of the machine does not matter.
fewest_slots_once()
{
	local next

	set_limit 4
	use_held_helper
	become "$USER_A" "$HERE/kmod_req" -n 4 pf 2 >/dev/null &
	wait_until has_started fake 4 || return 1
	become "$USER_A" "$HERE/kmod_req" -n 2 pf 3 >/dev/null &
	wait_queued 2 'net-pf-3[01]' || return
	become "$USER_B" "$HERE/kmod_req" pf 19 >/dev/null &
	wait_queued 1 net-pf-19 || return
	next=$(next_after 1)
	are_queued 1 'net-pf-3[01]' || return "$TOO_LATE"
	is "$next" net-pf-19 "next modprobe:"
}

fewest_slots() { in_time fewest_slots_once; }

# With a limit of two, users have one slot, and none beyond the limit while root has one: root's
# modprobes are stopped. When the users' slot is free, neither user holds one. All requests of user
# A are older than those of user B. After the release each modprobe ends at once, so all start in
# turn.
in_turn_once()
{
	local turns users root

	set_limit 2
	use_held_helper
	become "$USER_A" "$HERE/kmod_req" pf 20 >/dev/null &
	users=($!)
	wait_until has_started fake || return 1
	"$HERE/kmod_req" -n 2 fs kmod_root >/dev/null &
	wait_until has_started fake 3 || return 1
	become "$USER_A" "$HERE/kmod_req" -n 5 pf 3 >/dev/null &
	users+=($!)
	wait_queued 5 'net-pf-3[0-4]' || return
	become "$USER_B" "$HERE/kmod_req" -n 2 pf 4 >/dev/null &
	users+=($!)
	wait_queued 2 'net-pf-4[01]' || return
	root=("$(pid_of fake 2)" "$(pid_of fake 3)")
	kill -STOP "${root[@]}"
	release
	wait "${users[@]}"
	kill -CONT "${root[@]}"
	wait
	turns=$(names_of fake | sed -nE 's/^net-pf-([34])[0-4]$/\1/p' | tr -d '\n')
	[[ ${#turns} -eq 7 ]] || return "$TOO_LATE"
	[[ $turns == 3434333 ]] || is "$turns" 4343333 "first digits of the names:"
}

in_turn() { in_time in_turn_once; }

# all_hang LIMIT: fills all slots with modprobes that do not end. Sets HANGING to the pids of the
# requesters.
all_hang()
{
	local i

	set_limit "$1"
	use_held_helper
	dmesg -c >/dev/null
	HANGING=()
	for ((i = 0; i < $1; i++)); do
		"$HERE/kmod_req" fs "kmod_hang$i" >/dev/null &
		HANGING+=($!)
	done
	wait_until has_started fake "$1"
}

# gets_a_slot LIMIT LENT: one more request must be served in time by a modprobe beyond the limit
gets_a_slot()
{
	local line

	echo exit 1 >"$WORK/fake/do.fs-kmod_next"
	line=$(ask fs kmod_next)
	is "$(names_of fake | tail -n 1)" fs-kmod_next &&
		at_least "$(time_of "$line")" 1000000 "microseconds:" &&
		at_most "$(time_of "$line")" $((SLOT_STALL * 1000000 + SOON)) "microseconds:" &&
		is "$(($(lent) - $2))" 1 "started beyond the limit:" &&
		is "$(dmesg | grep -c "kmod: no slot released for $SLOT_STALL s; starting one \
modprobe beyond the limit of $1\$")" 1 "lines in the log"
}

# FAULTS 41
beyond_limit()
{
	local before

	before=$(lent)
	all_hang 2 && gets_a_slot 2 "$before"
}

beyond_limit_killed()
{
	local before

	before=$(lent)
	all_hang 2 || return 1
	kill_and_reap "${HANGING[@]}"
	gets_a_slot 2 "$before"
}

beyond_limit_user()
{
	"$REAL_MODPROBE" algif_hash
	set_limit 2
	use_helper fake exit 1
	echo hold >"$WORK/fake/do.crypto-kmod_hang"
	hold
	become "$USER_A" "$HERE/kmod_req" hash kmod_hang >/dev/null &
	wait_until has_started fake || return 1
	as "$USER_B" "$HERE/kmod_req" pf 19 >/dev/null
	is "$(names_of fake | tail -n 1)" net-pf-19
}

# Users with hung modprobes must leave root one of the slots beyond the limit. A modprobe of root
# holds one of the two ordinary slots.
beyond_limit_root()
{
	local i

	"$REAL_MODPROBE" algif_hash
	set_limit 2
	use_held_helper
	echo exit 1 >"$WORK/fake/do.fs-kmod_next"
	for ((i = 0; i < 6; i++)); do
		become "$USER_A" "$HERE/kmod_req" hash "kmod_hang$i" >/dev/null &
	done
	wait_until has_started fake || return 1
	"$HERE/kmod_req" fs kmod_hang >/dev/null &
	wait_until are_served fs-kmod_hang 1 || return 1
	sleep $((SLOT_STALL + 2))
	ask fs kmod_next >/dev/null
	is "$(served fs-kmod_next)" 1 "modprobes for root"
}

are_timed_out() { [[ $(waiting) -le $1 ]]; }

# At most twice the limit, started one by one. Requests that get no slot time out.
twice_the_limit()
{
	local before first

	before=$(lent)
	all_hang 2 || return 1
	"$HERE/kmod_req" -n 6 fs kmod_more >/dev/null &
	first=$(now_us)
	wait_until has_started fake 4 || return 1
	at_least $(($(now_us) - first)) $(((SLOT_STALL + 1) * 1000000 - 500000)) \
		"microseconds until the second one:" || return 1
	wait_until are_timed_out 4 && is "$(waiting)" 4 "waiting" &&
		is "$(started fake)" 4 "modprobes" &&
		is "$(($(lent) - before))" 2 "started beyond the limit:"
}

# Slots beyond the limit must be granted again after their release.
lent_again()
{
	local round before

	before=$(lent)
	all_hang 1 || return 1
	echo exit 1 >"$WORK/fake/do.fs-kmod_again"
	for round in 1 2 3; do
		ask fs kmod_again >/dev/null
		is "$(served fs-kmod_again)" "$round" "modprobes" || return 1
	done
	at_least $(($(lent) - before)) 1 "started beyond the limit:"
}

# No slot may be granted beyond the limit while slots are released.
not_while_released()
{
	local before

	before=$(lent)
	set_limit 1
	use_helper fake sleep 300 exit 1
	ask -n 6 fs kmod_flow >"$WORK/out"
	is "$(peak_of fake)" 1 "alive:" && is "$(lent)" "$before" "started beyond the limit:"
}

# FAULTS 42
switched_off()
{
	local waiter

	take_every_slot || return 1
	"$HERE/kmod_req" fs kmod_late >"$WORK/out" &
	waiter=$!
	wait_until asleep "$waiter" || return 1
	set_modprobe ''
	release
	wait
	is "$(result_of "$(<"$WORK/out")")" ENODEV && is "$(served kmod_late)" 0 "modprobes" &&
		is "$(outcome fs-kmod_late)" "outcome=off result=$ENOENT"
}

switched_program()
{
	take_every_slot || return 1
	"$HERE/kmod_req" fs kmod_late >/dev/null &
	wait_until asleep $! || return 1
	use_helper other
	release
	wait
	is "$(names_of other)" fs-kmod_late "the new program:" &&
		is "$(served kmod_late)" 0 "runs of the old program"
}

TESTS=(
	'chain|a chain of three requests ends in time with one slot'
	'longest_chain|a chain of eight requests ends with one slot'
	'chains|as many chains as slots all end in time'
	'act_for_users|users and the kernel threads that act for them hold half of the slots'
	'root_template_few|8 template requests of a user do not make one of root time out'
	'root_template_crowd|40 template requests of a user do not make one of root time out'
	'user_template_crowd|40 template requests of a user do not make one of another time out'
	'fewest_slots|a user without a slot is served before one with many requests'
	'in_turn|two users that compete for a slot are served in turn'
	'beyond_limit|a request is served within 5 s while all modprobes hang'
	'beyond_limit_killed|a request is served within 5 s while modprobes without requesters hang'
	'beyond_limit_user|a user is served while the modprobes of another one hang'
	'beyond_limit_root|root is served while modprobes of users hang, and one of root does'
	'twice_the_limit|the number of modprobes never exceeds twice the limit'
	'lent_again|a slot beyond the limit is granted again after its release'
	'not_while_released|no modprobe exceeds the limit while slots are released'
	'switched_off|a waiting request runs nothing once kernel.modprobe is empty'
	'switched_program|a waiting request runs the program that kernel.modprobe names by then'
)
needs_journal
skip_without "needs CONFIG_CRYPTO_USER_API_HASH=m, see config" modprobe -n algif_hash
run_tests
