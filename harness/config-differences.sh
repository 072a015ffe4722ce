#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# config-differences.sh DIFFCONFIG GIVEN RESULT: prints each difference between two .config files,
# with its reason from harness/config-differences. Fails if a difference is not listed there.
# DIFFCONFIG is the kernel's scripts/diffconfig.
set -euo pipefail

LIST=$(dirname "$0")/config-differences
unexpected=0

# reason DIFFERENCE: prints why the difference is accepted; fails if it is not
reason()
{
	local regex reason

	while IFS=$'\t' read -r regex reason; do
		if [[ $regex != '#'* ]] && grep -qxE -e "$regex" <<<"$1"; then
			echo "$reason"
			return
		fi
	done <"$LIST"
	return 1
}

differences=$("$@")
while IFS= read -r difference; do
	[[ -n $difference ]] || continue
	if why=$(reason "$difference"); then
		printf '%s\t# %s\n' "$difference" "$why"
	else
		printf '%s\t# NOT EXPECTED\n' "$difference"
		unexpected=$((unexpected + 1))
	fi
done <<<"$differences"
if [[ $unexpected -gt 0 ]]; then
	echo "error: $unexpected options of the given configuration change unexpectedly;" \
		"install the tools that they need, or list them in harness/config-differences" >&2
	exit 1
fi
