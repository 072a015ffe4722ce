# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Shared by the tests of module autoloading and usermode helpers. A test sources this file,
# sets TESTS to pairs of a function and the promise that it checks, and calls run_tests.
set -euo pipefail

# The folder of the test and of the programs that it uses
HERE=${HERE:-$(cd "$(dirname "$0")" && pwd)}
source "$(dirname "${BASH_SOURCE[0]}")/../kselftest/ktap_helpers.sh"

SYSCTL=/proc/sys/kernel
MODPROBE_SYSCTL=$SYSCTL/modprobe
LIMIT_SYSCTL=$SYSCTL/kmod-limit
HUNG_SYSCTL=$SYSCTL/umh_hung_secs
JOURNAL=/sys/kernel/debug/kmod
PM_TEST=/sys/power/pm_test
TEST_KMOD=/sys/devices/virtual/misc/test_kmod0
REAL_MODPROBE=$(command -v modprobe)
# shellcheck disable=SC2034 # for the tests
REQUEST_KEY=/sbin/request-key
# shellcheck disable=SC2034
NOBODY=65534

# Time limits. Under emulation with KASAN and lockdep a process takes some 50 ms from fork to
# exit, and a loaded host triples that.
SCALE=${KMOD_TEST_SCALE:-1}
SOON=$((2000000 * SCALE))	# microseconds, for a result that needs no wait
# Seconds after which a modprobe counts as hung
# shellcheck disable=SC2034
HUNG=30
PATIENCE=$((60 * SCALE))	# seconds, for an event that must happen but may be late

# on_debug N M: prints N on a kernel with lock debugging, which is several times slower, else M.
# For numbers of repetitions, which must not depend on the speed of the machine.
on_debug() { [[ -e /proc/lockdep ]] && echo "$1" || echo "$2"; }

# Seconds after which the kernel ends a wait for a slot, or starts more modprobes for requests
# that share one
# shellcheck disable=SC2034
SLOT_TIMEOUT=5
# Seconds without a released slot after which a waiting request gets one beyond the limit
# shellcheck disable=SC2034
SLOT_STALL=2

# Errnos as request_module() and call_usermodehelper() return them
# shellcheck disable=SC2034
{
	ENOENT=-2 EINTR=-4 EIO=-5 E2BIG=-7 ENOEXEC=-8 EAGAIN=-11 EACCES=-13 EFAULT=-14 EBUSY=-16
	ENOTDIR=-20 EINVAL=-22 ENAMETOOLONG=-36 ELOOP=-40 ETIME=-62 ERESTARTSYS=-512
}

# MODULE_NAME_LEN is 64 minus the size of a long, and includes the terminating NUL.
# shellcheck disable=SC2034
case $(uname -m) in
*64) NAME_LENGTH=55 ;;
*) NAME_LENGTH=59 ;;
esac

WORK=$(mktemp -d /tmp/kmod.XXXXXX)

# For nap(). Nothing is ever written to this pipe.
mkfifo "$WORK/silence"
exec {SILENCE}<>"$WORK/silence"
rm "$WORK/silence"

# nap SECONDS: sleeps without starting a process
nap() { read -r -t "$1" -u "$SILENCE" || :; }

# The contents that restore() writes, by file
declare -A SAVED=()

# save FILE...: saves the contents of the files for restore(). A kernel without sysctls or
# without modules lacks some of the files.
save()
{
	local file

	for file; do
		[[ ! -f $file ]] || SAVED[$file]=$(<"$file")
	done
}

save "$MODPROBE_SYSCTL" "$LIMIT_SYSCTL" "$HUNG_SYSCTL"

say() { echo "# $*"; }

# complain MESSAGE...: prints why a check has failed, and returns 1
complain()
{
	say "$@"
	return 1
}

# as_comments COMMAND...: prints the output of COMMAND as KTAP comments, returns its status
as_comments()
{
	local status=0

	"$@" >"$WORK/comments" || status=$?
	sed 's/^/# /' "$WORK/comments"
	return "$status"
}

# Redefined by tests that change more than the files that restore() restores.
restore_more() { :; }

restore()
{
	local file

	restore_more
	for file in "${!SAVED[@]}"; do
		echo "${SAVED[$file]}" >"$file" || :
	done
}

# running PREFIX: prints the pids of processes whose command line starts with PREFIX. Uses one
# grep: under emulation and KASAN, one per process would take as long as a test.
running() { grep -l "^$1" /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3 || :; }
no_helper_runs() { [[ -z $(running "$WORK/") ]]; }

