#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# cves.sh [--check] KMODCTL: prints the table of README.md from cves.txt, with the outcomes that
# kmodctl policy test computes. With --check, prints the lines of cves.txt whose outcome differs.
set -euo pipefail

POLICIES=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CHECK=
[[ $1 != --check ]] || { CHECK=1; shift; }
KMODCTL=$1

declare -A OPTIONS=([user]='--uid 1000' [userns]='--uid 1000 --userns other')
declare -A REQUESTERS=([user]='any user' [userns]='root of a user namespace')

# outcome NAME REQUESTER PROFILE: prints + or x
outcome()
{
	local status=0

	# shellcheck disable=SC2086 # words
	"$KMODCTL" policy test "$1" ${OPTIONS[$2]} --file "$POLICIES/$3.conf" --modules /nowhere \
		>/dev/null || status=$?
	case $status in
	0) echo -n + ;;
	3) echo -n x ;;
	*) exit "$status" ;;
	esac
}

row()
{
	local outcomes=$6

	outcomes=${outcomes//+/ allowed |}
	echo "| \`$1\` | $2 | $3 | $4 | ${REQUESTERS[$5]} |${outcomes//x/ denied |}"
}

[[ -n $CHECK ]] || printf '%s\n' \
	'| name | module | CVE | year | requester | server | desktop | container-host |' \
	'| --- | --- | --- | --- | --- | --- | --- | --- |'
while read -r name module cve year requester expected; do
	[[ $name != '#'* ]] || continue
	found=
	for profile in server desktop container-host; do
		found+=$(outcome "$name" "$requester" "$profile")
	done
	if [[ -z $CHECK ]]; then
		row "$name" "$module" "$cve" "$year" "$requester" "$found"
	elif [[ $found != "$expected" ]]; then
		echo "$name $requester: expected $expected, got $found"
	fi
done <"$POLICIES/cves.txt"
