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

# added_lines MAIL: prints the number of added lines of kernel code, of KUnit suites and selftests,
# and of other files. In a repository, git apply would ignore files outside the present folder.
added_lines()
{
	git -C / apply --numstat "$1" | awk '
		$3 ~ /^tools\/testing\// || ($3 ~ /\/tests\// && $3 !~ /^tools/) { tests += $1; next }
		$3 ~ /^(Documentation|MAINTAINERS|tools)/ { other += $1; next }
		{ kernel += $1 }
		END { print kernel + 0, tests + 0, other + 0 }'
}
