#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Tables.
source "$(dirname "$0")/lib.sh"

log_table() { on usual log && well && shows "$FIXTURES/usual/log.txt"; }
inflight_table() { on usual inflight && well && shows "$FIXTURES/usual/inflight.txt"; }
modules_table() { on usual modules && well && shows "$FIXTURES/usual/modules.txt"; }
all_modules() { on usual modules -a && well && shows "$FIXTURES/usual/modules-a.txt"; }
stats_table() { on usual stats && well && shows "$FIXTURES/usual/stats.txt"; }
odd_log() { on odd log && well && shows "$FIXTURES/odd/log.txt"; }
odd_inflight() { on odd inflight && well && shows "$FIXTURES/odd/inflight.txt"; }
odd_stats() { on odd stats && well && shows "$FIXTURES/odd/stats.txt"; }

ids() { awk 'NR > 1 { print $4 }' "$WORK/out" | xargs; }

last_lines()
{
	on usual log -n 2 && well && is "$(ids)" '7 8' 'two' &&
		on usual log --lines=0 && well && is "$(ids)" '' 'none' &&
		on usual log -n1000 && well && is "$(ids)" '1 2 3 4 6 5 7 8' 'all'
}

titles_alone()
{
	local command

	for command in log inflight modules; do
		on empty "$command" && well && is "$(wc -l <"$WORK/out")" 1 "$command" || return 1
	done
	on empty stats && well && is "$(grep -c '#\|SHORTER' "$WORK/out")" 0 'bars'
}

printable()
{
	local command

	for command in log inflight modules stats; do
		on odd "$command" && well && [[ -s $WORK/out ]] || return 1
		! grep -nP '[^\n -~]' "$WORK/out" || return 1
	done
}

# Quotes show where a name with spaces ends, as it may look like something else.
escapes()
{
	on long modules && well && grep -q '  nf_tables_abort \[nf_tables\]$' "$WORK/out" &&
		on long inflight && well && grep -q '  "Web Content"\[1206\] ' "$WORK/out" &&
		on long log && well && grep -q '  "  ok  x"\[1204\] ' "$WORK/out" &&
		on odd log && well && grep -qF '  "\x22a\x22 \x5c\x1b[31m\x0a"[2] ' "$WORK/out"
}

no_blanks_behind()
{
	local command

	for command in log inflight modules stats; do
		on usual "$command" && [[ -s $WORK/out ]] && ! grep -n ' $' "$WORK/out" || return 1
	done
}

# A request that began one minute after boot must have the matching wall-clock time.
wall_clock()
{
	local expected

	mkdir -p "$WORK/clock/kmod"
	echo 'id=1 name=x outcome=ok result=0 begin=60000000000' >"$WORK/clock/kmod/requests"
	: >"$WORK/clock/kmod/modules"
	expected=$(date -d "@$(awk -v now="$(date +%s.%N)" '{ printf "%d", now - $1 + 60 }' \
		/proc/uptime)" '+%b %e %H:%M')
	kmodctl log --debugfs "$WORK/clock"
	well && is "$(tail -n 1 "$WORK/out" | cut -c1-"${#expected}")" "$expected" time
}

used_columns()
{
	on long log && well && is "$(head -n 1 "$WORK/out" | xargs)" \
		'TIME ID NAME RESULT UNIT RAN TASK MODULES' titles &&
		on long log --wide && well && is "$(head -n 1 "$WORK/out" | xargs)" \
		'TIME ID NAME RESULT UNIT WAITED RAN TASK EXECUTABLE VIA MODULES' '--wide'
}

TESTS=(
	log_table 'log shows requests, requesters and results'
	inflight_table 'inflight shows requests that have not ended'
	modules_table 'modules shows loaded modules'
	all_modules 'modules -a includes modules that are gone'
	stats_table 'stats shows counters and a histogram'
	odd_log 'log shows empty, huge, unknown and missing values'
	odd_inflight 'inflight shows such values as well'
	odd_stats 'stats shows such values as well'
	last_lines 'log -n shows the last requests'
	titles_alone 'with an empty journal only titles are printed'
	printable 'the output is printable ASCII'
	escapes 'spaces are printed as such, and names with spaces have quotes'
	no_blanks_behind 'no line ends with a blank'
	wall_clock 'times are wall-clock times'
	used_columns 'WAITED and VIA are shown only if some request has a value'
)
run_tests
