#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds the kernel and its modules (or User mode Linux, with CONFIG=um) in
# build/<base>/out-<config>, with the suffix -<arch> unless ARCH is x86_64. Does nothing if
# neither the tree nor the configuration has changed since the last build. With KERNEL_ONLY=1
# it builds no modules.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"

LOG=$LOGS/build-$BUILT.log

TARGETS=("$IMAGE" modules)
[[ ${KERNEL_ONLY:-0} != 1 ]] || TARGETS=("$IMAGE")
[[ $CONFIG != um ]] || TARGETS=(linux)

# listed KIND: prints the words of the lines "# kasan KIND: WORD..." of the configuration
listed() { sed -n "s/^# kasan $1: //p" "$OUT/fragments" | tr '\n' ' '; }

# options: prints make variables, one per line. The kernel's makefiles do not instrument a file
# if KASAN_SANITIZE_<file>.o, or without it KASAN_SANITIZE, is n. KASAN_SANITIZE is evaluated
# in each folder.
options()
{
	local folders files unchecked

	folders=$(listed folders)
	read -ra files < <(listed files) || :
	read -ra unchecked < <(listed unchecked) || :
	if [[ -n $folders ]]; then
		# shellcheck disable=SC2016 # expanded by make
		printf 'KASAN_SANITIZE=$(if $(filter %s,$(obj)),,n)\n' "$folders"
		printf 'KASAN_SANITIZE_%s.o=y\n' "${files[@]}"
		printf 'KASAN_SANITIZE_%s.o=n\n' "${unchecked[@]}"
	fi
	# The module is built without its Kconfig option, see config.sh.
	! grep -qx CONFIG_TEST_LKM=m "$OUT/.config" || echo CONFIG_TEST_KMOD=m
}

mapfile -t OPTIONS < <(options)

count_objects() { grep -cE '^  (CC|AS|HOSTCC)\b' "$LOG" || :; }

# The total of the first build comes from configs/objects, that of another full build from the
# last full build. A rebuild of a few objects has no total.
expected_objects()
{
	if [[ -f $OUT/objects ]]; then
		[[ -f $OUT/started ]] || return 0
		cat "$OUT/objects"
	else
		awk -v c="$BUILT" '$1 == c { print $2 }' "$ROOT/harness/configs/objects"
	fi
}

built_of_total()
{
	local total
	total=$(expected_objects)
	echo "$(count_objects)${total:+/$total}"
}

build() { kernel_make -j"$JOBS" "${OPTIONS[@]}" "${TARGETS[@]}"; }

# The unpatched base does not depend on the overlay.
source_stamp()
{
	if [[ $SOURCE == "$PRISTINE" ]]; then
		stat -c '%i %Y' "$PRISTINE"
	else
		cat "$WORK/tree.stamp"
	fi
}

now=$(echo "${TARGETS[*]} ${OPTIONS[*]}"; source_stamp; cat "$OUT/config.stamp")
! stamp_is "$OUT/build.stamp" "$now" || exit 0

rm -f "$OUT/build.stamp"
: >"$LOG"
[[ -d $OUT/kernel ]] || touch "$OUT/started"
run_logged "building $BUILT: built" "$LOG" built_of_total -- build
if [[ -f $OUT/started ]]; then
	count_objects >"$OUT/objects"
	rm -f "$OUT/started"
fi
echo "$now" >"$OUT/build.stamp"
