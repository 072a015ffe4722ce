#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# policy/cves.txt, the list of modules that had bugs, and the table of README.md.
source "$(dirname "$0")/lib.sh"

KMOD=$(cd "$(dirname "$0")/.." && pwd)
README=$KMOD/../../README.md

outcomes()
{
	"$KMOD/policy/cves.sh" --check "$KMODCTL" >"$WORK/out"
	is "$(<"$WORK/out")" '' 'outcomes'
}

# The kernel's tree has no such README.
table()
{
	grep -q '^| name | module | CVE ' "$README" 2>/dev/null ||
		{ SKIP='README.md is not there'; return 1; }
	sed -n '/^| name | module | CVE /,/^$/p' "$README" | sed '/^$/d' >"$WORK/table"
	"$KMOD/policy/cves.sh" "$KMODCTL" | diff "$WORK/table" - | sed 's/^/# /'
}

TESTS=(
	outcomes 'the policies treat modules that had bugs as cves.txt says'
	table 'README.md has the table that policy/cves.sh prints'
)
run_tests
