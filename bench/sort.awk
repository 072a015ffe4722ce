# SPDX-License-Identifier: GPL-2.0-only
#
# Shared by pairs.awk and table.awk

# Sorts list[1] to list[n], in steps that become shorter.
function sort_of(list, n,   step, i, j, v)
{
	for (step = int(n / 2); step > 0; step = int(step / 2))
		for (i = step + 1; i <= n; i++) {
			v = list[i]
			for (j = i - step; j > 0 && list[j] > v; j -= step)
				list[j + step] = list[j]
			list[j + step] = v
		}
}
