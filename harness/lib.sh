# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Paths, messages and the progress display, sourced by every script here.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BASE=${BASE:-6.12}
LINUX=${LINUX:-}
CONFIG=${CONFIG:-plain}
ARCH=${ARCH:-x86_64}
JOBS=${JOBS:-$(nproc)}
ACCEL=${ACCEL:-tcg}
FULL=${FULL:-0}

BUILD=$ROOT/build
OVERLAY_DIRS=(Documentation include kernel tools)

# A tree named by the user gets a folder of its own, so that it never mixes
# with the packaged base.
work_dir()
{
	if [[ -z $LINUX ]]; then
		echo "$BUILD/$BASE"
	else
		echo "$BUILD/linux-$(realpath "$LINUX" | sha256sum | cut -c1-10)"
	fi
}

WORK=$(work_dir)
# shellcheck disable=SC2034 # these are for the scripts that source this file
{
	BASE_DIR=$ROOT/bases/$BASE
	PRISTINE=$WORK/pristine
	TREE=$WORK/linux
	# What the kernel is made from. CONFIG=base is the base as it is, configured as
	# plain is, for comparisons.
	SOURCE=$TREE
	[[ $CONFIG != base ]] || SOURCE=$PRISTINE
	# One configuration may be built for several machines, beside each other.
	BUILT=$CONFIG
	[[ $ARCH == x86_64 ]] || BUILT=$CONFIG-$ARCH
	OUT=$WORK/out-$BUILT
	LOGS=$WORK/logs
}

# What checkpatch says of request_module()'s interface, on which callers rely: -ENOSYS in
# a kernel without modules, and a macro that evaluates its argument twice; and of how all
# trace events look; and of what is no kernel code: that has names of the kernel's errnos,
# and bytes which are no text.
# shellcheck disable=SC2034 # for check.sh and test-series.sh
{
	CHECKPATCH_ACCEPTED='^include/linux/kmod\.h:[0-9]+: '
	CHECKPATCH_ACCEPTED+='(WARNING:ENOSYS|CHECK:MACRO_ARG_REUSE): '
	CHECKPATCH_ACCEPTED+='|^include/trace/events/[a-z]+\.h:[0-9]+: '
	CHECKPATCH_ACCEPTED+='(CHECK:OPEN_ENDED_LINE|CHECK:PARENTHESIS_ALIGNMENT|ERROR:COMPLEX_MACRO): '
	CHECKPATCH_ACCEPTED+='|^include/trace/misc/umh\.h:[0-9]+: CHECK:MACRO_ARG_REUSE: '
	CHECKPATCH_ACCEPTED+='|^tools/kmod/describe\.c:[0-9]+: WARNING:ENOTSUPP: '
	CHECKPATCH_ACCEPTED+='|^tools/kmod/tests/fixtures/.*: CHECK:INVALID_UTF8: '
	CHECKPATCH_ACCEPTED+='|/kmod_fuzz\.c:[0-9]+: (WARNING:USE_NEGATIVE_ERRNO|CHECK:MACRO_ARG_REUSE): '
}

say() { printf '%s\n' "$*" >&2; }

die()
{
	printf 'error: %s\n' "$*" >&2
	exit 1
}

# shellcheck source=harness/arch.sh
source "$ROOT/harness/arch.sh"
# Where the guest's programs are; empty: in this machine's root.
# shellcheck disable=SC2034 # for the scripts that source this file
SYSROOT=${DEBIAN:+$WORK/sysroot-$ARCH}

# For what has been made for one machine only.
x86_only()
{
	[[ $ARCH == x86_64 ]] || die "$(basename "$0") is for ARCH=x86_64 only"
}

# The overlay's files, relative to the root, one a line.
overlay_files()
{
	local dir

	cd "$ROOT" || return 1
	for dir in "${OVERLAY_DIRS[@]}"; do
		[[ ! -d $dir ]] || find "$dir" -type f ! -name '*~' ! -name '.*.sw?' \
			! -name '*.[do]' ! -path tools/kmod/kmodctl
	done | LC_ALL=C sort
}

