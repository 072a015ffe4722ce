#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# deps.sh GROUP...: installs missing Debian packages, or prints the command that installs them if
# the user has no permission. Groups: build guest check bench tools tools-check configs deb docs
# sysroot debian model, and arch, the additional packages for ARCH. A GROUP with a slash is the path
# of a .config: the packages without which its kernel cannot be built, or would lack options.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"

BUILD_PACKAGES=(gcc libc6-dev make patch flex bison bc libelf-dev libssl-dev
	ccache xz-utils rsync jq python3)
GUEST_PACKAGES=(qemu-system-x86 busybox-static bash kmod keyutils libcap2-bin
	util-linux procps cpio jq mount iproute2 iputils-ping nftables bubblewrap
	cryptsetup-bin)
CHECK_PACKAGES=(sparse shellcheck perl)
BENCH_PACKAGES=(gnuplot-nox)
TOOLS_PACKAGES=(gcc libc6-dev make pkg-config libtracefs-dev libtraceevent-dev
	libjson-c-dev libkmod-dev libsmartcols-dev)
TOOLS_CHECK_PACKAGES=(jq mandoc python3-prometheus-client strace zsh)
CONFIGS_PACKAGES=(e2fsprogs)
DOCS_PACKAGES=(python3-sphinx)
SYSROOT_PACKAGES=(mmdebstrap)
DEBIAN_PACKAGES=(e2fsprogs)
MODEL_PACKAGES=(spin)
DEB_PACKAGES=(debhelper dpkg-dev cpio kmod rsync)

# Regular expressions for lines of a .config, each followed by the package that it needs
CONFIG_NEEDS=(
	'CONFIG_DEBUG_INFO_BTF=y' dwarves
	'CONFIG_GCC_PLUGINS=y' "gcc-$(gcc -dumpversion 2>/dev/null || :)-plugin-dev"
	'CONFIG_(KERNEL|MODULE_COMPRESS)_ZSTD=y' zstd
	'CONFIG_KERNEL_LZ4=y' lz4
	'CONFIG_KERNEL_LZO=y' lzop
	'CONFIG_KERNEL_BZIP2=y' bzip2
	'CONFIG_MODULE_SIG=y' openssl
)

packages_for_config()
{
	local i

	for ((i = 0; i < ${#CONFIG_NEEDS[@]}; i += 2)); do
		! grep -qxE "${CONFIG_NEEDS[i]}" "$1" || echo "${CONFIG_NEEDS[i + 1]}"
	done
}

packages_of()
{
	case $1 in
	build) echo "${BUILD_PACKAGES[@]}" ;;
	guest) echo "${GUEST_PACKAGES[@]}" "${TOOLS_PACKAGES[@]}" ;;
	check) echo "${CHECK_PACKAGES[@]}" ;;
	bench) echo "${BENCH_PACKAGES[@]}" ;;
	tools) echo "${TOOLS_PACKAGES[@]}" ;;
	tools-check) echo "${TOOLS_CHECK_PACKAGES[@]}" ;;
	configs) echo "${CONFIGS_PACKAGES[@]}" ;;
	deb) echo "${DEB_PACKAGES[@]}" ;;
	docs) echo "${DOCS_PACKAGES[@]}" ;;
	arch) echo "${NEEDS[@]}" ;;
	sysroot) echo "${SYSROOT_PACKAGES[@]}" ;;
	*/*) packages_for_config "$1" ;;
	debian) echo "${DEBIAN_PACKAGES[@]}" ;;
	model) echo "${MODEL_PACKAGES[@]}" ;;
	*) die "deps.sh: unknown group '$1'" ;;
	esac
}

is_installed()
{
	[[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

missing=()
for group in "$@"; do
	for package in $(packages_of "$group"); do
		is_installed "$package" || [[ " ${missing[*]} " == *" $package "* ]] ||
			missing+=("$package")
	done
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
if [[ $(id -u) -ne 0 ]]; then
	if ! sudo -n true 2>/dev/null; then
		say "Some packages are missing. Please run:"
		say "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}"
		exit 1
	fi
	as_root=(sudo -n)
fi

install_missing()
{
	"${as_root[@]}" apt-get update
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get -o DPkg::Lock::Timeout=600 install -y --no-install-recommends \
			"${missing[@]}"
}

nothing() { :; }
say "installing ${missing[*]}"
run_logged "installing packages" "$BUILD/logs/deps.log" nothing -- install_missing
