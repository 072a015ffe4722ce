#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmodctl policy, with this kernel: what it loads is what holds, what it suggests lets
# through what was learned and nothing else, and what it takes for well formed the kernel
# takes, too.
#
#	kmodctl_policy.sh [SEED [ROUNDS]]
#
# The same seed gives the same texts.
# shellcheck disable=SC2317 # the tests are called by name
source "$(dirname "$0")/../kmod/kmod_lib.sh"
source "$(dirname "$0")/autoload_lib.sh"

SEED=${1:-$SRANDOM}
ROUNDS=${2:-$((SCALE > 1 ? 100 : 300))}
# 1 MiB of the shortest lines, and the longest list of helpers.
MANY_RULES=60000
MANY_HELPERS=3000

restore_more() { no_policy; }

# policy ARGUMENT...: leaves $WORK/out and $WORK/err
policy() { kmodctl policy "$@" >"$WORK/out" 2>"$WORK/err"; }

# done_well ARGUMENT...: without a message
done_well()
{
	policy "$@" || complain "policy $*: $(<"$WORK/err")" || return 1
	is "$(<"$WORK/err")" "" "policy $*:"
}

# file NAME LINE...
file() { printf '%s\n' "${@:2}" >"$WORK/$1"; }

# mounts USER NAME: a file system of that name, as root of a user namespace of his
mounts() { as "$1" unshare -Urm "$HERE/kmod_req" fs "$2" >/dev/null 2>&1 || :; }

# passes USER NAME and is_denied USER NAME: his request for fs-NAME
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

# denied_in: the line that the log names when root is denied ALIAS. The log has ten such
# messages in five seconds, and others may have had them.
denied_in()
{
	sleep 6
	dmesg -c >/dev/null
	"$HERE/kmod_req" pf "$FAMILY" >/dev/null
	dmesg | sed -n "s/.*alias $ALIAS denied to .* by rule in line //p"
}

# A directory with all there is; the log and show agree on who denied it.
directory()
{
	local line

	mkdir -p "$WORK/policy.d"
	file policy.d/10-a.conf '# first' 'allow alias fs-*' 'helper /sbin/modprobe'
	file policy.d/20-b.conf 'enforce 1' 'mode 1' 'helpers log' "deny alias $ALIAS" \
		'helper /tmp/*'
	file policy.d/README 'nonsense'
	done_well load "$WORK/policy.d" || return 1
	is "$(<"$MODE_SYSCTL") $(<"$POLICY/enforce") $(<"$POLICY/helpers_mode")" "1 1 log" &&
		is "$(<"$POLICY/helpers")" $'/sbin/modprobe\n/tmp/*' "helpers" || return 1
	line=$(denied_in)
	done_well show || return 1
	is "$(awk -v line="$line" '$1 == line { print $2, $3, $4, $5 }' "$WORK/out")" \
		"deny alias $ALIAS $WORK/policy.d/20-b.conf:4" "line $line:" &&
		passes "$USER_ID" kmodctl
}

one_file()
{
	file one 'mode 1' '' 'helpers off' "deny alias $ALIAS"
	done_well load "$WORK/one" || return 1
	is "$(denied_in)" 4 "the line in the log:"
}

shown()
{
	file one 'mode 1' 'enforce 0' 'deny alias a' $'allow  module\tb\\* uid 7' 'helper /x' \
		'helpers enforce'
	done_well load "$WORK/one" && done_well show --json || return 1
	is "$(jq -c '[.mode, .enforce, .locked, .helpers_mode, .helpers]' "$WORK/out")" \
		'[1,false,false,"enforce",["/x"]]' &&
		is "$(jq -c '.rules[] | [.line, .allow, .kind, .pattern, .uid]' "$WORK/out" |
			tr '\n' ' ')" '[3,false,"alias","a",null] [4,true,"module","b\\*",7] '
}

# More than anything but one write takes.
large()
{
	local i

	for ((i = 0; i < MANY_HELPERS; i++)); do
		echo "helper /sbin/helper-$i"
	done >"$WORK/large"
	yes 'deny alias x' | head -n "$MANY_RULES" >>"$WORK/large" || :
	echo "deny alias $ALIAS" >>"$WORK/large"
	done_well load "$WORK/large" || return 1
	is "$(grep -c . "$POLICY/policy")" $((MANY_RULES + 1)) "rules" &&
		is "$(grep -c . "$POLICY/helpers")" "$MANY_HELPERS" "helpers" || return 1
	use_helper fake
	"$HERE/kmod_req" pf "$FAMILY" >/dev/null
	is "$(started fake)" 0 "modprobes"
}

