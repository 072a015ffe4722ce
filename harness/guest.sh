#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# guest.sh demo | guest.sh run COMMAND: boots, does it, prints what it wrote, and
# exits with its status. A complaint of the kernel is a failure as well.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"

job=$1
case $job in
demo) arguments=(demo) ;;
run)
	[[ -n ${2:-} ]] || die "say what to run: make guest RUN='uname -a'"
	# One word, whatever the command is; the kernel's command line holds about 1500
	# characters of it.
	arguments=(run "$(base64 -w0 <<<"$2")")
	[[ ${#arguments[1]} -lt 1700 ]] || die "that command is too long; put it into harness/guest"
	;;
*) die "guest.sh: no job $job" ;;
esac

TIMEOUT=${TIMEOUT:-300} ./boot.sh "$job-$BUILT" "${arguments[@]}"
console=$LOGS/$job-$BUILT.console
results=$LOGS/$job-$BUILT.results
grep -av '^# exit ' "$results" || :
status=$(sed -n 's/^# exit //p' "$results" | tail -n 1)
if [[ -z $status ]]; then
	tail -n 20 "$console" >&2
	die "the guest did not finish; its console is in $console"
fi
complaints=$(./verdict.sh "$console" /dev/null | grep -E '^FAIL (kernel log|harness)' || :)
if [[ -n $complaints ]]; then
	printf '%s\n' "$complaints" >&2
	die "the kernel complained; its console is in $console"
fi
exit "$status"
