#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make test-fresh: clones HEAD in new Debian roots that have only git and make, and runs make
# demo and make test there as root, as a user with sudo, and as a user without. For the latter,
# make must print the command that installs the missing packages, which root then runs. Prints
# the duration of each step. The first user of a suite starts with an empty ccache.
#
# Environment: SUITES, USERS, TARGETS (run only some of them). Needs root.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=harness/lib/root.sh
source "$ROOT/harness/lib/root.sh"
cd "$ROOT/harness"

SUITES=${SUITES:-bookworm trixie}
USERS=${USERS:-root sudo plain}
TARGETS=${TARGETS:-demo test}
FRESH=$BUILD/fresh
LOGS=$FRESH/logs
CLONE=khelper
number=0
failed=0

nothing() { :; }

make_root()
{
	local suite=$1 root=$2

	make_debian_root "$suite" "$root" git make ca-certificates
	git -C "$ROOT" bundle create "$root/khelper.bundle" HEAD
}

# home ROOT USER: prints the user's home directory
home() { awk -F: -v user="$2" '$1 == user { print $6 }' "$1/etc/passwd"; }

add_user()
{
	local root=$1 user=$2

	[[ $user != root ]] || return 0
	chroot "$root" useradd -m -s /bin/bash "$user"
	[[ $user == sudo ]] || return 0
	inside "$root" root 'apt-get update && apt-get install -y --no-install-recommends sudo'
	echo 'sudo ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/sudo"
}

# clone ROOT USER SUITE: clones the repository, and copies the ccache of the suite's first user,
# if it exists
clone()
{
	local root=$1 user=$2 cache=$FRESH/$3.ccache there

	there=$root$(home "$root" "$user")/$CLONE
	inside "$root" "$user" "git clone -q /khelper.bundle $CLONE"
	[[ -d $cache ]] || return 0
	mkdir "$there/build"
	cp -r "$cache" "$there/build/ccache"
	chown -R --reference="$there" "$there/build"
}

# As root, runs the command that make printed. Of TARGETS, the last one needs the most packages.
install_as_printed()
{
	local root=$1 user=$2 command

	! inside "$root" "$user" "make -C $CLONE ${TARGETS##* }" >"$LOGS/printed.log" 2>&1 ||
		return 1
	command=$(sed -n 's/^ *sudo \(apt-get update.*\)/\1/p' "$LOGS/printed.log" | sed 's/sudo //g')
	[[ -n $command ]] && inside "$root" root "$command"
}

# check TITLE LOG COMMAND...: runs COMMAND, and prints a KTAP line with its duration
check()
{
	local title=$1 log=$2 result=ok

	shift 2
	SECONDS=0
	("$@") >"$log" 2>&1 </dev/null || result='not ok'
	[[ $result == ok ]] || { failed=$((failed + 1)); tail -n 15 "$log" >&2; }
	number=$((number + 1))
	printf '%s %d - %s # %d:%02d, %s\n' "$result" "$number" "$title" $((SECONDS / 60)) \
		$((SECONDS % 60)) "$(tail -n 1 "$log")"
}

# prepare_user ROOT USER SUITE
prepare_user()
{
	add_user "$1" "$2"
	clone "$@"
	[[ $2 != plain ]] || install_as_printed "$1" "$2"
}

each_user()
{
	local suite=$1 user=$2 root=$FRESH/$1-$2 target cache

	run_logged "making $(basename "$root")" "$LOGS/root.log" nothing -- make_root "$suite" "$root"
	check "$suite, $user: clone" "$LOGS/$suite-$user-clone.log" prepare_user "$root" "$user" "$suite"
	for target in $TARGETS; do
		check "$suite, $user: make $target" "$LOGS/$suite-$user-$target.log" \
			inside "$root" "$user" "make -C $CLONE $target"
	done
	cache=$root$(home "$root" "$user")/$CLONE/build/ccache
	[[ -d $FRESH/$suite.ccache || ! -d $cache ]] || mv "$cache" "$FRESH/$suite.ccache"
	rm -rf "$root"
}

[[ $(id -u) -eq 0 ]] || die "test-fresh.sh must run as root"
./deps.sh sysroot
rm -rf "$FRESH"
mkdir -p "$LOGS"
echo 'KTAP version 1'
for suite in $SUITES; do
	for user in $USERS; do
		each_user "$suite" "$user"
	done
done
echo "1..$number"
echo "$((number - failed)) passed, $failed failed"
[[ $failed -eq 0 && $number -gt 0 ]]
