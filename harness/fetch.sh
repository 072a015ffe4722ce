#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Fetches the base kernel's source package with apt and unpacks it into
# build/<base>/pristine. With LINUX=/path that tree is copied instead, and again
# when it has changed. Does nothing when the tree is there already.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"

count_files() { echo "$(wc -l <"$LOGS/unpack.list") files"; }
nothing() { :; }

# apt's sandbox user cannot write into a home directory; a download into our own
# folder needs no sandbox when root asks, and has none when a user does.
apt_download()
{
	cd "$WORK" && apt-get -o APT::Sandbox::User=root download "$1"
}

refresh_lists()
{
	if [[ $(id -u) -eq 0 ]]; then
		apt-get update
	else
		sudo -n apt-get update
	fi
}

download()
{
	local package=$1

	if ! apt-cache show "$package" >/dev/null 2>&1; then
		run_logged "updating apt's lists" "$LOGS/apt-update.log" nothing -- refresh_lists
	fi
	run_logged "downloading $package" "$LOGS/download.log" nothing -- apt_download "$package"
}

# The package holds one compressed tree.
unpack()
{
	local deb=$1 package=$2

	dpkg-deb --fsys-tarfile "$deb" |
		tar -xO "./usr/src/$package.tar.xz" |
		tar -xJv --strip-components=1 -C "$PRISTINE.new" >"$LOGS/unpack.list"
}

fetch_package()
{
	local package deb

	[[ -f $BASE_DIR/package ]] || die "no base named $BASE: $BASE_DIR/package does not exist"
	package=$(<"$BASE_DIR/package")
	deb=$(find "$WORK" -maxdepth 1 -name "${package}_*.deb" | sort -V | tail -n 1)
	if [[ -z $deb ]]; then
		download "$package"
		deb=$(find "$WORK" -maxdepth 1 -name "${package}_*.deb" | sort -V | tail -n 1)
	fi
	: >"$LOGS/unpack.list"
	run_logged "unpacking $(basename "$deb")" "$LOGS/unpack.log" count_files -- unpack "$deb" "$package"
}

copy_tree()
{
	tar -C "$LINUX" --exclude=./.git -cf - . | tar -C "$PRISTINE.new" -xpf -
	make -C "$PRISTINE.new" mrproper
}

copy_is_current()
{
	[[ -z $(find "$LINUX" -name .git -prune -o -newer "$WORK/copied" -print -quit) ]]
}

mkdir -p "$WORK" "$LOGS"
if [[ -d $PRISTINE ]]; then
	[[ -n $LINUX ]] || exit 0
	! copy_is_current || exit 0
	say "$LINUX has changed since it was copied; copying it again"
	rm -rf "$PRISTINE" "$TREE" "$WORK/tree.stamp" "$WORK/tree.touched"
fi

rm -rf "$PRISTINE.new"
mkdir "$PRISTINE.new"
if [[ -n $LINUX ]]; then
	[[ -f $LINUX/Kbuild ]] || die "LINUX=$LINUX is not a kernel tree"
	touch "$WORK/copied.new"
	run_logged "copying $LINUX" "$LOGS/copy.log" nothing -- copy_tree
	mv "$WORK/copied.new" "$WORK/copied"
else
	fetch_package
fi
mv "$PRISTINE.new" "$PRISTINE"
