#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The allow-list of helper programs, for each caller of the helper engine
# shellcheck disable=SC2317 # the tests are called by name
source "$(dirname "$0")/../kmod/kmod_lib.sh"
source "$(dirname "$0")/../umh/umh_lib.sh"
source "$(dirname "$0")/autoload_lib.sh"

EVENTS=300

clean_up_more() { rm -f "$REQUEST_KEY"; }

restore_more()
{
	no_policy
	remove_cgroup
}

# allow LINE...: enforces a list of these lines
allow()
{
	printf '%s\n' "$@" | write_to "$POLICY/helpers" >/dev/null
	echo enforce >"$POLICY/helpers_mode"
}

# refusals PATH: prints how often the log has a denial, or would-be denial, of that program
refusals()
{
	dmesg | grep -cE "autoload: (denied|would deny): kind=helper name=$1 rule=helpers " || :
}

refused() { [[ $(refusals "$1") -ge 1 ]]; }

# Each of the following functions, run_CALLER, triggers one caller of the engine, which runs the
# helper CALLER.
run_modprobe()
{
	use_helper modprobe
	ask fs kmod_guard >/dev/null
}

run_request_key()
{
	ask key "kmod:guard$RANDOM" >/dev/null
}

run_core()
{
	echo "|$(make_helper core)" >"$CORE_PATTERN"
	crash
}

run_agent()
{
	release_cgroup "$(make_helper agent)"
}

run_uevent()
{
	make_helper uevent >"$UEVENT_HELPER"
	send_uevent
}

run_poweroff()
{
	make_helper poweroff >"$POWEROFF_SYSCTL"
	echo 1 >"$POWEROFF"
}

# refuses run_CALLER: the helper must be denied and must not run
refuses()
{
	local name=${1#run_}

	dmesg -c >/dev/null
	"$1"
	wait_until refused "$WORK/$name/modprobe" && is "$(started "$name")" 0 "$name started"
}

# runs run_CALLER: the helper must run
runs()
{
	local name=${1#run_}

	dmesg -c >/dev/null
	"$1"
	wait_until has_ended "$name" && is "$(refusals "$WORK/$name/modprobe")" 0 "denied"
}

off()
{
	printf '%s\n' /sbin/modprobe | write_to "$POLICY/helpers" >/dev/null
	runs run_modprobe && runs run_core && runs run_uevent
}

modprobe_listed()
{
	allow "$WORK/modprobe/modprobe"
	runs run_modprobe && refuses run_core
}

modprobe_refused()
{
	allow "$REAL_MODPROBE"
	refuses run_modprobe &&
		is "$(outcome fs-kmod_guard)" "outcome=failed result=-1"
}

core() { allow /none && refuses run_core && allow "$WORK/*" && runs run_core; }
uevent() { allow /none && refuses run_uevent && allow "$WORK/*" && runs run_uevent; }

agent()
{
	allow /none
	refuses run_agent || return 1
	remove_cgroup
	allow "$WORK/*"
	runs run_agent
}

poweroff()
{
	"$REAL_MODPROBE" umh_modes 2>/dev/null || return "$KSFT_SKIP"
	allow "$WORK/*"
	runs run_poweroff || return 1
	# The machine stays on, as this is not a forced poweroff.
	allow /none
	refuses run_poweroff
}

# The list must be matched against the built-in path, not against the target of the link.
request_key()
{
	local program

	program=$(make_helper key reject 1)
	link_helper "$REQUEST_KEY" "$program"
	allow /none
	dmesg -c >/dev/null
	run_request_key
	is "$(started key)" 0 "started" && refused "$REQUEST_KEY" || return 1
	allow "$REQUEST_KEY"
	run_request_key
	is "$(started key)" 1 "started"
}

logged()
{
	local helper="kind=helper name=$WORK/modprobe/modprobe rule=helpers"

	allow /none
	echo log >"$POLICY/helpers_mode"
	dmesg -c >/dev/null
	run_modprobe
	is "$(started modprobe)" 1 "started" || return 1
	dmesg | grep -F "autoload: would deny: $helper " |
		grep -q ' comm=kmod_req$'
}

# A path with .. must not match a list entry for the folder that it starts with.
no_way_up()
{
	mkdir -p "$WORK/good"
	make_helper modprobe >/dev/null
	allow "$WORK/good/*"
	set_modprobe "$WORK/good/../modprobe/modprobe"
	ask fs kmod_guard >/dev/null
	is "$(started modprobe)" 0 "started" || return 1
	echo off >"$POLICY/helpers_mode"
	ask fs kmod_guard >/dev/null
	is "$(started modprobe)" 1 "started without a list"
}

# uevent_helper may change between the request and the exec. The kernel must check the program
# that it executes.
changed()
{
	local good bad flipper result=0 i

	good=$(make_helper good)
	bad=$(make_helper evil)
	allow "$good"
	"$HERE/kmod_write" "$UEVENT_HELPER" flip "$good" "$bad" &
	flipper=$!
	for ((i = 0; i < EVENTS; i++)); do
		send_uevent
	done
	wait_until has_started good 10 || result=1
	kill "$flipper"
	wait "$flipper" 2>/dev/null || :
	sleep 1
	is "$(started evil)" 0 "runs of the program that is not on the list:" || result=1
	return "$result"
}

TESTS=(
	'off|in mode off no program is denied'
	'modprobe_listed|in mode enforce only programs on the list run'
	'modprobe_refused|a modprobe that is not on the list fails the request with EPERM'
	'core|a core helper runs only if it is on the list'
	'request_key|request-key runs only if it is on the list'
	'agent|a release agent runs only if it is on the list'
	'uevent|a uevent helper runs only if it is on the list'
	'poweroff|the poweroff command runs only if it is on the list'
	'logged|in mode log a program that is not on the list runs and is logged'
	'no_way_up|a path with .. does not match a prefix'
	'changed|the verdict applies to the executed path, even if uevent_helper changes meanwhile'
)
needs_policy
skip_without "$REQUEST_KEY exists" test ! -e "$REQUEST_KEY"
skip_without "needs CONFIG_UEVENT_HELPER, see config" test -w "$UEVENT_HELPER"
save "$CORE_PATTERN" "$UEVENT_HELPER" "$POWEROFF_SYSCTL"
run_tests
