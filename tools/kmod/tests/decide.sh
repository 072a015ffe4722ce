#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmodctl policy test, the warnings of check, load --dry-run and show --rules.
source "$(dirname "$0")/lib.sh"

FAKE=$WORK/kernel

# rules LINE...: writes a policy
rules() { printf '%s\n' "$@" >"$WORK/p"; }

# decides NAME [OPTION]... -- VERDICT REASON: with the policy of rules
decides()
{
	local name=$1 options=()

	while [[ $2 != -- ]]; do
		options+=("$2")
		shift
	done
	kmodctl policy test "$name" "${options[@]}" --file "$WORK/p" \
		--modules "${MODULES:-/nowhere}"
	is "$(<"$WORK/out")" "alias $name: $3 ($4)" "${options[*]}" &&
		is "$STATUS" "$([[ $3 == denied* ]] && echo 3 || echo 0)" status
}

# applies RULE-QUALIFIERS [OPTION]...: the qualifiers match such a requester
applies()
{
	rules 'mode 0' "deny alias a $1"
	decides a "${@:2}" -- denied "$WORK/p:2: deny alias a $1"
}

# spares RULE-QUALIFIERS [OPTION]...
spares()
{
	rules 'mode 0' "deny alias a $1"
	decides a "${@:2}" -- allowed 'no rule matches, mode 0'
}

modes()
{
	rules 'mode 1'
	decides fs-x -- denied 'no rule matches, mode 1' &&
		decides fs-x --uid 0 -- allowed 'no rule matches, mode 1' &&
		decides fs-x --uid 0 --cap net_admin -- denied 'no rule matches, mode 1' &&
		decides netdev-x --uid 5 --cap net_admin -- allowed 'no rule matches, mode 1' &&
		decides fs-x --uid 0 --userns other -- denied 'no rule matches, mode 1' &&
		decides fs-x --kthread -- allowed 'no rule matches, mode 1' || return 1
	rules 'mode 2'
	decides fs-x --uid 0 -- denied 'no rule matches, mode 2' || return 1
	rules '# nothing'
	decides fs-x -- allowed 'no rule matches, mode 0'
}

qualifiers()
{
	applies 'uid 5-7' --uid 7 && spares 'uid 5-7' --uid 8 && spares 'uid 5-7' --uid 4 &&
		applies 'uid 0' --uid root &&
		applies 'cap net_admin' --uid 998 --cap net_admin,net_raw &&
		spares 'cap net_admin cap net_raw' --cap net_admin &&
		spares 'cap net_admin' --cap net_admin --userns other &&
		applies 'userns other' --userns other && spares 'userns other' &&
		applies 'userns init' && spares 'userns init' --userns other &&
		applies kthread --kthread && spares kthread --uid 0
}

cgroups()
{
	local a=/system.slice/a.service

	applies "cgroup $a" --cgroup "$a" && spares "cgroup $a" --cgroup "$a/b" &&
		applies "cgroup $a/**" --cgroup "$a" && applies "cgroup $a/**" --cgroup "$a/b/c" &&
		spares "cgroup $a/**" --cgroup "${a}x" &&
		applies "cgroup /*/a.service" --cgroup "$a" && spares "cgroup /*" --cgroup "$a" &&
		applies "cgroup **.service" --cgroup "$a" && applies 'cgroup /**' &&
		applies 'cgroup /*' && applies 'cgroup /' && spares 'cgroup /?' &&
		applies 'cgroup /a?c' --cgroup /abc && spares 'cgroup /a?c' --cgroup /a/c &&
		spares 'cgroup /a-b' --cgroup /a_b &&
		applies 'cgroup /a\\x2db' --cgroup '/a\x2db' && spares 'cgroup /a\*' --cgroup /ab &&
		applies 'cgroup /*\/**' --cgroup /a/b && spares 'cgroup /*\/**' --cgroup /a
}

# The pattern and names that it matches, or with ! does not match
PATTERNS=(
	'a* a ab a*' 'a* !ba' '*b b ab aab' '*b !ba' 'a?c abc a-c' 'a?c !ac !abbc'
	'[a-c]x ax cx' '[a-c]x !dx' '[!a-c]x dx' '[!a-c]x !ax !x' '[]x]y ]y xy' 'a\*b a*b'
	'a\*b !aab' 'a-b a_b a-b' 'a_b a-b' 'a[-]b !a-b' 'a[_]b a-b a_b' '*a*b*c* xaybzc'
	'*a*b*c* !xaycz' 'crypto-cbc(* crypto-cbc(aes)' '[a-]z az' '[b-a]z !az !bz'
	'** a' '*? a' 'a\\b a\b' '[\]z \z'
)

