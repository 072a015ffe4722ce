#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmodctl policy with this kernel: a loaded policy must be in force, suggested rules must allow
# exactly the learned requests, and kmodctl must decide as the kernel and accept the same texts.
#
#	kmodctl_policy.sh [SEED [ROUNDS]]
#
# The same seed gives the same texts.
# shellcheck disable=SC2086,SC2317 # words, and tests that are called by name
source "$(dirname "$0")/../kmod/kmod_lib.sh"
source "$(dirname "$0")/autoload_lib.sh"

SEED=${1:-$SRANDOM}
ROUNDS=${2:-$((SCALE > 1 ? 100 : 300))}
# Close to the largest policy, 1 MiB, and to the longest list of helpers
MANY_RULES=60000
MANY_HELPERS=3000

restore_more() { no_policy; }

# policy ARGUMENT...: runs kmodctl policy with its output in $WORK/out and $WORK/err
policy() { kmodctl policy "$@" >"$WORK/out" 2>"$WORK/err"; }

# succeeds ARGUMENT...: kmodctl policy must succeed without a message
succeeds()
{
	policy "$@" || complain "policy $*: $(<"$WORK/err")" || return 1
	is "$(<"$WORK/err")" "" "policy $*:"
}

# file NAME LINE...: writes the lines to that file
file() { printf '%s\n' "${@:2}" >"$WORK/$1"; }

# mounts USER NAME: requests fs-NAME by a mount, as root of a user namespace of USER
mounts() { as "$1" unshare -Urm "$HERE/kmod_req" fs "$2" >/dev/null 2>&1 || :; }

# passes USER NAME, is_denied USER NAME: check the result of such a request
passes()
{
	use_helper fake
	mounts "$@"
	is "$(started fake)" 1 "modprobes for fs-$2 and user $1:"
}

is_denied()
{
	use_helper fake
	mounts "$@"
	is "$(started fake)" 0 "modprobes for fs-$2 and user $1:"
}

in_force() { cat "$MODE_SYSCTL" "$POLICY"/{enforce,policy,helpers_mode,helpers}; }

# denied_in: prints the file and the line of the rule that the log names for a denied request of
# root. The messages are limited to ten in five seconds, which other tests may have used up.
denied_in()
{
	sleep 6
	dmesg -c >/dev/null
	"$HERE/kmod_req" pf "$FAMILY" >/dev/null
	dmesg | sed -n "s/.*autoload: denied: kind=alias name=$ALIAS rule=\\([^ ]*\\) .*/\\1/p"
}

# A folder with all kinds of lines. The log and kmodctl policy show must name the same rule.
directory()
{
	local line

	mkdir -p "$WORK/policy.d"
	file policy.d/10-a.conf '# first' 'allow alias fs-*' 'helper /sbin/modprobe'
	file policy.d/20-b.conf 'enforce 1' 'mode 1' 'helpers log' "deny alias $ALIAS" \
		'helper /tmp/*'
	file policy.d/README 'nonsense'
	succeeds load "$WORK/policy.d" || return 1
	is "$(<"$MODE_SYSCTL") $(<"$POLICY/enforce") $(<"$POLICY/helpers_mode")" "1 1 log" &&
		is "$(<"$POLICY/helpers")" $'/sbin/modprobe\n/tmp/*' "helpers" || return 1
	line=$(denied_in)
	succeeds show || return 1
	is "$line" "$WORK/policy.d/20-b.conf:4" "the place in the log:" &&
		is "$(awk -v place="$line" '$NF == place { print $2, $3, $4 }' "$WORK/out")" \
			"deny alias $ALIAS" "$line:" &&
		passes "$USER_ID" kmodctl
}

one_file()
{
	file one 'mode 1' '' 'helpers off' "deny alias $ALIAS"
	succeeds load "$WORK/one" || return 1
	is "$(denied_in)" "$WORK/one:4" "the place in the log:"
}

