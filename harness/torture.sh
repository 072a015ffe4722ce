#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# torture.sh [TALLY]: boots a small guest and has it do everything at once, at random,
# for a while; see harness/guest/torture. Any complaint of the kernel is a failure.
#
# From the environment: MINUTES (or DURATION, in seconds), SEED (a random one, printed),
# CONFIG, MEM.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"

MINUTES=${MINUTES:-5}
DURATION=${DURATION:-$((MINUTES * 60))}
SEED=${SEED:-$((SRANDOM % 1000000))}
# Whatever hangs may do so for minutes before it is said to, and a loaded host is slow.
GRACE=1800

# Small, so that memory gets short, but KASAN and lockdep need theirs.
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
