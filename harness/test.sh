#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# test.sh [all]: the KUnit suites, the guest suite, a short torture, and the cost of a
# request; with all, the guest suite once more on kernels with KASAN and lockdep, with
# KCSAN, and with PREEMPT_RT and lockdep. The last line is the sum. With TEST=REGEX only
# the guest tests that match, and only on CONFIG.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"

TALLY=$BUILD/tally
TEST=${TEST:-}
# A debug kernel under emulation takes several times as long.
DEBUG_SCALE=4
# Seconds of it on each run; make torture does more.
TORTURE=40

# guest_suite CONFIG SCALE ARGUMENT...
guest_suite()
{
	local config=$1 scale=$2 limit=2400

	shift 2
	[[ $FULL != 1 ]] || limit=7200
	export CONFIG=$config
	CONFIG=$config ./prepare.sh || return 1
	TIMEOUT=$((limit * scale)) ./boot.sh "test-$config" test "full=$FULL" "scale=$scale" "$@" || return 1
	./verdict.sh "$WORK/logs/test-$config.console" "$WORK/logs/test-$config.results" "$TALLY"
}

# stage TITLE COMMAND...: a stage that dies before it counts anything is one failure
stage()
{
	local before after

	say "== $1"
	shift
	before=$(wc -l <"$TALLY")
	"$@" || :
	after=$(wc -l <"$TALLY")
	[[ $after -gt $before ]] || echo "0 1 0" >>"$TALLY"
}

# KUnit alone may be absent: an overlay without suites is not a failure of a test.
kunit_stage()
{
	if overlay_files | grep -c '_kunit\.c$' >/dev/null; then
		stage "KUnit, User mode Linux" ./kunit.sh "$TALLY"
	fi
}

mkdir -p "$BUILD"
: >"$TALLY"
if [[ -n $TEST ]]; then
	stage "guest, $CONFIG, only $TEST" guest_suite "$CONFIG" "$DEBUG_SCALE" "only=$TEST"
else
	kunit_stage
	stage "guest, plain" guest_suite plain 1
	DURATION=$TORTURE stage "torture, $TORTURE s" ./torture.sh "$TALLY"
	stage "cost of a request, in instructions" ./cost.sh "$TALLY"
	if [[ ${1:-} == all ]]; then
		for config in debug kcsan rt-debug; do
			stage "guest, $config" guest_suite "$config" "$DEBUG_SCALE" slow=skip
		done
	fi
fi

awk '
	{ passed += $1; failed += $2; skipped += $3 }
	END {
		printf "%d passed, %d failed", passed, failed
		if (skipped) printf ", %d skipped", skipped
		printf "\n"
		exit failed > 0 || passed == 0
	}' "$TALLY"
