# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The KUnit suites; sourced by config.sh, kunit.sh and test-series.sh.

# kunit_suites TREE: prints their options, from the files that kunit.py reads
kunit_suites() { find "$1"/{kernel,security}/ -path '*/tests/.kunitconfig' -exec cat {} +; }

# run_kunit TREE OUT LOG [TALLY]: boots the User mode Linux kernel in OUT, and judges its log
run_kunit()
{
	export PYTHONDONTWRITEBYTECODE=1
	"$1/tools/testing/kunit/kunit.py" exec --build_dir "$2" --timeout "${TIMEOUT:-120}" \
		--raw_output=all >"$3" 2>&1 </dev/null || echo "harness: kunit.py failed" >>"$3"
	KUNIT=1 "$ROOT/harness/verdict.sh" "$3" "$3" "${4:-/dev/null}"
}
