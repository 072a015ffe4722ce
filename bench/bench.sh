#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bench.sh [check]: measures the patched kernel and the unpatched base and prints a table of
# both, see bench/README.md. Writes bench/results/<base>.csv and charts.
# With check, writes nothing, and fails if a ratio that repeats closely is worse than the
# committed one by more than 2 %.
#
# Environment: BOOTS (boots of each kernel that count instructions; default 3, with check 1),
# PAIR_BOOTS (boots of each that take turns, default 1), MEASURE (measurements to run, see
# bench/guest; default all, with check some of them).
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/../harness/lib.sh"
x86_only

# shellcheck source=bench/lib.sh
source "$ROOT/bench/lib.sh"

VALUES=$SCRATCH/values
ROUNDS=$SCRATCH/rounds
CSV=$HERE/results/$BASE.csv
# Per cent
TOLERANCE=2
ALL='cost exec same distinct load loop suspend alive inflight sleepers pairs start'
# The measurements by the clock, in two guests that take turns
TURNS='pairs start'

# values SIDE CONFIG NAME BOOT: prints the values in the guest's output, one per line
values()
{
	sed -n "s/^\([a-z0-9_]* -\{0,1\}[0-9.]*\)\r*$/$1 $4 \1/p" "$LOGS/bench-$2-$3.results"
}

# rounds SIDE CONFIG NAME: prints the values of single rounds in the guest's output
rounds()
{
	sed -n "s/^\([a-z0-9_]* [0-9]* [0-9.]*\)\r*$/$1 $3 \1/p" "$LOGS/bench-$2-$3.results"
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

# turns_of CONFIG NAME SIDE COMMAND: boots a guest with a third port, for its turns
turns_of()
{
	local port="-chardev pipe,id=turns,path=$SCRATCH/turns-$3"

	port+=" -device isa-serial,index=2,chardev=turns"
	DEVICES=$port ACCEL=tcg,thread=multi measure "$1" "$2" "PORT=/dev/ttyS2 $4"
}

# take_turns CPUS BOOT MEASUREMENT: runs both guests at the same time, of which one sleeps while the
# other one measures. What a guest writes to its port the other one reads.
take_turns()
{
	local name=$3-$1-$2 end

	for end in base here; do
		rm -f "$SCRATCH/turns-$end".{in,out}
		mkfifo "$SCRATCH/turns-$end.in"
	done
	ln -s turns-here.in "$SCRATCH/turns-base.out"
	ln -s turns-base.in "$SCRATCH/turns-here.out"
	CMDLINE="$(tsc_options) nosoftlockup"
	export CMDLINE SMP=$1
	background turns_of base "$name" base "/bench/guest $3"
	turns_of plain "$name" here "SECOND=1 /bench/guest $3"
	wait_background
	unset CMDLINE SMP
	rounds base base "$name" >>"$ROUNDS"
	rounds here plain "$name" >>"$ROUNDS"
}

# measures NAME: true if it is to be measured
measures() { [[ " ${MEASURE:-$ALL} " == *" $1 "* ]]; }

count_all()
{
	local boot row boots=${BOOTS:-3}
	local -a rows=()

	for row in ${MEASURE:-$ALL}; do
		[[ " $TURNS " == *" $row "* ]] || rows+=("$row")
	done
	[[ ${#rows[@]} -gt 0 ]] || return 0
	for ((boot = 1; boot <= boots; boot++)); do
		say "boot $boot of $boots, unpatched and here: ${rows[*]}"
		count_instructions "$boot" "${rows[@]}"
	done
}

time_all()
{
	local boot boots=${PAIR_BOOTS:-1} cpus

	for ((boot = 1; boot <= boots; boot++)); do
		if measures pairs; then
			say "boot $boot of $boots, unpatched and here in turns, 2 CPUs: pairs"
			take_turns 2 "$boot" pairs
		fi
		for cpus in 2 4; do
			measures start || continue
			say "boot $boot of $boots, unpatched and here in turns, $cpus CPUs: start"
			take_turns "$cpus" "$boot" start
		done
	done
}

measure_both()
{
	: >"$VALUES"
	: >"$ROUNDS"
	count_all
	time_all
	awk -f "$HERE/sort.awk" -f "$HERE/pairs.awk" "$ROUNDS" >>"$VALUES"
}

# table [OPTION]...: prints the table
table() { awk "$@" -f "$HERE/sort.awk" -f "$HERE/table.awk" "$HERE/rows" "$VALUES"; }

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
table -v csv=1 >"$SCRATCH/new.csv" || missed=$?
table || :
if [[ ${1:-} == check ]]; then
	check
elif [[ -n ${MEASURE:-} ]]; then
	say "MEASURE is set: bench/results does not change"
else
	cp "$SCRATCH/new.csv" "$CSV"
	"$HERE/charts.sh" "$CSV" "$HERE/results"
	[[ $missed -eq 0 ]] || die "missed a target"
fi
