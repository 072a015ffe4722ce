#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmodctl status.
source "$(dirname "$0")/lib.sh"

FAKE=$WORK/kernel

# kernel: creates a patched kernel with a policy
kernel()
{
	fake_kernel
	echo 50 >"$FAKE/kernel/kmod-limit"
	echo 30000 >"$FAKE/kernel/threads-max"
}

# status [FIXTURE [OPTION]...]
status()
{
	kmodctl status --debugfs "$FIXTURES/${1:-usual}" --securityfs "$FAKE" --sysctl "$FAKE" \
		"${@:2}"
}

# item NAME: prints the state
item() { sed -n "s/^$1  *//p" "$WORK/out"; }

one_screen()
{
	kernel
	status && well && is "$(wc -l <"$WORK/out")" 14 lines &&
		is "$(item modprobe)" /sbin/modprobe modprobe &&
		is "$(item mode)" \
			'1: without a matching rule, a request needs CAP_SYS_MODULE' mode &&
		is "$(item policy)" '1 rule from 1 file' policy &&
		is "$(item enforce)" '1: denied requests fail with EPERM' enforce &&
		is "$(item helpers)" \
			'enforce: the kernel may run only the listed helpers' helpers &&
		is "$(item lock)" '0: the policy can be changed' lock &&
		is "$(item slots)" '1 with a running modprobe, 1 waiting, limit 50' slots &&
		is "$(item hung)" 1 hung && is "$(item denied)" '1 of the last 8 requests' denied &&
		grep -q '^ *modprobe 360 for fs-stuck by mount\[354\] uid 0, 1 h 13 min$' \
			"$WORK/out" &&
		grep -q '^ .* net-pf-44 by python3\[322\] uid 101000' "$WORK/out"
}

fits()
{
	have script || return 1
	kernel
	for fixture in usual long; do
		TERM=dumb on_terminal 80 "'$KMODCTL' status --debugfs '$FIXTURES/$fixture'" \
			"--securityfs '$FAKE' --sysctl '$FAKE'"
		grep -q '^verdict ' "$WORK/out" || { say 'no verdict'; return 1; }
		is "$(awk 'length > 80' "$WORK/out")" '' 'lines over 80' || return 1
		[[ $(wc -l <"$WORK/out") -lt 24 ]] || { say 'over 23 lines'; return 1; }
	done
}

# concludes VERDICT
concludes() { status && well && is "$(item verdict)" "$1" verdict; }

verdicts()
{
	kernel
	concludes 'the policy is enforced, and can be changed' || return 1
	echo 1 >"$FAKE/autoload/lock"
	concludes 'the policy is enforced, and locked until the next boot' || return 1
	echo 0 >"$FAKE/kernel/modules_autoload_mode"
	: >"$FAKE/autoload/policy"
	concludes 'any user can have modules loaded: mode is 0, and no rule denies' || return 1
	printf '%s\n' 'allow alias x' 'allow module y' >"$FAKE/autoload/policy"
	concludes 'any user can have modules loaded: mode is 0, and no rule denies' || return 1
	echo 'deny module z' >>"$FAKE/autoload/policy"
	concludes 'the policy is enforced, and locked until the next boot' || return 1
	echo 0 >"$FAKE/autoload/enforce"
	concludes 'nothing is denied: enforce is 0, the kernel only learns' || return 1
	rm -r "$FAKE/autoload"
	concludes 'any user can have modules loaded: this kernel has no policy' || return 1
	echo >"$FAKE/kernel/modprobe"
	concludes 'autoloading is disabled: kernel.modprobe is empty' || return 1
	rm "$FAKE/kernel/modprobe"
	concludes 'kernel.modprobe cannot be read: does this kernel have modules?'
}

least_limit()
{
	kernel
	echo 60 >"$FAKE/kernel/threads-max"
	status && well && is "$(item slots)" '1 with a running modprobe, 1 waiting, limit 30' slots
}

without_journal()
{
	kernel
	mkdir -p "$WORK/bare"
	FIXTURES=$WORK status bare && well && is "$(item journal)" 'none: see kmodctl log' journal
}

# sealed EXPECTED RECORD...: the seal, with this kernel log
sealed()
{
	printf '%s\n' "${@:2}" >"$WORK/kmsg"
	STATUS=0
	# shellcheck disable=SC2016 # expanded by that shell
	unshare -m bash -c 'mount --bind "$1" /dev/kmsg && shift && exec "$@"' bash \
		"$WORK/kmsg" "$KMODCTL" status --debugfs "$FIXTURES/usual" \
		--securityfs "$FAKE" --sysctl "$FAKE" \
		>"$WORK/out" 2>"$WORK/err" || STATUS=$?
	well && is "$(item seal)" "$1" seal
}

seal()
{
	local no='5,300,1200,-;kmod: kernel.modprobe is not write-protected: rodata=off'

	unshare -m true 2>/dev/null || { SKIP='unshare is not permitted'; return 1; }
	[[ -e /dev/kmsg ]] || { SKIP='needs /dev/kmsg'; return 1; }
	kernel
	sealed 'kernel.modprobe is write-protected' '5,0,0,-;Linux version 6.12.0' &&
		sealed 'kernel.modprobe is not write-protected' '5,0,0,-;Linux' "$no" &&
		sealed 'kernel.modprobe is not write-protected' "$no" &&
		sealed 'unknown: the kernel log of the boot is gone, or cannot be read' \
			'5,900,7200,-;usb 1-1: new device' || return 1
	rm "$FAKE/kernel/kmod-limit"
	sealed 'kernel.modprobe is not write-protected' '5,0,0,-;Linux version 6.12.0'
}

malformed()
{
	kernel
	mkdir -p "$WORK/malformed/kmod"
	cp "$FIXTURES/usual/kmod/"* "$WORK/malformed/kmod"
	echo 'id=x' >>"$WORK/malformed/kmod/inflight"
	kmodctl status --debugfs "$WORK/malformed" --securityfs "$FAKE" --sysctl "$FAKE"
	fails 1 "$WORK/malformed/kmod/inflight:5: " && is "$(item hung)" 1 hung &&
		is "$(item verdict)" 'the policy is enforced, and can be changed' verdict
}

json()
{
	have jq || return 1
	kernel
	status usual --json && well &&
		is "$(jq -c '[.modprobe, .mode, .enforce, .locked, .rules, .helpers_mode, .running,
			.waiting, .limit, .hung[0].id, .denied[0].id]' "$WORK/out")" \
			'["/sbin/modprobe",1,true,false,1,"enforce",1,1,50,12,4]' &&
		is "$(jq -r .verdict "$WORK/out")" 'the policy is enforced, and can be changed'
}

TESTS=(
	one_screen 'status shows the policy, the requests in flight and the last denials'
	fits 'it fits a screen of 80 columns and 24 lines'
	verdicts 'it states the effect of the policy'
	least_limit 'the limit is at most half of the threads'
	without_journal 'it needs no journal'
	seal 'it tells whether kernel.modprobe is write-protected'
	json '--json prints the same'
	malformed 'it reports a malformed line, and shows the rest'
)
run_tests