# Kills the helpers of this test that still run.
end_helpers()
{
	local pids

	rm -f "$WORK"/*/hold
	mapfile -t pids < <(running "$WORK/")
	[[ ${#pids[@]} -gt 0 ]] || return 0
	kill -KILL "${pids[@]}" 2>/dev/null || :
	wait_until no_helper_runs || :
}

# Redefined by tests that create more than files in $WORK.
clean_up_more() { :; }

clean_up()
{
	local status=$?

	trap - EXIT
	restore
	end_helpers
	clean_up_more
	rm -rf "$WORK"
	exit "$status"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

# skip_without REASON COMMAND...: skips the whole file if the command fails
skip_without()
{
	local reason=$1

	shift
	if ! "$@" >/dev/null 2>&1; then
		ktap_skip_all "$reason"
		exit "$KSFT_SKIP"
	fi
}

needs_journal() { skip_without "needs CONFIG_KMOD_JOURNAL, see config" test -r "$JOURNAL/stats"; }

# run_tests: prints one result for each of TESTS and restores the system after each. A test
# that returns KSFT_SKIP is skipped.
run_tests()
{
	local entry status

	[[ $UID -eq 0 ]] || { ktap_skip_all "needs root"; exit "$KSFT_SKIP"; }
	ktap_print_header
	ktap_set_plan "${#TESTS[@]}"
	for entry in "${TESTS[@]}"; do
		status=0
		"${entry%%|*}" || status=$?
		case $status in
		0) ktap_test_pass "${entry#*|}" ;;
		"$KSFT_SKIP") ktap_test_skip "${entry#*|}" ;;
		*) ktap_test_fail "${entry#*|}" ;;
		esac
		restore
		end_helpers
	done
	trap - EXIT
	clean_up_more
	rm -rf "$WORK"
	ktap_finished
}

# wait_until COMMAND...: waits until COMMAND succeeds, for at most PATIENCE seconds
wait_until()
{
	local end=$((SECONDS + PATIENCE))

	while ! "$@"; do
		[[ $SECONDS -lt $end ]] || complain "timed out: $*" || return 1
		nap 0.05
	done
}

is() { [[ $1 == "$2" ]] || complain "${3:-got} '$1', expected '$2'"; }
at_most() { [[ $1 -le $2 ]] || complain "${3:-got} $1, expected at most $2"; }
at_least() { [[ $1 -ge $2 ]] || complain "${3:-got} $1, expected at least $2"; }

set_modprobe() { echo "$1" >"$MODPROBE_SYSCTL"; }
set_limit() { echo "$1" >"$LIMIT_SYSCTL"; }
set_hung() { echo "$1" >"$HUNG_SYSCTL"; }
now_us() { echo "${EPOCHREALTIME/./}"; }

# write_to FILE [OFFSET]: writes the standard input to FILE with one write(), prints the result
write_to() { "$HERE/kmod_write" "$@"; }

# become UID COMMAND...: replaces this shell
become() { exec setpriv --reuid "$1" --regid "$1" --clear-groups -- "${@:2}"; }

# as UID COMMAND...: runs COMMAND with that uid
as() { (become "$@"); }

# without CAPABILITY COMMAND...: runs COMMAND as root without that capability
without()
{
	local cap=$1

	shift
	setpriv --bounding-set "-$cap" --inh-caps "-$cap" "$@"
}

# Helpers

# make_helper NAME [WORDS...]: creates a scripted helper with a folder and a log of its own,
# see kmod_fake.c for the words. Prints its path.
make_helper()
{
	local dir=$WORK/$1

	shift
	rm -rf "$dir"
	mkdir -p "$dir"
	cp "$HERE/kmod_fake" "$dir/modprobe"
	echo "$*" >"$dir/do"
	: >"$dir/log"
	chmod -R a+rwX "$dir" "$WORK"
	echo "$dir/modprobe"
}

# use_helper NAME [WORDS...]: creates a helper and makes it kernel.modprobe
use_helper() { set_modprobe "$(make_helper "$@")"; }

# Between hold and release, the word "hold" makes the helper "fake" wait.
hold() { : >"$WORK/fake/hold"; }
release() { rm -f "$WORK/fake/hold"; }

# use_held_helper: makes each modprobe wait for release
use_held_helper()
{
	use_helper fake hold
	hold
}

# script NAME: creates a program from the standard input, for a helper to run
script()
{
	{ echo '#!/bin/bash'; cat; } >"$WORK/$1"
	chmod 755 "$WORK/$1"
}

# link_helper PATH HELPER: makes HELPER the helper with the built-in path PATH
link_helper()
{
	rm -f "$1"
	ln -s "$2" "$1"
}

started() { grep -c '^start ' "$WORK/$1/log" || :; }
ended() { grep -c '^end ' "$WORK/$1/log" || :; }
has_started() { [[ $(started "$1") -ge ${2:-1} ]]; }
has_ended() { [[ $(ended "$1") -ge ${2:-1} ]]; }
all_ended() { [[ $(started "$1") -eq $(ended "$1") ]]; }

# pid_of NAME [N]: the pid of the helper's Nth process, the first by default
pid_of() { awk -v n="${2:-1}" '$1 == "start" && ++i == n { print $2 }' "$WORK/$1/log"; }

# names_of NAME: the last argument of each process of the helper, in order
names_of() { awk '$1 == "start" { print $NF }' "$WORK/$1/log"; }

# peak_of NAME: the largest number of processes of the helper that were alive at one time
peak_of()
{
	awk '$1 == "start" && ++n > max { max = n } $1 == "end" { n-- }
		END { print max + 0 }' "$WORK/$1/log"
}

zombies()
{
	cat /proc/[0-9]*/stat 2>/dev/null | sed 's/.*) //' | awk '$1 == "Z" && $2 == 2' | wc -l
}
no_zombies() { [[ $(zombies) -eq 0 ]]; }
all_reaped() { wait_until no_zombies; }

