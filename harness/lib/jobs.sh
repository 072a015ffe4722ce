# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Running commands with a progress line, in the background, under a lock; sourced by lib.sh.

elapsed() { printf '%d:%02d' $((SECONDS / 60)) $((SECONDS % 60)); }

# progress PID LABEL COUNT_COMMAND...: shows a line while PID runs. On a
# terminal the line is redrawn every second; in a log one is written every 20 s.
progress()
{
	local pid=$1 label=$2 ticks=0

	shift 2
	SECONDS=0
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.5
		ticks=$((ticks + 1))
		if [[ -t 2 ]]; then
			((ticks % 2)) || printf '\r\033[K  %s %s  %s' "$label" "$("$@")" "$(elapsed)" >&2
		elif ((ticks % 40 == 0)); then
			say "  $label $("$@")  $(elapsed)"
		fi
	done
	[[ ! -t 2 ]] || printf '\r\033[K' >&2
}

# background COMMAND...: sets BACKGROUND to its pid. Left to the shell it would not mind Ctrl-C,
# which reaches this shell only; so it is a group of its own, which ends when the shell does.
background()
{
	set -m
	"$@" &
	set +m
	BACKGROUND=$!
	trap 'kill -- "-$BACKGROUND" 2>/dev/null || :' EXIT
}

# wait_background: for its end; returns its status
wait_background()
{
	local status=0

	wait "$BACKGROUND" || status=$?
	trap - EXIT
	return "$status"
}

# run_logged LABEL LOG COUNT_COMMAND -- COMMAND...: runs it with a progress line and
# its output in LOG. COUNT_COMMAND is a function that prints how far it is.
run_logged()
{
	local label=$1 log=$2 count=$3

	shift 4
	mkdir -p "$(dirname "$log")"
	background "$@" >"$log" 2>&1 </dev/null
	progress "$BACKGROUND" "$label" "$count"
	if ! wait_background; then
		tail -n 15 "$log" >&2
		die "$label failed; its whole log is $log"
	fi
}

# One make at a time works in a build folder: several people, or several helpers of
# one, may share it. Held until the script that took it ends.
lock_work()
{
	mkdir -p "$WORK"
	exec 9>"$WORK/lock"
	if ! flock -n 9; then
		say "waiting for another make in $WORK"
		flock 9
	fi
}
