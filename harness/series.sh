#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make series: writes the patches, ready to be mailed, to build/<base>/series, from series/ and
# the patched tree. Each numbered file in series/ is a patch, in the order of the numbers: the
# first line is the subject, followed by the message, a line "---", and the changes that the
# patch carries, one per line:
#
#   PATH [REGEX]   a changed, new or removed file. * matches any characters except a slash, **
#                  any characters. With REGEX, only the hunks of its touch-point with an added
#                  or removed line that matches; for a Kconfig file of the overlay, only the
#                  options with a matching first line.
#   ?PATH [REGEX]  the same; optional: some bases may not have it
#
# Each change must be carried by exactly one patch. series/cover is the cover letter.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"

STAGE=$WORK/stage
TOUCHED=$WORK/tree.touched
SERIES=$WORK/series
REPO=$WORK/series.git
CARRY=$REPO/carry	# lines: patch, number of the hunk or "all", path; separated by tabs
export LC_ALL=C

patches() { (cd "$ROOT/series" && printf '%s\n' [0-9][0-9]-*); }

message_of() { sed '/^---$/,$d' "$ROOT/series/$1"; }
carried_by() { sed '1,/^---$/d; /^[[:space:]]*$/d' "$ROOT/series/$1"; }

# author KEY: prints git's user.KEY, because the user is the author of the patches
author()
{
	git -C "$ROOT" config "user.$1" || die "git's user.$1, the author of patches, is not set;" \
		"try: git config --global user.$1 '...'"
}

# touch_point_of PATH: prints the touch-point of PATH, if it has one
touch_point_of()
{
	grep -lxF -- "+++ b/$1" "$BASE_DIR"/touch-points/*.patch || :
}

# parts PATH REGEX: prints the numbers of the matching hunks or options of PATH
parts()
{
	local patch

	patch=$(touch_point_of "$1")
	if [[ -n $patch ]]; then
		hunks "$patch" "$2"
	elif [[ $1 == */Kconfig ]]; then
		REGEX=$2 awk '/^config / { n++; if ($0 ~ ENVIRON["REGEX"]) print n }' "$STAGE/$1"
	else
		die "series/: cannot split $1, which has no hunks or options"
	fi
}

count_parts()
{
	local patch

	patch=$(touch_point_of "$1")
	grep -c '^@@\|^config ' "${patch:-$STAGE/$1}"
}

# hunks PATCH REGEX: prints the numbers of the hunks with an added or removed line that matches
hunks()
{
	REGEX=$2 awk '
	/^@@/ { n++; next }
	n && /^[-+]/ && substr($0, 2) ~ ENVIRON["REGEX"] && !(n in seen) { seen[n] = 1; print n }
	' "$1"
}

# hunk PATCH N: prints a patch with only that hunk
hunk()
{
	awk -v wanted="$2" '/^@@/ { n++ } !n || n == wanted' "$1"
}

