#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every wait mode against every way in which a helper can end. Each cell of the table
# is one helper, run by kernel/kmod/tests/umh_modes.c: what the call returned, what
# exited() was told, what cleanup() saw, and that spawned(), init(), exited() and cleanup()
# were each called once, in that order, wherever they had to be. FAULTS 2, 5, 6, 7, 8, 10,
# 15, 25, 28 and 30.
source "$(dirname "$0")/../kmod/kmod_lib.sh"
source "$(dirname "$0")/umh_lib.sh"

DRIVER=/dev/umh_modes
THREADS_MAX=$SYSCTL/threads-max
FREEZER=$WORK/freezer
ACT=$WORK/act/helper

EXEC=1 PROC=2 KILLABLE=4 FREEZABLE=8
# name:flags:context; each of them once with spawned() and exited() and once without
MODES=(
	no:0:task no-spinlock:0:spinlock no-timer:0:timer no-irq:0:irq
	"exec:$EXEC:task" "exec-k:$((EXEC | KILLABLE)):task"
	"exec-f:$((EXEC | FREEZABLE)):task" "exec-kf:$((EXEC | KILLABLE | FREEZABLE)):task"
	"proc:$PROC:task" "proc-k:$((PROC | KILLABLE)):task"
	"proc-f:$((PROC | FREEZABLE)):task" "proc-kf:$((PROC | KILLABLE | FREEZABLE)):task"
)

clean_up_more()
{
	echo none >"$PM_TEST" || :
	echo THAWED >"$FREEZER/a/freezer.state" || :
	rmdir "$FREEZER/a" || :
	umount "$FREEZER" || :
} 2>/dev/null

# run OPTIONS... -- [PATH [ARGUMENTS...]]: one helper; sets RESULT
run()
{
	local fd

	exec {fd}<>"$DRIVER"
	echo "$*" >&"$fd"
	read -r RESULT <&"$fd"
	exec {fd}>&-
}

# expected KIND VALUE FLAGS HOOKS CONTEXT: the result of a cell. KIND is how far the
# helper comes: ran (VALUE is its wait status), failed (VALUE is an errno), unborn (the
# same, before it has a thread) or refused (at once); after "bare-" it has no init().
expected()
{
	local kind=$1 value=$2 flags=$3 hooks=$4 context=$5 ret=$2 retval=$2 calls='' task=1

	[[ $kind == unborn || $kind == refused || -z $hooks ]] || calls=s
	[[ $kind != ran && $kind != failed ]] || calls+=i
	if [[ $kind == *ran ]] && ! ((flags & PROC)); then
		ret=0 retval=0
	elif [[ ($kind == failed || $kind == unborn) && $flags -eq 0 ]]; then
		ret=0
	fi
	[[ -n $hooks ]] && calls+=e || value=0
	# A refusal is cleaned up where it is made.
	[[ $kind != refused || $context == task ]] || task=0
	EXPECTED="ret=$ret calls=${calls}c status=$value retval=$retval task=$task"
}

# judge KIND VALUE MODE HOOKS: whether RESULT is what it should be; adds the cell to LINE
judge()
{
	local name flags context

	IFS=: read -r name flags context <<<"$3"
	LINE+=" $name${4:++}:${RESULT%% *}"
	expected "$1" "$2" "$flags" "$4" "$context"
	[[ $RESULT == "$EXPECTED" ]] || complain "$name $4: $RESULT, expected $EXPECTED"
}

