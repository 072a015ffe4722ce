#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make install and make uninstall.
source "$(dirname "$0")/lib.sh"

SOURCE=$(cd "$(dirname "$0")/.." && pwd)
ROOT=$WORK/root

# run_make VARIABLE=VALUE... TARGET: with the existing program
run_make()
{
	have make || return 1
	[[ -f ${KMODCTL%/*}/main.o ]] || { SKIP="$KMODCTL was not built here"; return 1; }
	make -s -C "$SOURCE" O="${KMODCTL%/*}" DESTDIR="$ROOT" "$@" >"$WORK/make" 2>&1 ||
		{ say "$(tail -n 1 "$WORK/make")"; return 1; }
}

# below FOLDER: prints the installed files that are not in it
not_below() { find "$ROOT" -type f ! -path "$ROOT$1/*"; }

prefixed()
{
	rm -rf "$ROOT"
	run_make PREFIX=/opt/tools install && is "$(not_below /opt/tools)" '' 'other files' &&
		"$ROOT/opt/tools/sbin/kmodctl" --version >/dev/null &&
		[[ -f $ROOT/opt/tools/lib/systemd/system/kmod-policy.service ]] &&
		grep -q '/opt/tools/share/kmod/policy' "$ROOT/opt/tools/share/man/man8/kmodctl.8" &&
		is "$(grep -rlE '/usr/(s?bin|share/kmod)' "$ROOT" --include=kmod-policy.service \
			--include=kmodctl.8)" '' 'files with paths in /usr'
}

# The variables of single directories, all of which differ from the default
placed()
{
	local name
	local -a variables=()

	rm -rf "$ROOT"
	for name in sbindir datadir mandir bashcompdir zshcompdir unitdir; do
		variables+=("$name=/elsewhere/$name")
	done
	run_make "${variables[@]}" install && is "$(not_below /elsewhere)" '' 'other files' &&
		is "$(find "$ROOT/elsewhere" -mindepth 1 -maxdepth 1 | wc -l)" 6 directories &&
		run_make "${variables[@]}" uninstall && is "$(find "$ROOT" -type f)" '' 'files'
}

uninstalled()
{
	rm -rf "$ROOT"
	run_make PREFIX=/usr install && run_make PREFIX=/usr uninstall &&
		is "$(find "$ROOT" ! -type d -o -name '*kmod*')" '' 'remaining files'
}

kept()
{
	local policy=$ROOT/etc/kmod/policy.d/50-local.conf

	rm -rf "$ROOT"
	run_make install || return 1
	echo 'mode 1' >"$policy"
	run_make uninstall && is "$(find "$ROOT" -type f)" "$policy" 'files'
}

TESTS=(
	prefixed 'with PREFIX, all files are below it and have its paths'
	placed 'each directory can be set'
	uninstalled 'make uninstall removes all files, and the directories of kmodctl'
	kept 'make uninstall keeps the policy of the machine'
)
run_tests
