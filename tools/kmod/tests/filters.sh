#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The options of kmodctl log that select requests, and --follow.
source "$(dirname "$0")/lib.sh"

# selects FIXTURE IDS OPTION...: log shows these requests
selects()
{
	on "$1" log "${@:3}" && well &&
		is "$(awk 'NR > 1 { print $4 }' "$WORK/out" | xargs)" "$2" "${*:3}"
}

by_name()
{
	selects usual '1 2' --name fs-xfs && selects usual '1 2' --name 'fs?[x]fs' &&
		selects usual '1 2 6 5 7 8' --name 'fs_*' && selects usual '' --name fs &&
		selects odd '2' --name $'[\xff]*' -n 5
}

by_user()
{
	selects usual 3 --uid 1000 && selects usual '1 2 6 5 7 8' --uid root &&
		selects long '102' --uid 998 && selects usual '' --uid 5 || return 1
	# A record without a user is not one of root.
	mkdir -p "$WORK/users/kmod"
	: >"$WORK/users/kmod/modules"
	printf '%s\n' 'id=1 name=x outcome=ok result=0 begin=0' \
		'id=2 name=x outcome=ok result=0 begin=0 uid=0' >"$WORK/users/kmod/requests"
	FIXTURES=$WORK selects users 2 --uid 0
}

by_unit()
{
	selects long 102 --unit systemd-networkd.service &&
		selects long '104' --unit 'libpod-*' &&
		selects long '105' --unit 'dev-disk-by\x2duuid.mount' &&
		selects long '' --unit networkd || return 1
	on usual log --unit x
	fails 1 '.*does not record the control group' && is "$(<"$WORK/out")" '' output
}

by_result()
{
	selects usual '3 4 6 5 7 8' --failed && selects usual 4 --denied &&
		selects long '103 104' --denied && selects long '101 103 104 105' --failed
}

combined()
{
	selects long 103 --denied --uid 1000 && selects usual 8 --failed --name 'fs-*' -n 1 &&
		on usual log --json --uid 1000 && is "$(grep -c '"id": 3' "$WORK/out")" 1 'JSON'
}

# ago SECONDS: prints the time in ns since boot
ago() { awk -v ago="$1" '{ printf "%.0f", ($1 > ago ? $1 - ago : 0) * 1e9 }' /proc/uptime; }

since()
{
	local FIXTURES=$WORK

	mkdir -p "$WORK/since/kmod"
	: >"$WORK/since/kmod/modules"
	printf 'id=%s name=x outcome=ok result=0 begin=%s\n' 1 0 2 "$(ago 100)" 3 "$(ago 1)" \
		>"$WORK/since/kmod/requests"
	selects since '3' --since 50s && selects since '2 3' --since 150s || return 1
	selects since '3' --since "$(date -d '50 seconds ago' '+%Y-%m-%d %H:%M:%S')" || return 1
	# A time without a date is of today.
	on since log --since 00:00 && well && on since log --since 00:00:00 && well || return 1
	selects since '' --since 2100-01-01 && selects since '1 2 3' --since '1990-01-01 00:00'
}

# comes_to LINES: whether the output of follow gets as many lines within a minute
comes_to()
{
	local tries

	for ((tries = 0; tries < 600; tries++)); do
		[[ $(wc -l <"$WORK/followed") -lt $1 ]] || return 0
		sleep 0.1
	done
	say "$(wc -l <"$WORK/followed") lines instead of $1"
	return 1
}

# add ID NAME: adds a request to the journal that is followed
add() { echo "id=$1 name=$2 outcome=ok result=0 begin=1" >>"$WORK/follow/kmod/requests"; }

# follow OPTION...: starts log --follow, whose pid is FOLLOWER
follow()
{
	mkdir -p "$WORK/follow/kmod"
	cp "$FIXTURES/usual/kmod/"* "$WORK/follow/kmod"
	: >"$WORK/followed"
	"$KMODCTL" log --follow "$@" --debugfs "$WORK/follow" >"$WORK/followed" 2>&1 &
	FOLLOWER=$!
}

