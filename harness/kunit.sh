#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kunit.sh [TALLY]: builds the overlay's KUnit suites into a User mode Linux kernel,
# runs it and judges its log.
set -euo pipefail
export CONFIG=um
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"
x86_only

TIMEOUT=${TIMEOUT:-120}
LOG=$LOGS/kunit.log

./deps.sh build
lock_work
./fetch.sh
./tree.sh
if ! overlay_files | grep -c '_kunit\.c$' >/dev/null; then
	say "the overlay has no KUnit suites"
	exit 0
fi
./config.sh
./build.sh

status=0
# kunit_shutdown ends the kernel after the last suite; there is no root file system to
# go on with.
timeout --kill-after=5 "$TIMEOUT" "$OUT/linux" mem=256M console=tty kunit_shutdown=halt \
	</dev/null >"$LOG" 2>&1 || status=$?
case $status in
124 | 137) echo "harness: time limit of $TIMEOUT s reached" >>"$LOG" ;;
esac
KUNIT=1 ./verdict.sh "$LOG" "$LOG" "${1:-/dev/null}"
