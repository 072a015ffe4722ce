#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes build/<base>/initramfs-<config>.cpio: Debian's userspace, the built modules, the
# kernel's selftests in /selftests and harness/guest in /harness. It is uncompressed, because
# that is faster to write and to load. The userspace is this machine's, or that of
# build/<base>/sysroot-<arch>, which sysroot.sh makes.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"

GUEST=$ROOT/harness/guest
ROOTFS=$WORK/rootfs-$BUILT
CPIO=$WORK/initramfs-$BUILT.cpio
# The figures of the unpatched kernel that the demo shows
RESULTS=$ROOT/bench/results/6.12.csv
SELFTESTS=$TREE/tools/testing/selftests
KMODCTL=$WORK/kmodctl${DEBIAN:+-$ARCH}

# Programs that busybox lacks or implements with other options or messages, or that the kernel
# executes.
PROGRAMS=(bash kmod keyctl capsh setpriv unshare nsenter setsid prlimit taskset chrt
	timeout awk grep ps jq)
# For make learn
PROGRAMS+=(mount umount ip ss ping nft bwrap cryptsetup)

userspace()
{
	if [[ -n $SYSROOT ]]; then
		cat "$SYSROOT.stamp"
	else
		dpkg-query -W busybox-static bash kmod keyutils libcap2-bin util-linux procps jq \
			mount iproute2 iputils-ping nftables bubblewrap cryptsetup-bin \
			libtracefs-dev libtraceevent-dev libjson-c-dev libsmartcols-dev \
			libkmod-dev
	fi
}

inputs_hash()
{
	local -a guest
	mapfile -t guest < <(find "$GUEST" -type f | sort)
	{
		cat "$OUT/build.stamp"
		hash_files "${guest[@]}" "$ROOT/harness/initramfs.sh" "$RESULTS"
		userspace
	} | sha256sum
}

# find_in_root NAME FOLDER...: prints the path of NAME in the first of these folders, below the
# root of the userspace, that has it
find_in_root()
{
	local name=$1 dir

	shift
	for dir in "$@"; do
		[[ ! -e $SYSROOT$dir/$name ]] || { echo "$dir/$name"; return; }
	done
	die "cannot find $name in ${SYSROOT:-/}"
}

# libraries_of FILE: prints the libraries that FILE needs, and its loader. ldd cannot be used,
# because the file may be for another architecture.
libraries_of()
{
	local name

	{ LC_ALL=C readelf -Wl "$1" 2>/dev/null || :; } | sed -n 's/.*program interpreter: \(.*\)]$/\1/p'
	{ LC_ALL=C readelf -Wd "$1" 2>/dev/null || :; } | sed -n 's/.*(NEEDED).*\[\(.*\)]$/\1/p' |
		while read -r name; do
			# The loader was printed above.
			[[ $name == ld-linux* ]] ||
				find_in_root "$name" {,/usr}/lib/"$TRIPLET" {,/usr}/lib
		done
}

# add FILE: copies FILE and the libraries that it needs to the same paths in the image
add()
{
	[[ ! -e $ROOTFS$1 ]] || return 0
	mkdir -p "$ROOTFS$(dirname "$1")"
	cp -L "$SYSROOT$1" "$ROOTFS$1"
	add_libraries_of "$SYSROOT$1"
}

# add_libraries_of FILE...
add_libraries_of()
{
	local file lib

	for file in "$@"; do
		libraries_of "$file" | while read -r lib; do
			add "$lib"
		done
	done
}

# As in Debian, /bin, /sbin and /lib are links into /usr.
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
		path=$(find_in_root "$name" /usr/sbin /usr/bin /sbin /bin)
		add "$path"
	done
	for tool in modprobe insmod rmmod lsmod depmod modinfo; do
		ln -sf ../bin/kmod "$ROOTFS/usr/sbin/$tool"
	done
	cp -L "$SYSROOT/bin/busybox" "$ROOTFS/usr/bin/busybox"
	# This machine's busybox has the same applets.
	for applet in $(busybox --list); do
		[[ -e $ROOTFS/usr/bin/$applet || -e $ROOTFS/usr/sbin/$applet ]] ||
			ln -s busybox "$ROOTFS/usr/bin/$applet"
	done
}

install_modules()
{
	kernel_make INSTALL_MOD_PATH="$ROOTFS/usr" INSTALL_MOD_STRIP=1 modules_install
}

# An older tree may lack the folders. The demo needs only two programs.
install_selftests()
{
	local demo=$ROOTFS/selftests/kmod folders

	if [[ $CONFIG == demo ]]; then
		mkdir -p "$demo"
		make -C "$SELFTESTS/kmod" OUTPUT="$demo" CC="${CROSS}gcc" "$demo/kmod_req" \
			"$demo/kmod_fake"
		return
	fi
	if [[ ! -f $SELFTESTS/umh/Makefile ]]; then
		mkdir -p "$ROOTFS/selftests/kmod"
		cp "$SELFTESTS/kmod/kmod.sh" "$ROOTFS/selftests/kmod/"
		: >"$ROOTFS/selftests/kselftest-list.txt"
		return
	fi
	folders=$(find "$SELFTESTS"/{autoload,kmod,umh} -maxdepth 0 -printf '%f ' 2>/dev/null) || :
	make -C "$SELFTESTS" O="$OUT" TARGETS="$folders" \
		INSTALL_PATH="$ROOTFS/selftests" CC="${CROSS}gcc" install
}

# Adds the libraries of tests that have dynamically linked programs.
add_selftest_libraries()
{
	local -a programs

	mapfile -t programs < <(find "$ROOTFS/selftests" -type f -perm -100)
	add_libraries_of "${programs[@]}"
}

# An older overlay may lack kmodctl.
install_kmodctl()
{
	local libraries=$SYSROOT/usr/lib/$TRIPLET
	local -a options=()

	[[ -f $TREE/tools/kmod/Makefile ]] || return 0
	if [[ -n $SYSROOT ]]; then
		export PKG_CONFIG_LIBDIR=$libraries/pkgconfig PKG_CONFIG_SYSROOT_DIR=$SYSROOT
		options=(LDFLAGS="-L$libraries -Wl,-rpath-link=$libraries")
	fi
	make -C "$TREE/tools/kmod" O="$KMODCTL" CC="${CROSS}gcc" DESTDIR="$ROOTFS" PREFIX=/usr \
		"${options[@]}" install
	add_libraries_of "$ROOTFS/usr/sbin/kmodctl"
}

# make modules_install writes to lib/modules below /usr, because /lib is a link to usr/lib.
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
	cp "$RESULTS" "$ROOTFS/harness/results.csv"
	ln -s harness/init "$ROOTFS/init"
	(cd "$ROOTFS" && find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet) >"$CPIO.new"
	mv "$CPIO.new" "$CPIO"
}

nothing() { :; }
now=$(inputs_hash)
! stamp_is "$CPIO.stamp" "$now" || exit 0
rm -f "$CPIO.stamp"
run_logged "making $(basename "$CPIO")" "$LOGS/initramfs-$BUILT.log" nothing -- fill
echo "$now" >"$CPIO.stamp"
