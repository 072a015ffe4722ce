#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The parameters of the policy on the kernel's command line, and its lock, which lasts until
# the next boot. Needs a boot of its own, with
#
#	kmod.autoload=1 kmod.enforce=0 audit=1 rodata=off
#
# With rodata=off the path of modprobe is not write-protected.
# shellcheck disable=SC2317 # the tests are called by name
source "$(dirname "$0")/../kmod/kmod_lib.sh"
source "$(dirname "$0")/autoload_lib.sh"

asks() { as "$USER_ID" "$HERE/kmod_req" pf "$FAMILY" >/dev/null; }

# The path must be writable by its sysctl, and the log must have one warning.
not_protected()
{
	is "$(dmesg | grep -c 'kmod: kernel.modprobe is not write-protected: .* rodata=off$')" 1 \
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
	expected+=' auid=4294967295 comm="kmod_req" mode=1 res=0'
	dmesg | grep 'audit: type=1330 ' | sed 's/pid=[0-9]*/pid=N/' | grep -qF "$expected" ||
		complain "expected an audit record, got: $(dmesg | tail -n 3)"
}

refused() { is "$(write_to "$1")" EPERM "$1:"; }

# No write may succeed, not even of the present value. Only the learned names can be cleared.
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

kmodctl_reports()
{
	command -v kmodctl >/dev/null || return "$KSFT_SKIP"
	echo "allow alias $ALIAS" >"$WORK/rules"
	! kmodctl policy load "$WORK/rules" 2>"$WORK/err" ||
		complain "expected the load to fail" || return 1
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
	'not_protected|with rodata=off kernel.modprobe can be written, and the log warns once'
	'parameters|kmod.autoload and kmod.enforce set the mode and learning'
	'audited|a denial is audited'
	'locked|after the lock all writes to the policy fail with EPERM'
	'kmodctl_reports|kmodctl policy load reports the lock'
	'still_denied|after the lock the rules still apply'
)
needs_policy
skip_without "needs a boot of its own" grep -w kmod.autoload=1 /proc/cmdline
run_tests
