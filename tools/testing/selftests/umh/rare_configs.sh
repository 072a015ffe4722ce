#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Helpers in kernels with a rare configuration. Not run by default: KMOD_CONFIG in the
# environment must name the configuration, which is static-path, static-empty, no-sysctl,
# no-modules, no-autoload, autoload-unlisted or callers. Each test counts the helpers that
# ran. FAULTS 10.
source "$(dirname "$0")/../kmod/kmod_lib.sh"
source "$(dirname "$0")/umh_lib.sh"

CONFIG=${KMOD_CONFIG:-}
MODPROBE=/sbin/modprobe
# A helper path for the callers that have a configurable one. The guest has no such program.
ANY=/sbin/kmod-any
STATIC=/sbin/usermode-helper
AUTOLOAD=/sys/kernel/security/autoload
SAVED_LINK=$(readlink "$MODPROBE")
REQUESTS=120

clean_up_more()
{
	ln -sfn "$SAVED_LINK" "$MODPROBE"
	rm -f "$REQUEST_KEY" "$ANY" "$STATIC"
	remove_cgroup
	[[ ! -e $AUTOLOAD ]] || echo off >"$AUTOLOAD/helpers_mode"
} 2>/dev/null

# serve PATH [WORDS...]: makes the kernel run the helper "it" when a caller names PATH
serve()
{
	local path=$1 helper

	shift
	helper=$(make_helper it "$@")
	rm -f "$MODPROBE" "$REQUEST_KEY" "$ANY" "$STATIC"
	[[ $CONFIG != static-path ]] || path=$STATIC
	ln -s "$helper" "$path"
}

# Prints the arguments of each helper that was started, one helper per line.
command_lines() { cut -d ' ' -f 5- <<<"$(grep '^start ' "$WORK/it/log" || :)"; }

# ran COMMAND_LINE: exactly one helper ran, with these arguments. With an empty static path
# none ran within a second.
ran()
{
	if [[ $CONFIG == static-empty ]]; then
		sleep 1
		is "$(started it)" 0 "helpers"
		return
	fi
	wait_until has_ended it && is "$(command_lines)" "$1" "helpers"
}

modprobe_runs()
{
	serve "$MODPROBE"
	is "$(result_of "$(ask fs kmod_config)")" ENODEV && ran "$MODPROBE -q -- fs-kmod_config"
}

# With a static path the static program runs, although no file has the other path.
other_modprobe()
{
	serve "$ANY"
	set_modprobe "$ANY"
	ask fs kmod_other >/dev/null
	ran "$ANY -q -- fs-kmod_other"
}

no_modprobe()
{
	serve "$MODPROBE"
	set_modprobe ""
	ask fs kmod_off >/dev/null
	sleep 1
	is "$(started it)" 0 "helpers"
}

# More requests than slots
many_requests()
{
	serve "$MODPROBE" random 30
	ask -n "$REQUESTS" fs kmod_many >"$WORK/out"
	is "$(grep -c ' ENODEV ' "$WORK/out")" "$REQUESTS" "requests" &&
		is "$(started it)" "$REQUESTS" "modprobes" &&
		at_most "$(peak_of it)" 50 "modprobes alive:"
}

# Requesters are killed at random times. Their modprobes must run to the end.
killed_requests()
{
	serve "$MODPROBE" random 30
	ask -n "$REQUESTS" -k 300 fs kmod_killed >"$WORK/out"
	wait_until all_ended it && wait_until no_zombies &&
		is "$(awk '!seen[$1]++' "$WORK/out" | wc -l)" "$REQUESTS" "requests" &&
		at_least "$(started it)" 1 "modprobes"
}

no_request()
{
	serve "$MODPROBE"
	is "$(result_of "$(ask fs kmod_config)")" ENODEV || return 1
	sleep 1
	is "$(started it)" 0 "helpers" && [[ ! -e $MODPROBE_SYSCTL && ! -e $LIMIT_SYSCTL ]]
}

# On a kernel with modules, exec would request binfmt-0003. bash does not run a file with a NUL as a
# script, and exits with 126 when the kernel cannot run it.
no_format()
{
	local status=0

	serve "$MODPROBE"
	printf '\001\002\003\000\n' >"$WORK/bytes"
	chmod 755 "$WORK/bytes"
	"$WORK/bytes" 2>"$WORK/err" || status=$?
	is "$status" 126 && is "$(started it)" 0 "helpers"
}

