#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make check: runs the kernel's own checkers on all files of the overlay. A step passes if it
# prints nothing. All steps run, even after a failure.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=harness/lib/checkpatch.sh
source "$ROOT/harness/lib/checkpatch.sh"
cd "$ROOT/harness"
x86_only

bad=0

# step TITLE COMMAND...: fails if COMMAND exits with a non-zero status or prints anything
step()
{
	local title=$1 log output

	shift
	log=$LOGS/check-${title%% *}.log
	output=$("$@" 2>&1) || output+=$'\n'"(exit status $?)"
	printf '%s\n' "$output" >"$log"
	if [[ -z ${output//[[:space:]]/} ]]; then
		echo "ok    $title"
	else
		printf '%s\n' "$output" | head -n 60
		echo "FAIL  $title (full log: $log)"
		bad=$((bad + 1))
	fi
}

# ours REGEX: prints the matching paths of overlay files, relative to the root
ours() { overlay_files | grep -E "$1" || :; }

run_checkpatch()
{
	local -a files
	mapfile -t files < <(ours '\.([ch]|sh)$|(^|/)(Kconfig|Makefile)[^/]*$')
	[[ ${#files[@]} -gt 0 ]] || return 0
	# Runs in the tree, for the tree's own lists of words and types. FILE_PATH_CHANGES, the
	# message about a new file without a MAINTAINERS entry, applies to patches only.
	cd "$TREE"
	perl scripts/checkpatch.pl --strict --terse --no-summary --show-types \
		--ignore FILE_PATH_CHANGES -f "${files[@]}" "$ROOT"/bench/*.[ch] |
		grep -vE "$CHECKPATCH_ACCEPTED" || :
}

# Prints the objects that the build has made from the overlay. Sources that this configuration
# does not build cannot be checked.
our_objects()
{
	local source
	ours '\.c$' | while read -r source; do
		[[ ! -f $OUT/${source%.c}.o ]] || echo "${source%.c}.o"
	done
}

# compile FLAGS...: recompiles only the overlay's objects, and prints only the messages about
# the overlay's files
compile()
{
	local -a objects
	local log=$LOGS/check-compile.log

	mapfile -t objects < <(our_objects)
	[[ ${#objects[@]} -gt 0 ]] || return 0
	(cd "$OUT" && rm -f "${objects[@]}")
	rm -f "$OUT/build.stamp"
	if ! kernel_make -j"$JOBS" "$@" "${objects[@]}" >"$log" 2>&1; then
		tail -n 30 "$log"
		return 1
	fi
	grep -E '(warning|error):' "$log" | grep -F -f <(ours '\.[ch]$') || :
}

run_kernel_doc()
{
	local -a files
	mapfile -t files < <(ours '\.[ch]$' | grep -v '/tests/\|^tools/')
	[[ ${#files[@]} -gt 0 ]] || return 0
	cd "$TREE"
	perl scripts/kernel-doc -none -Wall "${files[@]}"
}

shell_scripts()
{
	cd "$ROOT"
	find harness .ci bench tools series -type f 2>/dev/null | sort | while read -r file; do
		[[ $(head -c 64 "$file" | tr -d '\0' | head -n 1) =~ ^#!.*sh || $file == *.sh ]] && echo "$file"
	done
	return 0
}

run_shellcheck()
{
	local -a files
	mapfile -t files < <(shell_scripts)
	cd "$ROOT"
	shellcheck -x -P SCRIPTDIR -e SC1091 "${files[@]}"
}

# Compares the table in the documentation with the one that policy_profiles.sh checks.
compare_profiles()
{
	cd "$ROOT"
	diff <(awk '!/^#/ { print $1, $4, $5, $6, $7 }' tools/testing/selftests/autoload/policy_profiles.txt) \
		<(awk 'NF == 5 && /^    / && $2 ~ /^[+x.]+$/ { print $1, $2, $3, $4, $5 }' \
			Documentation/kmod.txt)
}

# includes REGEX PATH...: prints the lines that include a matching header
includes()
{
	local regex=$1

	shift
	grep -rnE "^#[[:space:]]*include[[:space:]]+[\"<][^\">]*$regex" "$@" || :
}

# security/autoload may use kernel/kmod, which may use kernel/umh. No layer may use a higher one
# or include the private headers of another.
check_layers()
{
	cd "$ROOT"
	includes '(kmod|autoload)' kernel/umh.c kernel/umh include/linux/umh.h \
		include/trace/{events,misc}/umh.h
	includes '(autoload|umh/)' kernel/kmod.c kernel/kmod include/linux/kmod.h \
		include/trace/{events,misc}/kmod.h
	includes '\.\./' security/autoload
}

# Prints the mutants and breaks whose script changes nothing any more.
check_mutants()
{
	local name file script

	while IFS=$'\t' read -r name file script _; do
		[[ -n $name && $name != '#'* ]] || continue
		! sed -E "$script" "$TREE/$file" | cmp -s - "$TREE/$file" ||
			echo "$name: the script changes nothing in $file"
	done < <(cat "$ROOT/harness/mutants" "$ROOT/shim/breaks")
}

compile_both()
{
	local title=$1

	shift
	CONFIG=plain OUT=$WORK/out-plain step "$title (plain)" compile "$@"
	if overlay_files | grep -c '_kunit\.c$' >/dev/null; then
		CONFIG=um OUT=$WORK/out-um step "$title (KUnit)" compile "$@"
	fi
}

./deps.sh build check
lock_work
./fetch.sh
./tree.sh
CONFIG=plain ./config.sh
CONFIG=plain ./build.sh
if overlay_files | grep -c '_kunit\.c$' >/dev/null; then
	CONFIG=um ./config.sh
	CONFIG=um ./build.sh
fi

step "checkpatch --strict" run_checkpatch
compile_both "sparse C=2" C=2
compile_both "W=1" W=1
step "kernel-doc -Wall" run_kernel_doc
step "shellcheck" run_shellcheck
step "includes respect the layers" check_layers
step "mutants change the sources" check_mutants
step "documentation agrees with sources and results" "$ROOT/harness/truth.py"
step "policy profiles in Documentation/kmod.txt" compare_profiles
[[ $bad -eq 0 ]] || die "$bad steps failed"
