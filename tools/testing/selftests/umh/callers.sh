#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The other callers of the helper engine, each by what triggers it: their results, and
# that no number of slow helpers stands in anybody's way.
source "$(dirname "$0")/../kmod/kmod_lib.sh"
source "$(dirname "$0")/umh_lib.sh"

# More than the 512 workers that a pool of the kernel's has at most.
CROWD=600
# Kernel threads come and go for other reasons.
FEW=20

clean_up_more()
{
	rm -f "$REQUEST_KEY" "$BRIDGE_STP"
	ip link delete "$BRIDGE" 2>/dev/null || :
	remove_cgroup
}

# All of them sleep in the kernel for their key while one module is asked for. A kernel
# in whose way they are serves it when they have ended: they sleep for ten minutes.
crowd()
{
	local before asker result=0

	link_helper "$REQUEST_KEY" "$(make_helper crowd sleep 600000)"
	before=$(kernel_threads)
	"$HERE/kmod_req" -n "$CROWD" key kmod:crowd >/dev/null &
	asker=$!
	wait_until has_started crowd "$CROWD" || result=1
	say "$(started crowd) helpers sleep; kernel threads: $before before, $(kernel_threads) now"
	at_most $(($(kernel_threads) - before)) "$FEW" "new kernel threads:" || result=1
	use_helper fake
	timeout "$PATIENCE" "$HERE/kmod_req" fs kmod_crowded >"$WORK/out" || result=1
	at_most "$(time_of "$(<"$WORK/out")")" "$SOON" "microseconds:" || result=1
	is "$(started fake)" 1 "modprobes" || result=1
	mapfile -t pids < <(awk '$1 == "start" { print $2 }' "$WORK/crowd/log")
	kill -KILL "${pids[@]}"
	wait "$asker"
	return "$result"
}

key_positive()
{
	link_helper "$REQUEST_KEY" "$(make_helper key instantiate made)"
	is "$(keyctl session - "$HERE/kmod_req" key kmod:good 2>/dev/null |
		awk '{ print $2 }')" OK &&
		is "$(ended key)" 1 "helpers that came to their end"
}

# This errno is the helper's own: the kernel's would be ENOKEY.
key_negative()
{
	link_helper "$REQUEST_KEY" "$(make_helper key reject 1)"
	is "$(result_of "$(ask key kmod:bad)")" EKEYREJECTED
}

# The helper's failure is the end of a key that it has left alone. One that is not
# there has an errno of its own.
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

# start_stp: has a new bridge run STP; prints its state: 1 for the kernel's STP, 2 for that
# of user space
start_stp()
{
	ip link delete "$BRIDGE" 2>/dev/null || :
	ip link add "$BRIDGE" type bridge
	echo 1 >"/sys/class/net/$BRIDGE/bridge/stp_state"
	cat "/sys/class/net/$BRIDGE/bridge/stp_state"
}

# stp WORDS...: the same, with a helper that obeys the words
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

# dump_core ARGUMENTS WORDS...: a process dumps core into a helper
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

# The helper's own crash must not be dumped by one more of it.
core_of_core()
{
	dump_core '' signal 11 || return 1
	sleep 1
	is "$(started core)" 1 "core helpers"
}

# It gets a file for the process that dumps. A kernel that does not know %F drops it.
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

# Nobody waits for these: many at a time still all run.
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

# Nothing is powered off by a helper that just writes its log.
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
	'crowd|600 sleeping helpers delay no module request and add no kernel threads'
	'key_positive|a key that request-key makes is found'
	'key_negative|a key that request-key denies is not'
	'key_untouched|a key that request-key fails to make is not found'
	'bridge_user|a bridge-stp that exits with 0 makes STP the user'"'"'s'
	'bridge_kernel|a bridge-stp that fails makes STP the kernel'"'"'s'
	'bridge_killed|a bridge-stp that is killed makes STP the kernel'"'"'s'
	'bridge_missing|without a bridge-stp STP is the kernel'"'"'s'
	'core_dump|a core helper gets the core on its standard input'
	'core_of_core|a core helper that crashes is not dumped by another one'
	'core_pidfd|a core helper gets a pidfd of who dumps'
	'release_agent|the release agent of an empty control group runs'
	'uevent_helper|the uevent helper gets the event'
	'uevent_storm|200 uevents run 200 helpers'
	'poweroff|an orderly poweroff runs its command'
	'all_reaped|no helper is left as a zombie'
)
skip_without "$REQUEST_KEY is there already" test ! -e "$REQUEST_KEY"
skip_without "$BRIDGE_STP is there already" test ! -e "$BRIDGE_STP"
skip_without "needs CONFIG_KEYS, see config" test -r /proc/keys
skip_without "needs CONFIG_BRIDGE, see config" modprobe bridge
skip_without "needs CONFIG_UEVENT_HELPER, see config" test -w "$UEVENT_HELPER"
skip_without "needs CONFIG_CGROUPS, see config" grep -w cgroup /proc/filesystems
save "$CORE_PATTERN" "$UEVENT_HELPER" "$POWEROFF_SYSCTL"
run_tests