all_or_nothing()
{
	local before

	file one 'deny alias old' 'helper /old'
	done_well load "$WORK/one" || return 1
	before=$(in_force)
	file bad 'mode 2' 'helper /new' 'enforce 0' 'helpers log' 'allow alias new' \
		'allow alias [new'
	! policy load "$WORK/bad" || complain "loads nonsense" || return 1
	is "$(<"$WORK/err")" "kmodctl: $WORK/bad:6: a [ in the pattern without its ]" &&
		is "$(in_force)" "$before" || return 1
	sed -i '$d' "$WORK/bad"
	! without sys_module kmodctl policy load "$WORK/bad" 2>"$WORK/err" ||
		complain "without CAP_SYS_MODULE" || return 1
	grep -q 'it takes CAP_SYS_MODULE' "$WORK/err" || complain "$(<"$WORK/err")" || return 1
	is "$(in_force)" "$before"
}

# Odd names, and others that must not be taken for them.
LEARNED=('plain' 'a-b_c' 'star*' 'mark?' 'set[ab]' 'back\slash' '!' 'open[')
LOOKALIKES=('plai' 'plainer' 'a-b-d' 'starry' 'marks' 'seta' 'backslash' 'open')

round_trip()
{
	local name

	file learn 'mode 1' 'enforce 0'
	done_well load "$WORK/learn" || return 1
	use_helper fake
	for name in "${LEARNED[@]}" 'a b' $'a\nallow alias *'; do
		mounts "$USER_ID" "$name"
	done
	mounts "$OTHER_ID" plain
	done_well suggest && cp "$WORK/out" "$WORK/suggested" || return 1
	is "$(grep -c '^allow alias fs-' "$WORK/suggested")" "${#LEARNED[@]}" "rules" &&
		is "$(grep -c '^# There can be no rule' "$WORK/suggested")" 2 "comments" &&
		done_well check "$WORK/suggested" || return 1
	file enforce 'enforce 1'
	done_well load "$WORK/suggested" "$WORK/enforce" || return 1
	is "$(<"$MODE_SYSCTL") $(<"$POLICY/enforce")" "1 1" "mode and enforce" || return 1
	for name in "${LEARNED[@]}"; do
		passes "$USER_ID" "$name" || return 1
	done
	for name in "${LOOKALIKES[@]}" 'a b'; do
		is_denied "$USER_ID" "$name" || return 1
	done
	# He was not alone with the first, and nobody else has asked for the others.
	passes "$((OTHER_ID + 1))" plain && passes "$USER_ID" a_b-c &&
		is_denied "$OTHER_ID" 'star*'
}

# generate DIR: so many files of rules, about half of them spoilt
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
		# A byte is lost, or is another one, or there is one more; or the end is lost.
		function spoilt(text,   at, how) {
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
				text = spoilt(text)
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

# What check says: for each file and each FILE:LINE that something is wrong with.
declare -A WRONG

check_texts()
{
	local file line

	policy check "$@" || :
	while IFS=: read -r _ file line _; do
		file=${file# }
		WRONG[$file]=1
		WRONG[$file:$line]=1
	done <"$WORK/err"
}

# differs TEXT: what check has said of it is not what the kernel says
differs()
{
	local text=$1 kernel line='' checked=${WRONG[$1]:+EINVAL}

	kernel=$(write_to "$POLICY/policy" <"$text")
	[[ ! $(dmesg -c) =~ policy:\ line\ ([0-9]+): ]] || line=${BASH_REMATCH[1]}
	if [[ ${checked:-OK} != "$kernel" ]]; then
		say "check: ${checked:-OK}, the kernel: $kernel"
	elif [[ $kernel == EINVAL && -z ${WRONG[$text:$line]:-} ]]; then
		say "the kernel names line $line, check does not"
	elif [[ $kernel == OK ]] && ! { policy load "$text" && cmp "$text" "$POLICY/policy"; }; then
		say "what is in force is not that: $(<"$WORK/err")"
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
	say "seed $SEED: ${OUTCOMES[OK]} texts are good, ${OUTCOMES[EINVAL]} are not"
	at_least "${OUTCOMES[OK]}" $((ROUNDS / 6)) "good texts:" &&
		at_least "${OUTCOMES[EINVAL]}" $((ROUNDS / 6)) "others:"
}

TESTS=(
	'directory|a directory is loaded in order, and show knows which file a denial is from'
	'one_file|of one file the log names the line'
	'shown|show --json shows what was loaded'
	'large|what is large is loaded in one write'
	'all_or_nothing|what is wrong, or not permitted, changes nothing'
	'round_trip|what was learned and suggested is let through, and nothing else'
	'agree|check and the kernel agree on good, malformed, cut and binary texts'
)
needs_policy
skip_without "needs kmodctl" command -v kmodctl
run_tests
