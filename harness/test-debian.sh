#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make test-debian: installs the packages of make deb in a Debian machine, compares its boot with
# that of an unpatched kernel with the same configuration, 5 times in turn, uses it, enables each
# ready-made policy, locks the machine out and rescues it, and removes the packages under Debian's
# own kernel, with the commands of README.md. Prints the results of each boot; the last line is "N
# passed, N failed".
#
# Environment: SUITE, bookworm (default) or trixie. BOOT, the boots to run, in this order; by
# default all. The unpatched kernel is only built for "compare". DEBS, the folder of existing
# packages; by default those of make deb with debian-config.sh. TIMEOUT, the seconds of a boot.
# SMP=1 is faster on a busy host. Needs root and about 25 GB.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=harness/lib/root.sh
source "$ROOT/harness/lib/root.sh"
cd "$ROOT/harness"
x86_only

SUITE=${SUITE:-bookworm}
BOOT=${BOOT:-compare machine server desktop container_host kexec stress learn learned deny_all rescue
	malformed helpers remove}
export TIMEOUT=${TIMEOUT:-1800}
DEBIAN_DIR=$WORK/debian/$SUITE
PLAIN=$DEBIAN_DIR/root
MACHINE=$DEBIAN_DIR/machine
DISK=$DEBIAN_DIR/disk
TALLY=$DEBIAN_DIR/tally
CUT=$WORK/debian/cut.config
CLONE=$MACHINE/root/khelper
BOOTS=5
# On a busy host an emulated processor can stand still for a minute. A hang exceeds TIMEOUT.
PATIENCE='watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=300 workqueue.watchdog_thresh=300'

PACKAGES=(apparmor auditd binfmt-support bluez cifs-utils crun cryptsetup dbus dkms dosfstools
	e2fsprogs ethtool fuse3 gcc initramfs-tools ipset iptables iproute2 iw iwd keyutils kexec-tools kmod libc6-dev
	lvm2 make modemmanager network-manager nfs-common nftables openvpn ppp procps python3 squashfs-tools
	stress-ng systemd systemd-coredump systemd-sysv udev wireguard-tools xz-utils)

nothing() { :; }

# Debian's own kernel: in Debian 12 that of the base's version, with the newest update
debian_kernel()
{
	if [[ $SUITE == bookworm ]]; then
		apt-cache pkgnames "linux-image-$BASE." | grep -E '\+deb12-amd64$' | sort -V | tail -n 1
	else
		echo linux-image-amd64
	fi
}

# Sources of modules outside of the tree. Those of Debian 12 are too old for the base.
add_dkms()
{
	local packages=/var/cache/dkms list=$PLAIN/etc/apt/sources.list.d/dkms.list package

	echo 'deb http://deb.debian.org/debian trixie main' >"$list"
	mkdir -p "$PLAIN$packages"
	chroot "$PLAIN" sh -c "apt-get update && cd $packages && apt-get -o APT::Sandbox::User=root \
		download dahdi-dkms/trixie xtables-addons-dkms/trixie"
	rm "$list"
	chroot "$PLAIN" apt-get update
	for package in "$PLAIN$packages"/*.deb; do
		dpkg-deb -x "$package" "$PLAIN"
	done
	for package in "$PLAIN"/usr/src/{dahdi,xtables-addons}-*; do
		inside "$PLAIN" root "dkms add /usr/src/${package##*/}"
	done
}

make_plain()
{
	make_debian_root "$SUITE" "$PLAIN" "${PACKAGES[@]}" "$(debian_kernel)"
	chroot "$PLAIN" useradd -m -s /bin/bash user
	chroot "$PLAIN" passwd -d root
	add_dkms
}

# The root without our packages is kept.
plain()
{
	local now

	now=$({ echo "$SUITE ${PACKAGES[*]} $(debian_kernel)"; declare -f make_plain add_dkms; } | sha256sum)
	! stamp_is "$DEBIAN_DIR/root.stamp" "$now" || return 0
	rm -f "$DEBIAN_DIR/root.stamp"
	run_logged "making a root of $SUITE" "$LOGS/root.log" nothing -- make_plain
	echo "$now" >"$DEBIAN_DIR/root.stamp"
}

packages()
{
	[[ -z ${DEBS:-} ]] || return 0
	./debian-config.sh "$CUT"
	CONFIG=$CUT ./deb.sh
	DEBS=$WORK/deb
}

count_objects() { echo "$(grep -cE '^  (CC|AS|HOSTCC)\b' "$LOGS/side.log" || :) objects"; }

# The configuration of the patched kernel. A kernel without autoload ignores it in CONFIG_LSM.
configuration()
{
	dpkg-deb --fsys-tarfile "$DEBS"/linux-image-*.deb | tar -xO --wildcards './boot/config-*'
}

