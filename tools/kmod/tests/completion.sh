#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Completion in bash.
source "$(dirname "$0")/lib.sh"

# shellcheck source=tools/kmod/bash-completion
source "$(dirname "$0")/../bash-completion"

# completes EXPECTED WORD...: compares the candidates for the last word
completes()
{
	local expected=$1

	shift
	COMP_WORDS=(kmodctl "$@")
	COMP_CWORD=$#
	_kmodctl "$KMODCTL"
	is "$(printf '%s\n' "${COMPREPLY[@]}" | sort -u | xargs)" "$expected" "completion of '$*'"
}

commands()
{
	local name

	completes 'log' l && completes 'policy' pol && completes 'check' policy ch &&
		completes '' nonsense '' || return 1
	# Each command is a candidate.
	"$KMODCTL" --help | sed -nE 's/^  ([a-z]+( [a-z]+)?) .*/\1/p' >"$WORK/commands"
	while read -r name; do
		# shellcheck disable=SC2086 # one or two words
		completes "${name##* }" $name || return 1
	done <"$WORK/commands"
}

options_of_command()
{
	completes '--since' log --s && completes '--name --no-pager --no-trunc' log --n &&
		completes '--openmetrics' stats --o &&
		completes '' log x
}

files()
{
	mkdir "$WORK/dir"
	: >"$WORK/dir/a.conf"
	completes "$WORK/dir/a.conf" policy check "$WORK/dir/" &&
		completes "$WORK/dir" log --debugfs "$WORK/di"
}

TESTS=(
	commands 'commands of one and two words'
	options_of_command 'the options of a command'
	files 'files and directories'
)
run_tests
