#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Malformed lines, which the kernel should not write.
source "$(dirname "$0")/lib.sh"

REQUEST='name=x outcome=ok result=0 begin=1'

# among FILE FORMAT GOOD: writes a line by printf(1) between two good lines to the file
among()
{
	mkdir -p "$WORK/bad/kmod"
	: >"$WORK/bad/kmod/modules"
	# shellcheck disable=SC2059 # NUL and other bytes
	{ echo "$3"; printf "$2\n"; echo "$3"; } >"$WORK/bad/kmod/$1"
}

# rejected ERROR FORMAT...: each must cause the error as the second line of requests
rejected()
{
	local error=$1 line

	shift
	for line in "$@"; do
		among requests "$line" "id=1 $REQUEST"
		kmodctl log --debugfs "$WORK/bad" &&
			fails 1 ".*/kmod/requests:2: malformed line: .*$error" &&
			is "$(wc -l <"$WORK/out")" 3 "titles and good lines around '$line'" ||
			return 1
	done
}

not_pairs()
{
	rejected 'expected key=value' '' ' ' 'id' "id=2  $REQUEST" "id=2 $REQUEST " " id=2 $REQUEST"
}

bad_keys()
{
	rejected 'expected lower-case letters' "=2 $REQUEST" "id=2 $REQUEST Upper=1" \
		"id=2 $REQUEST a-b=1"
}

twice() { rejected 'duplicate key' "id=2 $REQUEST id=2" "id=2 $REQUEST new=1 new=2"; }
nul() { rejected 'embedded NUL' "id=2 $REQUEST\\0 uid=0"; }

incomplete()
{
	rejected 'missing key id' "$REQUEST" &&
		rejected 'missing key begin' 'id=2 name=x outcome=ok result=0'
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

	# Formats of printf: \\ is one backslash.
	# shellcheck disable=SC1003
	for value in 'a"b' '\\' '\\\\' '\\n' '\\x' '\\x2' '\\xzz' '\\x2G' '\\xAB' \
		'\001' '\t' '\033[1m' '\177' '\200' '\303\244'; do
		rejected 'not escaped' "id=2 name=$value outcome=ok result=0 begin=1" || return 1
	done
}

cut_off()
{
	among requests "id=2 $REQUEST" "id=1 $REQUEST"
	printf 'id=4 %s' "${REQUEST% begin=1}" >>"$WORK/bad/kmod/requests"
	kmodctl log --debugfs "$WORK/bad" &&
		fails 1 '.*/kmod/requests:4: malformed line: missing newline at the end' &&
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
		kmodctl stats --json --debugfs "$WORK/bad" &&
			fails 1 '.*/kmod/stats:2: malformed line' &&
			is "$(grep -c 'good\|better' "$WORK/out")" 2 "good lines around '$line'" ||
			return 1
	done
}

buckets()
{
	printf 'latency_us %s 1\n' 1 4 2 4 inf 8 inf >"$WORK/bad/kmod/stats"
	kmodctl stats --json --debugfs "$WORK/bad"
	is "$STATUS" 1 status && is "$(cut -d: -f4 "$WORK/err" | uniq | xargs)" 'malformed line' &&
		is "$(cut -d: -f3 "$WORK/err" | xargs)" '3 4 6 7' 'lines'
}

modules_too()
{
	among requests "id=2 $REQUEST" "id=1 $REQUEST"
	among modules 'state=live id=1' 'module=x state=live id=1'
	kmodctl log --debugfs "$WORK/bad" &&
		fails 1 '.*/kmod/modules:2: malformed line: missing key module' &&
		is "$(wc -l <"$WORK/out")" 4 'titles and requests'
}

unreadable()
{
	rm -rf "$WORK/bad/kmod/requests"
	mkdir "$WORK/bad/kmod/requests"
	kmodctl log --debugfs "$WORK/bad"
	is "$STATUS" 1 status && grep -q 'kmod/requests: Is a directory' "$WORK/err"
}

TESTS=(
	not_pairs 'a line that is not key=value pairs is reported and skipped'
	bad_keys 'a line with an invalid key is reported and skipped'
	twice 'a line with a duplicate key is reported and skipped'
	not_numbers 'a line with an invalid number is reported and skipped'
	not_escaped 'a line with an unescaped string is reported and skipped'
	nul 'a line with a NUL is reported and skipped'
	incomplete 'a line without a required key is reported and skipped'
	cut_off 'a truncated last line is reported and skipped'
	of_stats 'stats reports malformed lines'
	buckets 'stats reports buckets that are out of order'
	modules_too 'log reports malformed lines of modules'
	unreadable 'an unreadable file is reported'
)
run_tests
