#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make install, and the systemd unit.
source "$(dirname "$0")/lib.sh"

SOURCE=$(cd "$(dirname "$0")/.." && pwd)
ROOT=$WORK/root

# installed VARIABLE=VALUE...: runs make install with the existing program
installed()
{
	have make || return 1
	rm -rf "$ROOT"
	make -s -C "$SOURCE" O="$(dirname "$KMODCTL")" DESTDIR="$ROOT" unitdir=/units "$@" install \
		>"$WORK/make" 2>&1 || { say "$(tail -n 1 "$WORK/make")"; return 1; }
}

files()
{
	local profile

	installed PREFIX=/usr &&
		[[ -x $ROOT/usr/sbin/kmodctl && -d $ROOT/etc/kmod/policy.d ]] &&
		is "$(find "$ROOT/etc" -type f)" '' 'files in /etc' || return 1
	for profile in "$SOURCE"/policy/*.conf; do
		[[ ! -f $profile ]] ||
			cmp "$profile" "$ROOT/usr/share/kmod/policy/${profile##*/}" || return 1
	done
}

places()
{
	installed PREFIX=/usr &&
		cmp "$ROOT/units/kmod-policy.service" "$SOURCE/kmod-policy.service" &&
		installed PREFIX=/usr/local sysconfdir=/opt/etc &&
		kmodctl policy check --root "$ROOT" &&
		fails 1 'no file \*.conf in /etc/kmod/policy.d' &&
		grep -q '|/etc/kmod/policy.d' "$ROOT/units/kmod-policy.service" &&
		is "$(grep -c '=/usr/local/sbin/kmodctl policy load$' \
			"$ROOT/units/kmod-policy.service")" 2 'commands' &&
		[[ -d $ROOT/etc/kmod/policy.d ]]
}

verified()
{
	have systemd-analyze || return 1
	installed PREFIX=/usr || return 1
	# The program may not be installed on this machine.
	sed "s,=/usr/sbin/kmodctl,=$KMODCTL,g" "$ROOT/units/kmod-policy.service" \
		>"$WORK/kmod-policy.service"
	systemd-analyze verify --man=no "$WORK/kmod-policy.service" >"$WORK/out" 2>&1 ||
		{ say "$(<"$WORK/out")"; return 1; }
	is "$(grep kmod-policy "$WORK/out")" '' 'systemd-analyze'
}

hardened()
{
	have systemd-analyze || return 1
	systemd-analyze security --offline=yes --threshold=25 --no-pager \
		"$SOURCE/kmod-policy.service" >"$WORK/out" 2>&1 ||
		{ say "$(tail -n 1 "$WORK/out")"; return 1; }
}

# before UNIT...: the unit is ordered before these
before()
{
	local unit all

	all=" $(sed -n 's/^Before=//p' "$SOURCE/kmod-policy.service" | xargs) "
	for unit in "$@"; do
		[[ $all == *" $unit "* ]] || { say "not before $unit"; return 1; }
	done
}

# network-pre.target orders nothing unless a unit pulls it in.
ordered()
{
	before sysinit.target network-pre.target systemd-networkd.service nftables.service &&
		grep -qx 'Wants=network-pre.target' "$SOURCE/kmod-policy.service" &&
		grep -qx 'DefaultDependencies=no' "$SOURCE/kmod-policy.service"
}

# Files of a package alone must be loaded as well.
conditions()
{
	is "$(grep -c '^ConditionPathExistsGlob=|/[a-z/]*/kmod/policy.d/\*.conf$' \
		"$SOURCE/kmod-policy.service")" 3 conditions
}

TESTS=(
	hardened 'systemd-analyze security gives at most 2.5'
	ordered 'the unit is ordered before the network and before firewalls'
	conditions 'the unit starts if one of the three directories has a file'
	files 'make install installs the program, the profiles and an empty policy.d'
	places 'the unit runs the installed program'
	verified 'systemd-analyze accepts the unit'
)
run_tests
