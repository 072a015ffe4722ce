#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# all.sh 'TARGET [VARIABLE=VALUE...]'...: runs make for each target, even after a failure, and
# adds up their last lines, "N passed, N failed[, N skipped]". A target without such a line,
# such as demo, counts as one test. So does a target that fails before it prints one.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT"

report=$(mktemp)
trap 'rm -f "$report" "$report.one"' EXIT

for target in "$@"; do
	printf '=== make %s\n' "$target"
	SECONDS=0
	result="1 passed, 0 failed"
	# shellcheck disable=SC2086 # several words
	make --no-print-directory $target | tee "$report.one" || result="0 passed, 1 failed"
	last=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$report.one" | tail -n 1 || :)
	# If the target failed but that line has no failure, the line is from one of its stages.
	[[ $result == 1* || ! $last =~ ^[1-9][0-9]*' passed, 0 failed' ]] || last=
	printf '%s\t%s\t%d\n' "$target" "${last:-$result}" "$SECONDS" >>"$report"
done

echo '==='
awk -F'\t' '
{
	printf "%-40s %-34s %d:%02d\n", $1, $2, $3 / 60, $3 % 60
	split($2, n, / [a-z]+(, )?/)
	for (i = 1; i <= 3; i++) sum[i] += n[i]
}
END {
	printf "%d passed, %d failed", sum[1], sum[2]
	if (sum[3]) printf ", %d skipped", sum[3]
	printf "\n"
	exit sum[2] > 0 || sum[1] == 0
}' "$report"