key()
{
	local result

	serve "$REQUEST_KEY" instantiate made
	result=$(keyctl session - "$HERE/kmod_req" key kmod:config 2>/dev/null)
	if [[ $CONFIG == static-empty ]]; then
		is "$(result_of "$result")" ENOKEY && ran
	else
		is "$(result_of "$result")" OK && wait_until has_ended it &&
			[[ $(command_lines) == "$REQUEST_KEY create "* ]] &&
			is "$(started it)" 1 "helpers"
	fi
}

core()
{
	serve "$ANY" stdin
	echo "|$ANY %p %s" >"$CORE_PATTERN"
	crash
	ran "$ANY $CRASHED 11" || return 1
	[[ $CONFIG == static-empty ]] ||
		is "$(head -c 4 "$WORK/it/stdin" | od -An -tx1)" " 7f 45 4c 46"
}

uevent()
{
	serve "$ANY"
	echo "$ANY" >"$UEVENT_HELPER"
	send_uevent
	ran "$ANY mem"
}

release_agent()
{
	serve "$ANY"
	release_cgroup "$ANY" || return 1
	ran "$ANY /a"
}

# The allow-list of helpers does not depend on CONFIG_MODULES.
allow_list()
{
	serve "$ANY"
	echo "$ANY" >"$UEVENT_HELPER"
	echo "$STATIC" >"$AUTOLOAD/helpers"
	echo enforce >"$AUTOLOAD/helpers_mode"
	echo add >/sys/class/mem/null/uevent
	sleep 1
	is "$(started it)" 0 "helpers" || return 1
	echo "$ANY" >"$AUTOLOAD/helpers"
	echo add >/sys/class/mem/null/uevent
	ran "$ANY mem"
}

# An administrator must not be able to set a policy that has no effect.
no_policy()
{
	[[ ! -e $AUTOLOAD && ! -e $SYSCTL/modules_autoload_mode ]] &&
		! grep -qw autoload /sys/kernel/security/lsm
}

no_sysctls() { [[ ! -e $SYSCTL ]]; }
no_keys() { [[ ! -e /proc/keys ]]; }
one_cpu() { is "$(grep -c '^processor' /proc/cpuinfo)" 1 "CPUs:"; }

# Linux 6.1 has no PREEMPT_RT on x86.
real_time()
{
	[[ $(uname -r) != 6.1.* ]] || return "$KSFT_SKIP"
	[[ $(uname -v) == *PREEMPT_RT* ]]
}

RAN='runs once'
[[ $CONFIG != static-path ]] || RAN='is replaced by the static program, which runs once'
[[ $CONFIG != static-empty ]] || RAN='does not run'
TESTS=(
	"uevent|the uevent helper $RAN"
	"release_agent|the release agent of a cgroup $RAN"
)
[[ $CONFIG == no-modules ]] || TESTS+=("modprobe_runs|modprobe $RAN")
[[ $CONFIG == no-modules ]] || TESTS+=("key|request-key $RAN")
[[ $CONFIG == no-sysctl ]] || TESTS+=("core|the core helper $RAN")
case $CONFIG in
static-path)
	TESTS+=(
		"other_modprobe|a modprobe at another path $RAN"
		'no_modprobe|an empty kernel.modprobe runs no program'
	)
	;;
static-empty) TESTS+=("other_modprobe|a modprobe at another path $RAN") ;;
no-sysctl)
	TESTS+=(
		'no_sysctls|the kernel has no sysctls'
		'one_cpu|the kernel has one CPU'
		'many_requests|more requests than slots are all served'
		'killed_requests|the modprobes of killed requesters end'
	)
	;;
no-modules)
	TESTS+=(
		'no_request|an unknown file system starts no modprobe'
		'no_format|an unknown binary format starts no modprobe'
		'no_keys|the kernel has no keys'
		'allow_list|a helper is denied unless it is on the allow-list'
	)
	;;
no-autoload | autoload-unlisted)
	TESTS+=(
		'no_policy|autoload is not enabled, and has neither files nor a sysctl'
		"other_modprobe|a modprobe at another path $RAN"
		'no_modprobe|an empty kernel.modprobe runs no program'
	)
	;;
callers)
	TESTS+=(
		'real_time|the kernel has PREEMPT_RT'
		'many_requests|more requests than slots are all served'
		'killed_requests|the modprobes of killed requesters end'
	)
	;;
esac
TESTS+=('all_reaped|no helper stays a zombie')
skip_without "needs KMOD_CONFIG in the environment" test -n "$CONFIG"
save "$CORE_PATTERN" "$UEVENT_HELPER"
run_tests
