#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Unpacks Debian's packages for another architecture into build/<base>/sysroot-<arch>, using
# mmdebstrap: the guest's programs, and kmodctl's libraries. The packages are of the suite that
# this machine runs. Their scripts do not run.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"

# Packages of initramfs.sh's PROGRAMS, and libraries of tools/kmod
PACKAGES=(bash busybox-static coreutils grep jq keyutils kmod libcap2-bin mawk procps
	util-linux mount iproute2 iputils-ping nftables bubblewrap cryptsetup-bin
	libjson-c-dev libkmod-dev libsmartcols-dev libtraceevent-dev libtracefs-dev)

suite() { (. /etc/os-release && echo "$VERSION_CODENAME"); }

nothing() { :; }

# An absolute link, such as /sbin/ip, would lead to this machine's own program.
keep_links_inside()
{
	local link target

	find "$SYSROOT" -lname '/*' -printf '%p\t%l\n' | while IFS=$'\t' read -r link target; do
		ln -sfnr "$SYSROOT$target" "$link"
	done
}

unpack()
{
	rm -rf "$SYSROOT"
	mmdebstrap --variant=extract --architectures="$DEBIAN" \
		--include="$(IFS=,; echo "${PACKAGES[*]}")" "$(suite)" "$SYSROOT" \
		"deb http://deb.debian.org/debian $(suite) main"
	ln -sf mawk "$SYSROOT/usr/bin/awk"
	keep_links_inside
}

now=$(suite; sha256sum "$ROOT/harness/sysroot.sh")
! stamp_is "$SYSROOT.stamp" "$now" || exit 0
rm -f "$SYSROOT.stamp"
run_logged "unpacking programs for $DEBIAN" "$LOGS/sysroot-$ARCH.log" nothing -- unpack
echo "$now" >"$SYSROOT.stamp"
