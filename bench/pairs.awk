# SPDX-License-Identifier: GPL-2.0-only
#
# Reads the rounds of two guests that took turns, lines "SIDE BOOT NAME ROUND VALUE". Prints for
# each name the medians of both sides and of the ratios here / base of the same rounds, each as
# three lines "SIDE 0 NAME VALUE": the median and its 95 % confidence interval. A row without
# any pair has no lines. Needs sort.awk.

# The number of the value, counted from either end, with which the interval begins. The median is
# below the value number i with the probability that of n coins less than i show heads.
function bound(n,   i, log_chance, below)
{
	log_chance = -n * log(2)
	for (i = 0; i < n; i++) {
		below += exp(log_chance)
		if (below > 0.025)
			break
		log_chance += log((n - i) / (i + 1))
	}
	return i ? i : 1
}

function report(side, name, list, n, format,   i, half)
{
	sort_of(list, n)
	i = bound(n)
	half = int((n + 1) / 2)
	format = side " 0 " name " " format "\n"
	printf format, list[i]
	printf format, (list[half] + list[n + 1 - half]) / 2
	printf format, list[n + 1 - i]
}

{
	value[$1, $2, $3, $4] = $5
	if ($1 == "here")
		next
	if (!rounds[$3]++)
		names[++all] = $3
	round[$3, rounds[$3]] = $2 SUBSEP $3 SUBSEP $4
}

END {
	for (k = 1; k <= all; k++) {
		name = names[k]
		n = 0
		for (i = 1; i <= rounds[name]; i++) {
			key = round[name, i]
			if (!(("here" SUBSEP key) in value) || !value["base" SUBSEP key])
				continue
			base[++n] = value["base" SUBSEP key]
			here[n] = value["here" SUBSEP key]
			ratios[n] = here[n] / base[n]
		}
		if (!n)
			continue
		report("base", name, base, n, "%.1f")
		report("here", name, here, n, "%.1f")
		report("ratio", name, ratios, n, "%.4f")
	}
}
