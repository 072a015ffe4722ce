#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Generated input for every sysctl except kernel.modules_autoload_mode, and for every kind of
# module name that user space can choose. A write must either fail and change nothing, or have
# the effect that Documentation/kmod.txt describes.
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
# Includes the terminating NUL.
PATH_LEN=256
UINT_MAX=4294967295
DAY=86400

clean_up_more() { echo 0 >"$VERBOSE_SYSCTL"; }

# written KIND FILE [ARGUMENTS...]: compares writes to FILE with a model
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

# refused FILES -- COMMAND...: writes under COMMAND, which drops privileges, must fail with EPERM,
# also through a file descriptor that root has opened
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
		as_comments "$@" "$HERE/kmod_fuzz_sysctl" "$SEED" $((SYSCTL_ROUNDS / 10)) \
			refused "$file" || result=1
		exec 3>&-
		is "$(<"$file")" "$before" "$file" || result=1
	done
	return "$result"
}

user() { refused "${OURS[@]}" -- as "$NOBODY"; }

users_root()
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

# asked KIND: requests modules with generated names
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
	'modprobe_path|a write to kernel.modprobe stores a path, or fails and changes nothing'
	'limit|a write to kernel.kmod-limit stores 1 or more, or fails and changes nothing'
	'verbose|a write to kernel.kmod_verbose stores 0 or 1, or fails and changes nothing'
	'hung|a write to kernel.umh_hung_secs stores up to a day, or fails and changes nothing'
	'masks|a write to a capability mask takes one or two words, or fails and changes nothing'
	'user|a user cannot change a sysctl, not even through a file that root has opened'
	'users_root|root of a user namespace created by a user cannot change a sysctl'
	'roots_root|root of a user namespace created by root cannot change modprobe or the masks'
	'no_capability|root without CAP_SYS_MODULE cannot change modprobe or the masks'
	'fs_names|the name of a file system reaches modprobe unchanged, or not at all'
	'pf_numbers|the number of a valid address family reaches modprobe'
	'alg_types|the type of an algorithm reaches modprobe unchanged'
	'alg_names|the name of a hash reaches modprobe unchanged, or not at all'
)
needs_journal
skip_without "needs CONFIG_CRYPTO_USER_API_HASH, see config" "$REAL_MODPROBE" algif_hash
say "seed $SEED"
run_tests
