#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make quilt: writes the patches of all series as a quilt queue, for the kernel package of a
# distribution, to build/<base>/quilt/patches, with their order in the file "series".
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=harness/lib/series.sh
source "$ROOT/harness/lib/series.sh"

QUILT=$WORK/quilt/patches

V=1 "$ROOT/harness/series.sh"
rm -rf "$QUILT"
mkdir -p "$QUILT"
all_series | while read -r series; do
	for patch in "$(series_dir 1)/$series"/[0-9]*.patch; do
		name=$series-$(basename "$patch")
		[[ $name != *-0000-* ]] || continue
		cp "$patch" "$QUILT/$name"
		echo "$name"
	done
done >"$QUILT/series"
echo "$(wc -l <"$QUILT/series") patches in ${QUILT#"$ROOT"/}"
