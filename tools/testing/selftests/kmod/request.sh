#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# One request at a time: the program that it runs, its arguments and state, and the result.
source "$(dirname "$0")/kmod_lib.sh"

TRACE=/sys/kernel/tracing
# A module of "config" that no other module uses
MODULE=tun

unload()
{
	! is_loaded "$1" || rmmod "$1"
	! is_loaded "$1"
}

# Opening the device node requests char-major-10-200.
open_tun()
{
	local node=$WORK/tun

	[[ -c $node ]] || mknod "$node" c 10 200
	(: <"$node") 2>/dev/null
}

real_module()
{
	unload "$MODULE" && open_tun && is_loaded "$MODULE"
}

unknown_module()
{
	local line

	line=$(ask fs kmod_no_such_fs)
	is "$(result_of "$line")" ENODEV && is "$(status_of kmod_no_such)" 256
}

# As in wait(2), the exit code is in the second byte and the signal in the first one.
exit_status()
{
	local core=0

	use_helper fake exit 0
	is "$(status_of a)" 0 "exit 0" || return 1
	use_helper fake exit 1
	is "$(status_of a)" 256 "exit 1" || return 1
	use_helper fake exit 255
	is "$(status_of a)" 65280 "exit 255" || return 1
	use_helper fake signal 9
	is "$(status_of a)" 9 "SIGKILL" || return 1
	use_helper fake signal 11
	# The bit for "core dumped" depends on RLIMIT_CORE.
	core=$(status_of a)
	is $((core & 127)) 11 "SIGSEGV"
}

exec_errno()
{
	local program

	set_modprobe "$WORK/not-there"
	is "$(status_of a)" "$ENOENT" "missing" || return 1
	program=$(make_helper fake)
	chmod a-x "$program"
	set_modprobe "$program"
	is "$(status_of a)" "$EACCES" "not executable" || return 1
	echo 'no program' >"$program"
	chmod a+x "$program"
	is "$(status_of a)" "$ENOEXEC" "unknown format" || return 1
	ln -s loop "$WORK/loop"
	set_modprobe "$WORK/loop"
	is "$(status_of a)" "$ELOOP" "symbolic link to itself"
}

missing_program()
{
	local line

	set_modprobe "$WORK/not-there"
	line=$(ask fs kmod_no_such_fs)
	is "$(result_of "$line")" ENODEV && at_most "$(time_of "$line")" "$SOON"
}

# trace_on: traces module:module_request and every exec
trace_on()
{
	echo 0 >"$TRACE/tracing_on"
	echo >"$TRACE/trace"
	echo 1 >"$TRACE/events/module/module_request/enable"
	echo 1 >"$TRACE/events/sched/sched_process_exec/enable"
	echo 1 >"$TRACE/tracing_on"
}

trace_off()
{
	echo 0 >"$TRACE/events/module/module_request/enable"
	echo 0 >"$TRACE/events/sched/sched_process_exec/enable"
}

# traced_execs PROGRAM: prints how often PROGRAM was started since trace_on
traced_execs() { grep -c "sched_process_exec: filename=$1 " "$TRACE/trace" || :; }

switched_off()
{
	local program line

	program=$(make_helper fake)
	set_modprobe ""
	is "$(<"$MODPROBE_SYSCTL")" "" || return 1
	trace_on
	line=$(ask fs kmod_off)
	trace_off
	is "$(result_of "$line")" ENODEV && is "$(status_of a)" "$ENOENT" || return 1
	# kmod_req itself is the only exec.
	is "$(grep -c sched_process_exec: "$TRACE/trace")" 1 "programs started" || return 1
	is "$(grep -c module_request: "$TRACE/trace")" 0 "requests" || return 1
	set_modprobe "$program"
	ask fs kmod_on >/dev/null
	is "$(names_of fake)" fs-kmod_on
}

tracepoint()
{
	local program

	program=$(make_helper fake)
	set_modprobe "$program"
	trace_on
	ask fs kmod_traced >/dev/null
	trace_off
	is "$(grep -c 'module_request: fs-kmod_traced wait=1 call_site=' "$TRACE/trace")" 1 &&
		is "$(traced_execs "$program")" 1 "modprobes"
}

environment()
{
	local program found

	program=$(make_helper fake environ)
	set_modprobe "$program"
	ask fs kmod_env >/dev/null
	found=$(tr '\0' '|' <"$WORK/fake/environ")
	is "$found" 'HOME=/|TERM=linux|PATH=/sbin:/usr/sbin:/bin:/usr/bin|'
}

arguments()
{
	local program

	program=$(make_helper fake)
	set_modprobe "$program"
	ask fs kmod_args >/dev/null
	is "$(grep ^start "$WORK/fake/log")" \
		"start $(pid_of fake) 2 $program $program -q -- fs-kmod_args"
}

parent()
{
	use_helper fake
	ask fs kmod_parent >/dev/null
	is "$(awk '{ print $3; exit }' "$WORK/fake/log")" 2
}

