# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What kmodctl's tests share. They source it, set TESTS to pairs of a function and the
# promise that it checks, and call run_tests. They need no kernel of ours.
set -euo pipefail

KMODCTL=${KMODCTL:?say which program to test}
FIXTURES=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/fixtures
WORK=$(mktemp -d /tmp/kmodctl.XXXXXX)
trap 'rm -rf "$WORK"' EXIT
export TZ=UTC LC_ALL=C
unset NO_COLOR

say() { echo "# $*"; }

# kmodctl ARGUMENT...: leaves what it wrote in $WORK/out and $WORK/err, and its STATUS
kmodctl()
{
	STATUS=0
	"$KMODCTL" "$@" >"$WORK/out" 2>"$WORK/err" || STATUS=$?
}

# on FIXTURE ARGUMENT...
on() { kmodctl --debugfs "$FIXTURES/$1" "${@:2}"; }

# is FOUND EXPECTED [WHAT]
is()
{
	[[ $1 != "$2" ]] || return 0
	say "${3:-}: found '$1' instead of '$2'"
	return 1
}

# succeeds, quietly
well() { is "$STATUS" 0 status && is "$(<"$WORK/err")" '' messages; }

# fails STATUS REGEX: with that status, and one message which matches
fails()
{
	is "$STATUS" "$1" status && is "$(wc -l <"$WORK/err")" 1 messages || return 1
	grep -qE "^kmodctl: $2" "$WORK/err" || { say "says: $(<"$WORK/err")"; return 1; }
}

# shows FILE: the output is that of the file, but for dates and blanks at the ends
shows()
{
	diff <(sed -E 's/[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8}\.[0-9]{3}/(date and time)     /' \
		"$WORK/out") "$1" | sed 's/^/# /'
}

# A test that cannot be done here says why in SKIP.
SKIP=
have()
{
	command -v "$1" >/dev/null || { SKIP="there is no $1"; return 1; }
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
