# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Shared by the tests of the autoload policy. A test must source kmod_lib.sh first.

# shellcheck disable=SC2034 # for the tests
{
	POLICY=/sys/kernel/security/autoload
	MODE_SYSCTL=$SYSCTL/modules_autoload_mode
	# The outcome in the journal of a request that the policy denies
	DENIED_OUTCOME=lsm
	USER_ID=1234
	OTHER_ID=4321
	# An address family that the kernel lacks, and the alias that socket() requests for it
	FAMILY=9 ALIAS=net-pf-9
}

needs_policy() { skip_without "needs CONFIG_SECURITY_AUTOLOAD, see config" test -d "$POLICY"; }

# no_policy: resets the policy to its state after boot
no_policy()
{
	echo 0 >"$MODE_SYSCTL"
	echo >"$POLICY/policy"
	echo off >"$POLICY/helpers_mode"
	echo >"$POLICY/helpers"
	echo 1 >"$POLICY/enforce"
	echo >"$POLICY/learned"
}

# load_policy MACHINE [without]: loads a ready-made policy, or the same without its deny rules
load_policy()
{
	local file=$HERE/$1.conf

	if [[ -n ${2:-} ]]; then
		grep -v '^deny ' "$file" >"$WORK/policy.conf"
		file=$WORK/policy.conf
	fi
	# The list of helpers in the policy lacks the modprobe of the tests.
	kmodctl policy load --force "$file"
}
