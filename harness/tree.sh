#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes build/<base>/linux: the pristine tree with the overlay copied onto it and the base's
# touch-points applied. Only files with changed contents are written, so that make rebuilds as
# little as possible.
#
# The tree's files are hard links to the pristine files. They are replaced, and must not be
# written in place.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=harness/lib/maintainers.sh
source "$ROOT/harness/lib/maintainers.sh"

STAGE=$WORK/stage
SUMS=$BASE_DIR/replaced.sha256
TOUCHED=$WORK/tree.touched
WARNINGS=$WORK/tree.warnings
shopt -s nullglob
PATCHES=("$BASE_DIR"/touch-points/*.patch)
BACKPORTS=("$BASE_DIR"/backport*.patch)

inputs_hash()
{
	local -a files
	mapfile -t files < <(overlay_files)
	cd "$ROOT"
	{
		hash_files "${files[@]}" "${PATCHES[@]}" "${BACKPORTS[@]}" "$ROOT/MAINTAINERS" \
			"$ROOT/harness/tree.sh" "$ROOT/harness/lib/maintainers.sh"
		[[ ! -f $SUMS ]] || hash_files "$SUMS"
		stat -c '%i %Y' "$PRISTINE"
	} | sha256sum
}

# A different checksum means that upstream changed a file that the overlay replaces. The change
# may be a fix that the overlay's file also needs.
check_sums()
{
	local sum path found

	: >"$WARNINGS"
	[[ -f $SUMS ]] || return 0
	while read -r sum path; do
		[[ -n $sum && $sum != '#'* ]] || continue
		found=missing
		[[ ! -f $PRISTINE/$path ]] || found=$(sha256sum "$PRISTINE/$path" | cut -c1-64)
		[[ $found == "$sum" ]] || warn_changed "$path" "$sum" "$found" >>"$WARNINGS"
	done <"$SUMS"
}

warn_changed()
{
	cat <<-END
	**********************************************************************
	*** WARNING: the base changed a file that the overlay replaces:
	***   $1
	*** known    $2
	*** in base  $3
	*** It may be a fix. Compare it with the overlay's file, then write the
	*** new checksum to bases/$BASE/replaced.sha256.
	**********************************************************************
	END
}

# Prints paths in the base that the patched tree must not have.
dropped_files()
{
	local sum path

	[[ -f $SUMS ]] || return 0
	while read -r sum path; do
		[[ -n $sum && $sum != '#'* ]] || continue
		[[ -e $ROOT/$path ]] || echo "$path"
	done <"$SUMS"
}

# patch_stage PATCH WRONG: applies PATCH. Also fails if the output of patch(1) matches WRONG.
patch_stage()
{
	local patch=$1 wrong=$2 output

	if ! output=$(patch -d "$STAGE" -p1 -F0 --forward --no-backup-if-mismatch <"$patch" 2>&1) ||
		grep -Eq "$wrong" <<<"$output"; then
		printf '%s\n' "$output" >&2
		die "$patch does not apply exactly"
	fi
}

apply_touch_point()
{
	local patch=$1 path

	[[ $(grep -c '^+++ ' "$patch") -eq 1 ]] || die "$patch: a touch-point must change exactly one file"
	path=$(sed -n 's/^+++ [^/]*\/\([^ \t]*\).*/\1/p' "$patch")
	[[ ! -e $STAGE/$path ]] || die "$patch: $path is in the overlay or has another touch-point"
	[[ -f $PRISTINE/$path ]] || die "$patch: $path does not exist in the base"
	mkdir -p "$(dirname "$STAGE/$path")"
	cp "$PRISTINE/$path" "$STAGE/$path"
	patch_stage "$patch" 'offset|fuzz'
}

# A backport changes files of the overlay for an older base, and may add files that neither of
# them has. Upstream's files must be changed by touch-points. Lines may have moved, because the
# overlay changes, but the context must match.
apply_backport()
{
	local patch=$1 path

	while read -r path; do
		[[ -e $STAGE/$path || ! -e $PRISTINE/$path ]] ||
			die "$patch: $path is a file of the base; use a touch-point"
	done < <(sed -n 's/^+++ b\/\([^ \t]*\).*/\1/p' "$patch")
	patch_stage "$patch" fuzz
}

# Makes a folder of all files that differ from the base, with the paths of the tree.
make_stage()
{
	local path

	rm -rf "$STAGE"
	mkdir "$STAGE"
	cd "$ROOT"
	overlay_files | while read -r path; do
		mkdir -p "$STAGE/$(dirname "$path")"
		cp -p "$path" "$STAGE/$path"
	done
	for path in "${PATCHES[@]}"; do
		apply_touch_point "$path"
	done
	for path in "${BACKPORTS[@]}"; do
		apply_backport "$path"
	done
	add_maintainers_entries "$ROOT/MAINTAINERS" >"$STAGE/MAINTAINERS"
}

# put SOURCE PATH: copies SOURCE to PATH in the tree if contents or mode differ. The copy has the
# present time, so that make rebuilds its objects even if SOURCE is older.
put()
{
	local from=$1 to=$TREE/$2

	if [[ ! -f $to ]] || ! cmp -s "$from" "$to" || [[ $(stat -c %a "$from") != $(stat -c %a "$to") ]]; then
		mkdir -p "$(dirname "$to")"
		cp --remove-destination "$from" "$to"
		chmod --reference="$from" "$to"
	fi
}

# Restores files that an earlier overlay or patch changed and the present one does not.
restore_left_over()
{
	local path

	[[ -f $TOUCHED ]] || return 0
	comm -23 "$TOUCHED" "$TOUCHED.new" | while read -r path; do
		if [[ -f $PRISTINE/$path ]]; then
			put "$PRISTINE/$path" "$path"
		else
			rm -f "$TREE/$path"
		fi
	done
}

sync_tree()
{
	local path

	{ cd "$STAGE" && find . -type f -printf '%P\n'; dropped_files; } | LC_ALL=C sort >"$TOUCHED.new"
	restore_left_over
	(cd "$STAGE" && find . -type f -printf '%P\n') | while read -r path; do
		put "$STAGE/$path" "$path"
	done
	dropped_files | while read -r path; do
		rm -f "$TREE/$path"
	done
	mv "$TOUCHED.new" "$TOUCHED"
}

export LC_ALL=C
if [[ ! -d $TREE ]]; then
	say "making the tree $TREE"
	rm -rf "$TREE.new" "$TOUCHED" "$WORK/tree.stamp"
	cp -al "$PRISTINE" "$TREE.new"
	mv "$TREE.new" "$TREE"
fi

now=$(inputs_hash)
if ! stamp_is "$WORK/tree.stamp" "$now"; then
	rm -f "$WORK/tree.stamp"
	check_sums
	make_stage
	sync_tree
	echo "$now" >"$WORK/tree.stamp"
fi
cat "$WARNINGS" >&2
