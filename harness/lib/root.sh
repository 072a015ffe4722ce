# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Debian roots, made by mmdebstrap and entered by chroot as root; sourced by scripts.

# make_debian_root SUITE ROOT PACKAGE...
make_debian_root()
{
	local suite=$1 root=$2

	shift 2
	rm -rf "$root"
	mmdebstrap --variant=apt --include="$(IFS=,; echo "$*")" \
		--aptopt='Acquire::Check-Valid-Until "false"' "$suite" "$root" \
		"deb http://deb.debian.org/debian $suite main" \
		"deb http://deb.debian.org/debian-security $suite-security main"
	cp /etc/resolv.conf "$root/etc/resolv.conf"
}

# inside ROOT USER COMMAND: runs it in namespaces of its own, so that no process or mount remains
inside()
{
	local root=$1 user=$2 command=$3

	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --mount --pid --fork --kill-child bash -c '
		mount -t proc proc "$0/proc"
		mount --rbind /dev "$0/dev"
		mount -t sysfs sys "$0/sys"
		exec chroot "$0" su - "$1" -c "$2"' "$root" "$user" "$command"
}
