#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# inherit.sh [TALLY]: compares the state that a helper inherits with the unpatched base, field by
# field, for all requesters of the selftest inherit.sh. A field must differ if, and only if,
# harness/inherited-differences lists it.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"
x86_only

TALLY=${1:-/dev/null}
LISTED=$ROOT/harness/inherited-differences

# dumps CONFIG: boots that kernel with plain's user space, and prints the path of its dumps
dumps()
{
	local name=inherit-$1

	CONFIG=$1 INITRD=$WORK/initramfs-plain.cpio TIMEOUT=600 ./boot.sh "$name" dumps
	tr -d '\r' <"$LOGS/$name.results" >"$LOGS/$name.dumps"
	grep -qx '# verdict: complete' "$LOGS/$name.dumps" ||
		die "the guest did not finish; see $LOGS/$name.console"
	echo "$LOGS/$name.dumps"
}

# compare LISTED BASE OURS: prints unexpected differences, and "TALLY passed failed 0". The key
# of a field is its requester, its name, and its number among fields with the same name.
compare()
{
	awk -F '\t' '
	function fail(text) { print "FAIL " text; failed++ }
	# Returns the line of the list that matches the field, or 0.
	function line_of(requester, field,   i) {
		for (i = listed; i > 0; i--)
			if (requester ~ "^(" requesters[i] ")$" && field ~ "^(" fields[i] ")$") break
		return i
	}
	function is_as_listed(key, i) {
		used[i]++
		return base[key] ~ "^(" theirs[i] ")$" && ours[key] ~ "^(" here[i] ")$"
	}
	/^#/ || /^$/ { next }
	FILENAME == ARGV[1] {
		requesters[++listed] = $1; fields[listed] = $2; theirs[listed] = $3; here[listed] = $4
		if (NF != 5) fail("expected five columns: " $0)
		next
	}
	{
		requester = $0; sub(/ .*/, "", requester)
		field = substr($0, length(requester) + 2)
		value = field
		if (!match(field, /:[ \t]/)) match(field, /:?$/)
		field = substr(field, 1, RSTART - 1)
		value = substr(value, RSTART + 1); gsub(/^[ \t]+/, "", value)
		key = requester "\t" field
		key = key "\t" ++count[FILENAME, key]
		if (FILENAME == ARGV[2]) base[key] = value
		else ours[key] = value
		keys[key]; all[requester]
	}
	END {
		for (key in keys) {
			split(key, k, "\t")
			if (k[2] == "failed") {
				bad[k[1]]++
				fail(k[1] ": the requester failed")
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
			else fail("listed, but no such field: " requesters[i] " " fields[i])
		for (requester in all)
			if (!(requester in bad)) passed++
		printf "TALLY %d %d 0\n", passed, failed
	}' "$@"
}

# The base is built without modules, which are not needed here.
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
