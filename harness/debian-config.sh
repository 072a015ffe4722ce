#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# debian-config.sh FILE: writes Debian's configuration of the base's kernel to FILE, reduced to the
# modules in harness/debian/modules, and without the built-in options in harness/debian/disabled.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
FILE=$1
cd "$ROOT/harness"
x86_only

PACKAGE=linux-config-$BASE
SOURCE=$PRISTINE
OUT=$WORK/debian/config

entries() { grep -vE '^(#|$)' "debian/$1"; }

fetch_config()
{
	(cd "$OUT" && apt-get -o APT::Sandbox::User=root download "$PACKAGE" &&
		dpkg-deb -x ./"$PACKAGE"_*.deb .)
	xz -dc "$OUT/usr/src/$PACKAGE/config.amd64_none_amd64.xz" >"$OUT/.config"
}

# localmodconfig disables the modules that the list, in lsmod's format, does not have.
reduce()
{
	local option
	local -a options=()

	{ echo 'Module Size Used by'; entries modules | sed 's/$/ 1 0/'; } >"$OUT/lsmod"
	kernel_make olddefconfig
	# yes ends by a signal.
	{ yes '' || :; } | kernel_make LSMOD="$OUT/lsmod" localmodconfig
	while read -r option; do
		options+=(--disable "$option")
	done < <(entries disabled)
	"$SOURCE/scripts/config" --file "$OUT/.config" "${options[@]}" --enable DEBUG_INFO_NONE
	kernel_make olddefconfig
}

# Names that the base does not have, which are errors in the lists
unknown()
{
	local option

	sed -n 's/^module \(.*\) did not have configs .*/unknown or absent module: \1/p' \
		"$LOGS/debian-config.log"
	while read -r option; do
		! grep -qx "CONFIG_$option=y" "$OUT/.config" || echo "still enabled: $option"
	done < <(entries disabled)
}

configure() { fetch_config && reduce; }
nothing() { :; }

./deps.sh build
(lock_work; ./fetch.sh)
rm -rf "$OUT"
mkdir -p "$OUT"
run_logged "reducing Debian's configuration" "$LOGS/debian-config.log" nothing -- configure
errors=$(unknown)
[[ -z $errors ]] || { say "$errors"; die 'harness/debian/modules or disabled has errors'; }
cp "$OUT/.config" "$FILE"
