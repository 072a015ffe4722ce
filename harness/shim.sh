#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# shim.sh [TALLY]: runs the pipeline of kernel/kmod in user space, see shim/README.md.
# shim.sh breaks [REGEX]: runs the sources with each matching defect of shim/breaks, and prints
# how each defect was noticed.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"

# The sources under test.
SOURCES=${SOURCES:-$ROOT}
# Numbers of random schedules with AddressSanitizer and ThreadSanitizer, and the first seed.
ASAN_SCHEDULES=${ASAN_SCHEDULES:-100000}
TSAN_SCHEDULES=${TSAN_SCHEDULES:-20000}
SEED=${SEED:-1}

export ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=16
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1

# build KIND KERNEL DIR: builds DIR/shim from the sources in KERNEL
build()
{
	mkdir -p "$3"
	make --no-print-directory -s -C "$ROOT/shim" KIND="$1" KERNEL="$2" O="$3" >"$3/log" 2>&1 ||
		{ cat "$3/log" >&2; return 1; }
}

run()
{
	local kind=$1 n=$2

	build "$kind" "$SOURCES" "$BUILD/shim/$kind"
	echo "# $kind"
	"$BUILD/shim/$kind/shim" -s "$SEED" -n "$n" 2>&1 | tee "$BUILD/shim/$kind/results" |
		grep -v '^[0-9]* passed' || :
	sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2 0/p' "$BUILD/shim/$kind/results" >>"$TALLY"
}

# noticed KIND KERNEL DIR N [SCENARIO]: prints the first failure, or nothing
noticed()
{
	build "$1" "$2" "$3" || { echo 'not noticed: does not compile'; return; }
	timeout 300 "$3/shim" -n "$4" ${5:+"$5"} 2>&1 |
		grep -m 1 -oE '^(I[0-9]+|expected): .*|^[a-z_]+: .*|SUMMARY: .*|runtime error: .*' || :
}

# run_breaks REGEX. Each line of shim/breaks: name, file, sed script, and the scenario that must
# notice, if it is a certain one; separated by tabs.
run_breaks()
{
	local name file script scenario tree=$BUILD/shim/broken how

	how=$(noticed asan "$SOURCES" "$BUILD/shim/asan" "$ASAN_SCHEDULES")
	[[ -z $how ]] || die "the unchanged sources fail: $how"
	while IFS=$'\t' read -r name file script scenario; do
		[[ -n $name && $name != '#'* && $name =~ $1 ]] || continue
		rm -rf "$tree"
		mkdir -p "$tree"
		cp -a "$SOURCES/include" "$SOURCES/kernel" "$tree/"
		sed -i -E "$script" "$tree/$file"
		how='not noticed'
		if cmp -s "$SOURCES/$file" "$tree/$file"; then
			how='not noticed: the script changes nothing'
		elif [[ -n $scenario ]]; then
			how=$(noticed asan "$tree" "$BUILD/shim/broken-asan" 0 "$scenario")
			how=${how:+$scenario: $how}
		else
			how=$(noticed asan "$tree" "$BUILD/shim/broken-asan" "$ASAN_SCHEDULES")
			[[ -n $how ]] || how=$(noticed tsan "$tree" "$BUILD/shim/broken-tsan" "$TSAN_SCHEDULES")
		fi
		report_break "$name" "${how:-not noticed}"
	done <"$ROOT/shim/breaks"
}

"$ROOT/harness/deps.sh" build
mkdir -p "$BUILD/shim"
TALLY=$BUILD/shim/tally
: >"$TALLY"
if [[ ${1:-} == breaks ]]; then
	run_breaks "${2:-.}"
else
	run asan "$ASAN_SCHEDULES"
	run tsan "$TSAN_SCHEDULES"
	[[ -z ${1:-} ]] || cat "$TALLY" >>"$1"
fi
sum_up
