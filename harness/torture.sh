#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# torture.sh [TALLY]: boots a small guest that runs all kinds of random load at the same time; see
# harness/guest/torture. Any warning or error of the kernel is a failure.
#
# Environment: MINUTES (or DURATION, in seconds), SEED (default random; printed), CONFIG, MEM
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"

MINUTES=${MINUTES:-5}
DURATION=${DURATION:-$((MINUTES * 60))}
SEED=${SEED:-$((SRANDOM % 1000000))}
# A hang may be reported only after minutes, and a loaded host is slow.
GRACE=1800

# Small, so that allocations fail. KASAN and lockdep need more.
memory()
{
	case $CONFIG in
	plain) echo 384M ;;
	*) echo 1G ;;
	esac
}

./prepare.sh
export MEM=${MEM:-$(memory)}
TIMEOUT=$((DURATION + GRACE)) ./boot.sh "torture-$BUILT" torture "seconds=$DURATION" "seed=$SEED"
{ grep -a '^# ' "$LOGS/torture-$BUILT.results" || :; } | tr -d '\r' |
	grep -v '^# \(progress\|verdict\|Totals\)'
./verdict.sh "$LOGS/torture-$BUILT.console" "$LOGS/torture-$BUILT.results" "$@"
