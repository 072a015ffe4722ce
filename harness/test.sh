#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# test.sh [guest]: the KUnit suites, the guest suite, two minutes of torture, and the cost of a
# request; with guest, the guest suite alone, on CONFIG. The last line is the sum. With
# TEST=REGEX only the guest tests that match. SCALE=N multiplies the guest's time limits, for
# a busy machine. A base that cannot be had is a skip, with status 4.
#
# ARCH=x86_64 has all of them, any other ARCH the guest's tests and the torture.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"

TALLY=$WORK/tally-$BUILT
TEST=${TEST:-}
# A debug kernel under emulation takes several times as long.
DEBUG_SCALE=4
# The tests that together take as long as all others
HALF='policy_profiles|kmodctl|fuzz|modprobe_exec|fault_injection|capabilities|kmod[.]sh'
# Part of the name of a boot on another machine: its logs stay beside those of x86_64.
ON=${DEBIAN:+-$ARCH}
# In seconds. make torture does more.
TORTURE=120

# in_guest NAME ARGUMENT...: boots and judges. A boot without a verdict is one failure, also
# when another guest counts meanwhile.
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
		halves "test-$CONFIG" "$@"
	fi
}

# halves NAME ARGUMENT...: in two guests at once, as one keeps little more than a core busy.
# What is in HALF does one thing at a time, which is faster with one processor; but a data
# race takes two.
halves()
{
	local processors=1

	[[ $CONFIG != kcsan ]] || processors=2
	SMP=$processors background in_guest "$1-2" "${@:2}" "only=$HALF"
	in_guest "$1-1" "${@:2}" "except=$HALF"
	wait_background
}

# A boot of its own, since it is PID 1 that goes to another root directory.
switch_root() { in_guest switch-root switch-root; }

# A boot of its own, since the lock is for good.
lock()
{
	CMDLINE="kmod.autoload=1 kmod.enforce=0 audit=1 rodata=off" \
		in_guest lock test "scale=$(time_scale)" programs=autoload:policy_lock.sh
}

# stage TITLE COMMAND...: a stage that fails before it counts anything is one failure
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
status=0
./prepare.sh tree || status=$?
if [[ $status -eq 4 ]]; then
	echo "0 passed, 0 failed, 1 skipped"
	exit 4
fi

if [[ -n $TEST ]]; then
	stage "guest, $BUILT, only $TEST" guest_suite
elif [[ ${1:-} == guest ]]; then
	stage "guest, $BUILT" guest_suite
else
	[[ $ARCH != x86_64 ]] || stage "KUnit, User mode Linux" ./kunit.sh "$TALLY"
	stage "guest, $BUILT" guest_suite
	stage "guest, $BUILT, switch_root" switch_root
	stage "guest, $BUILT, lock" lock
	DURATION=$TORTURE stage "torture, $BUILT, $TORTURE s" ./torture.sh "$TALLY"
	[[ $ARCH != x86_64 ]] || stage "cost of a request, in instructions" ./cost.sh "$TALLY"
fi

sum_up