# prepare MODE HOOKS OPTIONS... -- [PATH [ARGUMENTS...]]: REQUEST is that cell's
prepare()
{
	local mode=$1 hooks=$2 rest=${1#*:}

	shift 2
	REQUEST="wait=${rest%:*} context=${mode##*:} ${hooks:+$hooks }$*"
}

# row KIND VALUE OPTIONS... -- [PATH [ARGUMENTS...]]: all modes; prints the row
row()
{
	local kind=$1 value=$2 label=${FUNCNAME[1]} mode hooks bad=0

	shift 2
	LINE=
	for mode in "${MODES[@]}"; do
		for hooks in '' hooks; do
			prepare "$mode" "$hooks" "$@"
			run "$REQUEST"
			judge "$kind" "$value" "$mode" "$hooks" || bad=1
		done
	done
	[[ $label != act ]] || label=${FUNCNAME[2]}
	say "$label:${LINE//ret=/}"
	return "$bad"
}

act() { row ran "$1" -- "$ACT" "${@:2}"; }

exit_0() { act 0 exit 0; }
exit_1() { act 256 exit 1; }
exit_255() { act 65280 exit 255; }
sigkill() { act 9 signal 9; }
sigsegv() { act 11 signal 11; }

cores()
{
	# A name each, since the dump of a helper that nobody waits for is still on its way.
	echo core.%p >"$CORE_PATTERN"
	mkdir -p "$WORK/core"
	act 139 core "$WORK/core" 11 && act 134 core "$WORK/core" 6 || return 1
	at_least "$(find "$WORK/core" -name 'core*' | wc -l)" 1 "core files:"
	rm -rf "$WORK/core"
}

again() { act 1024 again 4; }
leader_first() { act 1280 leader 5; }
last_thread() { act 1536 last 6; }
thread_execs() { act 768 thread 3; }
orphaned_thread_execs() { act 512 orphaned 2; }
stopped() { act 2048 stopped 8; }
traced() { act 1792 traced 7; }
dropped() { act 1792 dropped 7; }

# All the children are still there.
parent()
{
	act 256 parent 1 && is "$(helper_pid | wc -l)" $((2 * ${#MODES[@]})) "children:"
}

no_env() { row ran 0 env=null -- "$ACT" noenv; }
with_env() { row ran 256 -- "$ACT" noenv; }
no_init() { row bare-ran 256 noinit -- "$ACT" exit 1; }

enoent() { row failed "$ENOENT" -- "$WORK/none"; }
enotdir() { row failed "$ENOTDIR" -- "$ACT/none"; }

eacces()
{
	echo '#!/bin/sh' >"$WORK/act/plain"
	chmod 644 "$WORK/act/plain"
	row failed "$EACCES" -- "$WORK/act/plain" && row failed "$EACCES" -- "$WORK/act"
}

# The second one has the kernel ask for a module from the helper's own thread.
enoexec()
{
	local asked=""

	echo 'no program' >"$WORK/act/text"
	printf '\001\002\003\004\005' >"$WORK/act/bytes"
	chmod 755 "$WORK/act/text" "$WORK/act/bytes"
	! exec_asks_for "$WORK/act/bytes" || asked=binfmt-0403
	use_helper fake exit 1
	row failed "$ENOEXEC" -- "$WORK/act/text" && row failed "$ENOEXEC" -- "$WORK/act/bytes" &&
		is "$(names_of fake | sort -u)" "$asked" "modules asked for:"
}

eloop()
{
	ln -sf b "$WORK/act/a"
	ln -sf a "$WORK/act/b"
	row failed "$ELOOP" -- "$WORK/act/a"
}

e2big() { row failed "$E2BIG" env=big -- "$ACT" exit 0; }
init_error() { row failed "$EIO" init="$EIO" -- "$ACT" exit 0; }

# No process can be made meanwhile, so nothing here may need one.
no_fork()
{
	local result=0

	echo 1 >"$THREADS_MAX"
	row unborn "$EAGAIN" -- "$ACT" exit 0 || result=1
	echo "${SAVED[$THREADS_MAX]}" >"$THREADS_MAX"
	return "$result"
}

empty() { row refused 0 --; }
null_path() { row refused "$EINVAL" path=null --; }

# Suspend, as far as freezing user space, disables helpers: all cells wait for that.
disabled()
{
	local mode hooks fd bad=0
	local -a files=()

	[[ -w $PM_TEST ]] || return "$KSFT_SKIP"
	for mode in "${MODES[@]}"; do
		for hooks in '' hooks; do
			exec {fd}<>"$DRIVER"
			prepare "$mode" "$hooks" disabled -- "$ACT" exit 0
			echo "$REQUEST" >&"$fd"
			files+=("$fd")
		done
	done
	is "$(suspend)" OK "suspend:" || return 1
	LINE=
	for mode in "${MODES[@]}"; do
		for hooks in '' hooks; do
			read -r RESULT <&"${files[0]}"
			judge refused "$EBUSY" "$mode" "$hooks" || bad=1
			fd=${files[0]}
			exec {fd}>&-
			files=("${files[@]:1}")
		done
	done
	say "disabled:${LINE//ret=/}"
	return "$bad"
}

# held FLAGS: starts a helper that stays until $WORK/act/hold is gone, asked for by
# a process of its own, REQUESTER, from the open file FD
held()
{
	touch "$WORK/act/hold"
	exec {FD}<>"$DRIVER"
	(exec bash -c "echo 'wait=$1 hooks -- $ACT hold $WORK/act/hold 3' >&$FD") 2>/dev/null &
	REQUESTER=$!
	wait_until helper_runs
}

helper_runs() { [[ -n $(helper_pid) ]]; }

helper_pid() { running "$ACT"; }

# end_held: releases what held() has started; sets RESULT
end_held()
{
	rm -f "$WORK/act/hold"
	read -r RESULT <&"$FD"
	exec {FD}>&-
	wait "$REQUESTER" 2>/dev/null || :
}

killable_leaves()
{
	local flags

	for flags in "$((PROC | KILLABLE))" "$((PROC | KILLABLE | FREEZABLE))"; do
		held "$flags" || return 1
		wait_until asleep "$REQUESTER" || return 1
		kill -KILL "$REQUESTER"
		wait_until gone "$REQUESTER" || return 1
		helper_runs || complain "the helper is gone" || return 1
		end_held
		is "$RESULT" "ret=$ERESTARTSYS calls=siec status=768 retval=768 task=1" || return 1
	done
}

unkillable_stays()
{
	held "$PROC" || return 1
	wait_until asleep "$REQUESTER" || return 1
	kill -KILL "$REQUESTER"
	sleep 1
	asleep "$REQUESTER" || complain "the requester does not wait" || return 1
	end_held
	is "$RESULT" "ret=768 calls=siec status=768 retval=768 task=1"
}

frozen_state_is() { [[ $(<"$FREEZER/a/freezer.state") == "$1" ]]; }

# The freezer's state after the requester, and only that, was told to freeze
freeze_requester()
{
	held "$1" || return 1
	wait_until asleep "$REQUESTER" || return 1
	echo "$REQUESTER" >"$FREEZER/a/cgroup.procs"
	echo FROZEN >"$FREEZER/a/freezer.state"
}

thaw_and_end()
{
	echo THAWED >"$FREEZER/a/freezer.state"
	end_held
	is "$RESULT" "ret=768 calls=siec status=768 retval=768 task=1"
}

freezable_freezes()
{
	freeze_requester "$((PROC | FREEZABLE))" && wait_until frozen_state_is FROZEN &&
		thaw_and_end
}

# The helper ends while its requester is frozen.
frozen_misses_nothing()
{
	freeze_requester "$((PROC | FREEZABLE))" && wait_until frozen_state_is FROZEN || return 1
	rm -f "$WORK/act/hold"
	wait_until nobody_acts || return 1
	thaw_and_end
}

nobody_acts() { [[ -z $(helper_pid) ]]; }

others_do_not_freeze()
{
	freeze_requester "$PROC" || return 1
	sleep 1
	is "$(<"$FREEZER/a/freezer.state")" FREEZING || return 1
	thaw_and_end
}

TESTS=(
	'exit_0|exit 0'
	'exit_1|exit 1 is 256'
	'exit_255|exit 255 is 65280'
	'sigkill|SIGKILL is 9'
	'sigsegv|SIGSEGV without a core is 11'
	'cores|a core dump is 128 and the signal'
	'again|a helper that execs again ends with its last program'
	'leader_first|a helper whose first thread ends first ends with its last one'
	'last_thread|a helper whose threads end one by one ends with the last status'
	'thread_execs|a helper that execs from another thread ends with that program'
	'orphaned_thread_execs|the same when the first thread has ended before'
	'stopped|a helper that is stopped and continued has not ended'
	'traced|a helper whose tracer reaps late'
	'dropped|a helper whose tracer dies without reaping'
	'parent|a helper that leaves a child behind'
	'no_env|an environment of NULL is an empty one'
	'with_env|an environment arrives'
	'no_init|without init()'
	'enoent|a program that is not there is ENOENT'
	'enotdir|a path through a file is ENOTDIR'
	'eacces|a file that is not executable is EACCES'
	'enoexec|a file in no known format is ENOEXEC'
	'eloop|a loop of links is ELOOP'
	'e2big|too large an environment is E2BIG'
	'init_error|an error of init() is the result'
	'no_fork|a fork that fails is EAGAIN'
	'disabled|helpers that are disabled are EBUSY, without init()'
	'empty|an empty path is 0, without init()'
	'null_path|no path is EINVAL, without init()'
	'killable_leaves|a killed KILLABLE requester leaves, its helper goes on'
	'unkillable_stays|a requester that is not KILLABLE stays'
	'freezable_freezes|a FREEZABLE requester can be frozen'
	'frozen_misses_nothing|a helper that ends while its requester is frozen'
	'others_do_not_freeze|a requester that is not FREEZABLE cannot be frozen'
	'all_reaped|no helper is left as a zombie'
)
skip_without "needs CONFIG_TEST_UMH, see config" "$REAL_MODPROBE" umh_modes
skip_without "needs CONFIG_DEVTMPFS, see config" test -w "$DRIVER"
mkdir -p "$FREEZER" "$WORK/act"
skip_without "needs CONFIG_CGROUP_FREEZER, see config" mount -t cgroup -o freezer kmod "$FREEZER"
mkdir -p "$FREEZER/a"
cp "$HERE/umh_act" "$ACT"
save "$CORE_PATTERN" "$THREADS_MAX"
run_tests
