#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# units.sh SUITE...: downloads packages of these Debian suites that servers, desktops and container
# hosts install, and compares them with tools/kmod/policy:
#
# units.SUITE    the services that lack a capability or do not run as root: their package, user,
#                CapabilityBoundingSet=, AmbientCapabilities= and ProtectKernelModules=. The
#                policies must allow the requests of these services that mode 1 would deny.
# helpers.SUITE  the programs of these packages that a policy lists as helpers
#
# The new lists are in build/units. Fails if they differ.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=harness/lib/apt.sh
source "$ROOT/harness/lib/apt.sh"

POLICIES=$ROOT/tools/kmod/policy
UNITS=$BUILD/units

# Packages with services or helpers. A suite may lack some of them.
PACKAGES=(systemd systemd-container systemd-homed systemd-resolved systemd-timesyncd systemd-coredump
	systemd-userdbd udev kmod openrc openvpn openconnect wireguard-tools strongswan-starter
	strongswan-charon charon-systemd libreswan network-manager network-manager-openvpn
	modemmanager bluez iwd wpasupplicant hostapd connman avahi-daemon chrony ntpsec
	openssh-server nftables firewalld ufw docker.io containerd podman lxc lxcfs incus-base
	libvirt-daemon-system libvirt-daemon openvswitch-switch bridge-utils mstpd nfs-common
	nfs-kernel-server cifs-utils keyutils samba autofs smartmontools mdadm lvm2 multipath-tools
	open-iscsi drbd-utils ocfs2-tools corosync pacemaker keepalived haproxy bind9 unbound
	dnsmasq-base dnsmasq kea-dhcp4-server isc-dhcp-server dhcpcd-base radvd frr bird2 lldpd
	snmpd udisks2 upower fwupd cups-daemon cups-browsed gdm3 sddm lightdm rtkit accountsservice
	colord geoclue-2.0 switcheroo-control power-profiles-daemon thermald irqbalance gpsd pcscd
	usbguard auditd rsyslog fail2ban postfix exim4-base dovecot-core apache2 nginx-common
	redis-server prometheus-node-exporter bolt usbmuxd rpcbind quota tomoyo-tools v86d apport
	can-utils pppd ppp xl2tpd pptpd fuse3 davfs2 cachefilesd rng-tools5 low-memory-monitor
	iio-sensor-proxy tlp zfs-fuse wide-dhcpv6-client isc-dhcp-client nbd-client ceph-common
	cryptsetup systemd-cryptsetup tcmu-runner sysvinit-core)

available() { apt-cache "${APT[@]}" pkgnames | sort -u | grep -Fxf <(printf '%s\n' "${PACKAGES[@]}"); }

fetch()
{
	local -a names

	mapfile -t names < <(available)
	(cd "$UNITS/$1" && private_apt_get -qq download "${names[@]}")
}

# setting NAME FILE: prints the values of the setting, joined as systemd joins them
setting()
{
	sed -e ':a;/\\$/{N;s/\\\n//;ba}' "$2" | sed -n "s/^$1=//p" | xargs
}

# unit PACKAGE FILE: prints a line if mode 1 could deny requests of the service
unit()
{
	local user caps ambient protect

	user=$(setting User "$2")
	caps=$(setting CapabilityBoundingSet "$2")
	ambient=$(setting AmbientCapabilities "$2")
	protect=$(setting ProtectKernelModules "$2")
	[[ -n $user$caps$ambient ]] || [[ $protect =~ ^(yes|true|1|on)$ ]] || return 0
	echo "$(basename "$2") package=$1 user=${user:-root} caps=${caps:-all}" \
		"ambient=${ambient:-none} protect=${protect:-no}"
}

services()
{
	local deb dir package file

	for deb in "$UNITS/$1"/*.deb; do
		package=$(basename "$deb" | cut -d_ -f1)
		dir=$UNITS/$1/tree/$package
		mkdir -p "$dir"
		dpkg-deb --fsys-tarfile "$deb" |
			tar -x -C "$dir" --wildcards '*/systemd/system/*.service' 2>/dev/null || :
		while read -r file; do
			unit "$package" "$file"
		done < <(find "$dir" -type f -name '*.service' | sort)
	done | LC_ALL=C sort
}

# Paths of merged /usr: /sbin/x is /usr/sbin/x.
helpers()
{
	local -a listed

	mapfile -t listed < <(sed -n 's/^helper //p' "$POLICIES"/*.conf | sort -u)
	for deb in "$UNITS/$1"/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -t | sed -n 's,^\./\(.*[^/]\)$,/\1,p' |
			grep -Fx -f <(printf '%s\n' "${listed[@]}") |
			sed "s,$, package=$(basename "$deb" | cut -d_ -f1)," || :
	done | LC_ALL=C sort
}

compare()
{
	local suite=$1 list status=0

	services "$suite" >"$UNITS/units.$suite"
	helpers "$suite" >"$UNITS/helpers.$suite"
	for list in units helpers; do
		diff -u "$POLICIES/$list.$suite" "$UNITS/$list.$suite" || status=1
	done
	return "$status"
}

status=0
for suite in "$@"; do
	mkdir -p "$UNITS/$suite"
	use_suite "$suite" "$UNITS/$suite/apt"
	private_apt_update >"$UNITS/$suite.log" 2>&1 || die "cannot update the lists of $suite"
	fetch "$suite" >>"$UNITS/$suite.log" 2>&1 || die "cannot download; see $UNITS/$suite.log"
	compare "$suite" || status=1
done
exit "$status"
