#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The ready-made policies: services of root, users, and modules that had bugs.
source "$(dirname "$0")/lib.sh"

POLICIES=$(cd "$(dirname "$0")/../policy" && pwd)

# A name, a requester, and the verdicts of server, desktop and container-host: + or x
NETWORKD='--uid 998 --cap net_admin,net_raw,net_bind_service,net_broadcast
	--cgroup /system.slice/systemd-networkd.service'
OPENVPN='--uid 0 --cap ipc_lock,net_admin,net_raw,setgid,setuid,sys_nice
	--cgroup /system.slice/system-openvpn.slice/openvpn@office.service'
MOUNT_CIFS='--uid 0 --cap sys_admin --cgroup /user.slice/user-1000.slice/session-3.scope'
BLUETOOTH='--uid 0 --cap net_admin,net_bind_service --cgroup /system.slice/bluetooth.service'
IWD='--uid 0 --cap net_admin,net_raw,net_bind_service --cgroup /system.slice/iwd.service'
MODEM='--uid 0 --cap sys_admin,net_admin --cgroup /system.slice/ModemManager.service'
HOMED='--uid 0 --cap sys_admin,chown,dac_override --cgroup /system.slice/systemd-homed.service'
MOUNTFSD='--uid 0 --cap sys_admin,bpf --cgroup /system.slice/systemd-mountfsd.service'
ROOT='--uid 0 --cgroup /user.slice/user-0.slice/session-1.scope'
USER='--uid 1000'
USERNS='--uid 1000 --userns other'
# Root of a Docker container without a user namespace
CONTAINER='--uid 0 --cap chown,dac_override,fowner,kill,mknod,setgid,setuid,net_raw
	--cgroup /system.slice/docker-0123.scope'

CASES=(
	"rtnl-link-bond		$NETWORKD	+++"
	"rtnl-link-wireguard	$NETWORKD	+++"
	"rtnl-link-vxlan	$NETWORKD	+++"
	"net-pf-16-proto-16-family-nl80211	$NETWORKD	+++"
	"rtnl-link-bond		$USERNS		xxx"
	"rtnl-link-veth		$USERNS		xx+"
	"net-pf-16-proto-16-family-nl80211	$USER	xxx"
	"char-major-10-200	$OPENVPN	+++"
	"char-major-10-200	$USER		x++"
	"fs-cifs		$MOUNT_CIFS	+++"
	"nls_utf8		$MOUNT_CIFS	+++"
	"crypto-cmac(aes)	$MOUNT_CIFS	+++"
	"fs-cifs		$USERNS		xxx"
	"fs-cramfs		$MOUNT_CIFS	xxx"
	"bt-proto-3		$BLUETOOTH	++x"
	"bt-proto-4		$BLUETOOTH	++x"
	"bt-proto-6		$BLUETOOTH	++x"
	"bt-proto-3		$USER		xxx"
	"algif-hash		$IWD		+++"
	"crypto-cmac(aes)	$IWD		+++"
	"algif-aead		$IWD		xxx"
	"net-pf-17		$IWD		+++"
	"net-pf-42		$MODEM		++x"
	"net-pf-42		$NETWORKD	xxx"
	"net-pf-42		$USER		xxx"
	"fs-btrfs		$HOMED		+++"
	"char-major-10-236	$HOMED		+++"
	"algif-skcipher		$HOMED		+++"
	"dm-crypt		$HOMED		+++"
	"dm-verity		$MOUNTFSD	+++"
	"fs-erofs		$MOUNTFSD	+++"
	"dm-crypt		$CONTAINER	xxx"
	"fs-ext4		$ROOT		+++"
	"netdev-tunl0		$NETWORKD	+++"
	"char-major-10-236	$CONTAINER	++x"
	"fs-ext4		$CONTAINER	xxx"
	"algif-aead		$CONTAINER	xxx"
	"crypto-cbc(aes)	$USER		x+x"
	"crypto-xts		$USER		x+x"
	"crypto-cbc(wp512)	$USER		xxx"
	"crypto-wp512		$USER		xxx"
)

# verdicts NAME OPTION...: prints one character for each profile
verdicts()
{
	local profile

	for profile in server desktop container-host; do
		kmodctl policy test "$@" --file "$POLICIES/$profile.conf" --modules /nowhere
		case $STATUS in
		0) echo -n + ;;
		3) echo -n x ;;
		*) echo -n '?' ;;
		esac
	done
}

requesters()
{
	local line failed=0

	for line in "${CASES[@]}"; do
		# shellcheck disable=SC2086 # words
		set -- $line
		is "$(verdicts "${@:1:$#-1}")" "${!#}" "$*" || failed=1
	done
	return "$failed"
}

no_warnings()
{
	local profile

	for profile in "$POLICIES"/*.conf; do
		kmodctl policy check --modules /nowhere "$profile"
		well || { say "$(<"$WORK/err")"; return 1; }
	done
}

helpers()
{
	local path profile

	for profile in server desktop container-host; do
		for path in /sbin/modprobe /usr/sbin/modprobe /usr/bin/modprobe; do
			fake_kernel
			echo "$path" >"$FAKE/kernel/modprobe"
			kmodctl policy load --securityfs "$FAKE" --sysctl "$FAKE" \
				"$POLICIES/$profile.conf"
			well || return 1
		done
	done
}

TESTS=(
	requesters 'services of root work, users and containers are restricted'
	no_warnings 'check has nothing to say about the policies'
	helpers 'the lists of helpers have modprobe, wherever it is'
)
FAKE=$WORK/kernel
run_tests
