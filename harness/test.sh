#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# test.sh [guest]: runs the request pipeline in user space, its model in the quick configurations,
# the KUnit suites, the guest suite, two minutes of torture, and the cost of a request; with guest,
# only the guest suite. The last line has the totals. TEST=REGEX runs only matching guest tests.
# SCALE=N multiplies the guest's time limits, for a busy machine. A base that cannot be fetched
# counts as one skipped test, and the exit status is 4.
#
# Unless ARCH is x86_64, runs only the guest suite and the torture.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"

TALLY=$WORK/tally-$BUILT
TEST=${TEST:-}
# A debug kernel under emulation takes several times as long.
DEBUG_SCALE=4
# Tests that keep one processor busy, and two groups of tests that mostly wait for timeouts
BUSY='policy_profiles|wait_modes|kmodctl|fuzz|modprobe_exec|capabilities|kmod[.]sh'
WAITING=('flights|loops' 'slot_classes|inflight|journal')
# Only the debug kernel can inject faults.
FAULTS='fault_injection'
# Suffix of boots on other architectures, so that logs have different names
ON=${DEBIAN:+-$ARCH}
# In seconds; make torture runs longer.
TORTURE=120

# in_guest NAME ARGUMENT...: boots, and judges the results. A boot without a verdict counts as
# one failure. Uses a tally of its own, because another guest may run at the same time.
in_guest()
{
	local name=$1$ON tally

	shift
	tally=$LOGS/$name.tally
	: >"$tally"
	if ./boot.sh "$name" "$@"; then
		./verdict.sh "$LOGS/$name.console" "$LOGS/$name.results" "$tally" || :
	fi
	[[ -s $tally ]] || echo "0 1 0" >"$tally"
	cat "$tally" >>"$TALLY"
}

time_scale() { echo "${SCALE:-$([[ $CONFIG == plain ]] && echo 1 || echo "$DEBUG_SCALE")}"; }

guest_suite()
{
	local scale limit=2400

	scale=$(time_scale)
	[[ $FULL != 1 ]] || limit=7200
	export TIMEOUT=$((limit * scale))
	./prepare.sh || return 1
	set -- test "full=$FULL" "scale=$scale"
	if [[ -n $TEST ]]; then
		in_guest "test-$CONFIG" "$@" "only=$TEST"
	else
		parts "test-$CONFIG" "$@"
	fi
}

# parts NAME ARGUMENT...: runs the suite in four parallel guests, because one guest keeps
# little more than one core busy. The tests in BUSY are sequential, and faster with one
# processor; but KCSAN needs two. On the debug kernel, two guests with one processor each look
# for leaks, and the others, with two, do not: there, a third of the time would go to spinning
# on kmemleak's lock, whose holder has no core of the host.
parts()
{
	local busy=$BUSY processors=1 waiting=2 parameters=${CMDLINE:-} all

	case $CONFIG in
	kcsan) processors=2 ;;
	debug) busy+="|$FAULTS" waiting=1 parameters+=' kmemleak=off' ;;
	esac
	SMP=$processors background in_guest "$1-2" "${@:2}" "only=$busy"
	CMDLINE=$parameters background in_guest "$1-3" "${@:2}" "only=${WAITING[0]}"
	SMP=$waiting background in_guest "$1-4" "${@:2}" "only=${WAITING[1]}"
	all=$(IFS='|'; echo "$BUSY|$FAULTS|${WAITING[*]}")
	CMDLINE=$parameters in_guest "$1-1" "${@:2}" "except=$all"
	wait_background
}

# A separate boot, because PID 1 changes to another root directory.
switch_root() { in_guest switch-root switch-root; }

# A separate boot, because the lock lasts until the next one.
lock()
{
	CMDLINE="kmod.autoload=1 kmod.enforce=0 audit=1 rodata=off" \
		in_guest lock test "scale=$(time_scale)" programs=autoload:policy_lock.sh
}

# stage TITLE COMMAND...: runs a stage. A stage that counts no result counts as one failure.
stage()
{
	local before after

	say "== $1"
	shift
	before=$(wc -l <"$TALLY")
	("$@") || :
	after=$(wc -l <"$TALLY")
	[[ $after -gt $before ]] || echo "0 1 0" >>"$TALLY"
}

mkdir -p "$LOGS"
: >"$TALLY"
# Before the first stage, so that a user who cannot install packages is told all of them at once
./deps.sh build arch guest model
status=0
./prepare.sh tree || status=$?
[[ $status -ne 4 ]] || echo "0 passed, 0 failed, 1 skipped"
[[ $status -eq 0 ]] || exit "$status"

if [[ -n $TEST ]]; then
	stage "guest, $BUILT, only $TEST" guest_suite
elif [[ ${1:-} == guest ]]; then
	stage "guest, $BUILT" guest_suite
else
	[[ $ARCH != x86_64 ]] || stage "request pipeline, user space" ./shim.sh "$TALLY"
	[[ $ARCH != x86_64 ]] || stage "model of the pipeline" ./model.sh quick "$TALLY"
	[[ $ARCH != x86_64 ]] || stage "KUnit, User mode Linux" ./kunit.sh "$TALLY"
	stage "guest, $BUILT" guest_suite
	stage "guest, $BUILT, switch_root" switch_root
	stage "guest, $BUILT, lock" lock
	DURATION=$TORTURE stage "torture, $BUILT, $TORTURE s" ./torture.sh "$TALLY"
	[[ $ARCH != x86_64 ]] || stage "cost of a request, in instructions" ./cost.sh "$TALLY"
fi

sum_up
