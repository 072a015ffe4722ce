# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Differences between architectures; sourced by lib.sh.
#
# CROSS       prefix of the compiler and of binutils
# DEBIAN      architecture of the Debian packages with the guest's programs; if empty, they
#             are this machine's own
# TRIPLET     Debian's name for the folder of the libraries
# NEEDS       Debian packages to build and boot the kernel, for deps.sh
# IMAGE       make target of the kernel
# IMAGE_FILE  path of the built kernel
# QEMU        program and machine
# SECOND_PORT device of the verdict channel, which is the chardev "verdict"
# TTY         console
# APPEND      additional kernel command line. The kernel passes unknown parameters to the
#             guest's init as environment.
# shellcheck disable=SC2034 # used by scripts that source lib.sh

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
	die "unknown ARCH '$ARCH': expected x86_64, i386 or arm64"
	;;
esac

case $ARCH in
x86_64 | i386)
	IMAGE=bzImage
	IMAGE_FILE=arch/x86/boot/bzImage
	QEMU=(qemu-system-x86_64)
	SECOND_PORT=(-serial chardev:verdict)
	TTY=ttyS0
	# On a loaded host the timer may be slower than the kernel's check of it permits.
	APPEND=no_timer_check
	;;
arm64)
	IMAGE=Image
	IMAGE_FILE=arch/arm64/boot/Image
	# A simple 64-bit processor: newer extensions would have to be emulated.
	QEMU=(qemu-system-aarch64 -machine virt -cpu cortex-a57)
	# The board has only one port.
	SECOND_PORT=(-device "pci-serial,chardev=verdict")
	TTY=ttyAMA0
	APPEND=VERDICT=/dev/ttyS0
	;;
esac
