# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the module autoloader's tests share. They source it, set TESTS to pairs of
# a function and the promise that it checks, and call run_tests.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
KTAP=$HERE/../kselftest/ktap_helpers.sh
[[ -f $KTAP ]] || KTAP=$HERE/kselftest/ktap_helpers.sh
# shellcheck disable=SC1090 # in two places, in the tree and installed
source "$KTAP"

SYSCTL=/proc/sys/kernel
MODPROBE_SYSCTL=$SYSCTL/modprobe
LIMIT_SYSCTL=$SYSCTL/kmod-limit
HUNG_SYSCTL=$SYSCTL/umh_hung_secs
REAL_MODPROBE=$(command -v modprobe)
POLICY=/sys/kernel/security/kmod
MODE_SYSCTL=$SYSCTL/modules_autoload_mode
TEST_KMOD=/sys/devices/virtual/misc/test_kmod0

# How long something may take here. Under emulation with KASAN and lockdep a process
# takes some 50 ms from fork to exit, and a loaded host triples that.
SCALE=${KMOD_TEST_SCALE:-1}
# shellcheck disable=SC2034 # for those who source this file
SOON=$((2000000 * SCALE))	# microseconds, for whatever has nothing to wait for
PATIENCE=$((60 * SCALE))	# seconds, for what must come, be it late

# MODULE_NAME_LEN is 64 minus a long; the closing NUL is in it.
# shellcheck disable=SC2034 # for those who source this file
case $(uname -m) in
*64) NAME_LENGTH=55 ;;
*) NAME_LENGTH=59 ;;
esac

WORK=$(mktemp -d /tmp/kmod.XXXXXX)
# Kernels without sysctls or without modules have neither.
SAVED_MODPROBE=
[[ ! -f $MODPROBE_SYSCTL ]] || SAVED_MODPROBE=$(<"$MODPROBE_SYSCTL")
SAVED_LIMIT=
[[ ! -f $LIMIT_SYSCTL ]] || SAVED_LIMIT=$(<"$LIMIT_SYSCTL")
SAVED_HUNG=
[[ ! -f $HUNG_SYSCTL ]] || SAVED_HUNG=$(<"$HUNG_SYSCTL")

say() { echo "# $*"; }

# complain WHAT...: for a check that fails, to say why
complain()
{
	say "$@"
	return 1
}

# A test that changes more between its start and its end adds a function of that name.
restore_more() { :; }

restore()
{
	restore_more
	[[ ! -f $MODPROBE_SYSCTL ]] || echo "$SAVED_MODPROBE" >"$MODPROBE_SYSCTL" || :
	[[ -z $SAVED_LIMIT ]] || echo "$SAVED_LIMIT" >"$LIMIT_SYSCTL" || :
	[[ -z $SAVED_HUNG ]] || echo "$SAVED_HUNG" >"$HUNG_SYSCTL" || :
}

# running PREFIX: the pids of what was started under a path that begins so. One program for
# all processes: under emulation and KASAN, one for each of them takes as long as a test.
running() { grep -l "^$1" /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3 || :; }
nobody_left() { [[ -z $(running "$WORK/") ]]; }

# Ends helpers of ours that are still there.
end_helpers()
{
	local pids

	rm -f "$WORK"/*/hold
	mapfile -t pids < <(running "$WORK/")
	[[ ${#pids[@]} -gt 0 ]] || return 0
	kill -KILL "${pids[@]}" 2>/dev/null || :
	wait_until nobody_left || :
}

# A test that needs more adds a function of that name.
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

# skip_without DESCRIPTION COMMAND...: the whole file, when that fails
skip_without()
{
	local what=$1

	shift
	if ! "$@" >/dev/null 2>&1; then
		ktap_skip_all "$what"
		exit "$KSFT_SKIP"
	fi
}

# run_tests: a line for each of TESTS; between two of them everything is put back. A test
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

# wait_until COMMAND...: until it succeeds, for PATIENCE seconds at most
wait_until()
{
	local end=$((SECONDS + PATIENCE))

	while ! "$@"; do
		[[ $SECONDS -lt $end ]] || complain "still not: $*" || return 1
		sleep 0.05
	done
}

set_modprobe() { echo "$1" >"$MODPROBE_SYSCTL"; }
set_limit() { echo "$1" >"$LIMIT_SYSCTL"; }
set_hung() { echo "$1" >"$HUNG_SYSCTL"; }
now_us() { echo "${EPOCHREALTIME/./}"; }

# make_helper NAME [WORDS...]: a scripted helper with a folder and a log of its own;
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

# use_helper NAME [WORDS...]: the same, and the kernel uses it as its modprobe
use_helper() { set_modprobe "$(make_helper "$@")"; }

started() { grep -c '^start ' "$WORK/$1/log" || :; }
ended() { grep -c '^end ' "$WORK/$1/log" || :; }
has_started() { [[ $(started "$1") -ge ${2:-1} ]]; }
has_ended() { [[ $(ended "$1") -ge ${2:-1} ]]; }
all_ended() { [[ $(started "$1") -eq $(ended "$1") ]]; }

# exec_asks_for FILE: does exec ask for a module that knows its format? 7.2 does not.
exec_asks_for()
{
	use_helper formats exit 1
	(exec "$1") >/dev/null 2>&1 || :
	[[ -n $(names_of formats) ]]
}

# The pid of the helper that was started as number N, 1 by default.
pid_of() { awk -v n="${2:-1}" '$1 == "start" && ++i == n { print $2 }' "$WORK/$1/log"; }

# What the started helpers were asked for, in order.
names_of() { awk '$1 == "start" { print $NF }' "$WORK/$1/log"; }

# The most helpers that were alive at one time.
peak_of()
{
	awk '$1 == "start" && ++n > max { max = n } $1 == "end" { n-- }
		END { print max + 0 }' "$WORK/$1/log"
}

ask() { "$HERE/kmod_req" "$@"; }

# result_of and time_of: of the one line that kmod_req has printed
result_of() { awk '{ print $2 }' <<<"$1"; }
time_of() { awk '{ print $3 }' <<<"$1"; }

# is_in PID STATE: R, S, D, Z, ...
is_in()
{
	local stat=

	read -r stat <"/proc/$1/stat" || :
	[[ ${stat##*) } == "$2 "* ]]
} 2>/dev/null

# The request waits in the kernel, not to be interrupted by anything but a kill.
asleep() { is_in "$1" D; }
gone() { [[ ! -d /proc/$1 ]] || is_in "$1" Z; }

is() { [[ $1 == "$2" ]] || complain "${3:-got} '$1', expected '$2'"; }
at_most() { [[ $1 -le $2 ]] || complain "${3:-got} $1, more than $2"; }
at_least() { [[ $1 -ge $2 ]] || complain "${3:-got} $1, less than $2"; }

zombies()
{
	cat /proc/[0-9]*/stat 2>/dev/null | sed 's/.*) //' | awk '$1 == "Z" && $2 == 2' | wc -l
}
no_zombies() { [[ $(zombies) -eq 0 ]]; }

