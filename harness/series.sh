#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make series: writes build/<base>/series, the patches as one would mail them, from
# what series/ says and from the patched tree. Each file there, in order, is a patch:
# its first line the subject, then the message, then a line "---" and what it
# carries, one a line:
#
#   PATH [REGEX]   a changed, new or removed file; * stands for anything but a slash, **
#                  for anything. With REGEX only those hunks of its touch-point in
#                  which an added or removed line matches; of a Kconfig file of ours
#                  only those options whose first line matches.
#   ?PATH [REGEX]  the same; the base need not have it
#
# Every change belongs to exactly one patch. series/cover is the cover letter.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"

STAGE=$WORK/stage
TOUCHED=$WORK/tree.touched
SERIES=$WORK/series
REPO=$WORK/series.git
CARRY=$REPO/carry	# patch, hunk or "all", path; one a line, separated by tabs
export LC_ALL=C

patches() { (cd "$ROOT/series" && printf '%s\n' [0-9][0-9]-*); }

message_of() { sed '/^---$/,$d' "$ROOT/series/$1"; }
carried_by() { sed '1,/^---$/d; /^[[:space:]]*$/d' "$ROOT/series/$1"; }

# who NAME: of the one who runs this; nobody else can sign the patches
who()
{
	git -C "$ROOT" config "user.$1" || die "git does not know your $1, which goes into the" \
		"patches: git config --global user.$1 '...'"
}

# The touch-point of a path, if there is one.
touch_point_of()
{
	grep -lxF -- "+++ b/$1" "$BASE_DIR"/touch-points/*.patch || :
}

# parts PATH REGEX: numbers of its hunks, or of its options, that match
parts()
{
	local patch

	patch=$(touch_point_of "$1")
	if [[ -n $patch ]]; then
		hunks "$patch" "$2"
	elif [[ $1 == */Kconfig ]]; then
		REGEX=$2 awk '/^config / { n++; if ($0 ~ ENVIRON["REGEX"]) print n }' "$STAGE/$1"
	else
		die "series/: $1 has neither hunks nor options, it cannot be split"
	fi
}

count_parts()
{
	local patch

	patch=$(touch_point_of "$1")
	grep -c '^@@\|^config ' "${patch:-$STAGE/$1}"
}

# hunks PATCH REGEX: numbers of the hunks with an added or removed line that matches
hunks()
{
	REGEX=$2 awk '
	/^@@/ { n++; next }
	n && /^[-+]/ && substr($0, 2) ~ ENVIRON["REGEX"] && !(n in seen) { seen[n] = 1; print n }
	' "$1"
}

# hunk PATCH N: a patch with that hunk alone
hunk()
{
	awk -v wanted="$2" '/^@@/ { n++ } !n || n == wanted' "$1"
}

# What one line of a patch's list matches.
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
			die "series/$name: nothing in $path matches $regex"
		for number in "${numbers[@]}"; do
			printf '%s\t%s\t%s\n' "$name" "$number" "$path"
		done
	done < <(grep -xE -- "$(sed 's/[].+(){}^$|\\[]/\\&/g; s/\*\*/\r/g; s/\*/[^\/]*/g; s/\r/.*/g' <<<"$glob")" "$TOUCHED")
	((any || optional)) || die "series/$name: nothing that the overlay changes is named $glob"
}

resolve_all()
{
	local name glob regex

	patches | while read -r name; do
		grep -qx -e --- "$ROOT/series/$name" || die "series/$name does not say what it carries"
		carried_by "$name" | while read -r glob regex; do
			resolve "$name" "$glob" "$regex"
		done
	done
}

# The units that have to be carried: parts where some patch carries parts, else files.
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

# Nothing may be left out, or be in two patches.
check_carried()
{
	local complaints

	complaints=$(units | awk -F'\t' '
	FNR == NR { who[$2 "\t" $3] = who[$2 "\t" $3] " " $1; next }
	{ unit[$0] = 1 }
	function tell(u,   a) {
		split(u, a, "\t")
		return a[2] (a[1] == "all" ? "" : ", part " a[1])
	}
	END {
		for (u in unit) {
			n = split(who[u], by, " ")
			if (n == 0) print tell(u) ": in no patch"
			if (n > 1) print tell(u) ": in several patches:" who[u]
		}
		for (u in who) if (!(u in unit)) print tell(u) ": in" who[u] ", of others in parts"
	}' "$CARRY" - | sort)
	[[ -z $complaints ]] || die "series/ does not fit the overlay:"$'\n'"$complaints"
}

git_here() { git -C "$REPO/tree" "$@"; }

# A repository of the files that the series changes: as good for making patches as one
# of the whole tree, and there at once.
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

# put_options PATH: what comes before the first option, and those carried so far
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
		die "$patch: hunk $number does not apply without those before it"
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
	! git_here diff --cached --quiet || die "series/$name: changes nothing in this base"
	message_of "$name" | git_here commit -q -s -F -
}

# The sum of the patches has to be the patched tree.
check_sum()
{
	local path

	while read -r path; do
		if [[ -f $STAGE/$path ]]; then
			cmp "$STAGE/$path" "$REPO/tree/$path" >&2 || die "the series makes another $path"
		else
			[[ ! -e $REPO/tree/$path ]] || die "the series leaves $path"
		fi
	done <"$TOUCHED"
}

# The base in words: what the patches were made on.
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

name=$(who name)
email=$(who email)
# One state of the repository always gives the same patches.
date=$(git -C "$ROOT" log -1 --format=%cI 2>/dev/null || date -Is)
export GIT_AUTHOR_NAME=$name GIT_AUTHOR_EMAIL=$email GIT_AUTHOR_DATE=$date
export GIT_COMMITTER_NAME=$name GIT_COMMITTER_EMAIL=$email GIT_COMMITTER_DATE=$date
# The user's own settings have no say in what the patches look like.
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
