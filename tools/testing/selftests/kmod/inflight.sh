#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Overlapping requests: those for one name must share modprobes, those made inside a modprobe
# have slots of their own, and no request may delay those of other users for long.
#
# Why a storm of requests for one name may cost two modprobes: a result must never be older
# than its request. A modprobe decides before it exits, so its failure is shared only by the
# requests that were made before it was started; all later ones share the next modprobe. A
# success is shared by all, unless a module has been unloaded since the modprobe was started.
# While no modprobe ends, their number is doubled every SLOT_TIMEOUT seconds.
# shellcheck disable=SC2317 # the tests are called by name
source "$(dirname "$0")/kmod_lib.sh"

# doubled N FROM: prints the maximum number of modprobes since SECONDS was FROM, where N suffice
# while they are fast
doubled() { echo $(($1 << ((SECONDS - $2) / SLOT_TIMEOUT))); }

# share N MODPROBES WORDS...: makes N requests for one name, for which at most MODPROBES modprobes
# may be started. The first one runs until all requesters wait, and then obeys the words.
share()
{
	local n=$1 from=$SECONDS

	use_helper fake hold "${@:3}"
	hold
	"$HERE/kmod_req" -n "$n" -s fs kmod_same >"$WORK/out" &
	wait_until are_waiting "$n" || return 1
	release
	wait
	is "$(grep -c ' ENODEV ' "$WORK/out")" "$n" "requests" &&
		at_most "$(started fake)" "$(doubled "$2" "$from")" "modprobes:"
}

share_success() { share 40 1; }
share_failure() { share 40 2 exit 1; }
share_255() { share 255 2 exit 1; }

# lib/test_kmod.c prints the result of its threads; exit status 3 is 768.
share_status()
{
	status_of nothing >/dev/null
	use_helper fake sleep 1000 exit 3
	echo 40 >"$TEST_KMOD/config_num_threads"
	echo -n kmod_status >"$TEST_KMOD/config_test_driver"
	echo 1 >"$TEST_KMOD/trigger_config" 2>/dev/null || :
	is "$(cat "$TEST_KMOD/test_result")" 768 && at_most "$(started fake)" 2 "modprobes:"
}

# start_sharing N: starts a request and N others that join it. Sets LEADER and JOINERS to the
# pids of the requesters.
start_sharing()
{
	local i

	use_held_helper
	"$HERE/kmod_req" fs kmod_same >/dev/null &
	LEADER=$!
	wait_until has_started fake || return 1
	JOINERS=()
	for ((i = 0; i < $1; i++)); do
		"$HERE/kmod_req" fs kmod_same >"$WORK/out$i" &
		JOINERS+=($!)
	done
	wait_until are_waiting $(($1 + 1))
}

kill_leader()
{
	start_sharing 3 && dies_at_once "$LEADER" || return 1
	is "$(waiting)" 3 "waiting" && is "$(started fake)" 1 "modprobes" || return 1
	release
	wait
	is "$(cat "$WORK"/out[012] | grep -c ' ENODEV ')" 3 "requests" &&
		is "$(started fake)" 1 "modprobes"
}

kill_joiner()
{
	start_sharing 3 && dies_at_once "${JOINERS[0]}" || return 1
	is "$(waiting)" 3 "waiting" || return 1
	release
	wait
	is "$(cat "$WORK"/out[12] | grep -c ' ENODEV ')" 2 "requests" &&
		is "$(started fake)" 1 "modprobes"
}

# With no free slot, the first of three requests for one name is killed while it waits for a
# slot. The two others must share one modprobe.
kill_leader_without_slot()
{
	local first

	take_every_slot || return 1
	"$HERE/kmod_req" fs kmod_same >/dev/null &
	first=$!
	wait_until are_waiting 3 || return 1
	"$HERE/kmod_req" -n 2 -s fs kmod_same >"$WORK/out" &
	wait_until are_waiting 5 || return 1
	dies_at_once "$first" || return 1
	release
	wait
	is "$(names_of fake | tail -n +3 | tr '\n' ' ')" 'fs-kmod_same ' &&
		is "$(grep -c ' ENODEV ' "$WORK/out")" 2 "requests"
}

other_name()
{
	local from=$SECONDS

	use_helper fake
	echo hold >"$WORK/fake/do.fs-kmod_hung"
	hold
	"$HERE/kmod_req" -n 51 -s fs kmod_hung >/dev/null &
	wait_until are_waiting 51 || return 1
	is "$(started fake)" 1 "modprobes" &&
		at_most "$(time_of "$(ask fs kmod_other)")" "$SOON" "microseconds:" || return 1
	# One more modprobe is started for the 51 requests after SLOT_TIMEOUT.
	sleep $((SLOT_TIMEOUT + 2))
	at_least "$(started fake)" 3 "modprobes:" &&
		at_most "$(started fake)" $((1 + $(doubled 1 "$from"))) "modprobes:" &&
		at_most "$(time_of "$(ask fs kmod_other)")" "$SOON" "microseconds:"
}

