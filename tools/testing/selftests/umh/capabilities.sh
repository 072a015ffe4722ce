#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The capabilities of helpers: two masks that only shrink. What is taken here stays
# taken until reboot, so it is CAP_WAKE_ALARM (35) and CAP_BLOCK_SUSPEND (36), bits 3
# and 4 of the upper word, and CAP_LEASE (28) and CAP_SYS_TTY_CONFIG (26) of the lower.
source "$(dirname "$0")/../kmod/kmod_lib.sh"

BSET=$SYSCTL/usermodehelper/bset
INHERITABLE=$SYSCTL/usermodehelper/inheritable
WAKE_ALARM=$((1 << 3))
BLOCK_SUSPEND=$((1 << 4))
LEASE=$((1 << 28))
TTY_CONFIG=$((1 << 26))

words() { tr '\t' ' ' <"$1"; }
low() { words "$1" | cut -d' ' -f1; }
high() { words "$1" | cut -d' ' -f2; }

# One mask of a helper's own, as one number.
helper_mask()
{
	use_helper fake status
	ask fs kmod_caps >/dev/null
	echo $((16#$(awk -v m="$1:" '$1 == m { print $2 }' "$WORK/fake/status")))
}

format()
{
	local file

	for file in "$BSET" "$INHERITABLE"; do
		[[ $(words "$file") =~ ^[0-9]+\ [0-9]+$ ]] ||
			complain "$(words "$file")" || return 1
		at_most "$(low "$file")" 4294967295 &&
			at_most "$(high "$file")" 4294967295 || return 1
	done
}

# rejected RESULT TEXT [COMMAND...]: neither mask takes it
rejected()
{
	local expected=$1 text=$2 file before

	shift 2
	for file in "$BSET" "$INHERITABLE"; do
		before=$(words "$file")
		is "$("$@" "$HERE/kmod_write" "$file" <<<"$text")" "$expected" "'$text':" &&
			is "$(words "$file")" "$before" "mask" || return 1
	done
}

garbage()
{
	local text

	for text in x '1 x' '1x 2' '1 2x' 'x 1' '1,2' '' ' '; do
		rejected EINVAL "$text" || return 1
	done
}

third_word() { rejected EINVAL '1 2 3' && rejected EINVAL '1 2 x'; }
negative() { rejected EINVAL -1 && rejected EINVAL '1 -1' && rejected EINVAL '-1 1'; }

too_large()
{
	local text

	for text in 4294967296 '1 4294967296' '4294967296 1' 18446744073709551615 \
		99999999999999999999999; do
		rejected EINVAL "$text" || return 1
	done
}

unprivileged()
{
	rejected EPERM '0 0' without setpcap && rejected EPERM '0 0' without sys_module &&
		rejected EACCES '0 0' as "$NOBODY"
}

# takes FILE LOW HIGH: the mask loses just these bits
takes()
{
	local low high

	low=$(($(low "$1") & ~$2))
	high=$(($(high "$1") & ~$3))
	is "$(write_to "$1" <<<"$low $high")" OK && is "$(words "$1")" "$low $high"
}

bset_shrinks()
{
	local taken=$((WAKE_ALARM << 32 | LEASE)) bound

	takes "$BSET" "$LEASE" "$WAKE_ALARM" || return 1
	bound=$(helper_mask CapBnd)
	is $((bound & taken)) 0 "taken bits of CapBnd" || return 1
	is $((bound)) $(($(high "$BSET") << 32 | $(low "$BSET"))) "CapBnd" || return 1
	is $(($(helper_mask CapPrm) & taken)) 0 "taken bits of CapPrm"
}

inheritable_shrinks()
{
	takes "$INHERITABLE" "$TTY_CONFIG" "$BLOCK_SUSPEND" || return 1
	is $(($(helper_mask CapInh) & (BLOCK_SUSPEND << 32 | TTY_CONFIG))) 0 "taken bits of CapInh"
}

stays_taken()
{
	local file before

	for file in "$BSET" "$INHERITABLE"; do
		before=$(words "$file")
		is "$(write_to "$file" <<<"4294967295 4294967295")" OK &&
			is "$(words "$file")" "$before" "mask" || return 1
	done
	is $(($(helper_mask CapBnd) & (WAKE_ALARM << 32 | LEASE))) 0 "taken bits of CapBnd"
}

one_word()
{
	local high low

	high=$(high "$BSET")
	low=$(($(low "$BSET") & ~TTY_CONFIG))
	is "$(write_to "$BSET" <<<"$low")" OK && is "$(words "$BSET")" "$low $high"
}

TESTS=(
	'format|each mask reads as two words of 32 bits'
	'garbage|garbage is refused and changes nothing'
	'third_word|a third word is refused and changes nothing'
	'negative|a negative number is refused and changes nothing'
	'too_large|a word of more than 32 bits is refused and changes nothing'
	'unprivileged|a write needs CAP_SETPCAP and CAP_SYS_MODULE'
	'bset_shrinks|a bit cleared in bset is gone from a helper'
	'inheritable_shrinks|a bit cleared in inheritable is gone from a helper'
	'stays_taken|a cleared bit never comes back'
	'one_word|a single word leaves the other one alone'
)
run_tests
