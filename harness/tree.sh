#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes build/<base>/linux: the pristine tree with the overlay copied onto it and the
# base's touch-points applied. Only files whose contents change are written, so
# that make rebuilds as little as possible.
#
# The tree's files are hard links to the pristine ones. They are replaced, never
# written in place.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"

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
			"$ROOT/harness/tree.sh"
		[[ ! -f $SUMS ]] || hash_files "$SUMS"
		stat -c '%i %Y' "$PRISTINE"
	} | sha256sum
}

# A sum that differs means that upstream touched a file which we replace: maybe a
# fix that our own file needs as well.
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
	*** A fix may have landed upstream. Compare it with our file, then put
	*** the new sum into bases/$BASE/replaced.sha256.
	**********************************************************************
	END
}

# Paths that the base has and the patched tree must not have.
dropped_files()
{
	local sum path

	[[ -f $SUMS ]] || return 0
	while read -r sum path; do
		[[ -n $sum && $sum != '#'* ]] || continue
		[[ -e $ROOT/$path ]] || echo "$path"
	done <"$SUMS"
}

# patch_stage PATCH WRONG: fails too when what patch says matches WRONG
patch_stage()
{
	local patch=$1 wrong=$2 output

	if ! output=$(patch -d "$STAGE" -p1 -F0 --forward --no-backup-if-mismatch <"$patch" 2>&1) ||
		grep -Eq "$wrong" <<<"$output"; then
		printf '%s\n' "$output" >&2
		die "$patch does not apply exactly; make it fit"
	fi
}

apply_touch_point()
{
	local patch=$1 path

	[[ $(grep -c '^+++ ' "$patch") -eq 1 ]] || die "$patch: a touch-point changes exactly one file"
	path=$(sed -n 's/^+++ [^/]*\/\([^ \t]*\).*/\1/p' "$patch")
	[[ ! -e $STAGE/$path ]] || die "$patch: $path is in the overlay or has a touch-point already"
	[[ -f $PRISTINE/$path ]] || die "$patch: the base has no $path"
	mkdir -p "$(dirname "$STAGE/$path")"
	cp "$PRISTINE/$path" "$STAGE/$path"
	patch_stage "$patch" 'offset|fuzz'
}

# A backport changes what the overlay has for what an older base lacks, and may add
# files that neither of them has. Upstream's own files are the touch-points' business.
# Lines may have moved, since the overlay grows; the context may not have changed.
apply_backport()
{
	local patch=$1 path

	while read -r path; do
		[[ -e $STAGE/$path || ! -e $PRISTINE/$path ]] ||
			die "$patch: $path is the base's own; that wants a touch-point"
	done < <(sed -n 's/^+++ b\/\([^ \t]*\).*/\1/p' "$patch")
	patch_stage "$patch" fuzz
}

# Puts each of our entries where the base's list of maintainers, sorted but for a few, is
# least disturbed.
add_maintainers_entries()
{
	awk '
	FNR == NR {
		if ($0 == "") next
		if ($0 !~ /^[A-Z]:\t/) title[++entries] = $0
		entry[entries] = entry[entries] $0 "\n"
		next
	}
	{ line[++n] = $0 }
	/^[A-Z]:\t/ && line[n - 2] == "" { head[++heads] = n - 1 }
	function place(title,	i, cost, least, at) {
		for (i = heads; i >= 1; i--) {
			if (line[head[i]] > title) cost--; else cost++
			if (cost < least) { least = cost; at = head[i] }
		}
		return at
	}
	END {
		for (i = 1; i <= entries; i++) {
			at = place(title[i])
			before[at] = before[at] entry[i] "\n"
		}
		for (i = 1; i <= n; i++) printf "%s%s\n", before[i], line[i]
	}' "$ROOT/MAINTAINERS" "$PRISTINE/MAINTAINERS" >"$STAGE/MAINTAINERS"
}

# Everything that differs from the base, laid out as in the tree.
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
	add_maintainers_entries
}

# put SOURCE PATH: only when its contents or its mode differ. The time is always the
# present one: an older file that comes back must be rebuilt, too.
put()
{
	local from=$1 to=$TREE/$2

	if [[ ! -f $to ]] || ! cmp -s "$from" "$to" || [[ $(stat -c %a "$from") != $(stat -c %a "$to") ]]; then
		mkdir -p "$(dirname "$to")"
		cp --remove-destination "$from" "$to"
		chmod --reference="$from" "$to"
	fi
}

# What an earlier overlay or patch changed and the present one does not.
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