# resolve PATCH PATH [REGEX]: prints the changes that a line of a patch's list matches
resolve()
{
	local name=$1 glob=$2 regex=$3 optional=0 path any=0 numbers number

	[[ $glob != \?* ]] || { optional=1; glob=${glob#\?}; }
	while read -r path; do
		any=1
		if [[ -z $regex ]]; then
			printf '%s\tall\t%s\n' "$name" "$path"
			continue
		fi
		mapfile -t numbers < <(parts "$path" "$regex")
		[[ ${#numbers[@]} -gt 0 || $optional -eq 1 ]] ||
			die "series/$name: no match for $regex in $path"
		for number in "${numbers[@]}"; do
			printf '%s\t%s\t%s\n' "$name" "$number" "$path"
		done
	done < <(grep -xE -- "$(sed 's/[].+(){}^$|\\[]/\\&/g; s/\*\*/\r/g; s/\*/[^\/]*/g; s/\r/.*/g' <<<"$glob")" "$TOUCHED")
	((any || optional)) || die "series/$name: $glob matches no changed file"
}

resolve_all()
{
	local name glob regex

	patches | while read -r name; do
		grep -qx -e --- "$ROOT/series/$name" || die "series/$name: missing line '---'"
		carried_by "$name" | while read -r glob regex; do
			resolve "$name" "$glob" "$regex"
		done
	done
}

# Prints the units that must be carried: the parts of a path if any patch carries parts of it, or
# the whole file.
units()
{
	local path

	while read -r path; do
		if awk -F'\t' -v p="$path" '$3 == p && $2 != "all" { f = 1 } END { exit !f }' "$CARRY"; then
			seq "$(count_parts "$path")" | sed "s|\$|\t$path|"
		else
			printf 'all\t%s\n' "$path"
		fi
	done <"$TOUCHED"
}

# Each unit must be in exactly one patch.
check_carried()
{
	local errors

	errors=$(units | awk -F'\t' '
	FNR == NR { patches[$2 "\t" $3] = patches[$2 "\t" $3] " " $1; next }
	{ unit[$0] = 1 }
	function tell(u,   a) {
		split(u, a, "\t")
		return a[2] (a[1] == "all" ? "" : ", part " a[1])
	}
	END {
		for (u in unit) {
			n = split(patches[u], by, " ")
			if (n == 0) print tell(u) ": in no patch"
			if (n > 1) print tell(u) ": in several patches:" patches[u]
		}
		for (u in patches)
			if (!(u in unit)) print tell(u) ": in" patches[u] ", but split in other patches"
	}' "$CARRY" - | sort)
	[[ -z $errors ]] || die "series/ does not match the overlay:"$'\n'"$errors"
}

git_here() { git -C "$REPO/tree" "$@"; }

# Makes a repository of only the files that the series changes. This gives the same patches as
# one of the whole tree, and is faster.
start_repo()
{
	local path

	rm -rf "$REPO"
	mkdir -p "$REPO/tree"
	git init -q -b base "$REPO/tree"
	while read -r path; do
		[[ -f $PRISTINE/$path ]] || continue
		mkdir -p "$REPO/tree/$(dirname "$path")"
		cp -p "$PRISTINE/$path" "$REPO/tree/$path"
	done <"$TOUCHED"
	git_here add -A -f
	git_here commit -q --allow-empty -m "$(base_name)"
	git_here checkout -q -b series
}

put_file()
{
	local path=$1

	if [[ -f $STAGE/$path ]]; then
		mkdir -p "$REPO/tree/$(dirname "$path")"
		cp -p "$STAGE/$path" "$REPO/tree/$path"
	else
		rm -f "$REPO/tree/$path"
	fi
}

# put_options PATH NUMBER: writes the lines before the first option, and the options that have
# been carried so far
put_options()
{
	local path=$1 number=$2 done=$REPO/options.${1//\//-}

	mkdir -p "$REPO/tree/$(dirname "$path")"
	echo "$number" >>"$done"
	awk '
	FNR == NR { wanted[$1] = 1; next }
	/^config / { n++ }
	!n || n in wanted { kept = kept $0 "\n" }
	END { sub(/\n+$/, "\n", kept); printf "%s", kept }' "$done" "$STAGE/$path" \
		>"$REPO/tree/$path"
}

put_hunk()
{
	local path=$1 number=$2 patch

	patch=$(touch_point_of "$path")
	if [[ -z $patch ]]; then
		put_options "$path" "$number"
		return
	fi
	hunk "$patch" "$number" |
		patch -d "$REPO/tree" -s -p1 -F0 --forward --no-backup-if-mismatch ||
		die "$patch: hunk $number does not apply without the hunks before it"
}

commit_patch()
{
	local name=$1 number path

	awk -F'\t' -v n="$name" '$1 == n { print $2, $3 }' "$CARRY" | while read -r number path; do
		case $number in
		all) put_file "$path" ;;
		*) put_hunk "$path" "$number" ;;
		esac
	done
	git_here add -A -f
	! git_here diff --cached --quiet || die "series/$name: no change in this base"
	message_of "$name" | git_here commit -q -s -F -
}

# All patches together must give the patched tree.
check_sum()
{
	local path

	while read -r path; do
		if [[ -f $STAGE/$path ]]; then
			cmp "$STAGE/$path" "$REPO/tree/$path" >&2 || die "the series gives a different $path"
		else
			[[ ! -e $REPO/tree/$path ]] || die "the series does not remove $path"
		fi
	done <"$TOUCHED"
}

# Prints a line that names the base of the patches.
base_name()
{
	local deb version

	version=$(make -s -C "$PRISTINE" kernelversion)
	if [[ -n $LINUX ]]; then
		echo "Base: Linux $version, as in $LINUX"
		return
	fi
	deb=$(find "$WORK" -maxdepth 1 -name "linux-source-*.deb" | sort -V | tail -n 1)
	echo "Base: Linux $version, as in Debian's $(dpkg-deb -f "$deb" Package)" \
		"$(dpkg-deb -f "$deb" Version)"
}

write_patches()
{
	local count

	rm -rf "$SERIES"
	mkdir -p "$SERIES"
	git_here config branch.series.description "$(cat "$ROOT/series/cover"; echo; base_name)"
	count=$(patches | wc -l)
	git_here format-patch -q --no-renames --break-rewrites --cover-letter \
		--cover-from-description=subject --subject-prefix=PATCH --zero-commit -o "$SERIES" "-$count"
	ls "$SERIES"
}

name=$(author name)
email=$(author email)
# The same commit always gives the same patches.
date=$(git -C "$ROOT" log -1 --format=%cI 2>/dev/null || date -Is)
export GIT_AUTHOR_NAME=$name GIT_AUTHOR_EMAIL=$email GIT_AUTHOR_DATE=$date
export GIT_COMMITTER_NAME=$name GIT_COMMITTER_EMAIL=$email GIT_COMMITTER_DATE=$date
# The patches must not depend on the user's other settings.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=core.abbrev GIT_CONFIG_VALUE_0=12
export GIT_CONFIG_KEY_1=core.fileMode GIT_CONFIG_VALUE_1=true

./deps.sh build
lock_work
./fetch.sh
./tree.sh
start_repo
resolve_all >"$CARRY"
check_carried
patches | while read -r patch; do
	commit_patch "$patch"
done
check_sum
write_patches
