# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Paths, messages and what else every script here needs; sources the topics in lib/.

# A script ends when its caller does, even if that was killed: PR_SET_PDEATHSIG is kept across
# exec. So killing make ends everything that it has started.
if [[ ${TIED:-} != "$$" && -x $0 ]]; then
	export TIED=$$
	exec setpriv --pdeathsig TERM -- "$0" "$@"
fi

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BASE=${BASE:-6.12}
LINUX=${LINUX:-}
CONFIG=${CONFIG:-plain}
ARCH=${ARCH:-x86_64}
JOBS=${JOBS:-$(nproc)}
ACCEL=${ACCEL:-tcg}
FULL=${FULL:-0}

BUILD=$ROOT/build
OVERLAY_DIRS=(Documentation include kernel security tools)

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

say() { printf '%s\n' "$*" >&2; }

die()
{
	printf 'error: %s\n' "$*" >&2
	exit 1
}

# shellcheck source=harness/lib/arch.sh
source "$ROOT/harness/lib/arch.sh"
# shellcheck source=harness/lib/jobs.sh
source "$ROOT/harness/lib/jobs.sh"
# shellcheck source=harness/lib/make.sh
source "$ROOT/harness/lib/make.sh"
# shellcheck source=harness/lib/tally.sh
source "$ROOT/harness/lib/tally.sh"
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
