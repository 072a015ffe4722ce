#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make refresh: adapts bases/<base> to the present version of the base's package. Corrects the
# line numbers of the touch-points, lists those that no longer apply, and writes the checksums
# of the files that the overlay replaces. Before that, the user should compare these files with
# those of the overlay. With FROM=BASE, first copies the touch-points and the list of replaced
# files from that base.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"

FROM=${FROM:-}
SUMS=$BASE_DIR/replaced.sha256
bad=0
shopt -s nullglob

copy_base()
{
	[[ -n $FROM ]] || return 0
	[[ -d $ROOT/bases/$FROM ]] || die "unknown base '$FROM'"
	[[ ! -d $BASE_DIR/touch-points ]] || die "$BASE_DIR/touch-points already exists"
	cp -r "$ROOT/bases/$FROM/touch-points" "$BASE_DIR/touch-points"
	cp "$ROOT/bases/$FROM/replaced.sha256" "$SUMS"
}

# Corrects line numbers. The context must match exactly.
refresh()
{
	local patch=$1 path output

	path=$(sed -n 's/^+++ [^/]*\/\([^ \t]*\).*/\1/p' "$patch")
	output=$(patch --dry-run --verbose -d "$PRISTINE" -p1 -F0 -f <"$patch" 2>&1) || {
		grep -E 'FAILED|No file|ignored' <<<"$output" || :
		echo "$(basename "$patch") does not apply to $path"
		return 1
	}
	awk '
	FNR == NR {
		if ($1 == "Hunk" && $3 == "succeeded") at[++n] = $5 + 0
		next
	}
	/^@@ / {
		h++
		split($2, old, /[-,]/); split($3, new, /[+,]/)
		$2 = "-" (old[2] + at[h] - new[2]) (old[3] == "" ? "" : "," old[3])
		$3 = "+" at[h] (new[3] == "" ? "" : "," new[3])
	}
	{ print }' <(printf '%s\n' "$output") "$patch" >"$patch.new"
	mv "$patch.new" "$patch"
}

# Prints checksums of the base's files that the overlay replaces or that the patched tree must
# not have.
replaced()
{
	{
		overlay_files
		[[ ! -f $SUMS ]] || awk 'NF == 2 && $1 !~ /^#/ { print $2 }' "$SUMS"
	} | sort -u | while read -r path; do
		[[ ! -f $PRISTINE/$path ]] || (cd "$PRISTINE" && sha256sum "$path")
	done
}

export LC_ALL=C
./deps.sh build
lock_work
./fetch.sh
copy_base
for patch in "$BASE_DIR"/touch-points/*.patch; do
	refresh "$patch" || bad=$((bad + 1))
done
replaced >"$SUMS.new"
mv "$SUMS.new" "$SUMS"
git -C "$ROOT" diff --stat -- "bases/$BASE" || :
[[ $bad -eq 0 ]] || die "$bad touch-points do not apply; correct them in $BASE_DIR/touch-points"
