#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# mutants.sh [REGEX]: breaks the sources in the ways listed in harness/mutants and shim/breaks
# whose name matches, one at a time, and prints whether the named test fails: a KUnit test in
# User mode Linux, a file of tests in tools/kmod/tests, or a schedule of the shim, see shim.sh.
# Works in build/<base>/mutants, a tree and a build folder of its own.
set -euo pipefail
export CONFIG=um
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"
x86_only

# Time limit of a boot in seconds; no test takes longer than 10 s.
LIMIT=${LIMIT:-40}
REGEX=${1:-.}

# boot TEST LOG: runs the KUnit tests that match, and writes all that the kernel prints
boot()
{
	"$TREE/tools/testing/kunit/kunit.py" exec --build_dir "$OUT" --timeout "$LIMIT" \
		--raw_output=all "*.$1" >"$2" 2>&1 </dev/null || echo 'kunit.py failed' >>"$2"
}

# passes TEST LOG
passes() { grep -aqE "^ *ok [0-9]+ (- )?$1( |$)" "$2" && ! grep -aqE "$COMPLAINTS" "$2"; }
COMPLAINTS='WARNING: |BUG: |BUG at '

# noticed TEST LOG: prints the first sign of the failure, or nothing if TEST did not even start
noticed()
{
	grep -aqE '^ *# Subtest: ' "$2" || return 0
	grep -a -m 1 -oE "EXPECTATION FAILED at .*|ASSERTION FAILED at .*|$COMPLAINTS.*|Kernel panic.*" \
		"$2" || echo "no result within $LIMIT s"
}

# build NAME: builds the tree as it is now
build()
{
	echo "$1" >"$WORK/tree.stamp"
	./build.sh 2>"$LOGS/mutant.build"
}

# judge NAME FILE SCRIPT TEST: prints how TEST failed, or "not noticed" and a reason
judge()
{
	local log=$LOGS/mutant-$1.log how

	passes "$4" "$LOGS/mutants.log" || { echo "not noticed: $4 does not pass without it"; return; }
	sed -i -E "$3" "$TREE/$2"
	! cmp -s "$WORK/original" "$TREE/$2" || { echo 'not noticed: the script changes nothing'; return; }
	build "$1" || { echo 'not noticed: it does not compile'; return; }
	boot "$4" "$log"
	! passes "$4" "$log" || { echo "not noticed by $4"; return; }
	how=$(noticed "$4" "$log")
	echo "${how:+$4: }${how:-not noticed: it does not boot}"
}

# test_kmodctl FILE LOG: builds kmodctl, and runs the tests of tools/kmod/tests/FILE
test_kmodctl()
{
	make -s -C "$TREE/tools/kmod" O="$WORK/kmodctl" >"$2" 2>&1 &&
		KMODCTL=$WORK/kmodctl/kmodctl bash "$TREE/tools/kmod/tests/$1" >"$2" 2>&1
}

# judge_kmodctl FILE SCRIPT TEST: as judge, for a file of tests of kmodctl
judge_kmodctl()
{
	local log=$LOGS/mutant-kmodctl.log

	test_kmodctl "$3" "$log" || { echo "not noticed: $3 does not pass without it"; return; }
	sed -i -E "$2" "$TREE/$1"
	! cmp -s "$WORK/original" "$TREE/$1" || { echo 'not noticed: the script changes nothing'; return; }
	! test_kmodctl "$3" "$log" || { echo "not noticed by $3"; return; }
	grep -m 1 '^not ok' "$log" || echo 'not noticed: it does not compile'
}

# Each line of harness/mutants: name, file, sed script, test; separated by tabs.
run_mutants()
{
	local name file script test

	while IFS=$'\t' read -r name file script test; do
		[[ -n $name && $name != '#'* && $name =~ $REGEX ]] || continue
		cp "$TREE/$file" "$WORK/original"
		if [[ $test == *.sh ]]; then
			report_break "$name" "$(judge_kmodctl "$file" "$script" "$test")"
		else
			report_break "$name" "$(judge "$name" "$file" "$script" "$test")"
		fi
		cp --remove-destination "$WORK/original" "$TREE/$file"
	done <mutants
}

# Prints the KUnit tests that no line names.
print_unnamed()
{
	find "$ROOT"/{kernel,security} -name '*_kunit.c' -exec grep -hoE 'KUNIT_CASE\w*\(\w+' {} + |
		sed 's/.*(//' | grep -vxFf <(cut -f 4 mutants) | sed 's/^/# no mutant: /' || :
}

./deps.sh tools tools-check
./prepare.sh tree
export WORK_DIR=$WORK/mutants
mkdir -p "$WORK_DIR"
# The copy consists of hard links: another inode means another base.
if [[ ! $WORK_DIR/pristine/Makefile -ef $PRISTINE/Makefile ]]; then
	rm -rf "$WORK_DIR"/{linux,pristine,pristine.new}
	cp -al "$PRISTINE" "$WORK_DIR/pristine.new"
	mv "$WORK_DIR/pristine.new" "$WORK_DIR/pristine"
fi
./prepare.sh build
# shellcheck source=harness/lib.sh
source lib.sh
lock_work
export PYTHONDONTWRITEBYTECODE=1
TALLY=$WORK/tally
: >"$TALLY"
# So that the next run restores what an interrupted run leaves.
rm -f "$WORK/tree.stamp"
SECONDS=0
LIMIT=600 boot '*' "$LOGS/mutants.log"
# One test must not be late only because the machine is slow.
[[ $LIMIT -ge $((2 * SECONDS)) ]] || LIMIT=$((2 * SECONDS))
run_mutants
[[ -n ${1:-} ]] || print_unnamed
if grep -v '^#' "$ROOT/shim/breaks" | cut -f 1 | grep -qE -- "$REGEX"; then
	rm -f "$BUILD/shim/tally"
	WORK_DIR='' ./shim.sh breaks "$REGEX" | grep -v ' passed, ' ||
		grep -qs '^0 1' "$BUILD/shim/tally" || echo '0 1 0' >>"$TALLY"
	[[ ! -f $BUILD/shim/tally ]] || cat "$BUILD/shim/tally" >>"$TALLY"
fi
sum_up
