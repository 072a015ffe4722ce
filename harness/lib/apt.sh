# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Packages from another Debian suite, sourced by fetch.sh: the machine's own sources, lists,
# packages and cache stay as they are.

# What every call of apt is given; empty: the machine's own apt.
APT=()

# use_suite SUITE FOLDER: apt's configuration for it, in that folder
use_suite()
{
	local apt=$2

	mkdir -p "$apt"/{lists,cache/archives}/partial
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
		"http://deb.debian.org/debian $1 main" >"$apt/sources.list"
	APT=(-o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=-
		-o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache")
}

# apt's sandbox user cannot write into a home directory; a download into our own
# folder needs no sandbox when root asks, and has none when a user does.
private_apt_get() { apt-get "${APT[@]}" -o APT::Sandbox::User=root "$@"; }

private_apt_update() { private_apt_get update -o APT::Update::Error-Mode=any; }
