#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make test-packages: tests that the version is the same everywhere, that make deb preserves
# Debian's configuration, and, in Debian 12 and 13, the package khelper-tools: lintian,
# installation, autopkgtest and purge. Builds no kernel. Prints KTAP; the last line is "N passed,
# N failed".
#
# Environment: SUITES (test only some of them). Needs root.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=harness/lib/root.sh
source "$ROOT/harness/lib/root.sh"
cd "$ROOT/harness"

SUITES=${SUITES-bookworm trixie}
VERSION=$(<"$ROOT/tools/kmod/VERSION")
LOGS=$BUILD/test-packages
number=0
failed=0

# check TITLE FUNCTION ARGUMENT...: prints a KTAP line; the output goes to a log
check()
{
	local title=$1 status result=ok log=$LOGS/$((number + 1)).log

	shift
	# Not in a condition, in which set -e would have no effect
	set +e
	(set -e; "$@") >"$log" 2>&1 </dev/null
	status=$?
	set -e
	if [[ $status -ne 0 ]]; then
		result='not ok'
		failed=$((failed + 1))
		tail -n 15 "$log" | sed 's/^/# /'
	fi
	number=$((number + 1))
	echo "$result $number - $title"
}

versions_agree()
{
	make -C "$ROOT" kmodctl
	[[ $("$BUILD/tools/kmod/kmodctl" --version) == "kmodctl $VERSION" ]]
	[[ $(sed -n 's/^## //p' "$ROOT/CHANGELOG.md" | head -n 1) == "$VERSION" ]]
	[[ $(dpkg-parsechangelog -l "$ROOT/tools/kmod/debian/changelog" -S Version) == "$VERSION"-* ]]
}

# Debian's configuration of the base's kernel
fetch_config()
{
	local name=linux-config-$BASE

	rm -rf "$LOGS/config"
	mkdir "$LOGS/config"
	cd "$LOGS/config"
	apt-get -o APT::Sandbox::User=root download "$name"
	dpkg-deb -x ./*.deb .
	xz -dc "usr/src/$name/config.amd64_none_amd64.xz" >debian.config
}

config_preserved()
{
	fetch_config
	CONFIG=$LOGS/config/debian.config "$ROOT/harness/deb.sh" config >"$LOGS/differences" ||
		{ cat "$LOGS/differences"; return 1; }
	cat "$LOGS/differences"
	grep -qx 'CONFIG_DEBUG_INFO_BTF=y' "$WORK/deb/out/.config"
	grep -qE '^CONFIG_LSM="autoload,' "$WORK/deb/out/.config"
}

loss_reported()
{
	local status=0

	{ cat "$LOGS/config/debian.config"; echo 'CONFIG_NO_SUCH_OPTION=y'; } >"$LOGS/config/more.config"
	CONFIG=$LOGS/config/more.config "$ROOT/harness/deb.sh" config >"$LOGS/differences" || status=$?
	cat "$LOGS/differences"
	[[ $status -eq 1 ]]
	grep -q '^-NO_SUCH_OPTION y.*NOT EXPECTED' "$LOGS/differences"
}

package_of() { find "$BUILD/deb-tools/$1" -maxdepth 1 -name 'khelper-tools_*.deb'; }

built() { SUITE=$1 ./deb-tools.sh; }

# lintian reports only that the service has no script for another init.
linted()
{
	cp "$(package_of "$1")" "$BUILD/deb-tools/$1/root/source/khelper-tools.deb"
	inside "$BUILD/deb-tools/$1/root" root \
		'lintian --allow-root --fail-on error,warning --pedantic /source/khelper-tools.deb'
}

make_clean_root()
{
	local root=$BUILD/deb-tools/$1/clean

	make_debian_root "$1" "$root" autopkgtest systemd
	cp -r "$BUILD/deb-tools/$1/root/source" "$root/source"
	cp "$(package_of "$1")" "$root/source/khelper-tools.deb"
	inside "$root" root 'apt-get update'
}

installed()
{
	make_clean_root "$1"
	inside "$BUILD/deb-tools/$1/clean" root \
		'apt-get install -y --no-install-recommends /source/khelper-tools.deb && kmodctl --version'
}

# Installs the dependencies of the tests. They run without a virtual machine.
autopkgtested()
{
	inside "$BUILD/deb-tools/$1/clean" root "cd / && DEBIAN_FRONTEND=noninteractive \
		autopkgtest /source/khelper-tools.deb /source/khelper-tools-$VERSION -- null"
}

purged()
{
	inside "$BUILD/deb-tools/$1/clean" root 'apt-get purge -y khelper-tools'
	[[ -z $(find "$BUILD/deb-tools/$1/clean"/{etc,usr,lib,run,var/lib/systemd} \
		\( -name '*kmodctl*' -o -name '*kmod-policy*' -o -path '*/kmod/policy*' \
			-o -name '*khelper*' \) -print | tee /dev/stderr) ]]
}

[[ $(id -u) -eq 0 ]] || die "test-packages.sh must run as root"
./deps.sh sysroot deb
rm -rf "$LOGS"
mkdir -p "$LOGS"
echo 'KTAP version 1'
check 'VERSION, CHANGELOG.md, debian/changelog and kmodctl agree' versions_agree
check "make deb preserves Debian's configuration" config_preserved
check 'make deb fails if an option is lost' loss_reported
for suite in $SUITES; do
	check "$suite: khelper-tools is built" built "$suite"
	check "$suite: lintian" linted "$suite"
	check "$suite: installation" installed "$suite"
	check "$suite: autopkgtest" autopkgtested "$suite"
	check "$suite: purge leaves nothing" purged "$suite"
done
echo "1..$number"
echo "$((number - failed)) passed, $failed failed"
[[ $failed -eq 0 ]]