patterns()
{
	local line pattern name

	for line in "${PATTERNS[@]}"; do
		pattern=${line%% *}
		rules 'mode 0' "deny alias $pattern"
		set -f
		for name in ${line#* }; do
			kmodctl policy test "${name#!}" --file "$WORK/p" --modules /nowhere
			is "$STATUS" "$([[ $name == !* ]] && echo 0 || echo 3)" "$pattern $name" ||
				return 1
		done
		set +f
	done
}

first_line_wins()
{
	local d=$WORK/image/etc/kmod/policy.d

	mkdir -p "$d" "$WORK/image/usr/lib/kmod/policy.d" "$WORK/image/run/kmod/policy.d"
	printf '%s\n' 'mode 2' 'allow alias a' >"$d/10-local.conf"
	printf '%s\n' 'mode 1' 'deny alias *' >"$WORK/image/usr/lib/kmod/policy.d/50-vendor.conf"
	echo 'deny alias b' >"$WORK/image/run/kmod/policy.d/60-run.conf"
	kmodctl policy test a --root "$WORK/image"
	well && is "$(<"$WORK/out")" "alias a: allowed ($d/10-local.conf:2: allow alias a)" ||
		return 1
	echo 'deny alias c' >"$WORK/image/run/kmod/policy.d/50-vendor.conf"
	kmodctl policy test b --root "$WORK/image"
	is "$(<"$WORK/out")" \
		"alias b: denied ($WORK/image/run/kmod/policy.d/60-run.conf:1: deny alias b)" \
		'replaced by name' || return 1
	kmodctl policy test x --root "$WORK/image"
	is "$(<"$WORK/out")" 'alias x: denied (no rule matches, mode 2)' 'setting' || return 1
	ln -s /dev/null "$d/60-run.conf"
	ln -sf /dev/null "$d/10-local.conf"
	kmodctl policy test b --root "$WORK/image"
	is "$(<"$WORK/out")" 'alias b: allowed (no rule matches, mode 0)' masked
}

modules()
{
	fake_modules || return 1
	rules 'deny module esp4' 'deny module dccp*'
	decides xfrm-type-2-50 -- 'denied, module esp4' "$WORK/p:1: deny module esp4" &&
		decides xfrm-offload-2-50 -- 'denied, module esp4' "$WORK/p:1: deny module esp4" &&
		decides net-pf-38 -- allowed 'no rule matches, mode 0' || return 1
	# The kernel does not load a module that is built in.
	rules 'deny module builtin_fs'
	decides builtin_fs -- allowed 'no rule matches, mode 0' || return 1
	rules 'deny module esp4' 'deny module dccp*'
	kmodctl policy test --module dccp_ipv4 --file "$WORK/p"
	is "$STATUS" 3 && is "$(<"$WORK/out")" \
		"module dccp_ipv4: denied ($WORK/p:2: deny module dccp*)"
}

in_force()
{
	have jq || return 1
	fake_kernel
	kmodctl policy test old --in-force --securityfs "$FAKE" --sysctl "$FAKE"
	is "$STATUS" 3 && is "$(<"$WORK/out")" \
		'alias old: denied (/etc/kmod/policy.d/50-old.conf:1: deny alias old)' || return 1
	kmodctl policy test x old --json --in-force --securityfs "$FAKE" --sysctl "$FAKE"
	is "$(jq -c '.[] | [.name, .allowed, .mode, .rule.file, .rule.file_line]' "$WORK/out" |
		xargs)" "[x,false,1,null,null] [old,false,null,/etc/kmod/policy.d/50-old.conf,1]"
}

user_names()
{
	rules 'allow alias a uid root' 'allow alias b uid no-such-user'
	decides a --uid 0 -- allowed "$WORK/p:1: allow alias a uid 0" || return 1
	kmodctl policy check --modules /nowhere "$WORK/p"
	is "$STATUS" 0 && grep -q "p:2: warning: unknown user" "$WORK/err"
}

