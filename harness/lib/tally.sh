# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Adding up results; sourced by lib.sh.

# sum_up: the last line of a run, from TALLY, lines of "passed failed skipped"
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
