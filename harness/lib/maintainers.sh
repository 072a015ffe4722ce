# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Entries of MAINTAINERS; sourced by tree.sh and series.sh.

# add_maintainers_entries FILE: prints the base's MAINTAINERS with the entries of FILE, each at the
# place that fits its order best; a few of the base's entries are not sorted.
add_maintainers_entries()
{
	awk '
	FNR == NR {
		if ($0 == "") next
		if ($0 !~ /^[A-Z]:\t/) title[++entries] = $0
		entry[entries] = entry[entries] $0 "\n"
		next
	}
	{ line[++n] = $0 }
	/^[A-Z]:\t/ && line[n - 2] == "" { head[++heads] = n - 1 }
	function place(title,	i, cost, least, at) {
		for (i = heads; i >= 1; i--) {
			if (line[head[i]] > title) cost--; else cost++
			if (cost < least) { least = cost; at = head[i] }
		}
		return at
	}
	END {
		for (i = 1; i <= entries; i++) {
			at = place(title[i])
			before[at] = before[at] entry[i] "\n"
		}
		for (i = 1; i <= n; i++) printf "%s%s\n", before[i], line[i]
	}' "$1" "$PRISTINE/MAINTAINERS"
}
