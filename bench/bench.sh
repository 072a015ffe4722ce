#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bench.sh [check]: measures the patched kernel and the unpatched base and prints a table of
# both, see bench/README.md. Writes bench/results/<base>.csv and charts.
# With check, writes nothing, and fails if a ratio that repeats closely is worse than the
# committed one by more than 2 %.
#
# Environment: BOOTS (boots of each kernel; default 3, with check 1), MEASURE (measurements to
# run, see bench/guest, and wall for wall-clock times; default all, with check some of them).
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/../harness/lib.sh"
x86_only

# shellcheck source=bench/lib.sh
source "$ROOT/bench/lib.sh"

VALUES=$SCRATCH/values
CSV=$HERE/results/$BASE.csv
# Per cent
TOLERANCE=2
ALL='cost exec same distinct load loop suspend alive inflight sleepers wall'

# values SIDE CONFIG NAME BOOT: prints the values in the guest's output, one per line
values()
{
	sed -n "s/^\([a-z0-9_]* -\{0,1\}[0-9.]*\)\r*$/$1 $4 \1/p" "$LOGS/bench-$2-$3.results"
}

# Runs both guests at the same time, because load does not change the number of instructions.
count_instructions()
{
	local boot=$1

	shift
	ICOUNT=1 background measure base "$boot" "/bench/guest $*"
	ICOUNT=1 measure plain "$boot" "/bench/guest $*"
	wait_background
	values base base "$boot" "$boot" >>"$VALUES"
	values here plain "$boot" "$boot" >>"$VALUES"
}

# Runs one guest after the other, because load changes wall-clock times.
measure_wall_clock()
{
	local boot=$1

	CMDLINE=$(tsc_options)
	export CMDLINE
	ACCEL=tcg,thread=multi SMP=2 measure base "wall-$boot" "/bench/guest wall"
	ACCEL=tcg,thread=multi SMP=2 measure plain "wall-$boot" "/bench/guest wall"
	unset CMDLINE
	values base base "wall-$boot" "$boot" >>"$VALUES"
	values here plain "wall-$boot" "$boot" >>"$VALUES"
}

measure_both()
{
	local boot boots=${BOOTS:-3}
	local -a rows

	read -ra rows <<<"${MEASURE:-$ALL}"
	: >"$VALUES"
	for ((boot = 1; boot <= boots; boot++)); do
		if [[ ${rows[*]} != wall ]]; then
			say "boot $boot of $boots, unpatched and here: ${rows[*]/#wall/}"
			count_instructions "$boot" "${rows[@]/#wall/}"
		fi
		if [[ " ${rows[*]} " == *' wall '* ]]; then
			say "boot $boot of $boots, unpatched, then here: wall-clock time"
			measure_wall_clock "$boot"
		fi
	done
}

# worse OLD NEW: prints the rows with a worse ratio, or a worse value if they have no ratio
worse()
{
	awk -F, -v tolerance="$TOLERANCE" '
	FNR == 1 || $12 !~ /r/ { next }
	{ now = $9 != "" ? $9 : $6 }
	FNR == NR { old[$1] = now; next }
	!($1 in old) || now == "" || now > old[$1] * (1 + tolerance / 100) {
		printf "worse: %s was %s, is %s\n", $1, old[$1], now
	}' "$1" "$2"
}

check()
{
	local found

	[[ -f $CSV ]] || die "$CSV does not exist; make bench writes it"
	found=$(worse "$CSV" "$SCRATCH/new.csv")
	[[ -z $found ]] || { say "$found"; die "worse than bench/results/$BASE.csv by more than $TOLERANCE %"; }
	say "every ratio is within $TOLERANCE % of bench/results/$BASE.csv, or better"
}

missed=0
"$ROOT/harness/deps.sh" build guest bench
mkdir -p "$SCRATCH" "$HERE/results"
if [[ ${1:-} == check ]]; then
	export BOOTS=${BOOTS:-1} MEASURE=${MEASURE:-cost exec same distinct load}
fi
rm -f "$SCRATCH/programs.cpio"
make_guest base
make_guest plain
measure_both
awk -v csv=1 -f "$HERE/table.awk" "$HERE/rows" "$VALUES" >"$SCRATCH/new.csv" || missed=$?
awk -f "$HERE/table.awk" "$HERE/rows" "$VALUES" || :
if [[ ${1:-} == check ]]; then
	check
elif [[ -n ${MEASURE:-} ]]; then
	say "MEASURE is set: bench/results does not change"
else
	cp "$SCRATCH/new.csv" "$CSV"
	"$HERE/charts.sh" "$CSV" "$HERE/results"
	[[ $missed -eq 0 ]] || die "missed a target"
fi