# hash_files FILE...: one hash over names, modes and contents
hash_files()
{
	if [[ $# -gt 0 ]]; then
		{ stat -c '%a %n' "$@"; sha256sum "$@"; } | sha256sum | cut -c1-64
	else
		echo none
	fi
}

# stamp_is FILE VALUE: was this step last finished with the same inputs?
stamp_is() { [[ -f $1 && $(<"$1") == "$2" ]]; }

# For a run with DEADLINE, in seconds from when it STARTED: would a part that takes so many
# percent of what the kernel and its tests took, or KUnit before there are any, end before?
# That is the machine's PACE.
export STARTED=${STARTED:-$EPOCHSECONDS}
PACE=$BUILD/pace
would_end() { echo $((EPOCHSECONDS - STARTED + $(cat "$PACE" 2>/dev/null || echo 0) * $1 / 100)); }
fits() { [[ -z ${DEADLINE:-} || $(would_end "$1") -le $DEADLINE ]]; }
why_not() { echo "it would end after some $(would_end "$1") s, the limit is $DEADLINE"; }

elapsed() { printf '%d:%02d' $((SECONDS / 60)) $((SECONDS % 60)); }

# progress PID LABEL COUNT_COMMAND...: shows a line while PID runs. On a
# terminal the line is redrawn every second; in a log one is written every 20 s.
progress()
{
	local pid=$1 label=$2 ticks=0

	shift 2
	SECONDS=0
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.5
		ticks=$((ticks + 1))
		if [[ -t 2 ]]; then
			((ticks % 2)) || printf '\r\033[K  %s %s  %s' "$label" "$("$@")" "$(elapsed)" >&2
		elif ((ticks % 40 == 0)); then
			say "  $label $("$@")  $(elapsed)"
		fi
	done
	[[ ! -t 2 ]] || printf '\r\033[K' >&2
}

# background COMMAND...: sets BACKGROUND to its pid. Left to the shell it would not mind Ctrl-C,
# which reaches this shell only; so it is a group of its own, which ends when the shell does.
background()
{
	set -m
	"$@" &
	set +m
	BACKGROUND=$!
	trap 'kill -- "-$BACKGROUND" 2>/dev/null || :' EXIT
}

# wait_background: for its end; returns its status
wait_background()
{
	local status=0

	wait "$BACKGROUND" || status=$?
	trap - EXIT
	return "$status"
}

# run_logged LABEL LOG COUNT_COMMAND -- COMMAND...: runs it with a progress line and
# its output in LOG. COUNT_COMMAND is a function that prints how far it is.
run_logged()
{
	local label=$1 log=$2 count=$3

	shift 4
	mkdir -p "$(dirname "$log")"
	background "$@" >"$log" 2>&1 </dev/null
	progress "$BACKGROUND" "$label" "$count"
	if ! wait_background; then
		tail -n 15 "$log" >&2
		die "$label failed; its whole log is $log"
	fi
}

# One make at a time works in a build folder: several people, or several helpers of
# one, may share it. Held until the script that took it ends.
lock_work()
{
	mkdir -p "$WORK"
	exec 9>"$WORK/lock"
	if ! flock -n 9; then
		say "waiting for another make in $WORK"
		flock 9
	fi
}

# The same for every make in a kernel tree, or make would take the other compiler for
# a reason to rebuild everything. The build's time and place are fixed, or ccache
# would miss and every link would differ.
export KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970'
export KBUILD_BUILD_USER=build KBUILD_BUILD_HOST=khelper
export CCACHE_DIR=$BUILD/ccache CCACHE_SLOPPINESS=time_macros
# Paths below the root are hashed as relative ones, so that another clone can use the cache.
export CCACHE_BASEDIR=$ROOT CCACHE_NOHASHDIR=1
# What a file includes it learns from the compiler's own list, or a first build would run the
# preprocessor once more for each of them.
export CCACHE_DEPEND=1
CC=${CROSS}gcc
HOSTCC=gcc
if [[ -n $(command -v ccache) ]]; then
	CC="ccache $CC"
	HOSTCC="ccache $HOSTCC"
fi

# kernel_make TARGET...: in the tree and the build folder of this configuration
kernel_make()
{
	local karch=$ARCH

	[[ $CONFIG != um ]] || karch=um
	make -C "$SOURCE" O="$OUT" ARCH="$karch" CROSS_COMPILE="$CROSS" CC="$CC" HOSTCC="$HOSTCC" "$@"
}

# sum_up: the last line of a run, from TALLY, lines of "passed failed skipped"
sum_up()
{
	awk '
		{ passed += $1; failed += $2; skipped += $3 }
		END {
			printf "%d passed, %d failed", passed, failed
			if (skipped) printf ", %d skipped", skipped
			printf "\n"
			exit failed > 0 || passed == 0
		}' "$TALLY"
}
