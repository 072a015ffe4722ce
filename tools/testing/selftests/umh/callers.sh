#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Callers of the helper engine other than request_module(), each with its ordinary trigger: the
# caller must act on the result of its helper, and sleeping helpers must not delay others.
source "$(dirname "$0")/../kmod/kmod_lib.sh"
source "$(dirname "$0")/umh_lib.sh"

# More than the work items of one workqueue that Linux 6.12 runs at a time, which are 512
CROWD=600
# Allowance for kernel threads that other parts of the kernel start during the test
FEW=20

clean_up_more()
{
	rm -f "$REQUEST_KEY" "$BRIDGE_STP"
	ip link delete "$BRIDGE" 2>/dev/null || :
	remove_cgroup
}

# A module is requested while all the helpers sleep and their requesters wait for keys. If
# workers waited for helpers, the request would take ten minutes.
crowd()
{
	local before requesters result=0

	link_helper "$REQUEST_KEY" "$(make_helper crowd sleep 600000)"
	before=$(kernel_threads)
	"$HERE/kmod_req" -n "$CROWD" key kmod:crowd >/dev/null &
	requesters=$!
	wait_until has_started crowd "$CROWD" || result=1
	say "$(started crowd) helpers sleep; kernel threads: $before before, $(kernel_threads) now"
	at_most $(($(kernel_threads) - before)) "$FEW" "new kernel threads:" || result=1
	use_helper fake
	timeout "$PATIENCE" "$HERE/kmod_req" fs kmod_crowded >"$WORK/out" || result=1
	at_most "$(time_of "$(<"$WORK/out")")" "$SOON" "microseconds:" || result=1
	is "$(started fake)" 1 "modprobes" || result=1
	mapfile -t pids < <(awk '$1 == "start" { print $2 }' "$WORK/crowd/log")
	kill -KILL "${pids[@]}"
	wait "$requesters"
	return "$result"
}

key_positive()
{
	link_helper "$REQUEST_KEY" "$(make_helper key instantiate made)"
	is "$(keyctl session - "$HERE/kmod_req" key kmod:good 2>/dev/null |
		awk '{ print $2 }')" OK &&
		is "$(ended key)" 1 "helpers that ended"
}

# The helper sets this errno; the kernel itself would return ENOKEY.
key_negative()
{
	link_helper "$REQUEST_KEY" "$(make_helper key reject 1)"
	is "$(result_of "$(ask key kmod:bad)")" EKEYREJECTED
}

# A helper that fails without instantiating the key leaves the requester with ENOKEY; a
# missing helper, with ENOENT.
key_untouched()
{
	link_helper "$REQUEST_KEY" "$(make_helper key exit 1)"
	is "$(result_of "$(ask key kmod:exit)")" ENOKEY &&
		is "$(started key)" 1 "helpers" || return 1
	link_helper "$REQUEST_KEY" "$(make_helper key signal 11)"
	is "$(result_of "$(ask key kmod:signal)")" ENOKEY &&
		is "$(started key)" 1 "helpers" || return 1
	rm "$REQUEST_KEY"
	is "$(result_of "$(ask key kmod:none)")" ENOENT
}

# start_stp: makes a new bridge run STP; prints its state: 1 if the kernel runs it, 2 if user
# space does
start_stp()
{
	ip link delete "$BRIDGE" 2>/dev/null || :
	ip link add "$BRIDGE" type bridge
	echo 1 >"/sys/class/net/$BRIDGE/bridge/stp_state"
	cat "/sys/class/net/$BRIDGE/bridge/stp_state"
}

# stp WORDS...: as start_stp, with a bridge-stp that obeys the words
stp()
{
	link_helper "$BRIDGE_STP" "$(make_helper stp "$@")"
	start_stp
}

bridge_user()
{
	is "$(stp exit 0)" 2 &&
		is "$(awk '{ print $6, $7; exit }' "$WORK/stp/log")" "$BRIDGE start"
}
bridge_kernel() { is "$(stp exit 1)" 1 && is "$(stp exit 255)" 1; }
bridge_killed() { is "$(stp signal 11)" 1 && is "$(stp signal 9)" 1; }

bridge_missing()
{
	rm -f "$BRIDGE_STP"
	is "$(start_stp)" 1
}

# dump_core ARGUMENTS WORDS...: makes a process dump core into a helper that obeys the words
dump_core()
{
	echo "|$(make_helper core "${@:2}") $1" >"$CORE_PATTERN"
	crash
	wait_until has_ended core
}

