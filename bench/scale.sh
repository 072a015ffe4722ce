#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scale.sh: simulates the boot of a large machine on the patched kernel and on the unpatched base,
# prints a table of both, and writes bench/results/scale-<base>.tsv; see bench/README.md. Fails if
# a figure of the patched kernel grows faster than linearly, or interrupts are off for much longer.
#
# Environment: CPUS (of the guest; default 64), THREADS (that request modules at the same time;
# default 2000), WAITERS (default 20000; a quarter of them on several CPUs), MEM (default 6G).
# With other sizes than these, the results do not change.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/../harness/lib.sh"
x86_only
# shellcheck source=bench/lib.sh
source "$ROOT/bench/lib.sh"

DEFAULTS='64 2000 20000 6G'
CPUS=${CPUS:-64} THREADS=${THREADS:-2000} WAITERS=${WAITERS:-20000}
VALUES=$SCRATCH/scale-values
TSV=$HERE/results/scale-$BASE.tsv

# The emulated CPUs wait for the host's, which must not count as a fault of the guest: the
# detectors of soft lockups, RCU stalls and hung tasks get the longest times that they accept, or
# long ones.
export CMDLINE="watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=300"
CMDLINE+=" sysctl.kernel.hung_task_timeout_secs=1200"

# values MACHINE KERNEL RESULTS: prints the values in the guest's output, one per line
values()
{
	tr -d '\r' <"$3" | awk -v OFS='\t' -v machine="$1" -v kernel="$2" '
		$1 == "scale" && NF == 6 { print machine, kernel, $2, $3, $4, $5, $6 }'
}

complaints() { "$ROOT/harness/verdict.sh" "$1" /dev/null | grep -E '^FAIL (kernel log|harness)' || :; }

# run MACHINE KERNEL CONFIG: boots a guest. Its values count even if it does not finish.
run()
{
	local name=scale-$1 failed=0 found cpus=$CPUS waiters=$((WAITERS / 4))
	local logs=$LOGS/bench-$3-$name

	# All requests must have been made within 5 s, and emulated CPUs that compete are slow.
	[[ $1 == wall ]] || cpus=1 waiters=$WAITERS
	(measure "$3" "$name" "/bench/scale-guest $THREADS $waiters $cpus") || failed=1
	values "$1" "$2" "$logs.results" >"$VALUES.$1.$2"
	found=$(complaints "$logs.console")
	[[ -z $found ]] || { say "$found" "see $logs.console"; failed=1; }
	return "$failed"
}

# With one CPU whose instructions take a nanosecond each, no figure depends on the host. Both
# guests run at the same time.
count_instructions()
{
	local status=0

	export ICOUNT=1
	background run counted base scale-base
	run counted here scale || status=1
	wait_background || status=1
	unset ICOUNT
	return "$status"
}

# One guest after the other, since load changes these figures.
measure_wall_clock()
{
	local status=0

	CMDLINE+=" $(tsc_options)"
	export ACCEL=tcg,thread=multi SMP=$CPUS
	run wall base scale-base || status=1
	run wall here scale || status=1
	return "$status"
}

"$ROOT/harness/deps.sh" build guest
mkdir -p "$SCRATCH" "$HERE/results"
export MEM=${MEM:-6G}
rm -f "$SCRATCH/programs.cpio" "$VALUES".*
make_guest scale-base
make_guest scale
failed=0 complete=1
say "1 CPU, unpatched and here: instructions"
count_instructions || failed=1 complete=0
say "$CPUS CPUs, unpatched, then here: wall-clock time"
measure_wall_clock || failed=1 complete=0
{
	printf 'machine\tkernel\tload\tsize\tthing\tmeasure\tvalue\n'
	cat "$VALUES".*
} >"$SCRATCH/scale.tsv"
awk -v cpus="$CPUS" -f "$HERE/scale.awk" "$SCRATCH/scale.tsv" || failed=1
if [[ $complete == 0 ]]; then
	say "a guest failed: bench/results does not change"
elif [[ "$CPUS $THREADS $WAITERS $MEM" != "$DEFAULTS" ]]; then
	say "other sizes than by default: bench/results does not change"
else
	cp "$SCRATCH/scale.tsv" "$TSV"
fi
[[ $failed -eq 0 ]] || die "a guest failed, or a figure is too high"