# Names from LDAP are not known at boot, when the policy is loaded before the network is up.
remote_users()
{
	local dir=$WORK/ldap/etc/kmod/policy.d

	mkdir -p "$dir"
	printf '%s\n' 'deny alias a uid root' 'allow alias b uid 0' >"$dir/a.conf"
	kmodctl policy check --modules /nowhere "$dir/a.conf"
	well || return 1
	echo 'daemon:x:1:1::/:/bin/sh' >"$WORK/ldap/etc/passwd"
	kmodctl policy check --modules /nowhere --root "$WORK/ldap"
	is "$STATUS" 0 status && is "$(<"$WORK/err")" "kmodctl: $dir/a.conf:1: warning: user $(
		)'root' is not in /etc/passwd, and may be unknown at boot" || return 1
	echo 'root:x:0:0::/:/bin/sh' >>"$WORK/ldap/etc/passwd"
	kmodctl policy check --modules /nowhere --root "$WORK/ldap"
	well
}

# warned REGEX LINE...: check prints exactly this warning
warned()
{
	rules "${@:2}"
	kmodctl policy check --modules "${MODULES:-/nowhere}" "$WORK/p"
	is "$STATUS" 0 status && is "$(wc -l <"$WORK/err")" 1 "warnings for ${*:2}" || return 1
	grep -qE "$1" "$WORK/err" || { say "$(<"$WORK/err")"; return 1; }
}

unreachable()
{
	local never="p:2: warning: the rule can never apply: .*p:1 matches first" MODULES=''

	warned "$never" 'deny alias a' 'allow alias a' &&
		warned "$never" 'deny alias a-b' 'allow alias a_b' &&
		warned "$never" 'deny alias *' 'allow alias a uid 5' &&
		warned "$never" 'deny alias a*c' 'allow alias ab?*c cap bpf' &&
		warned "$never" 'deny alias [a-z]' 'allow alias [c-d]' &&
		warned "$never" 'deny alias a userns init' 'allow alias a cap bpf uid 3' &&
		warned "$never" 'deny alias a uid 5-9' 'deny alias a uid 6-7 kthread' &&
		warned "$never" 'deny alias a cgroup /x/**' 'deny alias a cgroup /x/y/**' ||
		return 1
	rules 'deny alias a uid 5' 'deny alias a' 'deny alias b cap bpf' \
		'deny alias b userns init' 'deny alias a?' 'deny alias a*' \
		'deny alias c cgroup /*' 'deny alias c cgroup /x/**' \
		'deny module d' 'deny alias d' 'deny alias e kthread' 'deny alias e'
	kmodctl policy check --modules /nowhere "$WORK/p"
	well
}

many_rules()
{
	seq -f 'deny alias name-%06g' 40000 >"$WORK/p"
	STATUS=0
	timeout 60 "$KMODCTL" policy check --modules /nowhere "$WORK/p" \
		>"$WORK/out" 2>"$WORK/err" || STATUS=$?
	well || return 1
	seq -f 'deny alias name-%06g' 20 >>"$WORK/p"
	kmodctl policy check --modules /nowhere "$WORK/p"
	is "$STATUS" 0 && is "$(wc -l <"$WORK/err")" 11 && tail -n 1 "$WORK/err" |
		grep -q 'warning: 10 more rules can never apply'
}

set_twice()
{
	local MODULES=''

	warned 'p:2: warning: line 1 has set this already' 'mode 1' 'mode 2'
}

unknown_aliases()
{
	fake_modules || return 1
	warned 'p:2: warning: unknown in .*/1.0: net-pf-39, nodule$' \
		'deny alias net-pf-38' 'deny alias net-pf-39' 'deny module esp*' \
		'deny alias xfrm-*' 'deny alias algif-*' 'deny module nodule' \
		'deny alias netdev-x' 'deny alias crypto-cbc(*' || return 1
	# The bracket of a template may be escaped. A class may contain other characters.
	warned 'p:1: warning: unknown in .*/1.0: nodule$' 'deny module nodule' \
		'deny alias crypto-cbc\(aes\)' 'deny alias algif[(_]aead' \
		'deny alias net-pf-38[(](x'
}

