#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a requester may free, and when: its path once a killed wait has returned, and the data of
# cleanup() once a wait that was not killed has returned. A cleanup() that blocks, and a worker
# that is blocked while it creates a thread, must not delay helpers, and the reports of many
# hung helpers must not suppress that of another one. FAULTS 46 to 48 and 51.
source "$(dirname "$0")/../kmod/kmod_lib.sh"
source "$(dirname "$0")/umh_lib.sh"

DRIVER=/dev/umh_modes
PRESSURE=/sys/kernel/debug/umh_pressure
ACT=$WORK/act/helper
HOLD=$WORK/act/hold
EVENTS=/sys/kernel/tracing/events/umh
EXEC=1 PROC=2 KILLABLE=4

clean_up_more()
{
	[[ -z ${HOARDER:-} ]] || kill_and_reap "$HOARDER"
	echo none >"$PM_TEST" || :
	echo 0 >"$EVENTS/enable" || :
} 2>/dev/null

held_pids() { running "$ACT"; }
are_held() { [[ $(held_pids | wc -l) -ge $1 ]]; }
are_at_most() { [[ $(held_pids | wc -l) -le $1 ]]; }
none_held() { [[ -z $(held_pids) ]]; }

# start OPTIONS... -- PATH [ARGUMENTS...]: starts a requester of this helper. Sets REQUESTER to
# its pid and FD to the file descriptor that it uses.
start()
{
	exec {FD}<>"$DRIVER"
	(exec bash -c "echo '$*' >&$FD") 2>/dev/null &
	REQUESTER=$!
}

# abandon N OPTIONS...: starts the Nth helper that runs until HOLD is removed, and kills its
# requester
abandon()
{
	: >"$HOLD"
	start "wait=$((PROC | KILLABLE))" "${@:2}" -- "$ACT" hold "$HOLD" 3
	wait_until are_held "$1" && wait_until asleep "$REQUESTER" && kill_and_reap "$REQUESTER"
}

end_held()
{
	rm -f "$HOLD"
	wait_until none_held
}

logged() { dmesg | grep -Fq "$1"; }

# The driver overwrites the path before it frees it.
lent_path_hung()
{
	local memory line

	set_hung 2
	for memory in kmalloc vmalloc; do
		dmesg -c >/dev/null
		abandon 1 "lent=$memory" || return 1
		exec {FD}>&-
		line="umh: helper $ACT (pid $(held_pids)), requested by bash[$REQUESTER],"
		line+=' has not completed'
		wait_until logged "$line" || return 1
		dmesg | grep -F "$line" | grep -q 'requester was killed' ||
			complain "expected 'requester was killed'" || return 1
		end_held || return 1
	done
}

lent_path_suspend()
{
	local memory

	[[ -w $PM_TEST ]] || return "$KSFT_SKIP"
	for memory in kmalloc vmalloc; do
		abandon 1 "lent=$memory" || return 1
		exec {FD}>&-
		is "$(suspend)" OK "suspend:" || return 1
		are_held 1 || complain "the helper has ended" || return 1
		end_held || return 1
	done
}

# cleaned_first FLAGS N: N calls each return after their cleanup()
cleaned_first()
{
	local result fd

	exec {fd}<>"$DRIVER"
	echo "wait=$1 noinit repeat=$2 -- $ACT exit 0" >&"$fd"
	read -r result <&"$fd"
	exec {fd}>&-
	is "${result##* }" late=0 "wait $1:"
}

cleanup_first()
{
	cleaned_first "$EXEC" 1000 && cleaned_first "$PROC" 1000 &&
		cleaned_first "$((EXEC | KILLABLE))" 1000
}

# umh_exit is hit after the request has been freed.
traced()
{
	[[ -w $EVENTS/umh_exit/enable ]] ||
		mount -t tracefs kmod "${EVENTS%/events/umh}" 2>/dev/null
	[[ -w $EVENTS/umh_exit/enable ]] || return "$KSFT_SKIP"
	echo >"${EVENTS%/events/umh}/trace"
	echo 1 >"$EVENTS/umh_exit/enable"
	cleaned_first "$EXEC" 100 || return 1
	wait_until none_held || return 1
	echo 0 >"$EVENTS/umh_exit/enable"
	at_least "$(grep -c 'umh_exit: pid=' "${EVENTS%/events/umh}/trace")" 100 "exits:"
}

