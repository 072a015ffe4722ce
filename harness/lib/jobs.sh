# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Commands with a progress line, background jobs, and a lock; sourced by lib.sh.

elapsed() { printf '%d:%02d' $((SECONDS / 60)) $((SECONDS % 60)); }

# progress PID LABEL COUNT_COMMAND...: shows a line while PID runs. A terminal gets an updated
# line every second, a log gets a new line every 20 s.
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

BACKGROUND=()

# background COMMAND...: runs COMMAND in the background, and adds its pid to BACKGROUND. Background
# jobs of a shell ignore Ctrl-C. Therefore each job is a process group, which is killed when this
# shell exits.
background()
{
	set -m
	"$@" &
	set +m
	BACKGROUND+=($!)
	trap 'kill -- "${BACKGROUND[@]/#/-}" 2>/dev/null || :' EXIT
}

# wait_background: waits for all jobs, and returns the status of the last one that failed
wait_background()
{
	local pid status=0

	for pid in "${BACKGROUND[@]}"; do
		wait "$pid" || status=$?
	done
	trap - EXIT
	BACKGROUND=()
	return "$status"
}

# run_logged LABEL LOG COUNT_COMMAND -- COMMAND...: runs COMMAND with a progress line, and writes
# its output to LOG. COUNT_COMMAND is a function that prints the progress.
run_logged()
{
	local label=$1 log=$2 count=$3

	shift 4
	mkdir -p "$(dirname "$log")"
	background "$@" >"$log" 2>&1 </dev/null
	progress "${BACKGROUND[-1]}" "$label" "$count"
	if ! wait_background; then
		tail -n 15 "$log" >&2
		die "${label%%:*} failed; see $log"
	fi
}

# lock_work: takes the lock of the build folder, in which only one make may run at a time. The lock
# is released when the script exits.
lock_work()
{
	mkdir -p "$WORK"
	exec 9>"$WORK/lock"
	if ! flock -n 9; then
		say "waiting for another make, which holds $WORK/lock"
		flock 9
	fi
}