build_side()
{
	mkdir -p "$OUT"
	rm -f "$WORK"/debian/*.deb
	configuration >"$OUT/.config"
	kernel_make LOCALVERSION=+side olddefconfig
	kernel_make LOCALVERSION=+side -j"$JOBS" KBUILD_VERBOSE=0 DEBEMAIL=khelper@localhost \
		DEBFULLNAME="$KBUILD_BUILD_HOST" KDEB_CHANGELOG_DIST=unstable \
		DPKG_FLAGS='-d -Ppkg.linux-upstream.nokerneldbg' bindeb-pkg
}

side_package() { find "$WORK/debian" -maxdepth 1 -name 'linux-image-*+side_*.deb'; }

# The unpatched kernel, with the configuration of the patched one
side()
{
	local SOURCE=$PRISTINE OUT=$WORK/debian/side now

	[[ " $BOOT " == *' compare '* ]] || return 0
	now=$({ stat -c '%i %Y' "$PRISTINE"; configuration; declare -f build_side; } | sha256sum)
	! stamp_is "$WORK/debian/side.stamp" "$now" || return 0
	rm -f "$WORK/debian/side.stamp"
	run_logged 'building the unpatched kernel:' "$LOGS/side.log" count_objects -- build_side
	[[ -n $(side_package) ]] || die "no package of the unpatched kernel; see $LOGS/side.log"
	echo "$now" >"$WORK/debian/side.stamp"
}

# Files for the table of uses
make_images()
{
	local images=$MACHINE/khelper/images kind

	mkdir -p "$images"
	for kind in ext2 ext3 ext4; do
		mke2fs -q -t "$kind" "$images/$kind" 16M
	done
	truncate -s 16M "$images/vfat"
	chroot "$MACHINE" mkfs.vfat /khelper/images/vfat
	chroot "$MACHINE" mksquashfs /etc/default /khelper/images/squashfs -quiet
	truncate -s 64M "$images/disk"
}

make_network()
{
	mkdir -p "$MACHINE/khelper/network"
	printf '%s\n' '[NetDev]' Name=bond7 Kind=bond >"$MACHINE/khelper/network/bond7.netdev"
	printf '%s\n' '[NetDev]' Name=wg7 Kind=wireguard '[WireGuard]' \
		"PrivateKey=$(head -c 32 /dev/zero | tr '\0' k | base64)" >"$MACHINE/khelper/network/wg7.netdev"
	printf '%s\n' '[NetDev]' Name=vxlan7 Kind=vxlan '[VXLAN]' VNI=7 Independent=yes \
		>"$MACHINE/khelper/network/vxlan7.netdev"
}

# The same package with a higher version, for the upgrade
make_newer()
{
	local newer=$DEBIAN_DIR/newer

	rm -rf "$newer"
	mkdir -p "$MACHINE/khelper/newer"
	dpkg-deb -R "$DEBS"/khelper-tools_*.deb "$newer"
	sed -i 's/^Version: \(.*\)/Version: \1+newer/' "$newer/DEBIAN/control"
	dpkg-deb -b "$newer" "$MACHINE/khelper/newer/khelper-tools_newer.deb"
}

# Files of the tests, in /khelper
install_tests()
{
	local name there=$MACHINE/khelper

	mkdir -p "$there"
	cp debian/{guest,readme,uses,call} "$ROOT/README.md" "$there/"
	for name in sock option ldisc node span; do
		ln -sf call "$there/$name"
	done
	make_images
	make_network
	make_newer
	cp debian/khelper-test.service "$MACHINE/etc/systemd/system/"
	chroot "$MACHINE" systemctl enable khelper-test.service
	# On a busy host an emulated machine is slow.
	mkdir -p "$MACHINE/etc/systemd/system.conf.d"
	printf '[Manager]\nDefaultTimeoutStartSec=900\n' >"$MACHINE/etc/systemd/system.conf.d/slow.conf"
	echo nbd >"$MACHINE/etc/modules-load.d/khelper.conf"
	install -m 755 debian/hook "$MACHINE/etc/initramfs-tools/scripts/init-top/khelper"
	echo '/dev/vda / ext4 defaults 0 1' >"$MACHINE/etc/fstab"
	echo debian >"$MACHINE/etc/hostname"
	printf 'APT::Get::Assume-Yes "true";\nAPT::Install-Recommends "false";\n' \
		>"$MACHINE/etc/apt/apt.conf.d/90khelper"
}

# Runs README's commands in the root. The kernel has been built by the same make deb; the machine
# boots later.
install_packages()
{
	local commands

	commands=$(debian/readme "$ROOT/README.md" 'Build and install')
	mkdir -p "$CLONE/build/$BASE/deb"
	cp "$DEBS"/{linux-image,linux-headers,khelper-tools}*.deb "$CLONE/build/$BASE/deb/"
	# make deb would build the packages again.
	printf '%s\n' 'set -e' 'make() { test "$*" = "deb CONFIG=debian.config"; }' 'reboot() { :; }' \
		'export DEBIAN_FRONTEND=noninteractive' 'apt update' 'cd khelper' "$commands" \
		>"$MACHINE/root/install"
	inside "$MACHINE" root 'bash -ex /root/install'
	rm -rf "$CLONE" "$MACHINE/root/install"
}

make_machine()
{
	rm -rf "$MACHINE"
	cp -a --reflink=auto "$PLAIN" "$MACHINE"
	install_tests
	install_packages
	if [[ " $BOOT " == *' compare '* ]]; then
		cp "$(side_package)" "$MACHINE/khelper/side.deb"
		inside "$MACHINE" root 'dpkg -i /khelper/side.deb'
	fi
	rm -rf "$MACHINE"/var/cache/apt/archives/*.deb
	rm -f "$DISK"
	truncate -s 6G "$DISK"
	mke2fs -q -t ext4 -d "$MACHINE" "$DISK"
}

# release PATTERN: prints the release of the kernel in the machine that matches
release()
{
	find "$MACHINE/boot" -name 'vmlinuz-*' -printf '%f\n' | sed 's/^vmlinuz-//' | grep -E "$1" |
		sort -V | tail -n 1
}

# in_machine NAME RELEASE JOB [PARAMETER...]: boots, and judges the results
in_machine()
{
	local name=debian-$SUITE-$1 release=$2 job=$3 tally=$DEBIAN_DIR/tally.one

	shift 3
	say "== $name, $release"
	: >"$tally"
	if CMDLINE="root=/dev/vda ro khelper.job=$job trace_event=sched:sched_process_exec $PATIENCE $*" \
		KERNEL=$MACHINE/boot/vmlinuz-$release INITRD=$MACHINE/boot/initrd.img-$release MEM=2G \
		DEVICES="$DEVICES" ./boot.sh "$name"; then
		./verdict.sh "$LOGS/$name.console" "$LOGS/$name.results" "$tally" || :
	fi
	[[ -s $tally ]] || echo '0 1 0' >"$tally"
	cat "$tally" >>"$TALLY"
	{ grep -a '^# boot' "$LOGS/$name.results" || :; } | tr -d '\r'
}

job()
{
	case $1 in
	compare) compare_boots ;;
	remove) in_machine "$1" "$DEBIAN_RELEASE" "$1" ;;
	learn) in_machine "$1" "$RELEASE" "$1" kmod.enforce=0 kmod.autoload=1 ;;
	rescue) in_machine "$1" "$RELEASE" "$1" kmod.enforce=0 ;;
	kexec) in_machine "$1" "$RELEASE" "$1" khelper.hook ;;
	*) in_machine "$1" "$RELEASE" "$1" ;;
	esac
}

median() { sort -n | sed -n "$(((BOOTS + 1) / 2))p"; }

values()
{
	local i

	for ((i = 1; i <= BOOTS; i++)); do
		sed -nE "s/^# boot .*: ([0-9]+) s .*, ([0-9]+) modprobes.*/$2/p" \
			"$LOGS/debian-$SUITE-$1-$i.results"
	done
}

