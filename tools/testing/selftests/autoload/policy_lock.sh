#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What lasts until the next boot: what the kernel's command line says of the policy, and
# the lock on all of it. Needs a boot of its own, with
#
#	kmod.autoload=1 kmod.enforce=0 audit=1 rodata=off
#
# The last of these is for the path of modprobe, which is not sealed then.
# shellcheck disable=SC2317 # the tests are called by name
source "$(dirname "$0")/../kmod/kmod_lib.sh"
source "$(dirname "$0")/autoload_lib.sh"

asks() { as "$USER_ID" "$HERE/kmod_req" pf "$FAMILY" >/dev/null; }

# It can be written as ever, and the log says once what it lacks.
unsealed()
{
	is "$(dmesg | grep -c 'kmod: kernel.modprobe is not sealed: read-only data is off')" 1 \
		"lines" || return 1
	use_helper fake
	asks
	is "$(started fake)" 1 "modprobes"
}

parameters()
{
	is "$(<"$MODE_SYSCTL") $(<"$POLICY/enforce")" "1 0" "mode and enforce" || return 1
	use_helper fake
	asks
	is "$(started fake)" 1 "modprobes" &&
		is "$(grep -c "^kind=alias name=$ALIAS uid=$USER_ID " "$POLICY/learned")" 1
}

audited()
{
	local expected

	echo 1 >"$POLICY/enforce"
	use_helper fake
	dmesg -c >/dev/null
	asks
	is "$(started fake)" 0 "modprobes" || return 1
	expected="op=autoload kind=alias name=\"$ALIAS\" pid=N uid=$USER_ID"
	expected+=' auid=4294967295 comm="kmod_req" res=0'
	dmesg | grep 'audit: type=1330 ' | sed 's/pid=[0-9]*/pid=N/' | grep -qF "$expected" ||
		complain "no audit record, but: $(dmesg | tail -n 3)"
}

refused() { is "$(write_to "$1")" EPERM "$1:"; }

# Written as they are, or as they might be: nothing can be changed any more. What was
# learned can be emptied.
locked()
{
	local before

	echo "deny alias $ALIAS" >"$POLICY/policy"
	echo /sbin/modprobe >"$POLICY/helpers"
	set_modprobe /sbin/modprobe
	before=$(cat "$MODPROBE_SYSCTL" "$MODE_SYSCTL" "$POLICY"/[eph]*)
	is "$(echo 1 | write_to "$POLICY/lock")" OK && is "$(<"$POLICY/lock")" 1 || return 1
	refused "$POLICY/policy" <<<"" && refused "$POLICY/policy" <<<"deny alias $ALIAS" &&
		refused "$POLICY/enforce" <<<0 && refused "$POLICY/enforce" <<<1 &&
		refused "$POLICY/helpers" <<<"/tmp/x" && refused "$POLICY/helpers_mode" <<<log &&
		refused "$MODE_SYSCTL" <<<0 && refused "$MODPROBE_SYSCTL" <<</tmp/x &&
		refused "$POLICY/lock" <<<1 || return 1
	is "$(echo 0 | write_to "$POLICY/lock")" EINVAL || return 1
	is "$(cat "$MODPROBE_SYSCTL" "$MODE_SYSCTL" "$POLICY"/[eph]*)" "$before" &&
		is "$(echo | write_to "$POLICY/learned")" OK
}

kmodctl_says()
{
	command -v kmodctl >/dev/null || return "$KSFT_SKIP"
	echo "allow alias $ALIAS" >"$WORK/rules"
	! kmodctl policy load "$WORK/rules" 2>"$WORK/err" || complain "it loads" || return 1
	grep -q 'the policy is locked until the next boot' "$WORK/err" ||
		complain "$(<"$WORK/err")" || return 1
	is "$(<"$POLICY/policy")" "deny alias $ALIAS" && kmodctl policy lock
}

still_denied()
{
	asks
	is "$(outcome "$ALIAS")" "outcome=$DENIED_OUTCOME result=-1"
}

TESTS=(
	'unsealed|with rodata=off the path works, and is said not to be sealed'
	'parameters|the command line sets the mode and learning'
	'audited|a denial leaves an audit record'
	'locked|once locked nothing can be changed'
	'kmodctl_says|kmodctl policy says that it is locked'
	'still_denied|and what was denied is denied'
)
needs_policy
skip_without "needs a boot of its own" grep -w kmod.autoload=1 /proc/cmdline
run_tests
