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
	status=0
	bash "$file" || status=$?
	echo "# $file exits with $status"
done | awk '
	/^1\.\./ { planned = substr($0, 4) + 0 }
	/^(not )?ok / { seen++ }
	/^(not )?ok .* # SKIP/ { skipped++ }
	/^ok / && !/ # SKIP/ { passed++ }
	/^not ok / && !/ # SKIP/ { failed++; reported = 1 }
	# The end of a file. A test without a result is a failure, and so are a file without a plan
	# and an error that no test reports.
	/^# [^ ]+\.sh exits with [0-9]+$/ {
		missing = planned - seen
		if (missing <= 0)
			missing = !planned || ($NF != 0 && !reported)
		failed += missing
		planned = seen = reported = 0
		if ($NF == 0 && !missing)
			next
		$0 = $0 (missing ? ", failures that no test reports: " missing : "")
	}
	{ print }
	END {
		printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
		exit failed > 0 || passed == 0
	}'
