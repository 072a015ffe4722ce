#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# verdict.sh CONSOLE RESULTS [TALLY]: decides over a boot. Red are: a failed test, a
# missing or unfinished plan, results without their last line, a time limit, a panic,
# and any complaint of the kernel in the console log. A skipped test has not passed.
# Prints each failure and "N passed, N failed"; adds "passed failed skipped" to TALLY.
#
# KUNIT=1: CONSOLE and RESULTS are the one log of a KUnit kernel. Its parameterised
# tests have no plan, and its end is the end of its plan.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"

CONSOLE=$1
RESULTS=$2
TALLY=${3:-/dev/null}
KUNIT=${KUNIT:-0}

STAMP='\[ *[0-9]+\.[0-9]{6}\]'
# Only lines of the kernel's own are searched: a test may well print such a word.
[[ $KUNIT == 0 ]] || STAMP='^'
COMPLAINTS='WARNING: |BUG: |BUG [a-z]|Oops|general protection fault|Kernel panic'
COMPLAINTS+='|possible (circular|recursive) locking|inconsistent lock state'
COMPLAINTS+='|INFO: task .* blocked|INFO: trying to register non-static key'
COMPLAINTS+='|suspicious RCU|detected stall|workqueue lockup|blocked for more than'
COMPLAINTS+='|kmemleak: [0-9]+ new|UBSAN|refcount_t: |Bad page|(list_add|list_del) corruption'

# A data race between two others is not for us to judge.
without_others_races()
{
	grep -avE 'BUG: KCSAN: data-race in ' "$CONSOLE"
	grep -aE 'BUG: KCSAN: .* (umh_|kmod_|__request_module|(call_|__)?usermodehelper)' "$CONSOLE"
}

# Complaints come in bursts with a trace; the first line of each kind is enough.
kernel_complaints()
{
	{ without_others_races | grep -aE "$STAMP.*($COMPLAINTS)" || :; } | tr -d '\r' | head -n 5 |
		sed 's/^/FAIL kernel log: /'
	{ grep -a '^harness: time limit' "$CONSOLE" || :; } | sed 's/^/FAIL /'
}

# Reads nested KTAP, a level being its indentation. A result right after the results
# of a deeper level is their parent, any other one a leaf.
read_ktap()
{
	tr -d '\r' <"$RESULTS" | sed -E 's/^\[ *[0-9]+\.[0-9]+\] //' | awk -v kunit="$KUNIT" '
	function fail(text) { print "FAIL " text; failed++; bad[level]++ }
	function where(i,   k, s) {
		for (k = 0; k <= i; k++)
			if (k in subtest) s = s subtest[k] ": "
		return s
	}
	function close_level(i) {
		if (!(i in seen) && !(i in plan)) return
		if (i in plan) {
			if (seen[i] + 0 != plan[i])
				fail(where(i) seen[i] + 0 " results of " plan[i] " planned")
		} else if (i == 0 || !kunit) {
			fail(where(i) "results without a plan")
		}
		bad_below += bad[i]
		delete seen[i]; delete plan[i]; delete bad[i]; delete subtest[i]
	}
	# Deepest first; reports whether there was one with results.
	function close_below(i,   k, any) {
		bad_below = 0
		for (k = deepest; k > i; k--) {
			if ((k in seen) && seen[k] > 0) any = 1
			level = k
			close_level(k)
		}
		level = i
		return any
	}
	/^# verdict: complete$/ { complete = 1; next }
	{
		match($0, /^ */); indent = RLENGTH; line = substr($0, indent + 1)
	}
	# The name of what follows one level down, whichever way it is indented.
	line ~ /^# Subtest: / { name_of_next = substr(line, 12); next }
	line ~ /^1\.\.[0-9]+/ {
		close_below(indent)
		if (indent in plan) { level = indent; close_level(indent) }
		plan[indent] = substr(line, 4) + 0
		if (indent > deepest) deepest = indent
		if (name_of_next != "") { subtest[indent] = name_of_next; name_of_next = "" }
		next
	}
	line ~ /^(not )?ok [0-9]+/ {
		if (indent > deepest) deepest = indent
		parent = close_below(indent); level = indent
		if (!(indent in plan) && name_of_next != "") {
			subtest[indent] = name_of_next; name_of_next = ""
		}
		seen[indent]++
		name = line; sub(/^(not )?ok [0-9]+ *(- )?/, "", name)
		match(line, /[0-9]+/)
		if (substr(line, RSTART, RLENGTH) + 0 != seen[indent])
			fail(where(indent) name ": numbered " substr(line, RSTART, RLENGTH) ", expected " seen[indent])
		if (line ~ /# *SKIP/) {
			if (!parent) { skipped++; print "SKIP " where(indent) name }
		} else if (line ~ /^not ok/) {
			if (!parent || !bad_below) fail(where(indent) name)
			else bad[indent]++
		} else if (!parent) {
			passed++
		}
		if (indent == 0) name_of_next = ""
		next
	}
	END {
		if (!(0 in plan)) fail("no plan: no test has run")
		close_below(0); close_level(0)
		if (!complete && !kunit) fail("the guest did not reach the end of its work")
		printf "TALLY %d %d %d\n", passed, failed, skipped
	}'
}

findings=$(kernel_complaints; read_ktap)
read -r _ passed failed skipped < <(grep '^TALLY' <<<"$findings")
failed=$((failed + $(grep -cE '^FAIL (kernel log|harness): ' <<<"$findings" || :)))

grep -E '^(FAIL|SKIP) ' <<<"$findings" || :
[[ $failed -eq 0 ]] || echo "logs: $CONSOLE $RESULTS"
echo "$passed passed, $failed failed$([[ $skipped -eq 0 ]] || echo ", $skipped skipped")"
echo "$passed $failed $skipped" >>"$TALLY"
[[ $failed -eq 0 && $passed -gt 0 ]]
