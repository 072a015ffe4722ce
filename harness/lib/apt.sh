# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Packages from another Debian suite; sourced by fetch.sh and units.sh. The machine's own sources,
# lists, packages and cache do not change.

# Options of every call of apt; if empty, the machine's own configuration is used.
APT=()

# use_suite SUITE FOLDER: writes an apt configuration for SUITE to FOLDER
use_suite()
{
	local apt=$2

	mkdir -p "$apt"/{lists,cache/archives}/partial
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
		"http://deb.debian.org/debian $1 main" >"$apt/sources.list"
	APT=(-o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=-
		-o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache")
}

# Without a sandbox: apt's sandbox user cannot write to a home directory, and apt has no sandbox
# unless it runs as root.
private_apt_get() { apt-get "${APT[@]}" -o APT::Sandbox::User=root "$@"; }

private_apt_update() { private_apt_get update -o APT::Update::Error-Mode=any; }
