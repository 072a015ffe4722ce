#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Requests that overlap: those for one name share a modprobe, those from inside one
# have slots of their own, and nobody's waiting keeps others waiting for long.
# shellcheck disable=SC2317 # the tests are called by name
source "$(dirname "$0")/kmod_lib.sh"

# Seconds after which a modprobe counts as hung, longer than a joiner waits for it
HUNG=8

# Tasks that wait in the kernel, by the name of their program.
asleep_now() { cat /proc/[0-9]*/stat 2>/dev/null | grep -c "($1) D" || :; }
asking() { [[ $(asleep_now kmod_req) -ge $1 ]]; }

# The modprobe stays until all of them wait for it, however long they take to come. On a
# machine where that is longer than a joiner waits, there is one more each time.
share()
{
	local n=$1 from=$SECONDS

	use_held_helper
	"$HERE/kmod_req" -n "$n" -s fs kmod_same >"$WORK/out" &
	wait_until asking "$n" || return 1
	release
	wait
	is "$(grep -c ' ENODEV ' "$WORK/out")" "$n" "requests" &&
		at_most "$(started fake)" $((1 + (SECONDS - from) / SLOT_TIMEOUT)) "modprobes:"
}

share_40() { share 40; }
share_255() { share 255; }

# lib/test_kmod.c adds up what its threads get; exit status 3 is 768 for wait(2).
share_status()
{
	status_of nothing >/dev/null
	use_helper fake sleep 1000 exit 3
	echo 40 >"$TEST_KMOD/config_num_threads"
	echo -n kmod_status >"$TEST_KMOD/config_test_driver"
	echo 1 >"$TEST_KMOD/trigger_config" 2>/dev/null || :
	is "$(cat "$TEST_KMOD/test_result")" 768 && is "$(started fake)" 1 "modprobes"
}

# start_sharing N: one that leads, in LEADER, and N that join it, in JOINERS
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
	wait_until asking $(($1 + 1))
}

kill_leader()
{
	start_sharing 3 && dies_at_once "$LEADER" || return 1
	is "$(asleep_now kmod_req)" 3 "waiting" && is "$(started fake)" 1 "modprobes" || return 1
	release
	wait
	is "$(cat "$WORK"/out[012] | grep -c ' ENODEV ')" 3 "requests" &&
		is "$(started fake)" 1 "modprobes"
}

kill_joiner()
{
	start_sharing 3 && dies_at_once "${JOINERS[0]}" || return 1
	is "$(asleep_now kmod_req)" 3 "waiting" || return 1
	release
	wait
	is "$(cat "$WORK"/out[12] | grep -c ' ENODEV ')" 2 "requests" &&
		is "$(started fake)" 1 "modprobes"
}

# The one slot is taken. The first of three that share a name is killed while it waits
# for it: another one has to go on, with one modprobe for both.
kill_leader_without_slot()
{
	local first

	use_held_helper
	set_limit 1
	"$HERE/kmod_req" fs kmod_holder >/dev/null &
	wait_until has_started fake || return 1
	"$HERE/kmod_req" fs kmod_same >/dev/null &
	first=$!
	wait_until asking 2 || return 1
	"$HERE/kmod_req" -n 2 -s fs kmod_same >/dev/null &
	wait_until asking 4 || return 1
	dies_at_once "$first" || return 1
	release
	wait
	is "$(names_of fake | tr '\n' ' ')" 'fs-kmod_holder fs-kmod_same '
}

other_name()
{
	local from=$SECONDS

	use_helper fake
	echo hold >"$WORK/fake/do.fs-kmod_hung"
	hold
	"$HERE/kmod_req" -n 51 -s fs kmod_hung >/dev/null &
	wait_until asking 51 || return 1
	is "$(started fake)" 1 "modprobes" &&
		at_most "$(time_of "$(ask fs kmod_other)")" "$SOON" "microseconds:" || return 1
	# Nor do they flood it when they lose patience: one of them starts another one.
	sleep $((SLOT_TIMEOUT + 2))
	at_least "$(started fake)" 3 "modprobes:" &&
		at_most "$(started fake)" $((2 + (SECONDS - from + 1) / SLOT_TIMEOUT)) "modprobes:" &&
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

# Each of 50 modprobes, all that there may be, needs one more module to go on.
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

# crypto-NAME is an alias that any user can ask for, under any name. The user's modprobes
# do not end in the time of the test.
user_share()
{
	"$REAL_MODPROBE" algif_hash
	use_helper fake sleep 3000
	echo exit 1 >"$WORK/fake/do.fs-kmod_root"
	set_limit 4
	as "$NOBODY" "$HERE/kmod_req" -n 1000 hash kmod_user >/dev/null &
	wait_until has_started fake 2 && wait_until asking 200 || return 1
	at_most "$(time_of "$(ask fs kmod_root)")" "$SOON" "microseconds:" &&
		at_most "$(peak_of fake)" 3 "alive:"
}

# Root asks for what the user has asked for too, but far behind in the user's queue.
user_queue()
{
	use_helper fake sleep 3000
	set_limit 4
	as "$NOBODY" "$HERE/kmod_req" -n 8 pf 3 >/dev/null &
	wait_until has_started fake 2 && wait_until asking 8 || return 1
	at_most "$(time_of "$(ask pf 37)")" $((3000000 + SOON)) "microseconds:"
}

# All slots hang. Once they have for long enough, each is named and counts no longer.
hung()
{
	use_held_helper
	set_limit 2
	set_hung "$HUNG"
	"$HERE/kmod_req" -n 2 fs kmod_hang >/dev/null &
	wait_until has_started fake 2 || return 1
	ask fs kmod_early >/dev/null
	is "$(started fake)" 2 "modprobes" || return 1
	sleep $((HUNG - SLOT_TIMEOUT + 1))
	echo exit 1 >"$WORK/fake/do.fs-kmod_late"
	at_most "$(time_of "$(ask fs kmod_late)")" "$SOON" "microseconds:" || return 1
	is "$(names_of fake | tail -n 1)" fs-kmod_late &&
		is "$(dmesg | grep -c 'kmod: modprobe fs-kmod_hang[01] (pid .*), asked for by')" \
			2 "lines"
}

holders_are_named()
{
	local holder

	use_held_helper
	set_limit 1
	"$HERE/kmod_req" fs kmod_keeper >/dev/null &
	wait_until has_started fake || return 1
	ask fs kmod_unlucky >/dev/null
	holder="fs-kmod_keeper (pid $(pid_of fake), [0-9]* s, by kmod_req\[$!\])"
	dmesg | grep -q "no slot for modprobe fs-kmod_unlucky, by kmod_req.*oldest first: $holder"
}

TESTS=(
	'share_40|40 requests for one name at a time cost one modprobe'
	'share_255|255 requests for one name at a time cost one modprobe'
	'share_status|they all get its status'
	'kill_leader|killing the one who asked first changes nothing for the others'
	'kill_joiner|a killed joiner leaves at once and alone'
	'kill_leader_without_slot|when the first is killed before its modprobe starts, one goes on'
	'other_name|50 joiners of a hung modprobe leave another name alone'
	'not_remembered|neither failure nor success is remembered'
	'nested|50 modprobes that each need another module all finish'
	'user_share|a user with 1000 requests does not keep root waiting'
	'user_queue|root does not wait for the turn of a user who wants the same'
	'hung|a modprobe that hangs is reported and gives its slot back'
	'holders_are_named|who holds the slots is in the log when there is none'
)
run_tests
