#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kunit.sh [TALLY]: builds a User mode Linux kernel with the suites that the overlay's
# .kunitconfig files enable, runs it with kunit.py, and judges its log.
set -euo pipefail
export CONFIG=um
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=harness/lib/kunit.sh
source "$ROOT/harness/lib/kunit.sh"
cd "$ROOT/harness"
x86_only

./prepare.sh build
run_kunit "$TREE" "$OUT" "$LOGS/kunit.log" "${1:-/dev/null}"
