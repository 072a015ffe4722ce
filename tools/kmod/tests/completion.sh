#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Completion in bash and zsh.
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
		completes '--openmetrics --output' metrics --o &&
		completes '' log x
}

values()
{
	completes 'init other' policy test --userns '' && completes root log --uid roo &&
		completes '' log -n '' && completes '' log --since --j
}

help()
{
	completes help hel && completes log help lo && completes 'load lock' help policy lo &&
		completes '' help log ''
}

files()
{
	mkdir "$WORK/dir"
	: >"$WORK/dir/a.conf"
	completes "$WORK/dir/a.conf" policy check "$WORK/dir/" &&
		completes "$WORK/dir" log --debugfs "$WORK/di" &&
		completes "$WORK/dir/a.conf" policy test -f "$WORK/dir/" &&
		completes '' log "$WORK/dir/"
}

# The functions of zsh, which print their arguments
# shellcheck disable=SC2016 # expanded by zsh
ZSH='_describe() { print -l -- $described }
_arguments() { shift; print -l -- "$@" }
words=("${@:2}")
CURRENT=$#words
source $1'

# in_zsh WORD...: writes the specifications of the candidates for the last word to $WORK/out
in_zsh()
{
	zsh -f -c "$ZSH" zsh "$(dirname "$0")/../zsh-completion" "$KMODCTL" "$@" \
		>"$WORK/out" 2>"$WORK/err"
	is "$(<"$WORK/err")" '' messages
}

# offers LINE: the output has the line
offers() { grep -qxF -e "$1" "$WORK/out" || { say "no line '$1'"; return 1; }; }

zsh_words()
{
	have zsh || return 1
	in_zsh '' && offers 'log:show the requests that have ended' &&
		is "$(grep -c '^policy:' "$WORK/out")" 1 'policy' &&
		in_zsh policy '' && offers 'show:show the policy in force' &&
		is "$(grep -c '^log:' "$WORK/out")" 0 'log' &&
		in_zsh help policy '' && offers 'show:show the policy in force'
}

zsh_options()
{
	local userns='--userns[user namespace: init or other (default: init)]:WHICH:(init other)'

	have zsh || return 1
	in_zsh log '' && offers '(-n --lines)-n[show only the last N requests]:N: ' &&
		offers '--uid[show only requests of this user id or name]:USER:_users' &&
		offers '*:name: ' && in_zsh policy test '' &&
		offers "$userns" &&
		in_zsh policy check '' && offers '*:file:_files'
}

TESTS=(
	commands 'commands of one and two words'
	options_of_command 'the options of a command'
	values 'the values of options'
	help 'the commands after help'
	files 'files and directories'
	zsh_words 'zsh: the commands'
	zsh_options 'zsh: the options and arguments of a command'
)
run_tests
