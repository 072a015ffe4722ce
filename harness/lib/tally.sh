# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Totals of results; sourced by lib.sh.

# report_break NAME HOW: prints how a break of the sources was noticed, and adds it to TALLY. HOW
# contains "not noticed" if it was not.
report_break()
{
	if [[ $2 == *'not noticed'* ]]; then
		echo "not ok $1: $2"
		echo '0 1 0' >>"$TALLY"
	else
		echo "ok $1: $2"
		echo '1 0 0' >>"$TALLY"
	fi
}

# sum_up: prints the last line of a run, the totals of TALLY, which has lines "passed failed
# skipped". Fails if a test failed or none passed.
sum_up()
{
	awk '
		{ passed += $1; failed += $2; skipped += $3 }
		END {
			printf "%d passed, %d failed", passed, failed
			if (skipped) printf ", %d skipped", skipped
			printf "\n"
			exit failed > 0 || passed == 0
		}' "$TALLY"
}
