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

# The path must be writable through its sysctl, and the log must have one warning.
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
		is "$(grep -c "^kind=alias name=$ALIAS rule=mode:1 uid=$USER_ID " \
			"$POLICY/learned")" 1
}

audited()
{
	local expected

	echo 1 >"$POLICY/enforce"
	use_helper fake
	dmesg -c >/dev/null
	asks
	is "$(started fake)" 0 "modprobes" || return 1
	expected="op=autoload kind=alias name=\"$ALIAS\" rule=\"mode:1\" pid=N uid=$USER_ID"
	expected+=' auid=4294967295 caps=0 userns=init kthread=0 comm="kmod_req"'
	expected+=" exe=\"$HERE/kmod_req\""
	is_audited "$expected" || return 1

	# A name with a space is hex-encoded.
	dmesg -c >/dev/null
	as "$USER_ID" unshare -Urm "$HERE/kmod_req" fs 'a b' >/dev/null
	is_audited "op=autoload kind=alias name=66732D612062 rule=" || return 1

	dmesg -c >/dev/null
	printf 'mode enforce\n/none\n' | write_to "$POLICY/helpers" >/dev/null
	ask pf "$FAMILY" >/dev/null
	printf 'mode off\n/none\n' | write_to "$POLICY/helpers" >/dev/null
	expected="op=autoload kind=helper name=\"$WORK/fake/modprobe\" rule=\"helpers\" pid=N"
	is_audited "$expected comm=\"kmod_req\" res=0"
}

in_audit_log()
{
	dmesg | grep 'audit: type=1330 ' | sed 's/ pid=[0-9]*/ pid=N/' | grep -qF "$1"
}

is_audited()
{
	wait_until in_audit_log "$1" ||
		complain "expected an audit record $1, got: $(dmesg | tail -n 3)"
}

refused() { is "$(write_to "$1")" EPERM "$1:"; }

# identical FILE: FILE must accept its present contents
identical()
{
	local contents

	contents=$(<"$1")
	is "$(write_to "$1" <<<"$contents")" OK "the present contents of $1:"
}

# Only the present contents may be written. The learned names may be cleared.
locked()
{
	local before

	echo "deny alias $ALIAS" >"$POLICY/policy"
	echo /sbin/modprobe >"$POLICY/helpers"
	set_modprobe /sbin/modprobe
	before=$(cat "$MODPROBE_SYSCTL" "$MODE_SYSCTL" "$POLICY"/[eph]*)
	is "$(echo 1 | write_to "$POLICY/lock")" OK && is "$(<"$POLICY/lock")" 1 || return 1
	refused "$POLICY/policy" <<<"" && refused "$POLICY/policy" <<<"deny alias  $ALIAS" &&
		refused "$POLICY/enforce" <<<0 && refused "$POLICY/helpers" <<<"/tmp/x" &&
		refused "$POLICY/helpers" <<<$'mode log\n/sbin/modprobe' &&
		refused "$POLICY/helpers_mode" <<<log && refused "$MODE_SYSCTL" <<<0 &&
		refused "$MODPROBE_SYSCTL" <<</tmp/x || return 1
	is "$(echo 0 | write_to "$POLICY/lock")" EINVAL &&
		is "$(echo deny | write_to "$POLICY/policy")" EINVAL || return 1
	identical "$POLICY/policy" && identical "$POLICY/enforce" && identical "$POLICY/helpers" &&
		identical "$POLICY/helpers_mode" && identical "$MODE_SYSCTL" &&
		identical "$POLICY/lock" &&
		is "$(write_to "$POLICY/helpers" <<<$'mode off\n/sbin/modprobe')" OK || return 1
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
	'parameters|kmod.autoload sets the mode, and kmod.enforce=0 enables learning'
	'audited|a denial is audited'
	'locked|after the lock only the present contents of the policy can be written'
	'kmodctl_reports|kmodctl policy load reports the lock'
	'still_denied|after the lock the rules still apply'
)
needs_policy
skip_without "needs a boot of its own" grep -w kmod.autoload=1 /proc/cmdline
run_tests
