# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Names of the series; sourced by series.sh, quilt.sh and test-series.sh.

# series_dir V: prints the folder of the mails of a version
series_dir()
{
	if [[ $1 -eq 1 ]]; then
		echo "$WORK/series"
	else
		echo "$WORK/series-v$1"
	fi
}

# Prints the names of the series, in their order.
all_series()
{
	(cd "$ROOT/series" && printf '%s\n' [a-z]-*)
}