shown()
{
	local modprobe

	command -v jq >/dev/null || return "$KSFT_SKIP"
	modprobe=$(<"$SYSCTL/modprobe")
	file one 'mode 1' 'enforce 0' 'deny alias a' $'allow  alias\tb\\* uid 7' 'helper /x' \
		"helper $modprobe" 'helpers enforce'
	succeeds load "$WORK/one" && succeeds show --json || return 1
	is "$(jq -c '[.mode, .enforce, .locked, .helpers_mode, .helpers]' "$WORK/out")" \
		"[1,false,false,\"enforce\",[\"/x\",\"$modprobe\"]]" &&
		is "$(jq -c '.rules[] | [.line, .allow, .kind, .pattern, .uid]' "$WORK/out" |
			tr '\n' ' ')" '[4,false,"alias","a",null] [5,true,"alias","b\\*",7] '
}

# The kernel must accept the policy with one write.
large()
{
	local i

	for ((i = 0; i < MANY_HELPERS; i++)); do
		echo "helper /sbin/helper-$i"
	done >"$WORK/large"
	yes 'deny alias x' | head -n "$MANY_RULES" >>"$WORK/large" || :
	echo "deny alias $ALIAS" >>"$WORK/large"
	succeeds load "$WORK/large" || return 1
	is "$(grep -c ^deny "$POLICY/policy")" $((MANY_RULES + 1)) "rules" &&
		is "$(grep -c . "$POLICY/helpers")" "$MANY_HELPERS" "helpers" || return 1
	use_helper fake
	"$HERE/kmod_req" pf "$FAMILY" >/dev/null
	is "$(started fake)" 0 "modprobes"
}

all_or_nothing()
{
	local before

	file one 'deny alias old' 'helper /old'
	succeeds load "$WORK/one" || return 1
	before=$(in_force)
	file bad 'mode 2' 'helper /new' 'enforce 0' 'helpers log' 'allow alias new' \
		'allow alias [new'
	! policy load "$WORK/bad" || complain "expected the load to fail" || return 1
	is "$(<"$WORK/err")" "kmodctl: $WORK/bad:6: pattern has '[' without ']'" &&
		is "$(in_force)" "$before" || return 1
	sed -i '$d' "$WORK/bad"
	! without sys_module kmodctl policy load "$WORK/bad" 2>"$WORK/err" ||
		complain "expected the load to fail without CAP_SYS_MODULE" || return 1
	grep -q 'CAP_SYS_MODULE .* is needed' "$WORK/err" || complain "$(<"$WORK/err")" || return 1
	is "$(in_force)" "$before"
}

# Names with special characters, and names that their rules must not match
LEARNED=('plain' 'a-b_c' 'star*' 'mark?' 'set[ab]' 'back\slash' '!' 'open[')
LOOKALIKES=('plai' 'plainer' 'a-b-d' 'starry' 'marks' 'seta' 'backslash' 'open')

round_trip()
{
	local name

	file learn 'mode 1' 'enforce 0'
	succeeds load "$WORK/learn" || return 1
	use_helper fake
	for name in "${LEARNED[@]}" 'a b' $'a\nallow alias *'; do
		mounts "$USER_ID" "$name"
	done
	mounts "$OTHER_ID" plain
	succeeds suggest && cp "$WORK/out" "$WORK/suggested" || return 1
	is "$(grep -c '^allow alias fs-' "$WORK/suggested")" "${#LEARNED[@]}" "rules" &&
		is "$(grep -c '^# No rule can match' "$WORK/suggested")" 2 "comments" &&
		{ policy check "$WORK/suggested" || complain "$(<"$WORK/err")"; } || return 1
	file enforce 'enforce 1'
	succeeds load "$WORK/suggested" "$WORK/enforce" || return 1
	is "$(<"$MODE_SYSCTL") $(<"$POLICY/enforce")" "1 1" "mode and enforce" || return 1
	for name in "${LEARNED[@]}"; do
		passes "$USER_ID" "$name" || return 1
	done
	for name in "${LOOKALIKES[@]}" 'a b'; do
		is_denied "$USER_ID" "$name" || return 1
	done
	# Two users requested the first name, one user the others.
	passes "$((OTHER_ID + 1))" plain && passes "$USER_ID" a_b-c &&
		is_denied "$OTHER_ID" 'star*'
}

