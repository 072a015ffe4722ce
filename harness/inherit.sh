#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# inherit.sh [TALLY]: what a helper inherits here and in the unpatched base, field by
# field, for all requesters of the selftest inherit.sh. A field differs if and only if
# harness/inherited-differences says so.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"
x86_only

TALLY=${1:-/dev/null}
LISTED=$ROOT/harness/inherited-differences

# dumps CONFIG: boots that kernel with plain's user space, prints the path of its dumps
dumps()
{
	local name=inherit-$1

	CONFIG=$1 INITRD=$WORK/initramfs-plain.cpio TIMEOUT=600 ./boot.sh "$name" dumps
	tr -d '\r' <"$LOGS/$name.results" >"$LOGS/$name.dumps"
	grep -qx '# verdict: complete' "$LOGS/$name.dumps" ||
		die "the guest did not finish; its console is in $LOGS/$name.console"
	echo "$LOGS/$name.dumps"
}

# compare LISTED BASE OURS: prints what is wrong, and "TALLY passed failed 0". A field is
# known by its requester, its name, and its number if it has several lines.
compare()
{
	awk -F '\t' '
	function fail(text) { print "FAIL " text; failed++ }
	# The line of the list that this field is in, or 0.
	function line_of(who, field,   i) {
		for (i = listed; i > 0; i--)
			if (who ~ "^(" requesters[i] ")$" && field ~ "^(" fields[i] ")$") break
		return i
	}
	function is_as_listed(key, i) {
		used[i]++
		return base[key] ~ "^(" theirs[i] ")$" && ours[key] ~ "^(" here[i] ")$"
	}
	/^#/ || /^$/ { next }
	FILENAME == ARGV[1] {
		requesters[++listed] = $1; fields[listed] = $2; theirs[listed] = $3; here[listed] = $4
		if (NF != 5) fail("not five columns: " $0)
		next
	}
	{
		who = $0; sub(/ .*/, "", who)
		field = substr($0, length(who) + 2)
		value = field
		if (!match(field, /:[ \t]/)) match(field, /:?$/)
		field = substr(field, 1, RSTART - 1)
		value = substr(value, RSTART + 1); gsub(/^[ \t]+/, "", value)
		key = who "\t" field
		key = key "\t" ++count[FILENAME, key]
		if (FILENAME == ARGV[2]) base[key] = value
		else ours[key] = value
		keys[key]; whos[who]
	}
	END {
		for (key in keys) {
			split(key, k, "\t")
			if (k[2] == "failed") {
				bad[k[1]]++
				fail(k[1] ": this requester did not work")
				continue
			}
			n = line_of(k[1], k[2])
			if (n ? is_as_listed(key, n) : (key in base) && (key in ours) && base[key] == ours[key])
				continue
			bad[k[1]]++
			fail(k[1] ": " k[2] ": " ((key in base) ? base[key] : "nothing") \
				" in the base, " ((key in ours) ? ours[key] : "nothing") " here")
		}
		for (i = 1; i <= listed; i++)
			if (used[i]) passed++
			else fail("listed, but there is no such field: " requesters[i] " " fields[i])
		for (who in whos)
			if (!(who in bad)) passed++
		printf "TALLY %d %d 0\n", passed, failed
	}' "$@"
}

# The base is built without modules: nothing here needs one.
CONFIG=base ./prepare.sh kernel
CONFIG=plain ./prepare.sh
base=$(dumps base)
ours=$(dumps plain)
findings=$(compare "$LISTED" "$base" "$ours")
tally=$(sed -n 's/^TALLY //p' <<<"$findings")
grep '^FAIL ' <<<"$findings" | sort || :
read -r passed failed _ <<<"$tally"
echo "$passed passed, $failed failed"
echo "$tally" >>"$TALLY"
[[ $failed -eq 0 && $passed -gt 0 ]]
