# SPDX-License-Identifier: GPL-2.0-only
#
# Reads bench/rows and then results, lines "SIDE BOOT NAME VALUE", where SIDE is base, here, or
# ratio for the rows of pairs.awk. Prints the table, or with csv=1 the file for bench/results. Exits
# with 1 if a target is missed. Needs sort.awk.

BEGIN { OFMT = CONVFMT = "%.12g" }

function summarize(side, id,   list, i, n)
{
	n = count[side, id]
	for (i = 1; i <= n; i++)
		list[i] = value[side, id, i]
	sort_of(list, n)
	median[side, id] = list[int((n + 1) / 2)]
	low[side, id] = list[1]
	high[side, id] = list[n]
}

function holds(left, op, right)
{
	return op == "<=" ? left <= right : left >= right
}

# "here OP N", "ratio OP N", "here OP N ROW"
function verdict(id,   w, n, left, right)
{
	if (!count["here", id] || !count["base", id])
		return "no value"
	n = split(target[id], w, " ")
	if (n < 3)
		return ""
	left = w[1] == "ratio" ? ratio(id) + 0 : median["here", id]
	if (count["ratio", id])
		left = low["ratio", id]
	right = n == 4 ? w[3] * median["here", w[4]] : w[3] + 0
	return holds(left, w[2], right) ? "ok" : "MISSED"
}

# Compared with the target as it is printed, with four digits.
function ratio(id)
{
	if (count["ratio", id])
		return sprintf("%.4f", median["ratio", id])
	return median["base", id] ? sprintf("%.4f", median["here", id] / median["base", id]) : ""
}

function spread_of(side, id,   spread)
{
	if (!median[side, id])
		return ""
	spread = (high[side, id] - low[side, id]) / 2 / median[side, id] * 100
	return spread < 0.05 ? "" : sprintf(" +-%.1f%%", spread)
}

function shown(side, id)
{
	return count[side, id] ? median[side, id] spread_of(side, id) : "-"
}

/^#/ { next }

FNR == NR {
	split($0, f, "|")
	ids[++rows] = f[1]; title[f[1]] = f[2]; unit[f[1]] = f[3]; target[f[1]] = f[4]
	closely[f[1]] = f[5]
	next
}

{ value[$1, $3, ++count[$1, $3]] = $4 + 0 }

END {
	if (csv)
		print "row,unit,unpatched,lowest,highest,here,lowest,highest,ratio,target,verdict,repeats,ratio_lowest,ratio_highest"
	else
		printf "%-50s %-14s %18s %18s %14s  %s\n", "", "unit", "unpatched", "here", "ratio", "target"
	for (i = 1; i <= rows; i++) {
		id = ids[i]
		summarize("base", id)
		summarize("here", id)
		summarize("ratio", id)
	}
	for (i = 1; i <= rows; i++) {
		id = ids[i]
		v = verdict(id)
		if (v == "MISSED" || v == "no value")
			bad = 1
		r = ratio(id)
		if (csv)
			printf "%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s\n", id, unit[id],
				median["base", id], low["base", id], high["base", id],
				median["here", id], low["here", id], high["here", id],
				r, target[id], v, closely[id],
				low["ratio", id], high["ratio", id]
		else
			printf "%-50s %-14s %18s %18s %14s  %s%s\n", title[id], unit[id],
				shown("base", id), shown("here", id), r spread_of("ratio", id),
				target[id] == "-" ? "" : target[id], v == "" ? "" : ": " v
	}
	exit bad
}