followed()
{
	local result=0

	follow -n 1
	comes_to 2 && add 20 fs-a && comes_to 3 && add 21 fs-b && add 22 fs-c && comes_to 5 ||
		result=1
	kill "$FOLLOWER"
	wait "$FOLLOWER" || :
	[[ $result -eq 0 ]] && is "$(awk '{ print $4 }' "$WORK/followed" | xargs)" \
		'RESULT 8 20 21 22' ids || return 1
	# Columns keep their places.
	is "$(awk 'NR > 1 { print match($0, / fs-/) }' "$WORK/followed" | sort -u | wc -l)" 1 places
}

followed_filtered()
{
	local result=0

	follow --json --name 'fs-[ab]' --failed
	comes_to 0 && add 20 fs-a &&
		echo 'id=21 name=fs-b outcome=failed result=256 begin=1' \
			>>"$WORK/follow/kmod/requests" || result=1
	# fs-b: 5 and 6, which are in the journal, and 21
	comes_to 3 || result=1
	kill "$FOLLOWER"
	wait "$FOLLOWER" || :
	[[ $result -eq 0 ]] &&
		is "$(grep -o '"id":[0-9]*' "$WORK/followed" | xargs)" 'id:6 id:5 id:21' ids
}

# The kernel keeps the last 256 requests.
overwritten()
{
	local result=0

	# The line of a request shows that kmodctl has read the journal.
	follow -n 1
	comes_to 2 && echo 'id=300 name=x outcome=ok result=0 begin=1' >"$WORK/new" &&
		mv "$WORK/new" "$WORK/follow/kmod/requests" && comes_to 4 || result=1
	kill "$FOLLOWER"
	wait "$FOLLOWER" || :
	[[ $result -eq 0 ]] && grep -q '^kmodctl: some requests may be missing' "$WORK/followed"
}

unread()
{
	mkdir -p "$WORK/unread/kmod"
	cp "$FIXTURES/usual/kmod/"* "$WORK/unread/kmod"
	set +o pipefail
	timeout 60 "$KMODCTL" log -f --debugfs "$WORK/unread" 2>"$WORK/err" | head -n 1 >/dev/null
	STATUS=${PIPESTATUS[0]}
	set -o pipefail
	is "$STATUS" 141 status && is "$(<"$WORK/err")" '' messages
}

# A timeout has status 124.
unwritable()
{
	STATUS=0
	timeout 20 "$KMODCTL" log -f --debugfs "$FIXTURES/usual" >/dev/full 2>"$WORK/err" ||
		STATUS=$?
	is "$STATUS" 1 status || return 1
	STATUS=0
	timeout 20 "$KMODCTL" log -f --debugfs "$FIXTURES/usual" >&- 2>"$WORK/err" || STATUS=$?
	[[ $STATUS -ne 124 ]] || { say 'it runs on without an output'; return 1; }
}

far()
{
	on usual log --since 213504d
	fails 2 'expected a time' && on usual log --since 1960-01-01 && well &&
		is "$(wc -l <"$WORK/out")" 9 'lines since 1960' &&
		on usual log --since 2600-01-01 && well &&
		is "$(wc -l <"$WORK/out")" 1 'lines since 2600'
}

TESTS=(
	by_name '--name selects requests by a pattern, in which - and _ are equal'
	by_user '--uid selects requests by an id or a name'
	by_unit '--unit selects requests by the unit, if the journal has control groups'
	by_result '--failed and --denied select requests by the result'
	combined 'filters can be combined, and -n counts the selected requests'
	followed '--follow shows further requests, in the same columns'
	followed_filtered '--follow applies the filters, and prints JSON as lines'
	overwritten '--follow reports that the journal was overwritten'
	unread '--follow ends when its reader exits'
	unwritable '--follow ends when its output cannot be written'
	far '--since takes a date before 1970, and one far in the future'
	since '--since takes an age or a date'
)
run_tests