# Prints the number of kernel threads. PF_KTHREAD is 0x200000.
kernel_threads()
{
	cat /proc/[0-9]*/stat 2>/dev/null | sed 's/.*) //' |
		awk 'int($7 / 2097152) % 2' | wc -l
}

# Requests

ask() { "$HERE/kmod_req" "$@"; }

# result_of LINE, time_of LINE: print a field of a line that kmod_req has printed
result_of() { awk '{ print $2 }' <<<"$1"; }
time_of() { awk '{ print $3 }' <<<"$1"; }

# ask_held NAME [WORDS...]: starts a request in the background and sets REQUESTER to its pid.
# The modprobe waits for release and then obeys the words. Returns once the modprobe runs and
# the requester waits.
ask_held()
{
	use_helper fake hold "${@:2}"
	hold
	"$HERE/kmod_req" fs "$1" >"$WORK/out" &
	REQUESTER=$!
	wait_until has_started fake && wait_until asleep "$REQUESTER"
}

# kill_and_reap PID...: kills children of this shell and reaps them
kill_and_reap()
{
	kill -KILL "$@"
	wait "$@" 2>/dev/null || :
}

# dies_at_once PID: kills a requester and checks that its wait in the kernel ends at once
dies_at_once()
{
	local from

	from=$(now_us)
	kill_and_reap "$1"
	at_most $(($(now_us) - from)) "$SOON" "microseconds from kill to end:"
}

# next_is_served: checks that the next request is served, and if the number of slots can be set, by
# the only slot. If that slot had been lost, the request would be served beyond the limit.
next_is_served()
{
	local before

	before=$(lent)
	use_helper after
	[[ ! -e $LIMIT_SYSCTL ]] || set_limit 1
	ask fs kmod_after >/dev/null
	is "$(names_of after)" fs-kmod_after && is "$(lent)" "$before" "started beyond the limit:"
}

