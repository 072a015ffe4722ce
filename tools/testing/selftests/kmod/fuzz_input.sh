#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Bad input: every sysctl of ours but kernel.modules_autoload_mode, and every way of a
# name to modprobe, with generated input. An errno and no change, or exactly what
# Documentation/kmod.txt says.
#
#	fuzz_input.sh [SEED [SYSCTL_ROUNDS [NAME_ROUNDS]]]
#
# The same seed gives the same input.
source "$(dirname "$0")/kmod_lib.sh"

SEED=${1:-$SRANDOM}
SYSCTL_ROUNDS=${2:-1000}
NAME_ROUNDS=${3:-100}
VERBOSE_SYSCTL=$SYSCTL/kmod_verbose
BSET=$SYSCTL/usermodehelper/bset
INHERITABLE=$SYSCTL/usermodehelper/inheritable
OURS=("$MODPROBE_SYSCTL" "$LIMIT_SYSCTL" "$VERBOSE_SYSCTL" "$HUNG_SYSCTL" "$BSET" "$INHERITABLE")
# The closing NUL included.
PATH_LEN=256
UINT_MAX=4294967295
DAY=86400

clean_up_more() { echo 0 >"$VERBOSE_SYSCTL"; }

# written KIND FILE [ARGUMENTS...]
written() { as_comments "$HERE/kmod_fuzz_sysctl" "$SEED" "$SYSCTL_ROUNDS" "$@"; }

modprobe_path() { written string "$MODPROBE_SYSCTL" "$PATH_LEN"; }
limit() { written number "$LIMIT_SYSCTL" 1 "$UINT_MAX"; }
verbose()
{
	local result=0

	written number "$VERBOSE_SYSCTL" 0 1 || result=1
	echo 0 >"$VERBOSE_SYSCTL"
	return "$result"
}

hung() { written number "$HUNG_SYSCTL" 0 "$DAY"; }
masks() { written words "$BSET" && written words "$INHERITABLE"; }

# refused FILES -- COMMAND...: whoever COMMAND makes of us writes them in vain, also
# where root has opened them
refused()
{
	local files=() file before result=0

	while [[ $1 != -- ]]; do
		files+=("$1")
		shift
	done
	shift
	for file in "${files[@]}"; do
		before=$(<"$file")
		exec 3>"$file"
		as_comments "$@" "$HERE/kmod_fuzz_sysctl" "$SEED" $((SYSCTL_ROUNDS / 10)) refused "$file" ||
			result=1
		exec 3>&-
		is "$(<"$file")" "$before" "$file" || result=1
	done
	return "$result"
}

nobody() { refused "${OURS[@]}" -- as "$NOBODY"; }

nobodys_root()
{
	refused "${OURS[@]}" -- as "$NOBODY" unshare --user --map-root-user
}

roots_root()
{
	refused "$MODPROBE_SYSCTL" "$BSET" "$INHERITABLE" -- unshare --user --map-root-user
}

no_capability()
{
	refused "$MODPROBE_SYSCTL" "$BSET" "$INHERITABLE" -- without sys_module
}

# asked KIND
asked()
{
	use_helper fake exit 1
	as_comments "$HERE/kmod_fuzz_names" "$SEED" "$NAME_ROUNDS" "$1" "$WORK/fake/log"
}

fs_names() { asked fs; }
pf_numbers() { asked pf; }
alg_types() { asked type; }
alg_names() { asked hash; }

TESTS=(
	'modprobe_path|kernel.modprobe takes a path of up to 255 bytes, or nothing changes'
	'limit|kernel.kmod-limit takes a number from 1 on, or nothing changes'
	'verbose|kernel.kmod_verbose takes 0 or 1, or nothing changes'
	'hung|kernel.umh_hung_secs takes up to a day, or nothing changes'
	'masks|the capability masks take one or two words, or nothing changes'
	'nobody|a user changes none of them, also where root has opened it'
	'nobodys_root|nor does a user who is root in a name space of his own'
	'roots_root|nor does root there change modprobe or the masks'
	'no_capability|nor does root without CAP_SYS_MODULE'
	'fs_names|the name of a file system reaches modprobe byte by byte or not at all'
	'pf_numbers|the number of an address family reaches modprobe if there is such a one'
	'alg_types|the type of an algorithm reaches modprobe byte by byte'
	'alg_names|the name of a hash reaches modprobe byte by byte or not at all'
)
needs_journal
skip_without "needs CONFIG_CRYPTO_USER_API_HASH, see config" "$REAL_MODPROBE" algif_hash
say "seed $SEED"
run_tests