# The first helper's cleanup() waits for a mutex, which the second requester holds while its
# helper runs. The third helper must run meanwhile.
cleanup_blocks()
{
	local first second fd line result=$WORK/third

	abandon 1 mutex || return 1
	first=$FD
	: >"$HOLD.2"
	start "wait=$PROC" locked -- "$ACT" hold "$HOLD.2" 3
	second=$REQUESTER
	wait_until are_held 2 || return 1
	rm "$HOLD"
	wait_until are_at_most 1 || return 1

	rm -f "$result"
	(
		exec {fd}<>"$DRIVER"
		echo "wait=$PROC -- $ACT exit 1" >&"$fd"
		read -r line <&"$fd"
		echo "$line" >"$result"
	) &
	wait_until test -s "$result"
	rm "$HOLD.2"
	wait "$second" || :
	is "$(cat "$result")" "ret=256 calls=ic status=0 retval=256 task=1" "the third:" || return 1
	read -r line <&"$first"
	exec {first}>&-
	is "$line" "ret=$ERESTARTSYS calls=ic status=0 retval=768 task=1" "the first:"
}

worker_blocked() { [[ $(<"$PRESSURE") == blocked ]]; }
no_worker_blocked() { ! worker_blocked; }
returned() { gone "$REQUESTER"; }

# A worker is blocked in reclaim while it creates the thread of a helper.
reclaim_blocks()
{
	local line

	[[ -w $PRESSURE ]] || return "$KSFT_SKIP"
	dmesg -c >/dev/null
	(exec bash -c "echo >$PRESSURE") &
	HOARDER=$!
	wait_until worker_blocked || return 1

	start "wait=$PROC" -- "$ACT" exit 2
	wait_until returned || return 1
	read -r line <&"$FD"
	exec {FD}>&-
	is "$line" "ret=512 calls=ic status=0 retval=512 task=1" || return 1
	logged 'umh: creating the thread of a helper has taken 1 s; another worker takes over' ||
		complain 'no message about the worker' || return 1
	worker_blocked || complain 'the worker is not blocked' || return 1

	kill_and_reap "$HOARDER"
	HOARDER=
	wait_until no_worker_blocked
}

# Four other paths, since a path may share its rate limit with another
hung_kinds()
{
	local i fd

	: >"$HOLD"
	set_hung 3
	dmesg -c >/dev/null
	for i in {1..30}; do
		exec {fd}<>"$DRIVER"
		echo "wait=0 hooks -- $ACT hold $HOLD 3" >&"$fd"
		exec {fd}>&-
	done
	for i in {1..4}; do
		cp "$ACT" "$ACT.$i"
		exec {fd}<>"$DRIVER"
		echo "wait=0 hooks -- $ACT.$i hold $HOLD 3" >&"$fd"
		exec {fd}>&-
	done
	wait_until logged "umh: helper $ACT (pid" && wait_until logged "umh: helper $ACT." ||
		return 1
	at_most "$(dmesg | grep -Fc "umh: helper $ACT (pid")" 20 "reports of one kind:"
	end_held
}

TESTS=(
	'lent_path_hung|the report of a hung helper does not read a path that was freed'
	'lent_path_suspend|a helper whose requester was killed does not make suspend fail'
	'cleanup_first|cleanup() runs before the call returns'
	'traced|cleanup() runs before the call returns also while umh_exit is traced'
	'cleanup_blocks|a cleanup() that blocks does not delay other helpers'
	'reclaim_blocks|a worker that is blocked in reclaim does not delay other helpers'
	'hung_kinds|many hung helpers do not hide a hung helper with another path'
)
skip_without "needs CONFIG_TEST_UMH, see config" "$REAL_MODPROBE" -a umh_modes \
	umh_pressure
skip_without "needs CONFIG_DEVTMPFS, see config" test -w "$DRIVER"
mkdir -p "$WORK/act"
cp "$HERE/umh_act" "$ACT"
run_tests