# is_in PID STATE: whether the process is in state R, S, D, Z, ...
is_in()
{
	local stat=

	read -r stat <"/proc/$1/stat" || :
	[[ ${stat##*) } == "$2 "* ]]
} 2>/dev/null

# Requesters wait in TASK_UNINTERRUPTIBLE or TASK_KILLABLE, both shown as D.
asleep() { is_in "$1" D; }
gone() { [[ ! -d /proc/$1 ]] || is_in "$1" Z; }

# waiting: prints the number of kmod_req processes in one of these states
waiting() { cat /proc/[0-9]*/stat 2>/dev/null | grep -c '(kmod_req) D' || :; }
are_waiting() { [[ $(waiting) -ge $1 ]]; }

# fill_slots: takes every slot, including those beyond the limit, and lets two more requests
# wait, until empty_slots
fill_slots()
{
	set_limit 2
	use_held_helper
	"$HERE/kmod_req" -n 6 fs kmod_full >/dev/null &
	FILLER=$!
	wait_until has_started fake 4
}

empty_slots()
{
	release
	wait "$FILLER"
}

# take_every_slot: sets a limit of one and starts two modprobes that wait for release. One has
# the slot; the kernel starts the other one beyond the limit after SLOT_STALL. There is no third
# slot, so later requests wait until release, or time out.
take_every_slot()
{
	set_limit 1
	use_held_helper
	"$HERE/kmod_req" -n 2 fs kmod_holder >/dev/null &
	wait_until has_started fake 2
}

# exec_asks_for FILE: whether exec requests a module for its format. 7.2 does not.
exec_asks_for()
{
	use_helper formats exit 1
	(exec "$1") >/dev/null 2>&1 || :
	[[ -n $(names_of formats) ]]
}

# status_of NAME: prints the result of request_module(), called by lib/test_kmod.c
status_of()
{
	[[ -d $TEST_KMOD ]] || "$REAL_MODPROBE" test_kmod
	echo 1 >"$TEST_KMOD/reset"
	echo 1 >"$TEST_KMOD/config_num_threads"
	echo 1 >"$TEST_KMOD/config_test_case"
	# The NUL ends the name, and makes the write of an empty name one byte long.
	printf '%s\0' "$1" >"$TEST_KMOD/config_test_driver"
	echo 1 >"$TEST_KMOD/trigger_config" 2>/dev/null || :
	cat "$TEST_KMOD/test_result"
}

# The journal

# stat_of KEY: prints a counter of the journal
stat_of() { awk -v key="$1" '$1 == key { print $2 }' "$JOURNAL/stats"; }

# lent: prints the number of modprobes that were started beyond the limit, 0 without a journal
lent()
{
	local n=

	[[ ! -r $JOURNAL/stats ]] || n=$(stat_of beyond_limit)
	echo "${n:-0}"
}

# keeps_limit HELPER LIMIT LENT: checks that at most LIMIT processes of the helper were alive at
# one time, plus one for each slot that was lent since "lent" printed LENT
keeps_limit() { at_most "$(peak_of "$1")" $(($2 + $(lent) - $3)) "alive:"; }

# in_state NAME STATE: whether a request for NAME is in that state
in_state() { grep -q "^id=[0-9]* name=$1 state=$2 " "$JOURNAL/inflight"; }
nothing_in_flight() { [[ -z $(cat "$JOURNAL/inflight") ]]; }

# outcome NAME: prints outcome and result of the last request for NAME
outcome()
{
	awk -v name="name=$1" '$2 == name { print $3, $4 }' "$JOURNAL/requests" | tail -n 1
}

# Suspend

# suspend: suspends as far as freezing user space, and resumes; prints the result
suspend()
{
	echo freezer >"$PM_TEST"
	write_to /sys/power/state <<<freeze
	echo none >"$PM_TEST"
}

# Modules

declare -A OLD_MODULES=()
NEW_MODULES=()

# is_loaded NAME: whether the module is loaded. Starts no process, because policy_profiles.sh
# calls it thousands of times.
is_loaded()
{
	local lines line

	mapfile -t lines </proc/modules
	for line in "${lines[@]}"; do
		[[ $line != "$1 "* ]] || return 0
	done
	return 1
}

# note_modules: records the modules that are loaded now. are_unloaded keeps them.
note_modules()
{
	local name

	while read -r name _; do
		OLD_MODULES[$name]=1
	done </proc/modules
}

# Sets NEW_MODULES to the modules that were loaded since and can be unloaded, the last one
# first. Like is_loaded, starts no process.
find_new_modules()
{
	local lines line

	NEW_MODULES=()
	mapfile -t lines </proc/modules
	for line in "${lines[@]}"; do
		[[ -n ${OLD_MODULES[${line%% *}]:-} || $line == *'[permanent]'* ]] ||
			NEW_MODULES+=("${line%% *}")
	done
}

# Unloads the new modules, each before those that it uses. The first attempt fails for a module
# that a closing socket or namespace holds.
are_unloaded()
{
	find_new_modules
	[[ ${#NEW_MODULES[@]} -eq 0 ]] || rmmod "${NEW_MODULES[@]}" 2>/dev/null
}

# Unloads as many as possible of the modules that earlier tests have left loaded.
unload_others()
{
	local i

	for ((i = 0; i < 3; i++)); do
		! are_unloaded || return 0
	done
}
