#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# guest.sh demo | guest.sh run COMMAND: runs the demo or the command in a new guest, prints its
# output, and exits with its status. A warning or an error in the kernel log is a failure, too.
# Environment: SCENE, the number of the only scene of the demo
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"

job=$1
case $job in
demo) arguments=(demo ${SCENE:+"$SCENE"}) ;;
run)
	[[ -n ${2:-} ]] || die "expected a command: make guest RUN='uname -a'"
	# Encoded as one word. The kernel's command line has room for about 1700 characters.
	arguments=(run "$(base64 -w0 <<<"$2")")
	[[ ${#arguments[1]} -lt 1700 ]] || die "command too long; put it into a file in harness/guest"
	;;
*) die "guest.sh: unknown job '$job'" ;;
esac

TIMEOUT=${TIMEOUT:-600} ./boot.sh "$job-$BUILT" "${arguments[@]}"
console=$LOGS/$job-$BUILT.console
results=$LOGS/$job-$BUILT.results
grep -av '^# exit ' "$results" || :
status=$(sed -n 's/^# exit //p' "$results" | tail -n 1)
if [[ -z $status ]]; then
	tail -n 20 "$console" >&2
	die "the guest did not finish; see $console"
fi
complaints=$(./verdict.sh "$console" /dev/null | grep -E '^FAIL (kernel log|harness)' || :)
if [[ -n $complaints ]]; then
	printf '%s\n' "$complaints" >&2
	die "warning or error in the kernel log; see $console"
fi
exit "$status"
