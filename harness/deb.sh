#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# deb.sh: makes Debian packages of the patched kernel in build/<base>/deb, using the kernel's
# own bindeb-pkg, and the package khelper-tools. CONFIG is the name of a configuration in
# harness/configs, or the path of a .config, to which autoload is added. Differences from that
# file that harness/config-differences does not list are an error. The kernel's release ends in
# +khelper and the number in tools/kmod/VERSION, so that it differs from all other kernel packages.
#
# deb.sh config: only configures, and prints the differences.
# deb.sh test: unpacks the package of the kernel, boots that kernel with its modules in the
# guest, and requests a module. The last line is "N passed, N failed".
set -euo pipefail
# lib.sh executes this script again. The second run must keep FILE.
[[ ${TIED:-} == "$$" ]] || FILE=
CONFIG=${CONFIG:-plain}
if [[ -f $CONFIG ]]; then
	FILE=$(realpath "$CONFIG")
	CONFIG=plain
fi
export CONFIG FILE
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"
x86_only

SUFFIX=+khelper$(<"$ROOT/tools/kmod/VERSION")
DEBS=$WORK/deb
PACKAGED=$DEBS/out
LOG=$LOGS/deb.log
nothing() { :; }

kmake()
{
	make -C "$TREE" O="$PACKAGED" ARCH=x86_64 CC="$CC" HOSTCC="$HOSTCC" LOCALVERSION="$SUFFIX" "$@"
}

count_objects() { echo "$(grep -cE '^  (CC|AS|HOSTCC)\b' "$LOG" || :) objects"; }

configure()
{
	mkdir -p "$PACKAGED"
	if [[ -n $FILE ]]; then
		cp "$FILE" "$PACKAGED/.config"
		./add-autoload.sh "$PACKAGED/.config"
		# Debian's source package lacks its certificates.
		sed -i 's,^CONFIG_SYSTEM_TRUSTED_KEYS="debian/.*,CONFIG_SYSTEM_TRUSTED_KEYS="",' \
			"$PACKAGED/.config"
	else
		./config.sh
		cp "$OUT/.config" "$PACKAGED/.config"
	fi
	kmake olddefconfig
}

# Compares in every run, because olddefconfig disables options if a tool is missing.
compare()
{
	[[ -n $FILE ]] || return 0
	./config-differences.sh "$TREE/scripts/diffconfig" "$FILE" "$PACKAGED/.config"
}

# The version of the packages is that of the base with a suffix, which sorts apart from the
# machine's own kernel packages. Without KBUILD_VERBOSE=0 the build would print whole command
# lines.
package()
{
	local version
	version=$(make -s -C "$TREE" kernelversion)
	rm -f "$DEBS"/*.deb
	kmake -j"$JOBS" KBUILD_VERBOSE=0 KDEB_PKGVERSION="$version$SUFFIX-1" \
		KDEB_CHANGELOG_DIST=unstable DEBEMAIL=khelper@localhost \
		DEBFULLNAME="$KBUILD_BUILD_HOST" \
		DPKG_FLAGS='-d -Ppkg.linux-upstream.nokerneldbg' bindeb-pkg
	add_config
}

# Debian's packages of headers have the .config, which the makefiles of some modules need.
add_config()
{
	local deb root=$DEBS/headers

	deb=$(find "$DEBS" -maxdepth 1 -name "linux-headers-*${SUFFIX}_*.deb")
	rm -rf "$root"
	dpkg-deb -R "$deb" "$root"
	cp "$PACKAGED/.config" "$root"/usr/src/linux-headers-*/
	(cd "$root" && md5sum usr/src/linux-headers-*/.config >>DEBIAN/md5sums)
	dpkg-deb --root-owner-group -b "$root" "$deb"
	rm -rf "$root"
}

image_package()
{
	find "$DEBS" -maxdepth 1 -name "linux-image-*${SUFFIX}_*.deb" | sort | tail -n 1
}

build()
{
	local now

	./deps.sh build deb
	# The name of a package depends on the version of the compiler.
	[[ -z $FILE ]] || ./deps.sh "$FILE"
	lock_work
	./fetch.sh
	./tree.sh
	run_logged "configuring the package:" "$LOG" nothing -- configure
	compare
	[[ $1 != config ]] || return 0
	now=$(cat "$WORK/tree.stamp" "$PACKAGED/.config" "$ROOT/harness/deb.sh" | sha256sum)
	! stamp_is "$DEBS/stamp" "$now" || return 0
	rm -f "$DEBS/stamp"
	run_logged "building the package:" "$LOG" count_objects -- package
	[[ -n $(image_package) ]] || die "bindeb-pkg made no package of the kernel; see $LOG"
	echo "$now" >"$DEBS/stamp"
}

# The package of the tools for this machine
build_tools()
{
	local package

	package=$(SUITE='' ./deb-tools.sh)
	rm -f "$DEBS"/khelper-tools_*.deb
	cp "$package" "$DEBS/"
	find "$DEBS" -maxdepth 1 -name '*.deb' | sort
}

# Appends the package's /lib/modules to the initramfs: the kernel unpacks all archives in a file.
make_initrd()
{
	local root=$DEBS/root

	rm -rf "$root"
	mkdir -p "$root/usr"
	dpkg-deb -x "$(image_package)" "$root"
	[[ ! -d $root/lib/modules ]] || mv "$root/lib" "$root/usr/lib"
	depmod -b "$root/usr" "$(release)" 2>/dev/null || depmod -b "$root" "$(release)"
	(cd "$root" && find usr/lib | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet) |
		cat "$WORK/initramfs-plain.cpio" - >"$DEBS/initramfs.cpio"
}

release() { find "$DEBS/root/boot" -name 'vmlinuz-*' -printf '%f\n' | sed 's/^vmlinuz-//'; }

# expect TITLE TEXT LINE: passes if TEXT, the output of the guest, contains LINE
expect()
{
	if grep -qxF -- "$3" <<<"$2"; then
		echo "ok    $1"
		passed=$((passed + 1))
	else
		echo "FAIL  $1"
		failed=$((failed + 1))
	fi
}

# shellcheck disable=SC2016 # expanded in the guest
CHECK='
uname -r
echo "limit $(cat /proc/sys/kernel/kmod-limit)"
echo "module $(modinfo -n tun)"
[ -c /dev/net/tun ] || { mkdir -p /dev/net; mknod /dev/net/tun c 10 200; }
(: <>/dev/net/tun) && echo opened
grep -q "^tun " /proc/modules && echo loaded
exit 0'

test_package()
{
	local output

	CONFIG=plain ./prepare.sh
	make_initrd
	output=$(CONFIG=plain KERNEL=$DEBS/root/boot/vmlinuz-$(release) INITRD=$DEBS/initramfs.cpio \
		./guest.sh run "$CHECK") || say "$output"
	expect "the package's kernel boots and has the suffix $SUFFIX" "$output" "$(release)"
	expect "the package's kernel is patched" "$output" 'limit 50'
	expect "the package's kernel has its own modules" "$output" \
		"module $(cd "$DEBS/root/usr" && find lib -name 'tun.ko*' | sed 's/^/\//')"
	expect "the package's kernel loads a requested module" "$output" loaded
	[[ $failed -eq 0 ]] || say "$output"
	echo "$passed passed, $failed failed"
	[[ $failed -eq 0 ]]
}

passed=0
failed=0
# In a subshell, which releases the lock when it exits.
(build "${1:-}")
[[ ${1:-} == config ]] || build_tools
if [[ ${1:-} == test ]]; then
	test_package
fi
