# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Functions shared by the tests of kmodctl. A test file sources this file, sets TESTS to
# pairs of a function and its title, and calls run_tests. The tests need no patched kernel.
set -euo pipefail

KMODCTL=${KMODCTL:?expected the path of kmodctl}
FIXTURES=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/fixtures
WORK=$(mktemp -d /tmp/kmodctl.XXXXXX)
trap 'rm -rf "$WORK"' EXIT
export TZ=UTC LC_ALL=C
unset NO_COLOR

say() { echo "# $*"; }

# kmodctl ARGUMENT...: writes $WORK/out and $WORK/err, and sets STATUS
kmodctl()
{
	STATUS=0
	"$KMODCTL" "$@" >"$WORK/out" 2>"$WORK/err" || STATUS=$?
}

# on FIXTURE ARGUMENT...
on() { kmodctl "${@:2}" --debugfs "$FIXTURES/$1"; }

# is FOUND EXPECTED [WHAT]
is()
{
	[[ $1 != "$2" ]] || return 0
	say "${3:-}: expected '$2', got '$1'"
	return 1
}

# well: status 0 and no message
well() { is "$STATUS" 0 status && is "$(<"$WORK/err")" '' messages; }

# fails STATUS REGEX: that status, and exactly one message, which matches
fails()
{
	is "$STATUS" "$1" status && is "$(wc -l <"$WORK/err")" 1 messages || return 1
	grep -qE "^kmodctl: $2" "$WORK/err" || { say "message: $(<"$WORK/err")"; return 1; }
}

# shows FILE: the output equals the file, except for dates
shows()
{
	diff <(sed -E 's/[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8}\.[0-9]{3}/(date and time)     /' \
		"$WORK/out") "$1" | sed 's/^/# /'
}

# A test that cannot run on this machine must set SKIP to the reason.
SKIP=
have()
{
	command -v "$1" >/dev/null || { SKIP="$1 is not installed"; return 1; }
}

run_tests()
{
	local i verdict failed=0

	echo 'KTAP version 1'
	echo "1..$((${#TESTS[@]} / 2))"
	for ((i = 0; i < ${#TESTS[@]}; i += 2)); do
		SKIP=
		verdict=ok
		"${TESTS[i]}" || verdict='not ok'
		[[ -z $SKIP ]] || verdict=ok
		[[ $verdict == ok ]] || failed=1
		echo "$verdict $((i / 2 + 1)) - ${TESTS[i + 1]}${SKIP:+ # SKIP $SKIP}"
	done
	[[ $failed -eq 0 ]]
}
