#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh PROGRAM: runs all tests of kmodctl. The last line has the totals.
set -euo pipefail

KMODCTL=$(realpath "$1")
export KMODCTL
cd "$(dirname "$0")"

for file in *.sh; do
	[[ $file != run.sh && $file != lib.sh ]] || continue
	echo "# $file"
	bash "$file" || echo "# $file exits with $?"
done | awk '
	{ print }
	/^1\.\./ { planned += substr($0, 4) }
	/^(not )?ok .* # SKIP/ { skipped++; next }
	/^ok / { passed++ }
	/^not ok / { failed++ }
	END {
		failed += planned - passed - failed - skipped
		printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
		exit failed > 0 || passed == 0
	}'
