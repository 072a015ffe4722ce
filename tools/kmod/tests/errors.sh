#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Wrong arguments, missing files, missing permissions, lost output.
source "$(dirname "$0")/lib.sh"

# Arguments and expected error message
MISUSES=(
	"nonsense|unknown command 'nonsense'"
	"--nonsense|unknown option '--nonsense'"
	"log --nonsense|unknown option '--nonsense'"
	"log -x|unknown option '-x'"
	"log -jx|unknown option '-x'"
	"log -a|unknown option '-a'"
	"log --openmetrics|unknown option '--openmetrics'"
	"log --sysctl /|unknown option '--sysctl'"
	"inflight -n 1|unknown option '-n'"
	"help nonsense|unknown command 'nonsense'"
	"help policy nonsense|unknown command 'policy nonsense'"
	"help log extra|unexpected argument 'extra'"
	"log extra|unexpected argument 'extra'"
	"log -- --json|unexpected argument '--json'"
	"log --json=1|unexpected argument in '--json=1'"
	"log -n|option '-n' requires an argument"
	"log --debugfs|option '--debugfs' requires an argument"
	"log -n x|expected a number of lines, not 'x'"
	"log -n -1|expected a number of lines, not '-1'"
	"log --since soon|expected a time such as .*, not 'soon'"
	"log --since 10|expected a time such as .*, not '10'"
	"log --since 10days|expected a time such as .*, not '10days'"
	"log --name [a|'\\[a': pattern has '\\[' without '\\]'"
	"log --uid no_such_user|unknown user 'no_such_user'"
	"stats --openmetrics|unknown option '--openmetrics'"
	"metrics --json|unknown option '--json'"
)

misused()
{
	local misuse

	for misuse in "${MISUSES[@]}"; do
		# shellcheck disable=SC2086 # several arguments
		kmodctl ${misuse%%|*}
		fails 2 "${misuse#*|}(; try|$)" && is "$(<"$WORK/out")" '' output || return 1
	done
	kmodctl
	is "$STATUS" 2 'no argument' && grep -q '^Usage: ' "$WORK/err"
}

COMMANDS='status log explain inflight modules stats metrics watch'

help()
{
	local command

	kmodctl --version && well && grep -q '^kmodctl [0-9]' "$WORK/out" || return 1
	kmodctl --help && well || return 1
	is "$(grep -cE "^  (${COMMANDS// /|}|policy [a-z]+) " "$WORK/out")" 16 commands || return 1
	for command in $COMMANDS policy 'policy show' 'policy load'; do
		# shellcheck disable=SC2086 # one or two words
		kmodctl $command --help && well || return 1
		grep -q "^Usage: kmodctl $command" "$WORK/out" || return 1
	done
}

# help COMMAND is the same as COMMAND --help. Both fit a terminal.
help_command()
{
	local command

	"$KMODCTL" --help >"$WORK/usage"
	kmodctl help && well && is "$(<"$WORK/out")" "$(<"$WORK/usage")" usage || return 1
	kmodctl policy --help
	mv "$WORK/out" "$WORK/group"
	kmodctl help policy && well && is "$(<"$WORK/out")" "$(<"$WORK/group")" policy || return 1
	cat "$WORK/usage" "$WORK/group" >"$WORK/all"
	sed -nE 's/^  ([a-z]+( [a-z]+)?)  .*/\1/p' "$WORK/usage" | grep -vx help >"$WORK/commands"
	while read -r command; do
		# shellcheck disable=SC2086 # one or two words
		"$KMODCTL" $command --help >"$WORK/expected"
		# shellcheck disable=SC2086
		kmodctl help $command && well &&
			is "$(<"$WORK/out")" "$(<"$WORK/expected")" "$command" || return 1
		cat "$WORK/out" >>"$WORK/all"
	done <"$WORK/commands"
	is "$(awk 'length > 80' "$WORK/all")" '' 'lines over 80'
}

no_directory()
{
	kmodctl log --debugfs "$WORK/none"
	fails 1 "$WORK/none/kmod/requests: No such file or directory"
}

no_journal()
{
	mkdir -p "$WORK/bare"
	kmodctl stats --debugfs "$WORK/bare"
	fails 1 '.*CONFIG_KMOD_JOURNAL'
}

# without_mounts COMMAND...: in a mount namespace without sysfs, debugfs and tracefs
without_mounts()
{
	unshare -m bash -c 'umount -l /sys/kernel/debug /sys/kernel/tracing /sys 2>/dev/null
		mount -t tmpfs none /sys && exec "$@"' bash "$@"
}

may_unshare()
{
	unshare -m true 2>/dev/null || { SKIP='unshare is not permitted'; return 1; }
	! without_mounts grep -qE ' (debugfs|tracefs) ' /proc/mounts ||
		{ SKIP='debugfs is mounted in several places'; return 1; }
}

not_mounted()
{
	may_unshare || return 1
	STATUS=0
	without_mounts "$KMODCTL" log >"$WORK/out" 2>"$WORK/err" || STATUS=$?
	fails 1 'debugfs is not mounted; try: mount ' || return 1
	STATUS=0
	without_mounts "$KMODCTL" watch >"$WORK/out" 2>"$WORK/err" || STATUS=$?
	fails 1 'tracefs is not mounted; try: mount '
}

not_permitted()
{
	[[ $(id -u) -eq 0 ]] || { SKIP='needs root'; return 1; }
	cp -r "$FIXTURES/usual" "$KMODCTL" "$WORK"
	chmod 755 "$WORK"
	chmod 700 "$WORK/usual"
	STATUS=0
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$WORK/kmodctl" log --debugfs "$WORK/usual" >"$WORK/out" 2>"$WORK/err" || STATUS=$?
	fails 1 '.*Permission denied \(are you root\? CAP_DAC_READ_SEARCH'
}

full()
{
	STATUS=0
	"$KMODCTL" log --debugfs "$FIXTURES/usual" 2>"$WORK/err" >/dev/full || STATUS=$?
	fails 1 '.*No space left'
}

# many N: creates a journal of N requests
many()
{
	mkdir -p "$WORK/many/kmod"
	awk -v n="$1" 'BEGIN {
		for (i = 1; i <= n; i++)
			printf "id=%d name=x outcome=ok result=0 begin=1\n", i
	}' >"$WORK/many/kmod/requests"
	: >"$WORK/many/kmod/modules"
}

# closed_pipe COMMAND...: passes if the command is killed by SIGPIPE and prints no message
closed_pipe()
{
	local -a status

	set +o pipefail
	"$@" 2>"$WORK/err" | head -n 1 >/dev/null
	status=("${PIPESTATUS[@]}")
	set -o pipefail
	is "${status[0]}" 141 status && is "$(<"$WORK/err")" '' messages
}

pipes()
{
	many 20000
	closed_pipe "$KMODCTL" log --debugfs "$WORK/many" &&
		closed_pipe "$KMODCTL" log --json --debugfs "$WORK/many" &&
		closed_pipe env --ignore-signal=PIPE "$KMODCTL" log --debugfs "$WORK/many"
}

TESTS=(
	misused 'wrong arguments give status 2 and one message that names the argument'
	help 'each command has a help text, and kmodctl has a version'
	help_command 'help shows the help text of a command, which fits 80 columns'
	no_directory 'the error names a missing directory'
	no_journal 'without the journal, the error names the kernel option'
	not_mounted 'without debugfs or tracefs, the error has the mount command'
	not_permitted 'without permission, the error names the capability'
	full 'writing to a full disk is an error'
	pipes 'a closed pipe ends kmodctl without a message'
)
run_tests
