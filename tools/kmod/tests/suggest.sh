#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmodctl policy suggest.
source "$(dirname "$0")/lib.sh"

FAKE=$WORK/kernel

suggest() { kmodctl policy suggest --securityfs "${1:-$FAKE}"; }

# learned LINE...: what the kernel has noted
learned()
{
	mkdir -p "$FAKE/kmod"
	printf '%s\n' "$@" >"$FAKE/kmod/learned"
}

need() { echo "kind=alias name=$1 uid=${2:-1000} count=1 comm=x"; }
rules() { grep -v '^#' "$WORK/out" | grep . || :; }

usual() { suggest "$FIXTURES/policy" && well && shows "$FIXTURES/policy/suggest.txt"; }

nothing()
{
	: >"$FAKE/kmod/learned"
	suggest && well && is "$(rules)" '' && grep -q '^# Nothing was learned' "$WORK/out" &&
		kmodctl policy check "$WORK/out" && well
}

# suggested NEED... -- RULE...
suggested()
{
	local needs=()

	while [[ $1 != -- ]]; do
		# shellcheck disable=SC2086 # a name and a user
		needs+=("$(need $1)")
		shift
	done
	learned "${needs[@]}"
	suggest && well && is "$(rules)" "$(printf '%s\n' "${@:2}")"
}

users()
{
	suggested 'a 1000' -- 'allow alias a uid 1000' &&
		suggested 'a 0' -- 'allow alias a uid 0' &&
		suggested 'a 1000' 'a 1001' -- 'allow alias a' &&
		suggested 'a 0' 'a 1000' -- 'allow alias a uid 0' 'allow alias a uid 1000' &&
		suggested 'a 1000' 'a 0' 'a 1001' -- 'allow alias a' &&
		suggested 'a 1' 'b 2' 'a 2' 'b 2' -- 'allow alias a' 'allow alias b uid 2'
}

alike()
{
	suggested 'a-b_c 1' 'a_b-c 1' 'a-b 1' -- \
		'allow alias a-b_c uid 1' 'allow alias a-b uid 1' &&
		suggested 'a-b 1' 'a_b 2' -- 'allow alias a-b' || return 1
	learned "$(need a)" 'kind=module name=a uid=1000 count=1 comm=x'
	suggest && well && is "$(rules)" $'allow alias a uid 1000\nallow module a uid 1000'
}

# bash's patterns are the kernel's as far as they go here.
exact()
{
	local name pattern other
	local -a names=('a*' 'a?' 'a[b]' '[!a]' '\*' 'a]' '!' '#' '"x"' '*' '***' '?' 'a*b?c[d')

	for name in "${names[@]}"; do
		learned "$(need "$(sed 's/\\/\\x5c/g; s/"/\\x22/g' <<<"$name")")"
		suggest && well || return 1
		pattern=$(rules | cut -d' ' -f3)
		for other in "${names[@]}" a ab abc 'a[b' b x '\a'; do
			# shellcheck disable=SC2053 # it is a pattern
			if [[ $other == $pattern ]]; then
				is "$other" "$name" "matches $pattern" || return 1
			fi
		done
		# shellcheck disable=SC2053 # it is a pattern
		[[ $name == $pattern ]] || { say "$pattern does not match $name"; return 1; }
	done
}

no_rule()
{
	local name

	for name in 'a\x20b' 'a\x09b' 'a\x0aallow\x20alias\x20*' '\xc3\xa4' '\x7f' '\x00a' ''; do
		learned "$(need "$name")"
		suggest && well && is "$(rules)" '' "$name" &&
			grep -qF "no rule for the alias ${name:-\"\"}:" "$WORK/out" &&
			kmodctl policy check "$WORK/out" && well || return 1
	done
}

strange()
{
	local line

	for line in 'kind=other name=a uid=1 count=1 comm=x' \
		'kind=alias name=a uid=4294967295 count=1 comm=x'; do
		learned "$line"
		suggest && well && is "$(rules)" '' "$line" || return 1
	done
}

missed()
{
	learned "$(need a)" missed=12
	suggest && well && grep -q '^# Warning: .*12 more' "$WORK/out" &&
		is "$(rules)" 'allow alias a uid 1000'
}

malformed()
{
	local line

	for line in nonsense 'kind=alias name=a uid=1 count=1' 'kind=alias name=a b uid=1 count=1' \
		'missed=x' 'kind=alias name=a uid=x count=1 comm=y'; do
		learned "$(need a)" "$line" "$(need b)"
		suggest
		fails 1 ".*/kmod/learned:2: malformed line" &&
			is "$(rules)" $'allow alias a uid 1000\nallow alias b uid 1000' || return 1
	done
}

# Whatever was learned, and as much as can be.
loadable()
{
	local i

	suggest "$FIXTURES/policy"
	mv "$WORK/out" "$WORK/suggested"
	kmodctl policy check "$WORK/suggested"
	well || return 1
	learned "$(for ((i = 0; i < 1024; i++)); do need "n$i" "$i"; done)" missed=1
	suggest && well && is "$(rules | wc -l)" 1024 rules || return 1
	mv "$WORK/out" "$WORK/suggested"
	kmodctl policy check "$WORK/suggested"
	well
}

not_there()
{
	rm -f "$FAKE/kmod/learned"
	suggest
	fails 1 "$FAKE/kmod/learned: this kernel has no policy"
}

TESTS=(
	usual 'each name has a rule once, and comments with counts and processes'
	nothing 'nothing learned: comments only'
	users 'a rule is for anybody when several users need it'
	alike 'names that rules do not tell apart have one rule'
	exact 'a rule is for exactly that name'
	no_rule 'names that no pattern can have are comments'
	strange 'what the kernel would not take becomes no rule'
	missed 'it warns if that is not all'
	malformed 'malformed lines are reported and left out'
	loadable 'check takes what it suggests'
	not_there 'no such file: names the option that the kernel lacks'
)
mkdir -p "$FAKE/kmod"
run_tests
