#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# model.sh [quick [TALLY]]: searches all states of the model of flights and slots, see
# model/README.md, in each configuration of model/configurations; with quick, only in those that
# make test uses.
# model.sh breaks [REGEX]: searches the model with each matching defect of model/breaks, and
# prints the error that was found.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"

MODEL=$ROOT/model
# In MB, for each of two searches at a time
MEMORY=${MEMORY:-4000}
QUICK=4

# search DIR KIND OPTION...: writes the output of the search to DIR/log, its time to DIR/time
search()
{
	local dir=$1 kind=$2
	local -a options=() flags=(-DSAFETY)

	shift 2
	[[ $kind == states ]] || { flags=(-DNP); options=(-l); }
	rm -rf "$dir"
	mkdir -p "$dir"
	cd "$dir"
	spin "$@" -a "$MODEL/pipeline.pml" >log 2>&1
	gcc -O2 -w "${flags[@]}" -DNOREDUCE -DCOLLAPSE -DMEMLIM="$MEMORY" -o pan pan.c
	nice ./pan "${options[@]}" -m100000 -w22 >log 2>&1
}

# found DIR: prints the error, or why the search did not end; prints nothing if it found no error
found()
{
	local error

	error=$(sed -nE 's/^pan:[0-9]+: (.*) \(at depth [0-9]+\)$/\1/p' "$1/log" | head -n 1)
	if [[ -n $error ]]; then
		echo "$error"
	elif ! grep -q 'errors: 0$' "$1/log" || grep -qE 'out of memory|too small|not completed' "$1/log"; then
		echo "the search did not end: $(tail -n 1 "$1/log")"
	fi
}

# one NAME KIND OPTION...: prints the result of a configuration
one()
{
	local dir=$BUILD/model/$1 error

	search "$dir" "${@:2}" || :
	error=$(found "$dir")
	if [[ -z $error ]]; then
		echo "ok $1: $(sed -nE 's/^ *([0-9]+) states, stored.*/\1/p' "$dir/log") states," \
			"$(sed -nE 's/^pan: elapsed time (.*) seconds/\1/p' "$dir/log") s," \
			"$(sed -nE 's/^ *([0-9]+)[.0-9]*\ttotal actual memory usage.*/\1/p' "$dir/log") MB"
		return
	fi
	echo "not ok $1: $error"
	echo "# reproduce: cd $dir && spin -t -p -g -k pipeline.pml.trail ${*:3} $MODEL/pipeline.pml"
}

# broken NAME CONFIGURATION OPTION...: prints the error in the broken model
broken()
{
	local name=$1 configuration=$2 line error

	shift 2
	line=$(grep "^$configuration"$'\t' "$MODEL/configurations")
	# shellcheck disable=SC2086 # the options are words
	search "$BUILD/model/broken-$name" "$(cut -f 2 <<<"$line")" ${line##*$'\t'} "$@" || :
	error=$(found "$BUILD/model/broken-$name")
	if [[ -n $error && $error != 'the search'* ]]; then
		echo "ok $name: $error"
	else
		echo "not ok $name: ${error:-not noticed}"
	fi
}

# listed FUNCTION: calls FUNCTION with each line of the standard input, two calls at a time
listed()
{
	local name kind options jobs=0

	while IFS=$'\t' read -r name kind options; do
		# shellcheck disable=SC2086
		"$1" "$name" "$kind" $options &
		jobs=$((jobs + 1))
		[[ $jobs -lt 2 ]] || { wait -n; jobs=$((jobs - 1)); }
	done
	wait
}

"$ROOT/harness/deps.sh" build model
mkdir -p "$BUILD/model"
TALLY=$BUILD/model/tally
case ${1:-} in
breaks) grep -E "^[^#	]*(${2:-})[^	]*	" "$MODEL/breaks" | grep -v '^#' | listed broken ;;
quick) grep -v '^#' "$MODEL/configurations" | head -n "$QUICK" | listed one ;;
*) grep -v '^#' "$MODEL/configurations" | listed one ;;
esac | tee "$BUILD/model/results"
awk '/^ok / { print "1 0 0" } /^not ok / { print "0 1 0" }' "$BUILD/model/results" >"$TALLY"
[[ -z ${2:-} || ${1:-} != quick ]] || cat "$TALLY" >>"$2"
sum_up
