#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make series: writes the patches, ready to be mailed, to build/<base>/series, from series/ and
# the patched tree. Each folder in series/ is a series with a cover letter of its own, for
# other maintainers, on top of the series before it:
#
#   cover          subject and text of the cover letter
#   prefix         subject prefix, if it is not PATCH
#   cc             addresses to copy that get_maintainer.pl does not know, one per line
#   v2, v3, ...    changes since the version before, for V=2 and so on
#   NN-NAME        a patch, in the order of the numbers
#
# The first line of a patch is the subject, followed by the message, a line "---", and the changes
# that the patch carries, one per line:
#
#   PATH [REGEX]   a changed, new or removed file. * matches any characters except a slash, **
#                  any characters. With REGEX, only the hunks of its touch-point with an added
#                  or removed line that matches; for a Kconfig file of the overlay, only the
#                  options with a matching first line; for MAINTAINERS, only the entries.
#   PATH without PART...
#                  an intermediate state of a file of the overlay, which a later patch completes.
#                  series/parts/PART has lines "PATH COMMAND", each of which must remove text:
#                    sed EXPRESSION       an extended sed expression
#                    fn NAME              a function, and the comment above it
#                    block FIRST .. LAST  from a line that matches FIRST, and the comment above
#                                         it or around it, to one that matches LAST
#                    doc NAME             a member in kernel-doc
#                  Double blank lines become single.
#   ?PATH ...      the same; optional: some bases may not have it
#
# After them a patch may have a diff (git's format) to intermediate states. NN-NAME.BASE is a
# diff that only this base needs, and NN-NAME.BASE.first one that is applied before the changes.
# Each change must be carried by exactly one patch; diffs and intermediate states do not count.
# series/bases lists the supported bases.
#
# Also writes khelper.bundle, to pull the branches from. V=2 writes the second version, with a
# range-diff to the branches in PREVIOUS, by default the bundle of the version before.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=harness/lib/maintainers.sh
source "$ROOT/harness/lib/maintainers.sh"
# shellcheck source=harness/lib/series.sh
source "$ROOT/harness/lib/series.sh"
cd "$ROOT/harness"

V=${V:-1}
STAGE=$WORK/stage
TOUCHED=$WORK/tree.touched
SERIES=$(series_dir "$V")
PREVIOUS=${PREVIOUS:-$(series_dir $((V - 1)))/khelper.bundle}
REPO=$WORK/series.git
CHANGED=$REPO/changed	# paths that differ from the base after any patch
CARRY=$REPO/carry	# lines: patch, kind, path, parts; separated by tabs. The kind is the number
			# of a hunk, "all", or "without"
export LC_ALL=C

patches()
{
	all_series | while read -r series; do
		(cd "$ROOT/series" && printf '%s\n' "$series"/[0-9][0-9]-*) | grep -v '\.'
	done
}

message_of() { sed '/^---$/,$d' "$ROOT/series/$1"; }
carried_by() { sed '1,/^---$/d; /^diff --git /,$d; /^[[:space:]]*$/d' "$ROOT/series/$1"; }

diff_of()
{
	sed -n '/^diff --git /,$p' "$ROOT/series/$1"
	[[ ! -f $ROOT/series/$1.$BASE ]] || cat "$ROOT/series/$1.$BASE"
}

first_diff_of() { [[ ! -f $ROOT/series/$1.$BASE.first ]] || cat "$ROOT/series/$1.$BASE.first"; }

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

# Files in which REGEX selects lines that begin a part
begin_of_part()
{
	case $1 in
	MAINTAINERS) echo '^[^:]*$' ;;
	*/Kconfig) echo '^config ' ;;
	*) die "series/: cannot split $1, which has no hunks or options" ;;
	esac
}

whole_of() { if [[ $1 == MAINTAINERS ]]; then sed '/^$/d' "$ROOT/$1"; else cat "$STAGE/$1"; fi; }

# parts PATH REGEX: prints the numbers of the matching hunks, options or entries of PATH
parts()
{
	local patch

	patch=$(touch_point_of "$1")
	if [[ -n $patch ]]; then
		hunks "$patch" "$2"
	else
		whole_of "$1" | BEGINS=$(begin_of_part "$1") REGEX=$2 awk '
			$0 ~ ENVIRON["BEGINS"] { n++; if ($0 ~ ENVIRON["REGEX"]) print n }'
	fi
}

