#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A modprobe that cannot be executed or read: the request must return the errno or the wait
# status, and must release its slot. FAULTS 8.
source "$(dirname "$0")/kmod_lib.sh"

MOUNT=$WORK/mnt
IMAGE=$WORK/image
LOOP=/dev/loop7
SIGBUS=7 SIGSEGV=11 SIGKILL=9
# Bytes by which each step truncates the image
STEP=$((64 * 1024))

clean_up_more()
{
	umount "$MOUNT" || :
	losetup -d "$LOOP" || :
} 2>/dev/null

noexec()
{
	mount -t tmpfs -o noexec kmod "$MOUNT"
	cp "$HERE/kmod_fake" "$MOUNT/modprobe"
	set_modprobe "$MOUNT/modprobe"
	is "$(status_of a)" "$EACCES" && next_is_served || return 1
	mount -o remount,exec "$MOUNT"
	set_modprobe "$MOUNT/modprobe"
	is "$(status_of a)" 0 "remounted:"
	umount "$MOUNT"
}

# cut_program BYTES: requests a module with a modprobe truncated to BYTES; prints the status
cut_program()
{
	head -c "$1" "$HERE/kmod_fake" >"$WORK/cut"
	chmod +x "$WORK/cut"
	set_modprobe "$WORK/cut"
	status_of a
}

# Without its program headers the exec must fail with ENOEXEC. With the headers alone the exec
# fails with EFAULT, or the program dies by a signal.
cut_short()
{
	local status

	is "$(cut_program 0)" "$ENOEXEC" empty && is "$(cut_program 3)" "$ENOEXEC" "3 bytes" &&
		is "$(cut_program 64)" "$ENOEXEC" "64 bytes" || return 1
	status=$(cut_program 4096)
	[[ $status == "$EFAULT" ]] || is_signal "$status" ||
		complain "4096 bytes: $status" || return 1
	next_is_served
}

is_signal() { [[ $(($1 & 127)) =~ ^($SIGBUS|$SIGSEGV|$SIGKILL)$ && $1 -gt 0 ]]; }

# Mounts, from a loop device, a file system that contains modprobe.
make_image()
{
	truncate -s 3M "$IMAGE"
	mke2fs -F "$IMAGE" >/dev/null 2>&1
	losetup "$LOOP" "$IMAGE"
	mount -t ext2 "$LOOP" "$MOUNT"
	cp "$HERE/kmod_fake" "$MOUNT/modprobe"
	sync
	umount "$MOUNT"
	mount -t ext2 -o ro "$LOOP" "$MOUNT" && grep -q " $MOUNT ext2 " /proc/mounts
}

# The device is truncated step by step. Each request must return the errno of the exec, or the
# signal that the program receives for an unreadable page. A program that needs none of the
# lost pages exits as before. On arm64 the exec fails with EFAULT, as it clears the rest of a
# page that it cannot read.
io_error()
{
	local size status whole failed=0 found=

	make_image || return 1
	set_modprobe "$MOUNT/modprobe"
	whole=$(status_of a)
	for ((size = 3072 * 1024; size > 0; size -= STEP)); do
		truncate -s "$size" "$IMAGE"
		losetup -c "$LOOP"
		echo 3 >/proc/sys/vm/drop_caches
		status=$(status_of a)
		found+=" $status"
		if [[ $status == "$EIO" || $status == "$EFAULT" ]]; then
			failed=$((failed + 1))
		elif [[ $status != "$whole" ]] && ! is_signal "$status"; then
			complain "cut to $size: $status" || return 1
		fi
		[[ $failed -lt 3 ]] || break
	done
	say "results:$found"
	at_least "$failed" 1 "execs that failed:" && next_is_served
}

TESTS=(
	'noexec|a modprobe on a noexec mount returns EACCES'
	'cut_short|a truncated modprobe returns the errno of the exec or the signal'
	'io_error|an unreadable modprobe returns EIO, EFAULT or the signal'
)
mkdir "$MOUNT"
skip_without "needs CONFIG_TEST_KMOD=m, see config" modprobe -n test_kmod
skip_without "needs CONFIG_EXT2_FS=m, see config" "$REAL_MODPROBE" ext2
skip_without "needs CONFIG_BLK_DEV_LOOP, see config" test -b "$LOOP"
run_tests