modprobe_not_listed()
{
	local message='kernel.modprobe is /nix/modprobe, which no .helper. line lists'

	fake_kernel
	echo /nix/modprobe >"$FAKE/kernel/modprobe"
	rules 'helpers enforce' 'helper /sbin/modprobe'
	kmodctl policy check --sysctl "$FAKE" "$WORK/p"
	fails 1 "$message" || return 1
	kmodctl policy check --force --sysctl "$FAKE" "$WORK/p"
	well || return 1
	cp -r "$FAKE" "$WORK/before"
	kmodctl policy load --securityfs "$FAKE" --sysctl "$FAKE" "$WORK/p"
	fails 1 "$message" && diff -r "$FAKE" "$WORK/before" || return 1
	rm -rf "$WORK/before"
	rules 'helper /x'
	kmodctl policy load --securityfs "$FAKE" --sysctl "$FAKE" "$WORK/p"
	fails 1 "$message" 'with the mode in force' || return 1
	kmodctl policy load --force --securityfs "$FAKE" --sysctl "$FAKE" "$WORK/p"
	well && is "$(<"$FAKE/autoload/helpers")" /x || return 1
	rules 'helpers enforce' 'helper /nix/*'
	kmodctl policy load --securityfs "$FAKE" --sysctl "$FAKE" "$WORK/p"
	well
}

# At boot the list is empty. A file that is named may be a part of a policy.
no_list()
{
	fake_kernel
	rm -rf "$WORK/image"
	mkdir -p "$WORK/image/etc/kmod/policy.d"
	echo 'helpers enforce' >"$WORK/image/etc/kmod/policy.d/a.conf"
	unshare -m true 2>/dev/null || { SKIP='unshare is not permitted'; return 1; }
	STATUS=0
	# shellcheck disable=SC2016 # expanded by that shell
	unshare -m bash -c 'mount --bind "$1/etc" /etc && shift && exec "$@"' bash \
		"$WORK/image" "$KMODCTL" policy check --modules /nowhere --sysctl "$FAKE" \
		>"$WORK/out" 2>"$WORK/err" || STATUS=$?
	fails 1 'kernel.modprobe is /sbin/modprobe, which no .helper. line lists' || return 1
	kmodctl policy check --modules /nowhere --sysctl "$FAKE" \
		"$WORK/image/etc/kmod/policy.d/a.conf"
	well
}

dry_run()
{
	local expected="+deny alias new +file $WORK/p +lock +mode 2 -deny alias old"

	expected+=' -file /etc/kmod/policy.d/50-old.conf -mode 1'
	fake_kernel
	cp -r "$FAKE" "$WORK/before"
	rules 'mode 2' 'deny alias new' lock
	kmodctl policy load --dry-run --securityfs "$FAKE" --sysctl "$FAKE" "$WORK/p"
	well && diff -r "$FAKE" "$WORK/before" &&
		is "$(grep '^[-+][^-+]' "$WORK/out" | sort | xargs -d '\n')" "$expected" ||
		return 1
	rm -rf "$WORK/before"
	kmodctl policy show --rules --securityfs "$FAKE" --sysctl "$FAKE"
	cp "$WORK/out" "$WORK/p"
	kmodctl policy load --dry-run --securityfs "$FAKE" --sysctl "$FAKE" "$WORK/p"
	well && is "$(grep -c '^[-+][^-+ef]' "$WORK/out")" 0 'differences'
}

# The file gives the same policy, with the same origins.
loads_again()
{
	have jq || return 1
	fake_kernel
	kmodctl policy show --json --securityfs "$FAKE" --sysctl "$FAKE"
	jq -c 'del(.rules[].line)' "$WORK/out" >"$WORK/json"
	kmodctl policy show --rules --securityfs "$FAKE" --sysctl "$FAKE"
	well && cp "$WORK/out" "$WORK/p" || return 1
	fake_kernel
	: >"$FAKE/autoload/policy"
	echo off >"$FAKE/autoload/helpers_mode"
	kmodctl policy load --securityfs "$FAKE" --sysctl "$FAKE" "$WORK/p"
	well || return 1
	kmodctl policy show --json --securityfs "$FAKE" --sysctl "$FAKE"
	jq -c 'del(.rules[].line)' "$WORK/out" | diff - "$WORK/json"
}

