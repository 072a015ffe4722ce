#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes build/<base>/initramfs-<config>.cpio: Debian's own userspace, the built
# modules, the kernel's selftests in /selftests and harness/guest in /harness.
# Uncompressed: it is made and loaded in no time.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"

GUEST=$ROOT/harness/guest
ROOTFS=$WORK/rootfs-$CONFIG
CPIO=$WORK/initramfs-$CONFIG.cpio
SELFTESTS=$TREE/tools/testing/selftests

# Real programs where busybox's have other options or other messages, or where the
# kernel itself execs them.
PROGRAMS=(bash kmod keyctl capsh setpriv unshare nsenter setsid prlimit taskset chrt
	timeout mkfs.xfs awk grep ps jq)
# What people work with, for make learn.
PROGRAMS+=(mount umount ip ss ping nft bwrap cryptsetup)

inputs_hash()
{
	local -a guest
	mapfile -t guest < <(find "$GUEST" -type f | sort)
	{
		cat "$OUT/build.stamp"
		hash_files "${guest[@]}" "$ROOT/harness/initramfs.sh"
		dpkg-query -W busybox-static bash kmod keyutils libcap2-bin xfsprogs util-linux jq \
			mount iproute2 iputils-ping nftables bubblewrap cryptsetup-bin \
			libtracefs-dev libtraceevent-dev libjson-c-dev
	} | sha256sum
}

# add FILE: into the image, at its own path, with the libraries that it needs
add()
{
	local lib

	[[ ! -e $ROOTFS$1 ]] || return 0
	mkdir -p "$ROOTFS$(dirname "$1")"
	cp -L "$1" "$ROOTFS$1"
	{ ldd "$1" 2>/dev/null || :; } | grep -o '/[^ ]*' | while read -r lib; do
		[[ -e $ROOTFS$lib ]] || { mkdir -p "$ROOTFS$(dirname "$lib")"; cp -L "$lib" "$ROOTFS$lib"; }
	done
}

# As in Debian, /bin and /sbin and /lib are links into /usr.
make_root()
{
	local dir

	rm -rf "$ROOTFS"
	mkdir -p "$ROOTFS"/{dev,proc,sys,tmp,run,root,etc,var,mnt,home} "$ROOTFS"/usr/{bin,sbin,lib,lib64}
	for dir in bin sbin lib lib64; do
		ln -s "usr/$dir" "$ROOTFS/$dir"
	done
	echo 'root:x:0:0:root:/root:/bin/bash' >"$ROOTFS/etc/passwd"
	echo 'nobody:x:65534:65534:nobody:/:/bin/sh' >>"$ROOTFS/etc/passwd"
	echo 'root:x:0:' >"$ROOTFS/etc/group"
	echo 'nogroup:x:65534:' >>"$ROOTFS/etc/group"
	ln -s /proc/mounts "$ROOTFS/etc/mtab"
}

add_programs()
{
	local name path tool applet

	for name in "${PROGRAMS[@]}"; do
		path=$(PATH=/usr/sbin:/usr/bin:/sbin:/bin command -v "$name") || die "there is no $name on this machine"
		add "$path"
	done
	for tool in modprobe insmod rmmod lsmod depmod modinfo; do
		ln -sf ../bin/kmod "$ROOTFS/usr/sbin/$tool"
	done
	cp -L /bin/busybox "$ROOTFS/usr/bin/busybox"
	for applet in $(busybox --list); do
		[[ -e $ROOTFS/usr/bin/$applet || -e $ROOTFS/usr/sbin/$applet ]] ||
			ln -s busybox "$ROOTFS/usr/bin/$applet"
	done
}

install_modules()
{
	make -C "$SOURCE" O="$OUT" ARCH=x86_64 CC="$CC" HOSTCC="$CC" INSTALL_MOD_PATH="$ROOTFS/usr" INSTALL_MOD_STRIP=1 modules_install
}

# A tree between two of our commits may lack them.
# A tree between two commits of ours may lack the Makefile.
install_selftests()
{
	if [[ ! -f $SELFTESTS/kmod/Makefile ]]; then
		mkdir -p "$ROOTFS/selftests/kmod"
		cp "$SELFTESTS/kmod/kmod.sh" "$ROOTFS/selftests/kmod/"
		: >"$ROOTFS/selftests/kselftest-list.txt"
		return
	fi
	make -C "$SELFTESTS" O="$OUT" TARGETS=kmod INSTALL_PATH="$ROOTFS/selftests" CC=gcc install
}

# add_libraries_of PROGRAM...
add_libraries_of()
{
	local program lib

	for program in "$@"; do
		{ ldd "$program" 2>/dev/null || :; } | { grep -o '/[^ ]*' || :; } | while read -r lib; do
			add "$lib"
		done
	done
}

# The tests may bring C programs of their own.
add_selftest_libraries()
{
	local -a programs

	mapfile -t programs < <(find "$ROOTFS/selftests" -type f -perm -100)
	add_libraries_of "${programs[@]}"
}

# An overlay between two of our commits may lack it.
install_kmodctl()
{
	[[ -f $TREE/tools/kmod/Makefile ]] || return 0
	make -C "$TREE/tools/kmod" O="$WORK/kmodctl" CC=gcc DESTDIR="$ROOTFS" PREFIX=/usr install
	add_libraries_of "$ROOTFS/usr/sbin/kmodctl"
}

# make modules_install writes the modules below /usr, which is what /lib is a link to.
fill()
{
	make_root
	add_programs
	install_modules
	install_selftests
	add_selftest_libraries
	install_kmodctl
	mkdir "$ROOTFS/harness"
	cp -a "$GUEST"/. "$ROOTFS/harness"
	ln -s harness/init "$ROOTFS/init"
	(cd "$ROOTFS" && find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet) >"$CPIO.new"
	mv "$CPIO.new" "$CPIO"
}

nothing() { :; }
now=$(inputs_hash)
! stamp_is "$CPIO.stamp" "$now" || exit 0
rm -f "$CPIO.stamp"
run_logged "making $(basename "$CPIO")" "$LOGS/initramfs-$CONFIG.log" nothing -- fill
echo "$now" >"$CPIO.stamp"
