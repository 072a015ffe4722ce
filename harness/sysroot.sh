#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Unpacks Debian's packages for another machine into build/<base>/sysroot-<arch>: the
# guest's programs, and what kmodctl is linked with. They are of the suite that this
# machine runs, and none of them is installed here.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=harness/apt.sh
source "$ROOT/harness/apt.sh"

# Where initramfs.sh finds its PROGRAMS, and what tools/kmod needs.
PACKAGES=(bash busybox-static coreutils grep jq keyutils kmod libcap2-bin mawk procps
	util-linux xfsprogs mount iproute2 iputils-ping nftables bubblewrap cryptsetup-bin
	libjson-c-dev libtraceevent-dev libtracefs-dev)
FOLDER=$WORK/apt-$ARCH
ARCHIVES=$FOLDER/cache/archives

suite() { (. /etc/os-release && echo "$VERSION_CODENAME"); }

nothing() { :; }
count_packages() { echo "$(find "$ARCHIVES" -name '*.deb' | wc -l) packages"; }

download()
{
	private_apt_get install --download-only -y --no-install-recommends "${PACKAGES[@]}"
}

# An absolute link, such as that of /sbin/ip, would lead to this machine's own program.
keep_links_inside()
{
	local link target

	find "$SYSROOT" -lname '/*' -printf '%p\t%l\n' | while IFS=$'\t' read -r link target; do
		ln -sfnr "$SYSROOT$target" "$link"
	done
}

# As in Debian, /bin and /sbin and /lib are links into /usr. Scripts of the packages,
# which would make more links, do not run.
unpack()
{
	local dir deb

	rm -rf "$SYSROOT"
	mkdir -p "$SYSROOT"/usr/{bin,sbin,lib}
	for dir in bin sbin lib; do
		ln -s "usr/$dir" "$SYSROOT/$dir"
	done
	for deb in "$ARCHIVES"/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$SYSROOT"
	done
	ln -s mawk "$SYSROOT/usr/bin/awk"
	keep_links_inside
}

now=$(suite; sha256sum "$ROOT"/harness/{apt,sysroot}.sh)
! stamp_is "$SYSROOT.stamp" "$now" || exit 0
rm -rf "$SYSROOT.stamp" "$ARCHIVES"
use_suite "$(suite)" "$FOLDER"
use_architecture "$DEBIAN" "$FOLDER"
run_logged "updating the lists of $DEBIAN" "$LOGS/apt-update-$ARCH.log" nothing -- private_apt_update
run_logged "downloading programs for $DEBIAN:" "$LOGS/download-$ARCH.log" count_packages -- download
run_logged "unpacking programs for $DEBIAN" "$LOGS/unpack-$ARCH.log" nothing -- unpack
rm -rf "$ARCHIVES"
echo "$now" >"$SYSROOT.stamp"
