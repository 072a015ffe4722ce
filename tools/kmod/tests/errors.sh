#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# When it cannot do what it was asked for.
source "$(dirname "$0")/lib.sh"

misused()
{
	local arguments

	for arguments in nonsense 'log -x' 'log --nonsense' 'log extra' 'log -n' 'log -n x' \
		'log -n -1' 'inflight -n 1' 'log -a' 'log --openmetrics' \
		'stats --openmetrics --json' --debugfs; do
		# shellcheck disable=SC2086 # several arguments
		kmodctl $arguments
		is "$STATUS" 2 "$arguments" && [[ -s $WORK/err && ! -s $WORK/out ]] || return 1
	done
	kmodctl
	is "$STATUS" 2 'no argument' && grep -q '^Usage: ' "$WORK/err"
}

help()
{
	local command

	kmodctl --version && well && grep -q '^kmodctl [0-9]' "$WORK/out" || return 1
	kmodctl --help && well || return 1
	is "$(grep -cE '^  (log|inflight|modules|stats|watch|policy) ' "$WORK/out")" 6 commands ||
		return 1
	for command in log inflight modules stats watch policy; do
		kmodctl "$command" --help && well || return 1
		grep -q "^Usage: kmodctl $command" "$WORK/out" || return 1
	done
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

# without_mounts COMMAND...: where nothing is mounted that the kernel's files could be in
without_mounts()
{
	unshare -m bash -c 'umount -l /sys/kernel/debug /sys/kernel/tracing /sys 2>/dev/null
		mount -t tmpfs none /sys && exec "$@"' bash "$@"
}

may_unshare()
{
	unshare -m true 2>/dev/null || { SKIP='unshare(1) is not permitted'; return 1; }
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
	[[ $(id -u) -eq 0 ]] || { SKIP='only root can lose rights'; return 1; }
	cp -r "$FIXTURES/usual" "$KMODCTL" "$WORK"
	chmod 755 "$WORK"
	chmod 700 "$WORK/usual"
	STATUS=0
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$WORK/kmodctl" --debugfs "$WORK/usual" log >"$WORK/out" 2>"$WORK/err" || STATUS=$?
	fails 1 '.*Permission denied: .*root.*CAP_DAC_READ_SEARCH'
}

full()
{
	STATUS=0
	"$KMODCTL" log --debugfs "$FIXTURES/usual" 2>"$WORK/err" >/dev/full || STATUS=$?
	fails 1 '.*No space left'
}

# many N: a journal of so many requests, more than a pipe takes
many()
{
	mkdir -p "$WORK/many/kmod"
	awk -v n="$1" 'BEGIN {
		for (i = 1; i <= n; i++)
			printf "id=%d name=x outcome=ok result=0 begin=1\n", i
	}' >"$WORK/many/kmod/requests"
	: >"$WORK/many/kmod/modules"
}

# closed_pipe COMMAND...: its status when nobody reads on, and what it says then
closed_pipe()
{
	local -a status

	set +o pipefail
	"$@" 2>"$WORK/err" | head -n 1 >/dev/null
	status=("${PIPESTATUS[@]}")
	set -o pipefail
	is "${status[0]}" 141 'as by SIGPIPE' && is "$(<"$WORK/err")" '' messages
}

pipes()
{
	many 20000
	closed_pipe "$KMODCTL" log --debugfs "$WORK/many" &&
		closed_pipe "$KMODCTL" log --json --debugfs "$WORK/many" &&
		closed_pipe env --ignore-signal=PIPE "$KMODCTL" log --debugfs "$WORK/many"
}

TESTS=(
	misused 'wrong arguments: status 2, a message, no output'
	help 'there is help for each command, and a version'
	no_directory 'no such directory: says so'
	no_journal 'a kernel without journal: names the option that it lacks'
	not_mounted 'debugfs or tracefs is not mounted: says so, and how to'
	not_permitted 'not permitted: names the right that is missing'
	full 'no space for the output: status 1, and says so'
	pipes 'a closed pipe ends it quietly'
)
run_tests
