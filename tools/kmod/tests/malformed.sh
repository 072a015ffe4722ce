#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Lines that the kernel does not write.
source "$(dirname "$0")/lib.sh"

REQUEST='name=x outcome=ok result=0 begin=1'

# among FILE FORMAT GOOD: puts it, as printf(1) has it, between two good lines
among()
{
	mkdir -p "$WORK/bad/kmod"
	: >"$WORK/bad/kmod/modules"
	# shellcheck disable=SC2059 # with NUL and other bytes
	{ echo "$3"; printf "$2\n"; echo "$3"; } >"$WORK/bad/kmod/$1"
}

# rejected WHY FORMAT...: as the second line of requests
rejected()
{
	local why=$1 line

	shift
	for line in "$@"; do
		among requests "$line" "id=1 $REQUEST"
		kmodctl --debugfs "$WORK/bad" log &&
			fails 1 ".*/kmod/requests:2: malformed line: .*$why" &&
			is "$(wc -l <"$WORK/out")" 3 "titles and good lines around '$line'" ||
			return 1
	done
}

not_pairs()
{
	rejected 'not key=value' '' ' ' 'id' "id=2  $REQUEST" "id=2 $REQUEST " " id=2 $REQUEST"
}

bad_keys() { rejected 'a key is not' "=2 $REQUEST" "id=2 $REQUEST Upper=1" "id=2 $REQUEST a-b=1"; }
twice() { rejected 'comes twice' "id=2 $REQUEST id=2" "id=2 $REQUEST new=1 new=2"; }
nul() { rejected 'NUL' "id=2 $REQUEST\\0 uid=0"; }

incomplete()
{
	rejected 'it has no id' "$REQUEST" &&
		rejected 'it has no begin' 'id=2 name=x outcome=ok result=0'
}

not_numbers()
{
	local number

	for number in '' x 1x +1 -1 0x10 1e3 18446744073709551616 99999999999999999999; do
		rejected 'not a number' "id=$number $REQUEST" || return 1
	done
	rejected 'not a number' 'id=2 name=x outcome=ok result=9223372036854775808 begin=1' \
		'id=2 name=x outcome=ok result=- begin=1' \
		'id=2 name=x outcome=ok result=--1 begin=1'
}

not_escaped()
{
	local value

	# For printf, and \\ is one backslash.
	# shellcheck disable=SC1003
	for value in 'a"b' '\\' '\\\\' '\\n' '\\x' '\\x2' '\\xzz' '\\x2G' '\\xAB' \
		'\001' '\t' '\033[1m' '\177' '\200' '\303\244'; do
		rejected 'not escaped' "id=2 name=$value outcome=ok result=0 begin=1" || return 1
	done
}

too_many()
{
	local -a pairs

	mapfile -t pairs < <(seq -f 'k%g=1' 100)
	rejected 'too many keys' "id=2 $REQUEST ${pairs[*]}"
}

cut_off()
{
	among requests "id=2 $REQUEST" "id=1 $REQUEST"
	printf 'id=4 %s' "${REQUEST% begin=1}" >>"$WORK/bad/kmod/requests"
	kmodctl --debugfs "$WORK/bad" log &&
		fails 1 '.*/kmod/requests:4: malformed line: its end is missing' &&
		is "$(wc -l <"$WORK/out")" 4 'titles and good lines'
}

of_stats()
{
	local line

	for line in '' ' ' x 'x ' 'x y' 'x -1' ' x 1' 'x 1 2' 'X 1' 'latency_us' 'latency_us 1' \
		'latency_us x 1' 'latency_us 4 x' 'latency_us 4 ' 'latency_us inf' \
		'x 18446744073709551616'; do
		among stats "$line" 'good 1'
		sed -i '3s/good/better/' "$WORK/bad/kmod/stats"
		kmodctl --debugfs "$WORK/bad" stats --json &&
			fails 1 '.*/kmod/stats:2: malformed line' &&
			is "$(grep -c 'good\|better' "$WORK/out")" 2 "good lines around '$line'" ||
			return 1
	done
}

buckets()
{
	printf 'latency_us %s 1\n' 1 4 2 4 inf 8 inf >"$WORK/bad/kmod/stats"
	kmodctl --debugfs "$WORK/bad" stats --json
	is "$STATUS" 1 status && is "$(cut -d: -f4 "$WORK/err" | uniq | xargs)" 'malformed line' &&
		is "$(cut -d: -f3 "$WORK/err" | xargs)" '3 4 6 7' 'lines'
}

modules_too()
{
	among requests "id=2 $REQUEST" "id=1 $REQUEST"
	among modules 'state=live id=1' 'module=x state=live id=1'
	kmodctl --debugfs "$WORK/bad" log &&
		fails 1 '.*/kmod/modules:2: malformed line: it has no module' &&
		is "$(wc -l <"$WORK/out")" 4 'titles and requests'
}

unreadable()
{
	rm -rf "$WORK/bad/kmod/requests"
	mkdir "$WORK/bad/kmod/requests"
	kmodctl --debugfs "$WORK/bad" log
	is "$STATUS" 1 status && grep -q 'kmod/requests: Is a directory' "$WORK/err"
}

TESTS=(
	not_pairs 'what is not key=value pairs is reported and left out'
	bad_keys 'so are keys that are not names'
	twice 'and keys that come twice'
	not_numbers 'and what should be a number and is none'
	not_escaped 'and strings with bytes that the kernel escapes'
	nul 'and NUL bytes'
	incomplete 'and lines without what is needed'
	too_many 'and more keys than any kernel has'
	cut_off 'and a last line that is cut off'
	of_stats 'stats reports malformed lines as well'
	buckets 'and buckets that do not grow'
	modules_too 'log reports malformed lines of modules'
	unreadable 'a file that cannot be read is reported'
)
run_tests
