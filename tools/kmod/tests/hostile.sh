#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Names with escape sequences of terminals, in files of others, and closed standard files.
source "$(dirname "$0")/lib.sh"

FAKE=$WORK/kernel
ESCAPE=$'\033]0;x\007'
CLASS=$'\033\007'

# printable FILE...: the files have printable ASCII only
printable() { ! grep -nP '[^\n\t -~]' "$@"; }

# of_image NAME: a file of a policy with that name
of_image()
{
	mkdir -p "$WORK/image/etc/kmod/policy.d"
	printf '%s\n' "${@:2}" >"$WORK/image/etc/kmod/policy.d/$1"
}

file_names()
{
	of_image "a$ESCAPE.conf" nonsense
	kmodctl policy check --root "$WORK/image"
	fails 1 '.*/a\\x1b]0;x\\x07.conf:1: expected' && printable "$WORK/err" || return 1
	kmodctl policy check "$WORK/nowhere$ESCAPE"
	fails 1 '.*nowhere\\x1b' && printable "$WORK/err" || return 1
	rm -r "$WORK/image"
}

patterns()
{
	fake_kernel
	of_image "a$ESCAPE.conf" "deny alias [$CLASS]" "# $ESCAPE" $'helper /\xc2\x9b31m'
	kmodctl policy check --root "$WORK/image" --modules /nowhere
	printable "$WORK/out" "$WORK/err" || return 1
	kmodctl policy load --dry-run --securityfs "$FAKE" --sysctl "$FAKE" --force \
		"$WORK/image/etc/kmod/policy.d"
	well && printable "$WORK/out" && grep -qF '+# \x1b]0;x\x07' "$WORK/out" || return 1
	kmodctl policy load --securityfs "$FAKE" --sysctl "$FAKE" --force \
		"$WORK/image/etc/kmod/policy.d"
	well || return 1
	kmodctl policy show --securityfs "$FAKE" --sysctl "$FAKE"
	well && printable "$WORK/out" || return 1
	kmodctl policy show --rules --securityfs "$FAKE" --sysctl "$FAKE"
	well && grep -qF "deny alias [$CLASS]" "$WORK/out" || return 1
	have script || return 1
	TERM=dumb on_terminal 80 "'$KMODCTL' policy show --rules --securityfs '$FAKE'" \
		"--sysctl '$FAKE'"
	printable "$WORK/out" && grep -qF 'deny alias [\x1b' "$WORK/out"
}

# An image can have any modules.alias, also with malformed patterns.
modules()
{
	local command

	have jq || return 1
	fake_modules || return 1
	cp -r "$WORK/root/lib" "$WORK/lib"
	printf 'alias %s %s\n' "x$ESCAPE" esp4 'y[a' esp4 z\\ esp4 evil "m$ESCAPE" \
		>>"$WORK/lib/modules/1.0/modules.alias"
	for command in 'policy deny --root /nowhere --dry-run --module esp4' \
		'policy deny --root /nowhere --dry-run evil' 'explain evil' \
		'policy check --root /nowhere' \
		'policy deny --root /nowhere --dry-run evil --json'; do
		# shellcheck disable=SC2086 # several words
		kmodctl $command --modules "$WORK/lib/modules/1.0"
		[[ $STATUS -lt 4 ]] && printable "$WORK/out" "$WORK/err" || return 1
	done
	jq . "$WORK/out" >/dev/null
}

sysctl()
{
	fake_kernel
	echo "/sbin/$ESCAPE" >"$FAKE/kernel/modprobe"
	kmodctl status --securityfs "$FAKE" --sysctl "$FAKE" --debugfs "$FIXTURES/usual"
	printable "$WORK/out" "$WORK/err" && grep -qF 'x1b]0;x' "$WORK/out"
}

# Output must not be written to a file that is opened later.
closed()
{
	local command

	fake_kernel
	cp "$FAKE/autoload/policy" "$WORK/before"
	for command in 'log --debugfs' 'stats --debugfs' 'metrics --debugfs'; do
		STATUS=0
		# shellcheck disable=SC2086 # several words
		"$KMODCTL" $command "$FIXTURES/usual" >&- 2>"$WORK/err" || STATUS=$?
		fails 1 'cannot write to standard output: Bad file descriptor' || return 1
	done
	STATUS=0
	"$KMODCTL" policy load --dry-run --securityfs "$FAKE" --sysctl "$FAKE" \
		"$FIXTURES/../../policy/server.conf" >&- 2>"$WORK/err" || STATUS=$?
	is "$STATUS" 1 'status of --dry-run' || return 1
	STATUS=0
	"$KMODCTL" metrics -o "$WORK/metrics" --debugfs "$FIXTURES/usual" >&- 2>&- <&- || STATUS=$?
	is "$STATUS" 0 'status of metrics -o' && [[ -s $WORK/metrics ]] &&
		cmp "$FAKE/autoload/policy" "$WORK/before"
}

full()
{
	local command

	fake_kernel
	for command in 'policy show' 'policy show --rules' 'policy show --json' \
		'policy test --in-force old' 'policy test --in-force --json x' status; do
		STATUS=0
		# shellcheck disable=SC2086 # several words
		"$KMODCTL" $command --securityfs "$FAKE" --sysctl "$FAKE" >/dev/full \
			2>"$WORK/err" || STATUS=$?
		is "$STATUS" 1 "$command" && grep -q 'No space left' "$WORK/err" || return 1
	done
}

TESTS=(
	file_names 'names of files are escaped in messages'
	patterns 'patterns and comments are escaped on a terminal'
	modules 'aliases and modules of an image are escaped, and may be malformed'
	sysctl 'kernel.modprobe is escaped'
	closed 'with a closed output, nothing is written to other files'
	full 'each command reports a full disk'
)
run_tests
