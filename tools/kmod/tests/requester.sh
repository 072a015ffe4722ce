#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The requester: its executable, and its unit or container.
# shellcheck disable=SC2016 # $ in jq expressions
source "$(dirname "$0")/lib.sh"

GROUP=
trap '[[ -z $GROUP ]] || rmdir "$GROUP"; rm -rf "$WORK"' EXIT

# request CGROUP [EXE]: creates a journal with one denied request
request()
{
	mkdir -p "$WORK/kmod"
	: >"$WORK/kmod/modules"
	echo "id=1 name=x outcome=lsm result=-1 begin=1 pid=9 comm=sh exe=${2-/bin/dash} uid=0" \
		"userns=4026531837 userns_level=0 mntns=4026531841 cgroup=$1" >"$WORK/kmod/requests"
}

# unit_of CGROUP UNIT
unit_of()
{
	request "$1"
	kmodctl log --json --debugfs "$WORK"
	well && is "$(jq -r '.[0].unit' "$WORK/out")" "$2" "$1"
}

units()
{
	local id

	have jq || return 1
	id=$(printf '0f%.0s' {1..32})
	unit_of /system.slice/ssh.service ssh.service &&
		unit_of "/system.slice/docker-$id.scope/init.scope" "docker-$id.scope" &&
		unit_of /system.slice/docker-web.service/b.service b.service &&
		unit_of /machine.slice/machine-a.scope/payload/x.service machine-a.scope &&
		unit_of /lxc.payload.web/system.slice/ssh.service lxc.payload.web &&
		unit_of /user.slice/user-1.slice/user@1.service/app.slice/a.scope a.scope &&
		unit_of /user.slice /user.slice && unit_of / null && unit_of 0 null
}

# No control group has such an id.
gone()
{
	have jq || return 1
	unit_of 9007199254740991 cgroup:9007199254740991 &&
		is "$(jq -c '.[0] | [.cgroup, .mntns, .exe]' "$WORK/out")" \
			'[9007199254740991,4026531841,"/bin/dash"]' JSON &&
		kmodctl policy allow 1 --debugfs "$WORK" && is "$STATUS" 0 status &&
		is "$(<"$WORK/out")" 'allow alias x uid 0 userns init' rule
}

# The path of a group is that of the directory with the inode number.
found()
{
	local root

	root=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	mkdir "${root:-/none}/kmodctl-$$.service" 2>/dev/null ||
		{ SKIP='cannot create a control group'; return 1; }
	GROUP=$root/kmodctl-$$.service
	request "$(stat -c %i "$GROUP")"
	kmodctl log --unit "kmodctl-$$.*" --debugfs "$WORK"
	well && grep -q "  kmodctl-$$.service  " "$WORK/out" || return 1
	kmodctl policy allow 1 --debugfs "$WORK"
	well && is "$(<"$WORK/out")" "allow alias x cgroup /kmodctl-$$.service/**" rule
}

executables()
{
	request 1
	kmodctl log --debugfs "$WORK"
	well && grep -q '  sh\[9\] uid 0  /bin/dash  ' "$WORK/out" || return 1
	request 1 '/tmp/a\x20(deleted)'
	kmodctl log --debugfs "$WORK"
	well && grep -q '  "/tmp/a (deleted)"  ' "$WORK/out" || return 1
	request 0 ''
	kmodctl log --debugfs "$WORK"
	well && ! grep -q 'EXECUTABLE\|UNIT' "$WORK/out"
}

narrow()
{
	have script || return 1
	request /system.slice/ssh.service "/usr/lib/$(printf 'x%.0s' {1..110})"
	on_terminal 80 "$KMODCTL log --debugfs $WORK"
	grep -q ssh "$WORK/out" && is "$(sed 's/\x1b\[[0-9;?]*[a-zA-Z]\|\x1b[>=]//g' "$WORK/out" |
		awk 'length($0) > 80' | wc -l)" 0 'lines over 80 columns'
}

TESTS=(
	units 'a requester is shown with its container, or else with its unit'
	gone 'a control group that is gone is shown with its id'
	found 'the path of a control group is found by its id'
	executables 'a requester is shown with its executable'
	narrow 'a long executable leaves room for the unit on 80 columns'
)
run_tests
