#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds the kernel and its modules (or User mode Linux, CONFIG=um) in
# build/<base>/out-<config>, with -<arch> behind it for another machine than x86_64. Does
# nothing when neither the tree nor the configuration has changed since the last build.
# KERNEL_ONLY=1: no modules.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"

LOG=$LOGS/build-$BUILT.log

TARGETS=("$IMAGE" modules)
[[ ${KERNEL_ONLY:-0} != 1 ]] || TARGETS=("$IMAGE")
[[ $CONFIG != um ]] || TARGETS=(linux)

# What KASAN, kmemleak, lockdep and RCU themselves run for each allocation, lock and object,
# and the kernel for each page and switch, where nothing of ours is allocated. With KASAN's
# checks in there, the debug kernel would need three times as long for a process.
UNCHECKED=(unwind_frame stacktrace extable kprobes lockdep debugobjects tree
	rbtree trace_preemptirq memory mmap maple_tree rmap swap mmu_gather page_alloc fair)
OPTIONS=()
[[ $CONFIG != debug ]] || OPTIONS=("${UNCHECKED[@]/%/.o=n}")
OPTIONS=("${OPTIONS[@]/#/KASAN_SANITIZE_}")

count_objects() { grep -cE '^  (CC|AS|HOSTCC)\b' "$LOG" || :; }

# A first build's total is known from our own builds of it, any other's from the last
# full one here. A rebuild of a few objects has no total.
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

# The base does not change with the overlay.
source_stamp()
{
	if [[ $CONFIG == base ]]; then
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