not_remembered()
{
	umount /sys/kernel/debug/kmod_nothing 2>/dev/null || :
	rmmod binfmt_misc 2>/dev/null || :
	use_helper fake exit 1
	mkdir -p "$WORK/mnt"
	! mount -t binfmt_misc none "$WORK/mnt" 2>/dev/null || return 1
	echo "run $REAL_MODPROBE" >"$WORK/fake/do"
	mount -t binfmt_misc none "$WORK/mnt" && umount "$WORK/mnt" && rmmod binfmt_misc || return 1
	mount -t binfmt_misc none "$WORK/mnt" && umount "$WORK/mnt" && rmmod binfmt_misc || return 1
	is "$(started fake)" 3 "modprobes"
}

# Each of 50 modprobes, which hold all slots, makes a request.
nested()
{
	script needs <<-END
		name=\${!#}
		case \$name in
		*_dep) exit 1 ;;
		*) exec $HERE/kmod_req fs "\${name#fs-}_dep" ;;
		esac
	END
	use_helper fake sleep 500 run "$WORK/needs"
	is "$(ask -n 50 fs kmod_nest | grep -c ' ENODEV ')" 50 "requests" &&
		is "$(started fake)" 100 "modprobes" && wait_until all_ended fake &&
		at_least "$(peak_of fake)" 51 "alive:"
}

# Any user can request crypto-NAME for any name. The modprobes of the user outlast the test.
user_share()
{
	local before

	before=$(lent)
	"$REAL_MODPROBE" algif_hash
	use_helper fake sleep 3000
	echo exit 1 >"$WORK/fake/do.fs-kmod_root"
	set_limit 4
	as "$NOBODY" "$HERE/kmod_req" -n "$(on_debug 300 1000)" hash kmod_user >/dev/null &
	wait_until has_started fake 2 && wait_until are_waiting 200 || return 1
	at_most "$(time_of "$(ask fs kmod_root)")" "$SOON" "microseconds:" &&
		keeps_limit fake 3 "$before"
}

# Root requests a name for which a request of the user waits, behind others of that user.
user_queue()
{
	local family=37

	use_helper fake sleep 3000
	set_limit 4
	as "$NOBODY" "$HERE/kmod_req" -n 8 pf 3 >/dev/null &
	wait_until has_started fake 2 && wait_until are_waiting 8 || return 1
	# A request that joins a running modprobe would also wait for the next one.
	while names_of fake | grep -qx "net-pf-$family"; do
		family=$((family - 1))
	done
	at_most "$(time_of "$(ask pf "$family")")" $((3000000 + SOON)) "microseconds:"
}

has_hung_lines()
{
	local holder='fs-kmod_holder[01] (pid [0-9]*), requested by kmod_req\[[0-9]*\] and 0 others'

	[[ $(dmesg | grep -c "kmod: modprobe $holder, is hung; releasing its slot") -eq $1 ]]
}

# All slots are held by modprobes that hang. After HUNG seconds each must be reported and must
# release its slot to a waiting request. kernel.umh_hung_secs must not delay that.
hung()
{
	dmesg -c >/dev/null
	set_hung 86400
	take_every_slot || return 1
	sleep $((HUNG - SLOT_TIMEOUT + 1))
	echo exit 1 >"$WORK/fake/do.fs-kmod_late"
	ask fs kmod_late >/dev/null
	is "$(names_of fake | tail -n 1)" fs-kmod_late && wait_until has_hung_lines 2
}

# A kworker prints some messages, later than the event.
logged() { dmesg | grep -q "$1"; }

holders_are_named()
{
	local first second

	dmesg -c >/dev/null
	take_every_slot || return 1
	ask fs kmod_unlucky >/dev/null
	first="fs-kmod_holder[01] (pid $(pid_of fake 1), [0-9]* s, by kmod_req\[[0-9]*\])"
	second="fs-kmod_holder[01] (pid $(pid_of fake 2), [0-9]* s, by kmod_req\[[0-9]*\])"
	wait_until logged "kmod: request for fs-kmod_unlucky by kmod_req\[[0-9]*\] timed out after \
${SLOT_TIMEOUT} s; oldest holders of slots: $first, $second\$" ||
		complain "the log has: $(dmesg | grep kmod:)"
}

TESTS=(
	'share_success|40 overlapping requests for one name share one successful modprobe'
	'share_failure|40 overlapping requests for one name share two failing modprobes'
	'share_255|255 overlapping requests for one name share two failing modprobes'
	'share_status|all requests that share a modprobe return its status'
	'kill_leader|the requests that share a modprobe survive the kill of the first requester'
	'kill_joiner|a killed joiner returns at once, and the other requests continue'
	'kill_leader_without_slot|killing a first requester that waits for a slot delays no other'
	'other_name|50 requests that wait for a hung modprobe do not delay another name'
	'not_remembered|neither a failure nor a success outlives its modprobe'
	'nested|50 modprobes that each request another module all end'
	'user_share|hundreds of requests of a user do not delay a request of root'
	'user_queue|a request of root overtakes those of a user for the same name'
	'hung|a hung modprobe is reported and releases its slot'
	'holders_are_named|a request that times out logs the holders of the slots'
)
run_tests
