#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# boot.sh NAME [JOB [ARG...]]: boots the built kernel with its initramfs; the guest's init runs
# JOB. The console goes to logs/NAME.console and the verdict channel to logs/NAME.results.
# The exit status does not depend on the results: verdict.sh judges them.
#
# Environment: CONFIG, ACCEL=tcg|kvm, ICOUNT=1 (an instruction takes one nanosecond; one CPU),
# SMP, MEM, TIMEOUT (seconds), CMDLINE (additional parameters), KERNEL and INITRD (other files
# to boot), DEVICES (additional options of qemu, without spaces inside).
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"

NAME=$1
shift
CONSOLE=$LOGS/$NAME.console
RESULTS=$LOGS/$NAME.results
KERNEL=${KERNEL:-$OUT/$IMAGE_FILE}
INITRD=${INITRD:-$WORK/initramfs-$BUILT.cpio}
TIMEOUT=${TIMEOUT:-600}

# A crash ends the boot at once: the panic reboots the machine, and with -no-reboot qemu exits.
# A data race does not end it: it may be in another subsystem, see verdict.sh.
APPEND="console=$TTY $APPEND panic=-1 oops=panic"
APPEND+=" panic_on_warn=$([[ $CONFIG == kcsan ]] && echo 0 || echo 1)"
# Loading and unloading a module waits for several grace periods, which are slow on this kernel.
[[ $CONFIG != debug ]] || APPEND+=" rcupdate.rcu_expedited=1"
APPEND+=" ${CMDLINE:-}"
[[ $# -eq 0 ]] || APPEND+=" -- $*"

qemu_args()
{
	local accel=(-accel "$ACCEL") smp=${SMP:-2} mem=1G

	if [[ ${ICOUNT:-0} == 1 ]]; then
		accel=(-accel "tcg,thread=single" -icount "shift=0,sleep=off")
		smp=1
	fi
	[[ $CONFIG != debug ]] || mem=2G
	args=("${accel[@]}" -smp "$smp,sockets=$smp" -m "${MEM:-$mem}" -nodefaults
		-no-user-config -no-reboot
		-display none -kernel "$KERNEL" -initrd "$INITRD")
	[[ $ACCEL != kvm ]] || args+=(-cpu host)
	# shellcheck disable=SC2206 # several words
	args+=(${DEVICES:-} -append "$APPEND")
}

last_result()
{
	grep -aE '^ *(not )?ok |^# progress' "$RESULTS" 2>/dev/null | tail -n 1 | cut -c1-90 || :
}

interactive()
{
	"${QEMU[@]}" "${args[@]}" -serial mon:stdio -chardev null,id=verdict "${SECOND_PORT[@]}"
}

recorded()
{
	background timeout --kill-after=5 "$TIMEOUT" "${QEMU[@]}" "${args[@]}" \
		-serial "file:$CONSOLE" \
		-chardev "file,id=verdict,path=$RESULTS" "${SECOND_PORT[@]}" \
		</dev/null >"$LOGS/$NAME.qemu" 2>&1
	progress "${BACKGROUND[-1]}" "$NAME:" last_result
	if wait_background; then
		return 0
	else
		case $? in
		124 | 137) echo "harness: time limit of $TIMEOUT s exceeded" >>"$CONSOLE" ;;
		*) cat "$LOGS/$NAME.qemu" >&2; die "qemu failed; see $LOGS/$NAME.qemu" ;;
		esac
	fi
}

mkdir -p "$LOGS"
# Two boots with the same name would write the same logs.
exec 8>"$LOGS/$NAME.lock"
flock 8
qemu_args
if [[ ${1:-} == shell ]]; then
	say "To quit: exit, or Ctrl-A x"
	interactive
else
	rm -f "$CONSOLE" "$RESULTS"
	touch "$CONSOLE" "$RESULTS"
	recorded
fi
