#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# test.sh [guest]: the KUnit suites, the guest suite, what a helper inherits here and in the
# unpatched base, the cost of a request, and a little torture; with guest, the guest suite
# alone, on CONFIG. With ALSO="CONFIG...", such as debug, the guest suite on those as well.
# The last line is the sum. With DEADLINE=SECONDS, torture, ALSO, comparison and cost are
# skipped if they would end later than that, and on such a kernel each test that might. With
# TEST=REGEX only the guest tests that match, and only on CONFIG. SCALE=N has the guest's time
# limits multiplied, for a busy machine. A base that cannot be had is a skip, with status 4.
#
# KUnit, the comparison with the base and the cost are those of ARCH=x86_64; any other
# has the guest's tests and the torture.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"

TALLY=$WORK/tally-$BUILT
TEST=${TEST:-} ALSO=${ALSO:-}
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

# guest_suite CONFIG ARGUMENT...
guest_suite()
{
	local config=$1 scale=${SCALE:-1} limit=2400

	shift
	if [[ $config != plain ]]; then
		scale=${SCALE:-$DEBUG_SCALE}
		set -- slow=skip "$@"
	fi
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
# Not for plain, whose time limits are tight.
halves()
{
	background in_guest "$1-2" "${@:2}" "only=$HALF"
	in_guest "$1-1" "${@:2}" "except=$HALF"
	wait_background
}

# A boot of its own, since it is PID 1 that goes to another root directory.
switch_root() { CONFIG=plain in_guest switch-root switch-root; }

# A boot of its own, since the lock is for good.
lock()
{
	CMDLINE="kmod.autoload=1 kmod.enforce=0 audit=1 rodata=off" CONFIG=plain \
		in_guest lock test programs=kmod:lock.sh
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

# late_stage PERCENT TITLE COMMAND...: the same for what is skipped when it would end too late;
# see fits() for what it takes
late_stage()
{
	if fits "$1"; then
		stage "${@:2}"
	else
		say "== SKIP $2: $(why_not "$1")"
		echo "0 0 1" >>"$TALLY"
	fi
}

# The boots that make up the guest's part of make test
guest_stages()
{
	SECONDS=0
	stage "guest, plain$ON" guest_suite plain
	echo "$SECONDS" >"$PACE"
	stage "guest, plain$ON, switch_root" switch_root
	stage "guest, plain$ON, lock" lock
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
	if overlay_files | grep -c '_kunit\.c$' >/dev/null; then
		stage "KUnit, User mode Linux" ./kunit.sh "$TALLY"
	fi
}

mkdir -p "$WORK"
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
	guest_stages
	DURATION=$TORTURE CONFIG=plain late_stage 30 "torture, $TORTURE s" ./torture.sh "$TALLY"
	for config in $ALSO; do
		late_stage 200 "guest, $config$ON" guest_suite "$config"
	done
	[[ $ARCH != x86_64 ]] || compared_stages
fi

sum_up
