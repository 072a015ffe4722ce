# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What differs between the machines that a kernel is built for; sourced by lib.sh.
#
# CROSS       what the names of compiler and binutils start with
# DEBIAN      the architecture of the Debian packages that the guest's programs come from;
#             empty: they are this machine's own
# TRIPLET     Debian's name for the folder of its libraries
# NEEDS       Debian packages that build and boot it, for deps.sh
# IMAGE       the make target of the kernel, and IMAGE_FILE where it is then
# QEMU        the machine
# SECOND_PORT the device that the verdict channel, chardev "verdict", is connected to
# TTY         the console
# APPEND      more for the kernel's command line; what it does not know becomes environment
#             of the guest's init
# shellcheck disable=SC2034 # for the scripts that source lib.sh

case $ARCH in
x86_64)
	CROSS=
	DEBIAN=
	TRIPLET=x86_64-linux-gnu
	NEEDS=()
	;;
i386)
	CROSS=i686-linux-gnu-
	DEBIAN=i386
	TRIPLET=i386-linux-gnu
	NEEDS=(gcc-i686-linux-gnu libc6-dev-i386-cross)
	;;
arm64)
	CROSS=aarch64-linux-gnu-
	DEBIAN=arm64
	TRIPLET=aarch64-linux-gnu
	NEEDS=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-system-arm)
	;;
*)
	die "ARCH=$ARCH: there are x86_64, i386 and arm64"
	;;
esac

case $ARCH in
x86_64 | i386)
	IMAGE=bzImage
	IMAGE_FILE=arch/x86/boot/bzImage
	QEMU=(qemu-system-x86_64)
	SECOND_PORT=(-serial chardev:verdict)
	TTY=ttyS0
	# A loaded host may keep the timer waiting for longer than the check of it does.
	APPEND=no_timer_check
	;;
arm64)
	IMAGE=Image
	IMAGE_FILE=arch/arm64/boot/Image
	# The plainest 64-bit processor: each newer extension is one more to emulate.
	QEMU=(qemu-system-aarch64 -machine virt -cpu cortex-a57)
	# The board has one port, and slots for more.
	SECOND_PORT=(-device "pci-serial,chardev=verdict")
	TTY=ttyAMA0
	APPEND=VERDICT=/dev/ttyS0
	;;
esac
