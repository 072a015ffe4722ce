#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fuzz.sh: runs RUNS random policies through the kernel's parser and through kmodctl, see
# shim/README.md. Needs clang with libFuzzer, and json-c. An input on which they disagree is in
# build/shim/policy/crash-*.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"

RUNS=${RUNS:-10000000}
DIR=$ROOT/build/shim/policy
SOURCES=$ROOT/shim/policy

command -v clang >/dev/null || die "make fuzz needs clang"
[[ -f $PRISTINE/lib/glob.c ]] || ./prepare.sh
mkdir -p "$DIR/corpus"
make --no-print-directory -s -C "$SOURCES" O="$DIR" KERNEL="$ROOT" GLOB="$PRISTINE/lib/glob.c" \
	>"$DIR/log" 2>&1 || { cat "$DIR/log" >&2; die "the fuzzer does not build"; }
cd "$DIR"
./fuzz -runs="$RUNS" -max_len=400 -timeout=10 -print_final_stats=1 \
	-dict="$SOURCES/policy.dict" corpus "$SOURCES/seeds" >results 2>&1 ||
	{ tail -n 40 results; die "an input failed, see $DIR"; }
grep '^Done ' results
