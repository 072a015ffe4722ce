# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Shared by the tests of usermode helpers other than modprobe. A test must source kmod_lib.sh
# first.

# shellcheck disable=SC2034 # for the tests
{
	BRIDGE_STP=/sbin/bridge-stp
	BRIDGE=kmodbr
	CORE_PATTERN=$SYSCTL/core_pattern
	POWEROFF=/sys/kernel/debug/umh_poweroff
	POWEROFF_SYSCTL=$SYSCTL/poweroff_cmd
	UEVENT_HELPER=/sys/kernel/uevent_helper
}

# Runs a process that dumps core; sets CRASHED to its pid.
crash()
{
	sh -c 'kill -SEGV $$' 2>/dev/null &
	CRASHED=$!
	wait "$CRASHED" 2>/dev/null || :
}

send_uevent() { echo change >/sys/class/mem/null/uevent; }

# release_cgroup PROGRAM: empties a cgroup that has PROGRAM as its release agent
release_cgroup()
{
	mkdir -p "$WORK/cg"
	mount -t cgroup -o "none,name=kmod$$,release_agent=$1" kmod "$WORK/cg" || return 1
	mkdir "$WORK/cg/a"
	echo 1 >"$WORK/cg/a/notify_on_release"
	sh -c "echo \$\$ >$WORK/cg/a/cgroup.procs"
}

remove_cgroup()
{
	rmdir "$WORK/cg/a" || :
	umount "$WORK/cg" || :
} 2>/dev/null