# The kernel's own threads: PF_KTHREAD is 0x200000.
kernel_threads()
{
	cat /proc/[0-9]*/stat 2>/dev/null | sed 's/.*) //' |
		awk 'int($7 / 2097152) % 2' | wc -l
}

# write_to FILE [OFFSET]: its standard input, in one write; prints the result
write_to() { "$HERE/kmod_write" "$@"; }

# without CAP COMMAND...: as root, but for that capability
without()
{
	local cap=$1

	shift
	setpriv --bounding-set "-$cap" --inh-caps "-$cap" "$@"
}

# as UID COMMAND...
as() { local id=$1; shift; setpriv --reuid "$id" --regid "$id" --clear-groups -- "$@"; }

# fill_slots: until empty_slots each is taken, and others wait for one
fill_slots()
{
	set_limit 2
	use_helper fake hold
	: >"$WORK/fake/hold"
	"$HERE/kmod_req" -n 4 fs kmod_full >/dev/null &
	FILLER=$!
	wait_until has_started fake 2
}

empty_slots()
{
	rm "$WORK/fake/hold"
	wait "$FILLER"
}

# status_of NAME: what request_module() returns for it, by way of lib/test_kmod.c
status_of()
{
	[[ -d $TEST_KMOD ]] || "$REAL_MODPROBE" test_kmod
	echo 1 >"$TEST_KMOD/reset"
	echo 1 >"$TEST_KMOD/config_num_threads"
	echo 1 >"$TEST_KMOD/config_test_case"
	# The NUL ends it, and makes a write of an empty one.
	printf '%s\0' "$1" >"$TEST_KMOD/config_test_driver"
	echo 1 >"$TEST_KMOD/trigger_config" 2>/dev/null || :
	cat "$TEST_KMOD/test_result"
}

# Modules that tests have loaded

declare -A OLD_MODULES=()
NEW_MODULES=()

# The modules that are there for other reasons
note_modules()
{
	local name

	while read -r name _; do
		OLD_MODULES[$name]=1
	done </proc/modules
}

# Sets NEW_MODULES to those that have come since, but for those that cannot go; the last
# one comes first. Starts no process, since policy_profiles.sh calls it some thousand times.
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

# Each before those that it uses. What a socket or a name space held goes later.
are_unloaded()
{
	find_new_modules
	[[ ${#NEW_MODULES[@]} -eq 0 ]] || rmmod "${NEW_MODULES[@]}" 2>/dev/null
}

# What earlier tests have left, as far as it goes
unload_others()
{
	local i

	for ((i = 0; i < 3; i++)); do
		! are_unloaded || return 0
	done
}

# Policies of the ready-made kind

no_policy()
{
	echo 0 >"$MODE_SYSCTL"
	echo >"$POLICY/policy"
	echo off >"$POLICY/helpers_mode"
	echo >"$POLICY/helpers"
}

# load_policy MACHINE [without]: perhaps without what it denies
load_policy()
{
	local file=$HERE/$1.conf

	if [[ -n ${2:-} ]]; then
		grep -v '^deny ' "$file" >"$WORK/policy.conf"
		file=$WORK/policy.conf
	fi
	kmodctl policy load "$file"
}
