# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make in a kernel tree, with ccache; sourced by lib.sh.

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
