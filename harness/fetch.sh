#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Fetches the base kernel's source package with apt and unpacks it into build/<base>/pristine.
# With LINUX=/path that tree is copied instead, and copied again when it has changed. Does
# nothing if the tree exists already.
#
# bases/<base>/package has the name of the package and, if the machine runs another Debian
# suite, the suite; then an apt configuration in build/<base>/apt is used. The name may be
# a pattern, which selects the newest package. If a package of another suite cannot be fetched,
# prints SKIP and exits with status 4.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=harness/lib/apt.sh
source "$ROOT/harness/lib/apt.sh"

count_files() { echo "$(wc -l <"$LOGS/unpack.list") files"; }
nothing() { :; }

apt_download() { cd "$WORK" && private_apt_get download "$1"; }

skip()
{
	tail -n 5 "$LOGS"/{apt-update,download}.log >&2 2>/dev/null || :
	say "SKIP: BASE=$BASE: $*"
	exit 4
}

# newest PATTERN: prints the matching package name with the highest version.
newest()
{
	apt-cache "${APT[@]}" pkgnames linux-source- | while read -r name; do
		# shellcheck disable=SC2053 # a pattern
		[[ $name != $1 ]] || echo "$name"
	done | sort -V | tail -n 1
}

refresh_lists()
{
	if [[ ${#APT[@]} -gt 0 ]]; then
		private_apt_update
	elif [[ $(id -u) -eq 0 ]]; then
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

# The package contains one compressed tree.
unpack()
{
	local deb=$1 package=$2

	dpkg-deb --fsys-tarfile "$deb" |
		tar -xO "./usr/src/$package.tar.xz" |
		tar -xJv --strip-components=1 -C "$PRISTINE.new" >"$LOGS/unpack.list"
}

unpack_logged()
{
	: >"$LOGS/unpack.list"
	run_logged "unpacking $(basename "$1")" "$LOGS/unpack.log" count_files -- \
		unpack "$1" "$(basename "$1" | cut -d_ -f1)"
}

# Fetches a package of another suite. The steps run in subshells, because a failure in run_logged
# exits the shell.
fetch_newest()
{
	local pattern=$1 suite=$2 package

	use_suite "$suite" "$WORK/apt"
	(run_logged "updating the lists of $suite" "$LOGS/apt-update.log" nothing -- refresh_lists) ||
		skip "cannot update the package lists of Debian's $suite"
	package=$(newest "$pattern")
	[[ -n $package ]] || skip "Debian's $suite has no package '$pattern'"
	(run_logged "downloading $package" "$LOGS/download.log" nothing -- apt_download "$package") ||
		skip "cannot download $package"
	unpack_logged "$(find "$WORK" -maxdepth 1 -name "${package}_*.deb" | sort -V | tail -n 1)"
}

fetch_package()
{
	local package deb suite

	[[ -f $BASE_DIR/package ]] || die "unknown base '$BASE': $BASE_DIR/package does not exist"
	read -r package suite <"$BASE_DIR/package"
	if [[ -n $suite ]]; then
		fetch_newest "$package" "$suite"
		return
	fi
	deb=$(find "$WORK" -maxdepth 1 -name "${package}_*.deb" | sort -V | tail -n 1)
	if [[ -z $deb ]]; then
		download "$package"
		deb=$(find "$WORK" -maxdepth 1 -name "${package}_*.deb" | sort -V | tail -n 1)
	fi
	unpack_logged "$deb"
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
	say "$LINUX has changed; copying it again"
	rm -rf "$PRISTINE" "$TREE" "$WORK/tree.stamp" "$WORK/tree.touched"
fi

rm -rf "$PRISTINE.new"
mkdir "$PRISTINE.new"
if [[ -n $LINUX ]]; then
	[[ -f $LINUX/Kbuild ]] || die "not a kernel tree: LINUX=$LINUX"
	touch "$WORK/copied.new"
	run_logged "copying $LINUX" "$LOGS/copy.log" nothing -- copy_tree
	mv "$WORK/copied.new" "$WORK/copied"
else
	fetch_package
fi
mv "$PRISTINE.new" "$PRISTINE"
