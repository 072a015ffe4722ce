#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# cost.sh [TALLY]: boots with one CPU on which an instruction takes a nanosecond, and prints the
# cost of a failing module request; see harness/guest/cost.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"
x86_only

export CONFIG=plain
./prepare.sh
ICOUNT=1 TIMEOUT=900 ./boot.sh cost cost
sed -n 's/^# \([a-z]* [0-9.]*\|instructions: .*\)\r*$/\1/p' "$WORK/logs/cost.results"
./verdict.sh "$WORK/logs/cost.console" "$WORK/logs/cost.results" "$@"