core_dump()
{
	dump_core '%p %s' stdin &&
		is "$(awk '{ print $6, $7; exit }' "$WORK/core/log")" "$CRASHED 11" &&
		is "$(head -c 4 "$WORK/core/stdin" | od -An -tx1)" " 7f 45 4c 46"
}

# The helper's own crash must not start another core helper.
core_of_core()
{
	dump_core '' signal 11 || return 1
	sleep 1
	is "$(started core)" 1 "core helpers"
}

# %F passes a pidfd of the process that dumps core. Older kernels drop %F.
core_pidfd()
{
	dump_core '%F %p' fdinfo 3 || return 1
	[[ $(awk '{ print NF; exit }' "$WORK/core/log") != 6 ]] || return "$KSFT_SKIP"
	is "$(awk '{ print $6, $7; exit }' "$WORK/core/log")" "3 $CRASHED" &&
		is "$(sed -n 's/^Pid:\t//p' "$WORK/core/fdinfo")" "$CRASHED"
}

release_agent()
{
	release_cgroup "$(make_helper agent)" || return 1
	wait_until has_ended agent && is "$(names_of agent)" /a
}

uevent_helper()
{
	make_helper uevent environ >"$UEVENT_HELPER"
	send_uevent
	wait_until has_ended uevent || return 1
	is "$(names_of uevent)" mem &&
		is "$(tr '\0' '\n' <"$WORK/uevent/environ" | grep ^DEVNAME=)" DEVNAME=null
}

# The kernel does not wait for these helpers, so many of them run at the same time.
uevent_storm()
{
	local i

	make_helper uevent random 20 >"$UEVENT_HELPER"
	for ((i = 0; i < 200; i++)); do
		send_uevent
	done
	wait_until has_ended uevent 200 || return 1
	is "$(started uevent)" 200 "helpers"
}

# The machine stays on: this helper only writes its log.
poweroff()
{
	local helper

	"$REAL_MODPROBE" umh_modes 2>/dev/null || return "$KSFT_SKIP"
	helper=$(make_helper off environ)
	echo "$helper -now" >"$POWEROFF_SYSCTL"
	echo 1 >"$POWEROFF"
	wait_until has_ended off || return 1
	is "$(cut -d ' ' -f 5- <<<"$(grep ^start "$WORK/off/log")")" "$helper -now" &&
		is "$(tr '\0' ' ' <"$WORK/off/environ")" \
			"HOME=/ PATH=/sbin:/bin:/usr/sbin:/usr/bin "
}

TESTS=(
	'crowd|600 sleeping helpers neither delay a module request nor need kernel threads'
	'key_positive|a key that request-key instantiates is returned'
	'key_negative|a key that request-key rejects fails with the errno of the rejection'
	'key_untouched|a key that request-key does not instantiate fails with ENOKEY'
	'bridge_user|bridge-stp that exits with 0 leaves STP to user space'
	'bridge_kernel|bridge-stp that fails leaves STP to the kernel'
	'bridge_killed|bridge-stp that is killed leaves STP to the kernel'
	'bridge_missing|a missing bridge-stp leaves STP to the kernel'
	'core_dump|a core helper reads the core from its standard input'
	'core_of_core|the crash of a core helper starts no other core helper'
	'core_pidfd|a core helper inherits a pidfd of the process that dumps core'
	'release_agent|the release agent runs when a cgroup becomes empty'
	'uevent_helper|the uevent helper receives the event in its environment'
	'uevent_storm|200 uevents run 200 helpers'
	'poweroff|an orderly poweroff runs kernel.poweroff_cmd'
	'all_reaped|no helper stays a zombie'
)
skip_without "$REQUEST_KEY exists" test ! -e "$REQUEST_KEY"
skip_without "$BRIDGE_STP exists" test ! -e "$BRIDGE_STP"
skip_without "needs CONFIG_KEYS, see config" test -r /proc/keys
skip_without "needs CONFIG_BRIDGE, see config" modprobe bridge
skip_without "needs CONFIG_UEVENT_HELPER, see config" test -w "$UEVENT_HELPER"
skip_without "needs CONFIG_CGROUPS, see config" grep -w cgroup /proc/filesystems
save "$CORE_PATTERN" "$UEVENT_HELPER" "$POWEROFF_SYSCTL"
run_tests
