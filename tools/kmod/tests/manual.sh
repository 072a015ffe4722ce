#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The manual page.
source "$(dirname "$0")/lib.sh"

PAGE=$(dirname "$0")/../kmodctl.8

well_formed()
{
	have mandoc || return 1
	# Other pages may be missing on this machine.
	mandoc -T lint -W style "$PAGE" 2>&1 |
		{ grep -v 'referenced manual not found\|outdated mandoc.db' || :; } >"$WORK/lint"
	is "$(<"$WORK/lint")" '' 'mandoc'
}

narrow()
{
	have mandoc || return 1
	mandoc -T ascii -O width=80 "$PAGE" | sed 's/.\x08//g' >"$WORK/page"
	is "$(awk 'length > 80' "$WORK/page")" '' 'lines over 80'
}

# The sections that administrators look for
sections()
{
	local section

	for section in ENVIRONMENT FILES 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
		grep -qx "\.Sh $section" "$PAGE" || { say "$section is missing"; return 1; }
	done
}

complete()
{
	local word

	have mandoc || return 1
	mandoc -T ascii "$PAGE" | sed 's/.\x08//g' >"$WORK/page"
	"$KMODCTL" --help >"$WORK/out"
	for command in status log explain inflight modules stats metrics watch \
		policy\ {show,check,test,load,deny,allow,suggest,lock}; do
		# shellcheck disable=SC2086 # one or two words
		"$KMODCTL" $command --help >>"$WORK/out"
	done
	grep -oE '(--[a-z][-a-z]*|^  [a-z]+ )' "$WORK/out" | sort -u >"$WORK/words"
	while read -r word; do
		grep -qw -e "$word" "$WORK/page" || { say "$word is missing"; return 1; }
	done <"$WORK/words"
}

TESTS=(
	narrow 'no line of the page is over 80 columns'
	sections 'the page has the usual sections'
	well_formed 'mandoc reports no problem'
	complete 'the page documents every command and option'
)
run_tests
