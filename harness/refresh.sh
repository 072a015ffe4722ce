#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make refresh: fits bases/<base> to what the base's package has now: corrects the line
# numbers of the touch-points, and writes the sums of the files that ours replace. Whoever
# runs it has compared those. Touch-points that do not apply any more are named; with
# FROM=BASE they are first copied from that base, as are the names of its replaced files.
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
	[[ -d $ROOT/bases/$FROM ]] || die "no base named $FROM"
	[[ ! -d $BASE_DIR/touch-points ]] || die "$BASE_DIR/touch-points is there already"
	cp -r "$ROOT/bases/$FROM/touch-points" "$BASE_DIR/touch-points"
	cp "$ROOT/bases/$FROM/replaced.sha256" "$SUMS"
}

# Lines may have moved, nothing else.
refresh()
{
	local patch=$1 path said

	path=$(sed -n 's/^+++ [^/]*\/\([^ \t]*\).*/\1/p' "$patch")
	said=$(patch --dry-run --verbose -d "$PRISTINE" -p1 -F0 -f <"$patch" 2>&1) || {
		grep -E 'FAILED|No file|ignored' <<<"$said" || :
		echo "$(basename "$patch") does not fit $path"
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
	{ print }' <(printf '%s\n' "$said") "$patch" >"$patch.new"
	mv "$patch.new" "$patch"
}

# What is ours and the base's, and what the base has but the patched tree must not.
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
[[ $bad -eq 0 ]] || die "$bad touch-points have to be done by hand, in $BASE_DIR/touch-points"
