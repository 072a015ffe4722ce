#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# learn.sh [TALLY]: for each policy in tools/kmod/policy, does typical work of such a machine in
# a guest; see harness/guest/learn. Writes the lists of learned requests to build/<base>/learned,
# and fails if they differ from tools/kmod/policy/*.learned, on which the policies are based. In
# that case, review the difference, change the policy if necessary, and copy the new lists.
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
	say "the learned requests in $LEARNED differ from those in tools/kmod/policy"
	[[ -z ${1:-} ]] || echo "0 1 0" >>"$1"
	status=1
fi
./verdict.sh "$LOGS/learn.console" "$LOGS/learn.results" "$@" || status=1
exit "$status"
