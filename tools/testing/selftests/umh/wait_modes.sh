#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every wait mode with every way in which a helper can end. umh_modes.c runs one helper per
# cell of this table. A cell checks the return value of the call, the status that exited()
# receives, sub_info->retval in cleanup(), and that spawned(), init(), exited() and cleanup()
# were each called once, in this order, where the mode and the end require it. FAULTS 2, 5, 6,
# 7, 8, 10, 15, 25, 28, 30 and 50.
source "$(dirname "$0")/../kmod/kmod_lib.sh"
source "$(dirname "$0")/umh_lib.sh"

DRIVER=/dev/umh_modes
THREADS_MAX=$SYSCTL/threads-max
FREEZER=$WORK/freezer
ACT=$WORK/act/helper

EXEC=1 PROC=2 KILLABLE=4 FREEZABLE=8
# NAME:FLAGS:CONTEXT. Each mode is tried with and without spawned() and exited().
MODES=(
	no:0:task no-spinlock:0:spinlock no-timer:0:timer no-irq:0:irq
	"exec:$EXEC:task" "exec-k:$((EXEC | KILLABLE)):task"
	"exec-f:$((EXEC | FREEZABLE)):task" "exec-kf:$((EXEC | KILLABLE | FREEZABLE)):task"
	"proc:$PROC:task" "proc-k:$((PROC | KILLABLE)):task"
	"proc-f:$((PROC | FREEZABLE)):task" "proc-kf:$((PROC | KILLABLE | FREEZABLE)):task"
)

# With PREEMPT_RT a holder of a spinlock may sleep, and an interrupt cannot allocate memory.
if [[ $(uname -v) == *PREEMPT_RT* ]]; then
	for i in "${!MODES[@]}"; do
		[[ ${MODES[i]} != *:spinlock && ${MODES[i]} != *:irq ]] || unset "MODES[i]"
	done
fi

clean_up_more()
{
	echo none >"$PM_TEST" || :
	echo THAWED >"$FREEZER/a/freezer.state" || :
	rmdir "$FREEZER/a" || :
	umount "$FREEZER" || :
} 2>/dev/null

# run OPTIONS... -- [PATH [ARGUMENTS...]]: runs one helper; sets RESULT
run()
{
	local fd

	exec {fd}<>"$DRIVER"
	echo "$*" >&"$fd"
	read -r RESULT <&"$fd"
	exec {fd}>&-
}

# expected KIND VALUE FLAGS HOOKS CONTEXT: sets EXPECTED to the result of a cell. KIND is ran
# (VALUE is the wait status), failed (VALUE is the errno of init() or exec), unborn (VALUE is
# the errno of the fork), refused (VALUE is the errno of the call) or killed (VALUE is the
# signal that ends the helper before its exec). The prefix "bare-" means no init().
expected()
{
	local kind=$1 value=$2 flags=$3 hooks=$4 context=$5 ret=$2 retval=$2 calls='' task=1

	[[ $kind == unborn || $kind == refused || -z $hooks ]] || calls=s
	[[ $kind != ran && $kind != failed && $kind != killed ]] || calls+=i
	if [[ $kind == *ran ]] && ! ((flags & PROC)); then
		ret=0 retval=0
	elif [[ ($kind == failed || $kind == unborn) && $flags -eq 0 ]]; then
		ret=0
	elif [[ $kind == killed ]] && ! ((flags & PROC)); then
		ret=$((flags ? EINTR : 0)) retval=$EINTR
	fi
	[[ -n $hooks ]] && calls+=e || value=0
	# A refused call runs cleanup() in the context of the caller.
	[[ $kind != refused || $context == task ]] || task=0
	EXPECTED="ret=$ret calls=${calls}c status=$value retval=$retval task=$task"
}

# judge KIND VALUE MODE HOOKS: compares RESULT with EXPECTED; appends the cell to LINE
judge()
{
	local name flags context

	IFS=: read -r name flags context <<<"$3"
	LINE+=" $name${4:++}:${RESULT%% *}"
	expected "$1" "$2" "$flags" "$4" "$context"
	[[ $RESULT == "$EXPECTED" ]] || complain "$name $4: $RESULT, expected $EXPECTED"
}

