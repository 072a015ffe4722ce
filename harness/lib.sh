# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Paths, messages and other basics of every script here; sources the files in lib/ that every
# script needs.

# A script ends when its parent ends, even if the parent was killed: PR_SET_PDEATHSIG is kept
# across exec. Killing make therefore ends all processes that it has started.
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

# A tree given by LINUX has a folder of its own, apart from that of the packaged base.
work_dir()
{
	if [[ -z $LINUX ]]; then
		echo "$BUILD/$BASE"
	else
		echo "$BUILD/linux-$(realpath "$LINUX" | sha256sum | cut -c1-10)"
	fi
}

# WORK_DIR is another folder for the build, see mutants.sh.
WORK=${WORK_DIR:-$(work_dir)}
# shellcheck disable=SC2034 # used by scripts that source this file
{
	BASE_DIR=$ROOT/bases/$BASE
	PRISTINE=$WORK/pristine
	TREE=$WORK/linux
	# The source of the kernel. CONFIG=base is the unpatched base with the configuration
	# of CONFIG=plain, and CONFIG=scale-base that of CONFIG=scale, for comparisons.
	SOURCE=$TREE
	[[ $CONFIG != base && $CONFIG != scale-base ]] || SOURCE=$PRISTINE
	# Builds of one configuration for several architectures have separate folders.
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
# The root of the guest's programs; if empty, they are this machine's.
# shellcheck disable=SC2034 # used by scripts that source this file
SYSROOT=${DEBIAN:+$WORK/sysroot-$ARCH}

# For scripts that support only one architecture
x86_only()
{
	[[ $ARCH == x86_64 ]] || die "$(basename "$0") supports only ARCH=x86_64"
}

# Prints the overlay's files, relative to the root, one per line. Debian's packaging of kmodctl is
# not part of the overlay.
overlay_files()
{
	local dir

	cd "$ROOT" || return 1
	for dir in "${OVERLAY_DIRS[@]}"; do
		[[ ! -d $dir ]] || find "$dir" -type f ! -name '*~' ! -name '.*.sw?' \
			! -name '*.[do]' ! -path tools/kmod/kmodctl ! -path 'tools/kmod/debian/*'
	done | LC_ALL=C sort
}

# hash_files FILE...: prints one hash of names, modes and contents
hash_files()
{
	if [[ $# -gt 0 ]]; then
		{ stat -c '%a %n' "$@"; sha256sum "$@"; } | sha256sum | cut -c1-64
	else
		echo none
	fi
}

# stamp_is FILE VALUE: true if the step last finished with the same inputs
stamp_is() { [[ -f $1 && $(<"$1") == "$2" ]]; }