# The boot of the patched kernel must take no more than that of the unpatched kernel.
compare_boots()
{
	local i column ours theirs

	for ((i = 1; i <= BOOTS; i++)); do
		in_machine "ours-$i" "$RELEASE" time
		in_machine "side-$i" "$(release '\+side$')" time
	done
	for column in 1 2; do
		ours=$(values ours "\\$column" | median)
		theirs=$(values side "\\$column" | median)
		echo "boot, $([[ $column == 1 ]] && echo seconds || echo modprobes):" \
			"patched $ours, unpatched $theirs (median of $BOOTS)"
		echo "$((ours <= theirs)) $((ours > theirs)) 0" >>"$TALLY"
	done
}

[[ $(id -u) -eq 0 ]] || die 'test-debian.sh must run as root'
mkdir -p "$DEBIAN_DIR" "$LOGS"
exec 7>"$DEBIAN_DIR/lock"
flock -n 7 || die "another make test-debian runs in $DEBIAN_DIR"
./deps.sh build guest deb sysroot debian
packages
side
plain
run_logged 'installing the packages' "$LOGS/debian-$SUITE-install.log" nothing -- make_machine
RELEASE=$(release '\+khelper[0-9]*$')
DEBIAN_RELEASE=$(release 'amd64$')
DEVICES="-drive file=$DISK,if=virtio,format=raw,cache=unsafe"
# With DHCP, for which NetworkManager waits, but without a way out
DEVICES+=' -netdev user,id=net,restrict=on -device virtio-net-pci,netdev=net'
: >"$TALLY"
for name in $BOOT; do
	job "$name"
done
sum_up