locks()
{
	fake_kernel
	rules lock 'deny alias x'
	kmodctl policy load --securityfs "$FAKE" --sysctl "$FAKE" "$WORK/p"
	well && is "$(<"$FAKE/autoload/lock")" 1 || return 1
	# The kernel rejects every change now. The same policy must need no write.
	[[ $(id -u) -eq 0 ]] || { SKIP='needs root'; return 1; }
	unshare -m true 2>/dev/null || { SKIP='unshare is not permitted'; return 1; }
	STATUS=0
	# shellcheck disable=SC2016 # expanded by that shell
	unshare -m bash -c 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift &&
		exec "$@"' bash "$FAKE" "$KMODCTL" policy load --securityfs "$FAKE" \
		--sysctl "$FAKE" "$WORK/p" >"$WORK/out" 2>"$WORK/err" || STATUS=$?
	well
}

# booted ARGUMENT CMDLINE...: loads the policy with that kernel command line
booted()
{
	echo "$1" >"$WORK/cmdline"
	STATUS=0
	# shellcheck disable=SC2016 # expanded by that shell
	unshare -m bash -c 'mount --bind "$1" /proc/cmdline && shift && exec "$@"' bash \
		"$WORK/cmdline" "$KMODCTL" policy load --securityfs "$FAKE" --sysctl "$FAKE" \
		"$WORK/p" >"$WORK/out" 2>"$WORK/err" || STATUS=$?
	(cd "$FAKE/autoload" && cat enforce helpers_mode lock) | xargs
}

way_out()
{
	unshare -m true 2>/dev/null || { SKIP='unshare is not permitted'; return 1; }
	rules 'mode 1' 'enforce 1' 'helpers enforce' 'helper /sbin/modprobe' lock 'deny alias x'
	fake_kernel
	echo 0 >"$FAKE/autoload/enforce"
	is "$(booted 'quiet kmod.enforce=0 x')" '0 log 0' &&
		grep -qx 'deny alias x' "$FAKE/autoload/policy" &&
		grep -q 'kmod.enforce=0 is on the kernel command line' "$WORK/err" || return 1
	fake_kernel
	is "$(booted 'kmod.enforce=0 kmod.enforce=1')" '1 enforce 1' || return 1
	fake_kernel
	is "$(booted 'kmod.enforced=0')" '1 enforce 1'
}

# Words of the kernel command line, and the value of enforce after the kernel has parsed them
PARAMETERS=(
	'kmod.enforce=false|0' 'kmod.enforce=F|0' 'kmod.enforce=OFF|0' 'kmod.enforce=n|0'
	'kmod.enforce="0"|0' '"kmod.enforce=0"|0' 'kmod.enforce=0 kmod.enforce=x|0'
	'kmod.enforce=0 kmod.enforce|1' 'kmod.enforce=0 kmod.enforce=on|1'
	'kmod.enforce=|1' 'kmod.enforce=ox|1' 'x="a kmod.enforce=0"|1' 'quiet -- kmod.enforce=0|1'
)

parameters()
{
	local line

	unshare -m true 2>/dev/null || { SKIP='unshare is not permitted'; return 1; }
	rules 'enforce 1'
	for line in "${PARAMETERS[@]}"; do
		fake_kernel
		is "$(booted "${line%|*}")" "${line#*|} enforce 0" "${line%|*}" || return 1
	done
}

TESTS=(
	modes 'without a matching rule, the mode decides'
	qualifiers 'each qualifier matches its requesters only'
	cgroups 'patterns of control groups match whole components'
	patterns 'patterns match as in the kernel'
	first_line_wins 'files replace, hide and precede each other by name'
	modules 'test follows an alias to its modules'
	in_force 'test --in-force uses the policy of the kernel'
	user_names 'uid accepts the name of a user'
	remote_users 'check warns of users that are not in /etc/passwd'
	unreachable 'check warns of rules that can never apply, and of no others'
	many_rules 'check takes less than a minute for 40,000 rules'
	set_twice 'check warns of a second value'
	unknown_aliases 'check warns of names that no module has'
	modprobe_not_listed 'check and load refuse a list of helpers without kernel.modprobe'
	no_list 'check refuses to enforce a list that is missing at boot'
	dry_run 'load --dry-run changes nothing, and prints the difference'
	loads_again 'show --rules prints a file that loads again'
	locks 'lock is a directive, and a locked policy can be loaded again'
	way_out 'kmod.enforce=0 on the command line wins over the files'
	parameters 'the command line is parsed as in the kernel'
)
run_tests
