#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The capabilities of helpers: two masks whose bits can only be cleared. They stay cleared
# until reboot, so the test clears capabilities that no helper needs: CAP_WAKE_ALARM (35) and
# CAP_BLOCK_SUSPEND (36), bits 3 and 4 of the upper word, and CAP_LEASE (28) and
# CAP_SYS_TTY_CONFIG (26) in the lower one.
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

# helper_mask FIELD: prints this mask from /proc/PID/status of a helper, as a number
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

# rejected RESULT TEXT [COMMAND...]: a write of TEXT to either mask, run by COMMAND, fails with
# RESULT and changes nothing
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

# clears FILE LOW HIGH: a write clears these bits and no others
clears()
{
	local low high

	low=$(($(low "$1") & ~$2))
	high=$(($(high "$1") & ~$3))
	is "$(write_to "$1" <<<"$low $high")" OK && is "$(words "$1")" "$low $high"
}

bset_shrinks()
{
	local cleared=$((WAKE_ALARM << 32 | LEASE)) bound

	clears "$BSET" "$LEASE" "$WAKE_ALARM" || return 1
	bound=$(helper_mask CapBnd)
	is $((bound & cleared)) 0 "cleared bits of CapBnd" || return 1
	is $((bound)) $(($(high "$BSET") << 32 | $(low "$BSET"))) "CapBnd" || return 1
	is $(($(helper_mask CapPrm) & cleared)) 0 "cleared bits of CapPrm"
}

inheritable_shrinks()
{
	clears "$INHERITABLE" "$TTY_CONFIG" "$BLOCK_SUSPEND" && is "$(helper_mask CapInh)" 0 CapInh
}

stays_cleared()
{
	local file before

	for file in "$BSET" "$INHERITABLE"; do
		before=$(words "$file")
		is "$(write_to "$file" <<<"4294967295 4294967295")" OK &&
			is "$(words "$file")" "$before" "mask" || return 1
	done
	is $(($(helper_mask CapBnd) & (WAKE_ALARM << 32 | LEASE))) 0 "cleared bits of CapBnd"
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
	'garbage|malformed numbers fail with EINVAL and change nothing'
	'third_word|a third word fails with EINVAL and changes nothing'
	'negative|negative numbers fail with EINVAL and change nothing'
	'too_large|words of more than 32 bits fail with EINVAL and change nothing'
	'unprivileged|a write requires CAP_SETPCAP and CAP_SYS_MODULE'
	'bset_shrinks|a bit cleared in bset is cleared in CapBnd and CapPrm of a helper'
	'inheritable_shrinks|bits of inheritable can be cleared, and CapInh of a helper is empty'
	'stays_cleared|a cleared bit cannot be set again'
	'one_word|a write of one word does not change the upper word'
)
run_tests
