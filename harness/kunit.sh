#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kunit.sh [TALLY]: builds a User mode Linux kernel with the suites that the overlay's
# .kunitconfig files enable, runs it with kunit.py, and judges its log.
set -euo pipefail
export CONFIG=um
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"
x86_only

./prepare.sh build
log=$LOGS/kunit.log
"$TREE/tools/testing/kunit/kunit.py" exec --build_dir "$OUT" --timeout "${TIMEOUT:-120}" \
	--raw_output=all >"$log" 2>&1 || echo "harness: kunit.py failed" >>"$log"
KUNIT=1 ./verdict.sh "$log" "$log" "${1:-/dev/null}"
