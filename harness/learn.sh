#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# learn.sh [TALLY]: has a guest do the work of each kind of machine for which there is a
# policy in tools/kmod/policy; see harness/guest/learn. What its kernel learned is in
# build/<base>/learned. That it differs from what the policies were made from is a failure:
# look at it, change the policy or not, and copy the new lists.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"
x86_only

POLICIES=$ROOT/tools/kmod/policy
LEARNED=$WORK/learned

differences()
{
	local policy machine

	rm -rf "$LEARNED"
	mkdir "$LEARNED"
	for policy in "$POLICIES"/*.conf; do
		machine=$(basename "$policy" .conf)
		tr -d '\r' <"$LOGS/learn.results" | sed -n "s/^# learned $machine //p" \
			>"$LEARNED/$machine.learned"
		diff -u "$POLICIES/$machine.learned" "$LEARNED/$machine.learned" || :
	done
}

export CONFIG=plain
./prepare.sh
TIMEOUT=900 ./boot.sh learn learn
status=0
{ grep -a '^# ' "$LOGS/learn.results" || :; } | tr -d '\r' |
	grep -v '^# \(learned\|verdict\|Totals\)' || :
found=$(differences)
if [[ -n $found ]]; then
	printf '%s\n' "$found"
	say "other than what is in tools/kmod/policy was learned; it is in $LEARNED"
	[[ -z ${1:-} ]] || echo "0 1 0" >>"$1"
	status=1
fi
./verdict.sh "$LOGS/learn.console" "$LOGS/learn.results" "$@" || status=1
exit "$status"