count_parts()
{
	local patch

	patch=$(touch_point_of "$1")
	if [[ -n $patch ]]; then
		grep -c '^@@' "$patch"
	else
		whole_of "$1" | grep -c "$(begin_of_part "$1")"
	fi
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

# regex_of GLOB: sets $regex to a regular expression for the paths that GLOB matches
regex_of()
{
	local glob=$1

	regex=${glob//./\\.}
	regex=${regex//\*\*/$'\r'}
	regex=^${regex//\*/[^/]*}\$
	regex=${regex//$'\r'/.*}
}

# resolve PATCH PATH [REGEX | without PART...]: prints the changes that a line of a list matches
resolve()
{
	local name=$1 glob=$2 rest=$3 optional=0 path any=0 regex numbers number

	[[ $glob != \?* ]] || { optional=1; glob=${glob#\?}; }
	regex_of "$glob"
	for path in "${changed[@]}"; do
		[[ $path =~ $regex ]] || continue
		any=1
		if [[ -z $rest ]]; then
			printf '%s\tall\t%s\t\n' "$name" "$path"
			continue
		fi
		if [[ $rest == without\ * ]]; then
			printf '%s\twithout\t%s\t%s\n' "$name" "$path" "${rest#without }"
			continue
		fi
		mapfile -t numbers < <(parts "$path" "$rest")
		[[ ${#numbers[@]} -gt 0 || $optional -eq 1 ]] ||
			die "series/$name: no match for $rest in $path"
		for number in "${numbers[@]}"; do
			printf '%s\t%s\t%s\t\n' "$name" "$number" "$path"
		done
	done
	((any || optional)) || die "series/$name: $glob matches no changed file"
}

resolve_all()
{
	local name glob rest
	local -a changed

	mapfile -t changed <"$CHANGED"
	patches | while read -r name; do
		grep -qx -e --- "$ROOT/series/$name" || die "series/$name: missing line '---'"
		carried_by "$name" | while read -r glob rest; do
			resolve "$name" "$glob" "$rest"
		done
	done
}

# Prints the units that must be carried: the parts of a path if any patch carries parts of it, or
# the whole file.
units()
{
	local path

	awk -F'\t' '
	FNR == NR { if ($2 ~ /^[0-9]/) split_[$3] = 1; next }
	{ print ($0 in split_ ? "split" : "all") "\t" $0 }' "$CARRY" "$CHANGED" |
		while IFS=$'\t' read -r kind path; do
			if [[ $kind == all ]]; then
				printf 'all\t%s\n' "$path"
			else
				seq "$(count_parts "$path")" | sed "s|\$|\t$path|"
			fi
		done
}

# Each unit must be in exactly one patch.
check_carried()
{
	local errors

	errors=$(units | awk -F'\t' '
	FNR == NR { if ($2 != "without") patches[$2 "\t" $3] = patches[$2 "\t" $3] " " $1; next }
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

# Includes the paths of diffs for other bases.
changed_paths()
{
	cat "$TOUCHED"
	(cd "$ROOT/series" && sed -n 's/^\(---\|+++\) [ab]\///p' ./[a-z]-*/[0-9]*[!~])
}

# Makes a repository of only the files that the series changes. This gives the same patches as
# one of the whole tree, and is faster.
start_repo()
{
	rm -rf "$REPO"
	mkdir -p "$REPO/tree"
	changed_paths | sort -u >"$CHANGED"
	git init -q -b base "$REPO/tree"
	(cd "$PRISTINE" && tar -cf - --ignore-failed-read -T "$CHANGED" 2>/dev/null) |
		tar -C "$REPO/tree" -xf -
	git_here add -A -f
	git_here commit -q --allow-empty -m "$(base_name)"
}

# final PATH: prints the file with the contents of PATH after all patches, if it then exists
final()
{
	if [[ -f $STAGE/$1 ]]; then
		echo "$STAGE/$1"
	elif [[ -f $PRISTINE/$1 ]] && ! grep -qxF -- "$1" "$TOUCHED"; then
		echo "$PRISTINE/$1"
	fi
}

put_file()
{
	local path=$1 from

	from=$(final "$path")
	if [[ -n $from ]]; then
		mkdir -p "$REPO/tree/$(dirname "$path")"
		cp -p "$from" "$REPO/tree/$path"
	else
		rm -f "$REPO/tree/$path"
	fi
}

# put_parts PATH NUMBER: writes the lines before the first part, and the parts that have been
# carried so far
put_parts()
{
	local path=$1 number=$2 done=$REPO/parts.${1//\//-}

	mkdir -p "$REPO/tree/$(dirname "$path")"
	echo "$number" >>"$done"
	whole_of "$path" | BEGINS=$(begin_of_part "$path") awk '
	FNR == NR { wanted[$1] = 1; next }
	$0 ~ ENVIRON["BEGINS"] { n++ }
	!n || n in wanted { kept = kept $0 "\n" }
	END { sub(/\n+$/, "\n", kept); printf "%s", kept }' "$done" - >"$REPO/part"
	if [[ $path == MAINTAINERS ]]; then
		add_maintainers_entries "$REPO/part" >"$REPO/tree/$path"
	else
		cp "$REPO/part" "$REPO/tree/$path"
	fi
}

put_hunk()
{
	local path=$1 number=$2 patch

	patch=$(touch_point_of "$path")
	if [[ -z $patch ]]; then
		put_parts "$path" "$number"
		return
	fi
	hunk "$patch" "$number" |
		patch -d "$REPO/tree" -s -p1 -F0 --forward --no-backup-if-mismatch ||
		die "$patch: hunk $number does not apply without the hunks before it"
}

# remove_block FIRST LAST: copies stdin without the lines from FIRST to LAST, and without the comment
# that is above the first line or contains it
remove_block()
{
	FIRST=$1 LAST=$2 awk '
	{ line[NR] = $0 }
	!first && $0 ~ ENVIRON["FIRST"] { first = NR }
	first && first && !last && $0 ~ ENVIRON["LAST"] { last = NR }
	END {
		if (last && (line[first] ~ /^ \*/ || line[first - 1] ~ /\*\/$/))
			for (first--; line[first] !~ /^\/\*/; ) first--
		for (i = 1; i <= NR; i++) if (!last || i < first || i > last) print line[i]
	}'
}

# remove_text COMMAND: copies stdin without some text, see the top of this file
remove_text()
{
	local args=${1#* }

	case ${1%% *} in
	sed) sed -E -e "$args" ;;
	fn) remove_block "^[a-z].*[ *]$args\\(.*[^;]\$" '^}' ;;
	block) remove_block "${args%% .. *}" "${args#* .. }" ;;
	doc) sed -E "/^ \\* @$args:/,/^ \\*( @|\\/|\$)/{/^ \\*( @$args:|\\t)/d}" ;;
	*) die "series/parts: unknown command $1" ;;
	esac | cat -s | sed -e '$!b' -e '/^$/d'
}

# put_without PATCH PATH PART...: writes an intermediate state
put_without()
{
	local name=$1 path=$2 to=$REPO/tree/$2 part where command any

	put_file "$path"
	for part in "${@:3}"; do
		any=0
		[[ -f $ROOT/series/parts/$part ]] || die "series/$name: no file series/parts/$part"
		while read -r where command; do
			[[ $where == "$path" ]] || continue
			any=1
			remove_text "$command" <"$to" >"$REPO/part"
			! cmp -s "$REPO/part" "$to" ||
				die "series/parts/$part: no effect on $path: $command"
			cat "$REPO/part" >"$to"
		done <"$ROOT/series/parts/$part"
		((any)) || die "series/$name: series/parts/$part has no line for $path"
	done
}

# put_diff PATCH FUNCTION: applies the diff that FUNCTION prints
put_diff()
{
	local name=$1 print=$2

	[[ -n $("$print" "$name") ]] || return 0
	"$print" "$name" | patch -d "$REPO/tree" -s -p1 -F0 --forward --no-backup-if-mismatch ||
		die "series/$name: the diff does not apply"
}

commit_patch()
{
	local name=$1 kind path rest

	put_diff "$name" first_diff_of
	awk -F'\t' -v n="$name" '$1 == n { print $2, $3, $4 }' "$CARRY" |
		while read -r kind path rest; do
			case $kind in
			all) put_file "$path" ;;
			without)
				# shellcheck disable=SC2086 # a list
				put_without "$name" "$path" $rest
				;;
			*) put_hunk "$path" "$kind" ;;
			esac
		done
	put_diff "$name" diff_of
	git_here add -A -f
	! git_here diff --cached --quiet || die "series/$name: no change in this base"
	message_of "$name" | git_here commit -q -s -F -
}

# Makes a branch for each series, and a tag at its start.
make_branches()
{
	local series

	all_series | while read -r series; do
		git_here tag "$series-start"
		git_here checkout -q -b "$series"
		patches | grep "^$series/" | while read -r patch; do
			commit_patch "$patch"
		done
	done
}

# All patches together must give the patched tree.
check_sum()
{
	local path from

	while read -r path; do
		from=$(final "$path")
		if [[ -n $from ]]; then
			cmp "$from" "$REPO/tree/$path" >&2 || die "the series gives a different $path"
		else
			[[ ! -e $REPO/tree/$path ]] || die "the series does not remove $path"
		fi
	done <"$CHANGED"
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

# cover_of SERIES: prints the cover letter
cover_of()
{
	cat "$ROOT/series/$1/cover"
	if [[ $V -gt 1 ]]; then
		[[ -f $ROOT/series/$1/v$V ]] ||
			die "series/$1/v$V, the changes since the version before, does not exist"
		printf '\nChanges in v%d:\n' "$V"
		cat "$ROOT/series/$1/v$V"
	fi
	printf '\n%s\n' "$(base_name)"
}

fetch_previous()
{
	[[ -f $PREVIOUS ]] || die "$PREVIOUS, the branches of the version before, does not exist;" \
		"set PREVIOUS to a bundle that make series has written"
	git_here fetch -q --no-tags "$PREVIOUS" '+refs/heads/*:refs/previous/*' \
		'+refs/tags/*:refs/previous/*'
}

# recipients PATCH: prints lines "To: ADDRESS" and "Cc: ADDRESS" for a mail with this patch:
# maintainers, and reviewers and lists. The authors of the series do not write to themselves.
recipients()
{
	(cd "$TREE" && perl scripts/get_maintainer.pl --no-git --no-git-fallback --rolestats "$1") |
		grep -vFf <(sed -n 's/^M:\t.*\(<.*>\)/\1/p' "$ROOT/MAINTAINERS") |
		sed -nE 's/ *\((maintainer|supporter)[ :(].*//; T list; s/^/To: /p; b
			:list; s/ *\([^()]*(\([^()]*\)[^()]*)*\)$//; s/^/Cc: /p' | sort -u
}

# Copies lines "To: ADDRESS" and "Cc: ADDRESS", but each address only once.
address_once()
{
	awk '$1 == "To:" { to[$0] = 1 } { line[$0] = 1 }
		END { for (l in line) { t = l; sub(/^Cc/, "To", t); if (l in to || !(t in to)) print l } }' |
		sort
}

# address SERIES: adds recipients to each mail of a series. The cover letter goes to all of them.
address()
{
	local series=$1 dir=$SERIES/$1 mail own=/dev/null

	[[ ! -f $ROOT/series/$series/cc ]] || own=$ROOT/series/$series/cc
	while read -r mail; do
		{ recipients "$mail"; sed 's/^/Cc: /' "$own"; } | address_once >"$mail.to"
	done < <(find "$dir" -name '*.patch' ! -name '*0000-cover-letter.patch' | sort)
	cat "$dir"/*.to | address_once >"$REPO/to"
	mv "$REPO/to" "$(echo "$dir"/*0000-cover-letter.patch).to"
	find "$dir" -name '*.patch' | while read -r mail; do
		# The headers end at the first blank line. Each To: and Cc: is folded, one address a line.
		awk 'FNR == NR { field = substr($0, 1, 2); more = substr($0, 5)
				if (field in list) more = list[field] ",\n    " more
				list[field] = more; next }
			!ended && $0 == "" { ended = 1
				if ("To" in list) print "To: " list["To"]
				if ("Cc" in list) print "Cc: " list["Cc"] }
			{ print }' "$mail.to" "$mail" >"$REPO/mail"
		mv "$REPO/mail" "$mail"
		rm "$mail.to"
	done
}

write_series()
{
	local series=$1 prefix=PATCH
	local -a options=()

	[[ ! -f $ROOT/series/$series/prefix ]] || prefix=$(<"$ROOT/series/$series/prefix")
	[[ $V -eq 1 ]] || options=(-v "$V" --range-diff="refs/previous/$series-start..refs/previous/$series")
	git_here config "branch.$series.description" "$(cover_of "$series")"
	git_here checkout -q "$series"
	git_here format-patch -q --no-renames --break-rewrites --cover-letter --base=base \
		--cover-from-description=subject --subject-prefix="$prefix" --zero-commit \
		"${options[@]}" -o "$SERIES/$series" "$series-start..$series"
	address "$series"
	count_patches "$series"
}

# Prints the number of patches of a series, and the largest number of added lines.
count_patches()
{
	local dir=$SERIES/$1 mail

	find "$dir" -name '*.patch' ! -name '*0000-cover-letter.patch' | sort | while read -r mail; do
		echo "$(added_lines "$mail") $(basename "$mail")"
	done | awk -v s="$1" '{ n++; if ($1 >= max) { max = $1; name = $4 } if ($1 + $2 >= all) all = $1 + $2 }
		END { printf "%-12s %2d patches; kernel code: at most %d lines, %s; with tests at most %d lines\n",
			s, n, max, name, all }'
}

write_patches()
{
	local series

	rm -rf "$SERIES"
	mkdir -p "$SERIES"
	[[ $V -eq 1 ]] || fetch_previous
	all_series | while read -r series; do
		write_series "$series"
	done
	git_here bundle create -q "$SERIES/khelper.bundle" --branches --tags
}

grep -qxF -- "$BASE" "$ROOT/series/bases" || die "series/bases does not have BASE=$BASE"
[[ $V =~ ^[1-9][0-9]*$ ]] || die "V is not a number: $V"
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
make_branches
check_sum
write_patches
