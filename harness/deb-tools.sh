#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# deb-tools.sh: builds the Debian package khelper-tools, kmodctl with its service and policies, in
# build/deb-tools/<suite>, and prints the name of the package.
#
# Environment: SUITE, bookworm or trixie. Then the package is built in a new root of that suite,
# build/deb-tools/<suite>/root, which needs root. Without SUITE, it is built for this machine, in
# build/deb-tools/local.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=harness/lib/root.sh
source "$ROOT/harness/lib/root.sh"
cd "$ROOT/harness"

SUITE=${SUITE:-}
DEBS=$BUILD/deb-tools/${SUITE:-local}
SUITE_ROOT=$DEBS/root
LOGS=$DEBS/logs
VERSION=$(<"$ROOT/tools/kmod/VERSION")
SOURCE_DIR=khelper-tools-$VERSION
BUILD_COMMAND='DEB_BUILD_OPTIONS=noautodbgsym dpkg-buildpackage -b -us -uc'

nothing() { :; }

# The source of the package, without files of other builds
copy_source()
{
	local to=$1/$SOURCE_DIR

	rm -rf "$to"
	mkdir -p "$to"
	(cd "$ROOT/tools/kmod" && tar --exclude='*.[do]' --exclude=./kmodctl -cf - .) |
		tar -C "$to" -xf -
	cp "$ROOT/CHANGELOG.md" "$to/"
}

build_here()
{
	copy_source "$DEBS/source"
	(cd "$DEBS/source/$SOURCE_DIR" && eval "$BUILD_COMMAND")
	mv "$DEBS/source"/*.deb "$DEBS/"
}

# The build dependencies are installed from debian/control.
make_suite_root()
{
	make_debian_root "$SUITE" "$SUITE_ROOT" dpkg-dev gcc libc6-dev make lintian
	copy_source "$SUITE_ROOT/source"
	inside "$SUITE_ROOT" root "cd /source/$SOURCE_DIR && apt-get update &&
		apt-get build-dep -y --no-install-recommends ./"
}

build_in_suite()
{
	copy_source "$SUITE_ROOT/source"
	inside "$SUITE_ROOT" root "cd /source/$SOURCE_DIR && $BUILD_COMMAND"
	mv "$SUITE_ROOT/source"/*.deb "$DEBS/"
	cp "$SUITE_ROOT/source"/*.changes "$DEBS/"
}

make_root()
{
	local now

	now=$(cat "$ROOT"/tools/kmod/debian/control "$ROOT"/harness/{deb-tools,lib/root}.sh | sha256sum)
	! stamp_is "$DEBS/root.stamp" "$now" || return 0
	rm -f "$DEBS"/{root.stamp,stamp}
	run_logged "making a root of $SUITE" "$LOGS/root.log" nothing -- make_suite_root
	echo "$now" >"$DEBS/root.stamp"
}

sources_hash()
{
	cd "$ROOT"
	find tools/kmod CHANGELOG.md harness/deb-tools.sh -type f ! -name '*.[do]' \
		! -path tools/kmod/kmodctl -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
}

[[ -z $SUITE || $(id -u) -eq 0 ]] || die "SUITE=$SUITE needs root"
mkdir -p "$LOGS"
if [[ -n $SUITE ]]; then
	./deps.sh sysroot
	make_root
	build=build_in_suite
else
	./deps.sh tools tools-check deb
	build=build_here
fi
now=$(sources_hash)
if ! stamp_is "$DEBS/stamp" "$now"; then
	rm -f "$DEBS"/{stamp,*.deb}
	run_logged "building khelper-tools:" "$LOGS/build.log" nothing -- "$build"
	echo "$now" >"$DEBS/stamp"
fi
find "$DEBS" -maxdepth 1 -name 'khelper-tools_*.deb'