# The state of the requester must not reach its helper. umh/inherit.sh has every kind of state.
inherited_state()
{
	local status=$WORK/fake/status

	use_helper fake status
	(
		umask 077
		trap '' TERM USR1
		ulimit -n 100
		echo 500 >/proc/self/oom_score_adj
		renice -n 5 "$BASHPID" >/dev/null
		exec taskset 1 setpriv --no-new-privs "$HERE/kmod_req" fs kmod_state
	) >/dev/null
	is "$(awk '/^Umask/ { print $2 }' "$status")" 0022 umask &&
		is "$(awk '/^SigIgn/ { print $2 }' "$status")" 0000000000000000 SigIgn &&
		is "$(awk '/^SigBlk/ { print $2 }' "$status")" 0000000000000000 SigBlk &&
		is "$(awk '/^NoNewPrivs/ { print $2 }' "$status")" 0 NoNewPrivs &&
		is "$(awk '/^Cpus_allowed:/ { print $2 }' "$status")" \
			"$(awk '/^Cpus_allowed:/ { print $2 }' /proc/2/status)" CPUs &&
		is "$(awk '/^Uid/ { print $2 $3 $4 $5 }' "$status")" 0000 uids
}

unprivileged()
{
	use_helper fake status
	as "$NOBODY" "$HERE/kmod_req" pf 19 >/dev/null
	is "$(names_of fake)" net-pf-19 &&
		is "$(awk '/^Uid/ { print $2 $3 $4 $5 }' "$WORK/fake/status")" 0000 uids
}

special_names()
{
	local name expected

	use_helper fake
	# shellcheck disable=SC2016 # not to be expanded
	for name in 'a b' "q'u\"o" '$(id)' '-x' '--' '%s%n' 'a;b' '*' $'new\nline' $'\303\244'; do
		ask fs "$name" >/dev/null
	done
	expected="fs-a%20b fs-q'u\"o fs-\$(id) fs--x fs--- fs-%25s%25n fs-a;b fs-* "
	expected+='fs-new%0aline fs-%c3%a4 '
	is "$(names_of fake | tr '\n' ' ')" "$expected"
}

# The kernel must leave the decision on an empty name to modprobe.
empty_name()
{
	use_helper fake exit 3
	is "$(status_of '')" 768 &&
		is "$(grep -c '^start .* -q -- $' "$WORK/fake/log")" 1 "modprobes"
}

long_names()
{
	local fits

	fits=$(printf "%0$((NAME_LENGTH - 3))d" 0)
	use_helper fake
	ask fs "$fits" >/dev/null
	is "$(names_of fake)" "fs-$fits" || return 1
	is "$(result_of "$(ask fs "${fits}x")")" ENODEV || return 1
	is "$(started fake)" 1 "programs started"
}

# The init of a module waits for all async work, so async work must not wait for a module.
# The warning is expected: it must neither panic nor reach the console, where the harness
# would count it as a failure.
async_work()
{
	local console panics found

	console=$(</proc/sys/kernel/printk) panics=$(</proc/sys/kernel/panic_on_warn)
	use_helper fake
	echo 0 >/proc/sys/kernel/panic_on_warn
	echo 1 >/proc/sys/kernel/printk
	echo 1 >/sys/kernel/debug/clear_warn_once
	dmesg -c >/dev/null
	"$REAL_MODPROBE" kmod_stub async=kmod_async
	rmmod kmod_stub
	found=$(dmesg | grep -E 'WARNING: |BUG: ' | grep -o ' __request_module')
	echo "$console" >/proc/sys/kernel/printk
	echo "$panics" >/proc/sys/kernel/panic_on_warn
	is "$found" " __request_module" "warnings" && is "$(names_of fake)" kmod_async
}

TESTS=(
	'real_module|opening a device node loads its module'
	'unknown_module|a request for a missing module returns the status of modprobe'
	'exit_status|the result is the wait status of modprobe'
	'exec_errno|the result is the errno of a failed exec of modprobe'
	'missing_program|without modprobe a request fails at once'
	'switched_off|with an empty kernel.modprobe a request starts no program'
	'tracepoint|module:module_request fires once per request'
	'environment|the environment of modprobe is HOME, TERM and PATH'
	'arguments|the arguments of modprobe are PATH -q -- NAME'
	'parent|the parent of modprobe is kthreadd'
	'inherited_state|modprobe does not inherit the state of the requester'
	'unprivileged|an unprivileged request runs modprobe as root'
	'special_names|special characters in a name reach modprobe unchanged'
	'empty_name|an empty name reaches modprobe'
	'long_names|the longest name reaches modprobe, a longer one starts no program'
	'async_work|a request in async work warns and is served'
)
skip_without "needs CONFIG_TUN=m, see config" modprobe -n "$MODULE"
skip_without "needs CONFIG_TEST_KMOD=m, see config" modprobe -n test_kmod
skip_without "needs CONFIG_TEST_KMOD_STUB, see config" modprobe -n kmod_stub
skip_without "needs CONFIG_FTRACE, see config" test -d "$TRACE/events/module"
run_tests
