#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# test.sh [guest]: the KUnit suites, the guest suite, a little torture, what a helper inherits
# here and in the unpatched base, and the cost of a request; with guest, the guest suite alone,
# on CONFIG. The last line is the sum. With CONFIG=debug, guest suite and torture are that
# kernel's, and the guest suite on plain follows. With TEST=REGEX only the guest tests that
# match. SCALE=N has the guest's time limits multiplied, for a busy machine. A base that cannot
# be had is a skip, with status 4.
#
# With DEADLINE=SECONDS, what would end later than that is skipped, as is each test on such a
# kernel, and all of that kernel if this machine is too slow for it. KUnit and the guest suite
# on plain, where that is the only one, are not.
#
# KUnit, the comparison with the base and the cost are those of ARCH=x86_64; any other
# has the guest's tests and the torture.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"

TALLY=$WORK/tally-$BUILT
TEST=${TEST:-}
# A debug kernel under emulation takes several times as long.
DEBUG_SCALE=4
# The tests that together take as long as all others
HALF='doors|kmodctl|fuzz|exec|fail|caps|kmod[.]sh'
# Seconds that the longest test may take on such a kernel, and the scan for leaks after it;
# but for the longest of all, which begins at once
LONGEST=360
# What a boot is called on another machine: its logs stay beside those of x86_64.
ON=${DEBIAN:+-$ARCH}
# Seconds of it on each run; make torture does more.
TORTURE=120
# Percent of the time of KUnit, of which building its kernel is most, after which the debug
# kernel is there, and half its tests are through
DEBUG_TAKES=450

# in_guest NAME ARGUMENT...: boots and judges. What comes to nothing is one failure, also when
# another guest counts meanwhile.
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

# time_scale CONFIG
time_scale() { echo "${SCALE:-$([[ $1 == plain ]] && echo 1 || echo "$DEBUG_SCALE")}"; }

# guest_suite CONFIG ARGUMENT...
guest_suite()
{
	local config=$1 scale limit=2400

	shift
	scale=$(time_scale "$config")
	[[ $config == plain ]] || set -- slow=skip "$@"
	[[ $FULL != 1 ]] || limit=7200
	export CONFIG=$config TIMEOUT=$((limit * scale))
	./prepare.sh || return 1
	set -- test "full=$FULL" "scale=$scale" "$@"
	if [[ $config == plain || -n $TEST ]]; then
		in_guest "test-$config" "$@"
		return
	fi
	[[ -z ${DEADLINE:-} ]] || set -- "$@" "seconds=$((DEADLINE - LONGEST - $(would_end 0)))"
	halves "test-$config" "$@"
}

# halves NAME ARGUMENT...: in two guests at once, as one keeps little more than a core busy.
# Not for plain, whose time limits are tight. What is in HALF does one thing at a time, which
# is faster with one processor; but a data race takes two.
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
		in_guest lock test "scale=$(time_scale "$CONFIG")" programs=kmod:lock.sh
}

# stage TITLE COMMAND...: a stage that dies before it counts anything is one failure
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

# fits_stage PERCENT TITLE: does it, see fits()? If not, that is a skip.
fits_stage()
{
	! fits "$1" || return 0
	say "== SKIP $2: $(why_not "$1")"
	echo "0 0 1" >>"$TALLY"
	return 1
}

# late_stage PERCENT TITLE COMMAND...: the same for what is skipped when it would end too late
late_stage() { ! fits_stage "$1" "$2" || stage "${@:2}"; }

# The boots that make up the guest's part of make test
guest_stages()
{
	SECONDS=0
	stage "guest, $CONFIG$ON" guest_suite "$CONFIG"
	echo "$SECONDS" >"$PACE"
	stage "guest, $CONFIG$ON, switch_root" switch_root
	stage "guest, $CONFIG$ON, lock" lock
	DURATION=$TORTURE late_stage 15 "torture, $CONFIG$ON, $TORTURE s" ./torture.sh "$TALLY"
}

# Beside the unpatched base, and beside user space
compared_stages()
{
	late_stage 100 "what a helper inherits, beside the unpatched base" ./inherit.sh "$TALLY"
	late_stage 30 "cost of a request, in instructions" ./cost.sh "$TALLY"
}

# KUnit alone may be absent: an overlay without suites is not a failure of a test.
kunit_stage()
{
	SECONDS=0
	if overlay_files | grep -c '_kunit\.c$' >/dev/null; then
		stage "KUnit, User mode Linux" ./kunit.sh "$TALLY"
	fi
	echo "$SECONDS" >"$PACE"
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
	stage "guest, $BUILT, only $TEST" guest_suite "$CONFIG" "only=$TEST"
elif [[ ${1:-} == guest ]]; then
	stage "guest, $BUILT" guest_suite "$CONFIG"
else
	[[ $ARCH != x86_64 ]] || kunit_stage
	[[ $CONFIG == plain ]] || fits_stage "$DEBUG_TAKES" "guest, $CONFIG$ON" || CONFIG=plain
	guest_stages
	[[ $CONFIG == plain ]] || late_stage 50 "guest, plain$ON" guest_suite plain
	[[ $ARCH != x86_64 ]] || compared_stages
fi

sum_up