# Commands that make a requester, and the options of kmodctl policy test that describe it
REQUESTERS=(
	"env|--uid 0"
	"as $USER_ID|--uid $USER_ID"
	"as $OTHER_ID|--uid $OTHER_ID"
	"as $USER_ID unshare --user --map-root-user|--uid $USER_ID --userns other"
	"net_admin|--uid $USER_ID --cap net_admin"
	"kthread|--kthread"
)
net_admin() { setpriv --reuid "$USER_ID" --inh-caps +net_admin --ambient-caps +net_admin "$@"; }
kthread() { status_of "$ALIAS"; }
# Modes and rules. Each allows some of these requesters and denies others.
RULES=(
	"1 allow alias $ALIAS uid $USER_ID-$((OTHER_ID - 1)) userns init"
	"1 allow alias net-pf-* cap net_admin"
	"0 deny alias $ALIAS cap net_admin cap sys_module"
	"0 deny alias net-pf-? userns other"
	"0 deny alias $ALIAS kthread"
)

decides_alike()
{
	local rule entry status seen

	for rule in "${RULES[@]}"; do
		file one "mode ${rule%% *}" "${rule#* }"
		succeeds load "$WORK/one" || return 1
		seen=
		for entry in "${REQUESTERS[@]}"; do
			status=0
			policy test "$ALIAS" --in-force ${entry#*|} || status=$?
			use_helper fake
			${entry%%|*} "$HERE/kmod_req" pf "$FAMILY" >/dev/null
			is "$status $(started fake)" "$((status ? 3 : 0)) $((!status))" \
				"$rule, $entry:" || return 1
			seen+=$status
		done
		[[ $seen == *0* && $seen == *3* ]] || complain "$rule: always $seen" || return 1
	done
}

# generate DIR: writes ROUNDS files of rules, about half of them malformed
generate()
{
	awk -v seed="$SEED" -v rounds="$ROUNDS" -v dir="$1" '
		function below(n) { return int(rand() * n) }
		function pick(words,   list) { return list[below(split(words, list, " ")) + 1] }
		function mostly(good, bad) { return pick(below(25) ? good : bad) }
		function blanks() { return below(4) ? " " : below(2) ? "\t" : " \t  " }
		function byte() { return sprintf("%c", below(3) ? below(128) : below(256)) }
		function pattern(   n, text) {
			for (n = below(5) + 1; n; n--)
				text = text mostly("fs-ext net_pf a B 9 * ? ** [a-z] [!a-z] []x] " \
					"[!]] \\* \\\\ \\[ # ! ] uid [\200] \\\377",
					"[a [ [! [] \\ \200 \001 \r")
			return text
		}
		function rule(   text) {
			text = mostly("allow deny", "Allow den") blanks()
			text = text mostly("alias module", "aliases x") blanks() pattern()
			if (below(3) == 0)
				text = text blanks() mostly("uid", "gid u") blanks() \
					mostly("0 7 007 1000 4294967294",
					"4294967295 4294967296 18446744073709551617 -1 +1 0x7 7x")
			return text (below(8) ? "" : blanks())
		}
		function line() {
			if (below(6) == 0)
				return below(2) ? "# comment" : " \t#comment"
			return below(8) ? rule() : below(2) ? "" : " \t"
		}
		# Removes, replaces or inserts a byte, or cuts the text.
		function damaged(text,   at, how) {
			at = below(length(text)) + 1
			how = below(4)
			if (how == 0)
				return substr(text, 1, at - 1)
			return substr(text, 1, at - 1) (how == 1 ? "" : byte()) \
				substr(text, at + (how != 3))
		}
		function generated(   n, text) {
			if (below(12) == 0) {
				for (n = below(300) + 1; n; n--)
					text = text byte()
				return text
			}
			for (n = below(6) + 1; n; n--)
				text = text line() "\n"
			for (n = below(5) - 2; n > 0 && length(text); n--)
				text = damaged(text)
			return text
		}
		BEGIN {
			srand(seed)
			for (i = 1; i <= rounds; i++) {
				text = generated()
				printf "%s", length(text) ? text : "\n" >(dir "/" i)
				close(dir "/" i)
			}
		}'
}

# The files, and FILE:LINE, for which kmodctl policy check reports an error, or an unknown user,
# which the kernel rejects
declare -A WRONG

check_texts()
{
	local file line

	policy check "$@" || :
	while IFS=: read -r _ file line _; do
		file=${file# }
		WRONG[$file]=1
		WRONG[$file:$line]=1
	done < <(awk '!/: warning: / || /unknown user/' "$WORK/err")
}

# kmodctl adds a line with the name of the file before the rules.
is_in_force() { policy load --force "$1" && cmp "$1" <(tail -n +2 "$POLICY/policy"); }

# differs TEXT: whether kmodctl policy check and the kernel disagree
differs()
{
	local text=$1 kernel log line='' checked=${WRONG[$1]:+EINVAL}

	kernel=$(write_to "$POLICY/policy" <"$text")
	log=$(dmesg -c)
	[[ ! $log =~ policy:\ line\ ([0-9]+): ]] || line=${BASH_REMATCH[1]}
	if [[ ${checked:-OK} != "$kernel" ]]; then
		say "check: ${checked:-OK}, the kernel: $kernel"
	elif [[ $kernel == EINVAL && $log != *'policy: embedded NUL, or missing newline'* &&
		-z ${WRONG[$text:$line]:-} ]]; then
		say "the kernel names line $line, check does not"
	elif [[ $kernel == OK ]] && ! is_in_force "$text"; then
		say "the policy in force differs: $(<"$WORK/err")"
	else
		OUTCOMES[$kernel]=$((${OUTCOMES[$kernel]} + 1))
		return 1
	fi
}

agree()
{
	local -A OUTCOMES=([OK]=0 [EINVAL]=0)
	local i

	mkdir "$WORK/texts"
	generate "$WORK/texts"
	check_texts "$WORK/texts"/*
	dmesg -c >/dev/null
	for ((i = 1; i <= ROUNDS; i++)); do
		if differs "$WORK/texts/$i"; then
			say "with seed $SEED, text $i:"
			od -c "$WORK/texts/$i" | sed 's/^/# /'
			return 1
		fi
	done
	say "seed $SEED: ${OUTCOMES[OK]} well-formed texts, ${OUTCOMES[EINVAL]} malformed ones"
	at_least "${OUTCOMES[OK]}" $((ROUNDS / 6)) "well-formed texts:" &&
		at_least "${OUTCOMES[EINVAL]}" $((ROUNDS / 6)) "malformed texts:"
}

TESTS=(
	'directory|load reads a folder in order, and show names the file of a rule'
	'one_file|for a policy in one file the log names the line in that file'
	'shown|show --json prints the loaded policy'
	'large|a large policy is loaded with one write'
	'all_or_nothing|loading a malformed policy, or without CAP_SYS_MODULE, changes nothing'
	'round_trip|suggested rules allow the learned requests and no others'
	'decides_alike|policy test and the kernel decide alike on rules with qualifiers'
	'agree|check and the kernel agree on well-formed, malformed, truncated and binary texts'
)
needs_policy
skip_without "needs kmodctl" command -v kmodctl
run_tests