# prepare MODE HOOKS OPTIONS... -- [PATH [ARGUMENTS...]]: sets REQUEST for one cell
prepare()
{
	local mode=$1 hooks=$2 rest=${1#*:}

	shift 2
	REQUEST="wait=${rest%:*} context=${mode##*:} ${hooks:+$hooks }$*"
}

# row KIND VALUE OPTIONS... -- [PATH [ARGUMENTS...]]: tries all modes; prints the row
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
	# One file per helper: some still dump when the next one starts.
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
traceme() { act 1792 traceme 7; }
tracethread() { act 1792 tracethread 7; }

# The children of all helpers must still run.
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

# For the second file, exec requests a module in the thread of the helper.
enoexec()
{
	local asked=""

	echo 'no program' >"$WORK/act/text"
	printf '\001\002\003\004\005' >"$WORK/act/bytes"
	chmod 755 "$WORK/act/text" "$WORK/act/bytes"
	! exec_asks_for "$WORK/act/bytes" || asked=binfmt-0403
	use_helper fake exit 1
	row failed "$ENOEXEC" -- "$WORK/act/text" && row failed "$ENOEXEC" -- "$WORK/act/bytes" &&
		is "$(names_of fake | sort -u)" "$asked" "modules requested:"
}

eloop()
{
	ln -sf b "$WORK/act/a"
	ln -sf a "$WORK/act/b"
	row failed "$ELOOP" -- "$WORK/act/a"
}

e2big() { row failed "$E2BIG" env=big -- "$ACT" exit 0; }
killed_early() { row killed 9 killed -- "$ACT" exit 0; }
init_error() { row failed "$EIO" init="$EIO" -- "$ACT" exit 0; }

# With one thread allowed every fork fails, so row() must not fork.
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

# Suspend disables helpers; umh_modes.c then runs the cells.
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

# held FLAGS: starts a helper that runs until $WORK/act/hold is removed. Sets REQUESTER to the
# pid of its requester and FD to the file descriptor that the requester uses.
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

# end_held: ends the helper and the requester of held(); sets RESULT
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
		helper_runs || complain "the helper has ended" || return 1
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
	asleep "$REQUESTER" || complain "the requester no longer waits" || return 1
	end_held
	is "$RESULT" "ret=768 calls=siec status=768 retval=768 task=1"
}

frozen_state_is() { [[ $(<"$FREEZER/a/freezer.state") == "$1" ]]; }

# freeze_requester FLAGS: freezes the requester of a held helper, and no other task
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

frozen_misses_nothing()
{
	freeze_requester "$((PROC | FREEZABLE))" && wait_until frozen_state_is FROZEN || return 1
	rm -f "$WORK/act/hold"
	wait_until no_helper_left || return 1
	thaw_and_end
}

no_helper_left() { [[ -z $(helper_pid) ]]; }

others_do_not_freeze()
{
	freeze_requester "$PROC" || return 1
	sleep 1
	is "$(<"$FREEZER/a/freezer.state")" FREEZING || return 1
	thaw_and_end
}

TESTS=(
	'exit_0|exit 0 returns 0'
	'exit_1|exit 1 returns 256'
	'exit_255|exit 255 returns 65280'
	'sigkill|SIGKILL returns 9'
	'sigsegv|SIGSEGV without a core dump returns 11'
	'cores|a core dump returns 128 plus the signal'
	'again|after another exec the status is that of the last program'
	'leader_first|when the first thread ends first, the status is that of the process'
	'last_thread|when threads end one by one, the status is that of the last one'
	'thread_execs|after an exec in another thread the status is that of the new program'
	'orphaned_thread_execs|an exec after the first thread has exited returns the new status'
	'stopped|a stop and a continuation do not end the wait'
	'traced|the status is complete when a tracer reaps late'
	'dropped|the status is complete when a tracer exits without reaping'
	'traceme|the status is complete when the helper calls PTRACE_TRACEME'
	'tracethread|the status is complete when another thread calls PTRACE_TRACEME'
	'parent|a child that outlives the helper does not delay the result'
	'no_env|with a NULL environment the helper has an empty one'
	'with_env|the environment reaches the helper'
	'no_init|a helper without init() returns its status'
	'enoent|a missing program returns ENOENT'
	'enotdir|a path below a regular file returns ENOTDIR'
	'eacces|a program without execute permission returns EACCES'
	'enoexec|an unknown binary format returns ENOEXEC'
	'eloop|a loop of symbolic links returns ELOOP'
	'e2big|an environment that is too large returns E2BIG'
	'init_error|the error of init() is returned'
	'killed_early|a helper that is killed before its exec reports the signal'
	'no_fork|a failed fork returns EAGAIN'
	'disabled|while helpers are disabled a call returns EBUSY and skips init()'
	'empty|an empty path returns 0 and skips init()'
	'null_path|a NULL path returns EINVAL and skips init()'
	'killable_leaves|with UMH_KILLABLE a killed requester returns and its helper keeps running'
	'unkillable_stays|without UMH_KILLABLE a killed requester waits for its helper'
	'freezable_freezes|with UMH_FREEZABLE a waiting requester can be frozen'
	'frozen_misses_nothing|the result of a helper is kept while its requester is frozen'
	'others_do_not_freeze|without UMH_FREEZABLE a waiting requester cannot be frozen'
	'all_reaped|no helper stays a zombie'
)
skip_without "needs CONFIG_TEST_UMH, see config" "$REAL_MODPROBE" umh_modes
skip_without "needs CONFIG_DEVTMPFS, see config" test -w "$DRIVER"
mkdir -p "$FREEZER" "$WORK/act"
skip_without "needs CONFIG_CGROUP_FREEZER, see config" mount -t cgroup -o freezer kmod "$FREEZER"
mkdir -p "$FREEZER/a"
cp "$HERE/umh_act" "$ACT"
save "$CORE_PATTERN" "$THREADS_MAX"
run_tests
