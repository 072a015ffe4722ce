#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# verdict.sh CONSOLE RESULTS [TALLY]: judges a boot. kunit.py parses the KTAP stream RESULTS.
# Failures are: a failed or missing result, a malformed stream, a stream without its last line,
# an exceeded time limit, a panic, and any warning or error of the kernel in CONSOLE. A skipped
# test does not count as passed. Prints each failure and "N passed, N failed"; appends "passed
# failed skipped" to TALLY, and writes build/junit/<base>-<name>.xml.
#
# With KUNIT=1, CONSOLE and RESULTS are the same log of a KUnit kernel. Its parameterised tests
# have no plan. The log has no such last line: its plan shows whether it is complete.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"

CONSOLE=$1
RESULTS=$2
TALLY=${3:-/dev/null}
KUNIT=${KUNIT:-0}
NAME=$(basename "${CONSOLE%.*}")
JSON=$LOGS/$NAME.json
JUNIT=$BUILD/junit/$(basename "$WORK")-$NAME.xml
PARSER=$PRISTINE/tools/testing/kunit/kunit.py

STAMP='\[ *[0-9]+\.[0-9]{6}\]'
# Searches only lines of the kernel, because a test may print the same words.
[[ $KUNIT == 0 ]] || STAMP='^'
COMPLAINTS='WARNING: |BUG: |BUG [a-z]|Oops|general protection fault|Kernel panic'
COMPLAINTS+='|possible (circular|recursive) locking|inconsistent lock state'
COMPLAINTS+='|INFO: task .* blocked|INFO: trying to register non-static key'
COMPLAINTS+='|suspicious RCU|detected stall|workqueue lockup|blocked for more than'
COMPLAINTS+='|kmemleak: [0-9]+ new|UBSAN|refcount_t: |Bad page|(list_add|list_del) corruption'

# Ignores data races between two functions of other subsystems.
without_foreign_races()
{
	grep -avE 'BUG: KCSAN: data-race in ' "$CONSOLE"
	grep -aE 'BUG: KCSAN: .* (umh_|kmod_|autoload_|__request_module|(call_|__)?usermodehelper)' \
		"$CONSOLE"
}

# Prints only the first lines, because a warning or an error has several of them and a trace.
kernel_complaints()
{
	{ without_foreign_races | grep -aE "$STAMP.*($COMPLAINTS)" || :; } | tr -d '\r' | head -n 5 |
		sed 's/^/FAIL kernel log: /'
	{ grep -a '^harness: time limit' "$CONSOLE" || :; } | sed 's/^/FAIL /'
}

# Prints failures that kunit.py does not report: a test that fails although all of its subtests
# have passed, a version line without a plan, and a stream that is truncated between two tests.
stream_faults()
{
	awk '
	/^ *KTAP version|^TAP version/ { versions++ }
	/^ *1\.\./ { plans++ }
	/^ +ok / { passed = 1 }
	/^ +not ok / { failed = 1 }
	/^not ok / && passed && !failed { sub(/^not ok [0-9]+ (- )?/, ""); print "FAIL " $0 }
	/^(not )?ok / { passed = failed = 0 }
	/^# verdict: complete$/ { complete = 1 }
	END {
		if (plans + 0 != versions) print "FAIL " plans + 0 " plans for " versions + 0 " streams"
		if (!complete) print "FAIL truncated results: the guest did not finish"
	}' "$LOGS/$NAME.ktap"
}

# Prints kunit.py's report. Its exit status does not reflect malformed streams and is not used.
parse() { "$PARSER" parse --json="$JSON" "$LOGS/$NAME.ktap" 2>&1 | sed 's/^\[[0-9:]*\] //' || :; }

# kunit.py writes KernelCI's JSON format. Most build servers read JUnit's XML format.
write_junit()
{
	mkdir -p "${JUNIT%/*}"
	jq -r '
		{ PASS: "/>", SKIP: "><skipped/></testcase>" } as $tail |
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<testsuites>",
		(.. | objects | select(.test_cases // [] != []) |
			"<testsuite name=\"\(.name | @html)\" tests=\"\(.test_cases | length)\">",
			(.test_cases[] | "<testcase name=\"\(.name | @html)\"" +
				($tail[.status] // "><failure/></testcase>")),
			"</testsuite>"),
		"</testsuites>"' "$JSON" >"$JUNIT"
}

count() { { grep -oE "$1: [0-9]+" <<<"$totals" || echo 0; } | grep -oE '[0-9]+'; }

mkdir -p "$LOGS"
rm -f "$JSON"
export PYTHONDONTWRITEBYTECODE=1
tr -d '\r' <"$RESULTS" >"$LOGS/$NAME.ktap"
report=$(parse)
totals=$(sed -n 's/^Testing complete\. //p' <<<"$report")
findings=$(
	sed -nE 's/^\[(FAILED|CRASHED)\] (.+)/FAIL \2/p; s/^\[ERROR\] Test: /FAIL /p; s/^\[SKIPPED\] /SKIP /p' \
		<<<"$report"
	kernel_complaints
	[[ $KUNIT == 1 ]] || stream_faults
)
[[ ! -s $JSON ]] || write_junit
passed=$(count passed)
skipped=$(count skipped)
failed=$(grep -c '^FAIL ' <<<"$findings" || :)

grep -E '^(FAIL|SKIP) ' <<<"$findings" || :
[[ $failed -eq 0 ]] || echo "logs: $CONSOLE $RESULTS"
echo "$passed passed, $failed failed$([[ $skipped -eq 0 ]] || echo ", $skipped skipped")"
echo "$passed $failed $skipped" >>"$TALLY"
[[ $failed -eq 0 && $passed -gt 0 ]]
