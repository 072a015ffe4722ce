# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make in a kernel tree, with ccache; sourced by lib.sh.

# The compiler must be the same in every make in a kernel tree, or make would rebuild everything.
# Time, user and host of the build are fixed, or ccache would miss and every link would differ.
export KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970'
export KBUILD_BUILD_USER=build KBUILD_BUILD_HOST=khelper
export CCACHE_DIR=$BUILD/ccache CCACHE_SLOPPINESS=time_macros
# Hashes paths below the root as relative paths, so that another clone can use the cache.
export CCACHE_BASEDIR=$ROOT CCACHE_NOHASHDIR=1
# Takes the included files from the compiler's dependency list. Without this, a first build would
# also run the preprocessor for each file.
export CCACHE_DEPEND=1
CC=${CROSS}gcc
HOSTCC=gcc
if [[ -n $(command -v ccache) ]]; then
	CC="ccache $CC"
	HOSTCC="ccache $HOSTCC"
fi

# kernel_make TARGET...: runs make in the tree and the build folder of this configuration
kernel_make()
{
	local karch=$ARCH

	[[ $CONFIG != um ]] || karch=um
	make -C "$SOURCE" O="$OUT" ARCH="$karch" CROSS_COMPILE="$CROSS" CC="$CC" HOSTCC="$HOSTCC" "$@"
}
