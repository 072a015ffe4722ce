#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmodctl policy show, check, load and lock, with plain files instead of the kernel's.
source "$(dirname "$0")/lib.sh"

FAKE=$WORK/kernel
SETTINGS=(autoload/helpers autoload/helpers_mode autoload/policy
	kernel/modules_autoload_mode autoload/enforce)
# The kernel's limits, in bytes
MAX_RULES=$((1 << 20))
MAX_HELPERS=$((1 << 16))
# LeakSanitizer does not work under strace.
export ASAN_OPTIONS=detect_leaks=0

# policy ARGUMENT...
policy()
{
	local options=(--securityfs "$FAKE")

	[[ $1 == lock ]] || options+=(--sysctl "$FAKE")
	kmodctl policy "$1" "${options[@]}" "${@:2}"
}

# fake [HELPERS_MODE [ENFORCE]]: creates a kernel with a policy in force
fake()
{
	rm -rf "$FAKE"
	mkdir -p "$FAKE/autoload" "$FAKE/kernel"
	echo /sbin/old >"$FAKE/autoload/helpers"
	echo "${1:-log}" >"$FAKE/autoload/helpers_mode"
	echo 'deny alias old' >"$FAKE/autoload/policy"
	echo 2 >"$FAKE/kernel/modules_autoload_mode"
	echo "${2:-1}" >"$FAKE/autoload/enforce"
	echo 0 >"$FAKE/autoload/lock"
}

# in_force [FILE...]: prints the policy in one line
in_force()
{
	[[ $# -gt 0 ]] || set -- "${SETTINGS[@]}"
	(cd "$FAKE" && cat "$@") | tr '\n' ';'
}

OLD='/sbin/old;log;deny alias old;2;1;'

# origin FILE: prints the line that load writes before a file, and a semicolon
origin() { echo -n "file $WORK/$1;"; }

# file NAME LINE...
file() { printf '%s\n' "${@:2}" >"$WORK/$1"; }

EVERYTHING=('# every kind of line' 'mode 1' 'deny alias net-pf-9' '' 'helpers enforce' 'enforce 0'
	'helper /sbin/modprobe' 'allow module x*' $'\thelper  /usr/lib/* ')
LOADED="$(origin all)# every kind of line;;deny alias net-pf-9;;;;;allow module x*;;"

shown()
{
	kmodctl policy show --securityfs "$FIXTURES/policy" --sysctl "$FIXTURES/policy"
	well && diff "$WORK/out" "$FIXTURES/policy/show.txt" | sed 's/^/# /'
}

json()
{
	have jq || return 1
	kmodctl policy show --json --securityfs "$FIXTURES/policy" --sysctl "$FIXTURES/policy"
	well && is "$(jq -r '.mode, .enforce, .locked, .helpers_mode, .helpers[]' "$WORK/out" |
		xargs -d '\n')" \
		'1 false true enforce /sbin/modprobe /usr/lib/helpers/* /tmp/\x1bx' &&
		is "$(jq -r '.rules[1] | .line, .allow, .kind, .pattern, .uid, .file, .file_line' \
			"$WORK/out" | xargs -d '\n')" \
			'5 true alias x\*y 1000 /etc/kmod/policy.d/10-first.conf 4'
}

escaped()
{
	fake
	printf 'deny alias [\xc3\xa4-\xff]\n' >"$FAKE/autoload/policy"
	policy show
	well && is "$(grep -c 'deny alias \[\\xc3\\xa4-\\xff\]' "$WORK/out")" 1 escaped || return 1
	have jq || return 1
	policy show --json
	well && is "$(jq '.rules[0].pattern' "$WORK/out")" '"[\\xc3\\xa4-\\xff]"'
}

# Paths in the kernel's list may have any bytes but a newline. A '*' at the end is a pattern.
odd_helpers()
{
	local paths=$'/a b;/a\tb;/a\\x20b;/a\\;/a\x1b;/\xc3\xa4;/a ;/a*b;/a*b*;/"a";'

	have jq || return 1
	fake enforce
	tr ';' '\n' <<<"${paths%;}" >"$FAKE/autoload/helpers"
	policy show --rules
	well && mv "$WORK/out" "$WORK/shown" &&
		is "$(grep -c '^helper /[!-~]*$' "$WORK/shown")" 10 lines || return 1
	policy show
	well && is "$(sed -n '/^HELPER/,$s,^/,helper /,p' "$WORK/out")" \
		"$(grep '^helper ' "$WORK/shown")" table || return 1
	policy show --json
	well && is "$(jq -r '"helper " + .helpers[]' "$WORK/out")" \
		"$(grep '^helper ' "$WORK/shown")" JSON || return 1
	fake enforce
	policy load --force "$WORK/shown"
	well && is "$(in_force autoload/helpers)" "$paths"
}

# The kernel logs the path of a denied helper with the same escapes.
modprobe_with_blank()
{
	fake enforce
	echo '/opt/a b' >"$FAKE/kernel/modprobe"
	file other 'helpers enforce' 'helper /opt/a'
	policy load "$WORK/other"
	fails 1 'kernel.modprobe is /opt/a\\x20b, which no' && is "$(in_force)" \
		"${OLD/log/enforce}" || return 1
	file listed 'helpers enforce' 'helper /opt/a\x20b'
	policy load "$WORK/listed"
	well && is "$(in_force autoload/helpers)" '/opt/a b;'
}

unconfigured()
{
	fake off
	: >"$FAKE/autoload/policy"
	: >"$FAKE/autoload/helpers"
	policy show
	well && is "$(tail -n 4 "$WORK/out")" $'\nLINE  RULE  FILE\n\nHELPER' || return 1
	policy load "$(file f 'deny alias x' 'helper /x'; echo "$WORK/f")"
	well && is "$(in_force)" "/x;off;$(origin f)deny alias x;;2;1;"
}

good()
{
	file good "${EVERYTHING[@]}" 'deny alias a\*\?\[\\-!]#' 'deny alias []x]' \
		'deny module a[\]' $'\tdeny \t alias\t* uid\t00000000000000000000000000000007' \
		'allow alias [!]]' 'allow alias aa uid 0' 'allow alias aa uid 4294967294' \
		' # comment' ' ' $'deny alias [\x80\x01]z' $'deny alias \\\xffz' 'helper /*' \
		'allow alias ab uid 5-5' 'allow alias ab uid 7-4294967294' \
		'allow alias ac cap net_admin' 'allow alias ac cap cap_sys_admin cap sys_chroot' \
		'allow alias ac kthread' 'allow alias ac userns other uid 3' \
		'allow alias ac cgroup /system.slice/a\\x2db.service/**' \
		'allow alias ac uid 2 cgroup **/a?' \
		' file /etc/x ' \
		'deny alias ad uid 1000-2000 kthread cap bpf cgroup /a*b/** userns init' \
		'allow alias ac userns init' lock
	kmodctl policy check --modules /nowhere "$WORK/good"
	well && is "$(<"$WORK/out")" '' output || return 1
	: >"$WORK/none"
	kmodctl policy check --modules /nowhere "$WORK/good" "$WORK/none"
	well
}

# Expected error message and line. Each is line 2, between two good lines.
BAD=(
	'expected .allow. or .deny.|permit alias x'
	'expected .allow. or .deny.|Allow alias x'
	'expected .allow. or .deny.|-'
	'expected .alias. or .module.|allow'
	'expected .alias. or .module.|deny aliases x'
	'expected a pattern|allow alias'
	'expected a pattern|deny module  '
	'pattern has a character|deny alias a\x01'
	'pattern has a character|deny alias a\xc3\xa4'
	'pattern has a character|deny alias a\r'
	'pattern has a character|deny alias \x7f'
	'pattern has .\[. without|deny alias a[b'
	'pattern has .\[. without|deny alias a['
	'pattern has .\[. without|deny alias a[]'
	'pattern has .\[. without|deny alias a[!]'
	"pattern ends with a backslash|deny alias a\\\\"
	'expected .uid., .cap., .userns., .cgroup., .kthread. or the end|deny alias a b'
	'expected .uid., .cap., .userns., .cgroup., .kthread. or the end|deny alias a # comment'
	'expected a user id|deny alias a uid'
	'unknown user|deny alias a uid no-such-user'
	'unexpected text after the pattern|allow module a uid no-such-user'
	'repeated qualifier|allow alias a uid no-such-user uid 1'
	'expected a user id|deny alias a uid -1'
	'expected a user id|deny alias a uid +1'
	'expected a user id|deny alias a uid 1x'
	'expected a user id|deny alias a uid 4294967295'
	'expected a user id|deny alias a uid 99999999999999999999'
	'unexpected text after the pattern of a module rule|deny module a uid 1'
	'expected a user id|deny alias a uid 1-'
	'expected a user id|deny alias a uid 2-1'
	'expected a user id|deny alias a uid 1-2-3'
	'expected a user id|deny alias a uid 1-4294967295'
	'expected .uid.|deny alias a uid 1 2'
	'expected .uid.|deny alias a uid 1 - 2'
	'repeated qualifier|deny alias a uid 1 uid 1'
	'repeated qualifier|deny alias a kthread kthread'
	'expected the name of a capability|deny alias a cap'
	'expected the name of a capability|deny alias a cap 12'
	'expected the name of a capability|deny alias a cap NET_ADMIN'
	'expected the name of a capability|deny alias a cap cap_cap_net_admin'
	'expected .init. or .other.|deny alias a userns'
	'expected .init. or .other.|deny alias a userns initial'
	'missing or malformed pattern after .cgroup.|deny alias a cgroup'
	'missing or malformed pattern after .cgroup.|deny alias a cgroup a'
	'missing or malformed pattern after .cgroup.|deny alias a cgroup *'
	'missing or malformed pattern after .cgroup.|deny alias a cgroup /a***'
	'missing or malformed pattern after .cgroup.|deny alias a cgroup /[a]'
	"missing or malformed pattern after .cgroup.|deny alias a cgroup /a\\\\"
	'missing or malformed pattern after .cgroup.|deny alias a cgroup /\xc3\xa4'
	'expected one path after .file.|file'
	'expected one path after .file.|file a b'
	'expected one path after .file.|file \x01'
	'unexpected text after the value|lock 1'
	'expected .mode 0.|mode'
	'expected .mode 0.|mode 3'
	'expected .mode 0.|mode 01'
	'expected .enforce 0.|enforce yes'
	'expected .enforce 0.|enforce 2'
	'expected .helpers off.|helpers on'
	'expected .helper. and|helper'
	'expected .helper. and|helper sbin/modprobe'
	'expected .helper. and|helper /usr/*/modprobe'
	'expected .helper. and|helper /usr/**'
	'expected .helper. and|helper /sbin/modprobe\r'
	'expected .mode 0.|mode 1\r'
	'unexpected text after the value|mode 1 2'
	'unexpected text after the path; write blanks as .x20|helper /sbin/a b'
	'expected .helper. and|helper /sbin/a\\ b'
	'expected .helper. and|helper /sbin/a\\tb'
	'expected .helper. and|helper /sbin/a\\xab/\\/'
	'expected .helper. and|helper /sbin/a\\x4'
	'expected .helper. and|helper /sbin/a\\x00'
	'expected .helper. and|helper /sbin/a\\x0ab'
	'expected .helper. and|helper /sbin/a\\x2a'
	'embedded NUL|deny alias a\0'
	'embedded NUL|deny alias a\0b uid'
	'embedded NUL|# \0'
)

bad_lines()
{
	local bad

	for bad in "${BAD[@]}"; do
		# shellcheck disable=SC2059 # NUL and other bytes
		{ echo 'deny alias a'; printf -- "${bad#*|}\n"; echo 'enforce 1'; } >"$WORK/bad"
		kmodctl policy check "$WORK/bad"
		fails 1 "$WORK/bad:2: ${bad%%|*}" || { say "with ${bad#*|}"; return 1; }
	done
}

every_error()
{
	file one 'deny alias' '' 'deny alias x' 'mode 9'
	file two 'x' 'deny alias a b'
	printf 'deny alias cut' >>"$WORK/two"
	kmodctl policy check "$WORK/one" "$WORK/two"
	is "$STATUS" 1 && is "$(sed "s,kmodctl: $WORK/,," "$WORK/err" | cut -d: -f1,2 | xargs)" \
		'one:1 one:4 two:1 two:2 two:3' && grep -q 'two:3: missing newline' "$WORK/err"
}

unreadable()
{
	kmodctl policy check "$WORK/nowhere"
	fails 1 "$WORK/nowhere: No such file" || return 1
	mkdir -p "$WORK/odd/a.conf"
	kmodctl policy check "$WORK/odd"
	fails 1 "$WORK/odd/a.conf: Is a directory" || return 1
	timeout 20 "$KMODCTL" policy check /dev/zero >"$WORK/out" 2>"$WORK/err" || STATUS=$?
	fails 1 '/dev/zero: File too large'
}

# lines COUNT: prints COUNT rules of 16 bytes each
lines() { yes 'deny alias xxxx' | head -n "$1" || :; }

sizes()
{
	local full=$WORK/full room

	room=$((MAX_RULES - $(echo "file $full" | wc -c)))
	{ yes '# a comment xxx' | head -c "$((room / 16 * 16))" || :; } >"$full"
	head -c $((room % 16 - 1)) /dev/zero | tr '\0' '#' >>"$full"
	echo >>"$full"
	kmodctl policy check "$full"
	well || return 1
	echo >>"$full"
	kmodctl policy check "$full"
	fails 1 "rules.* $((MAX_RULES + 1)) bytes.* $MAX_RULES$" || return 1
	{ yes 'helper /sbin/xxxxxxxxx' | head -n $((MAX_HELPERS / 16)) || :; } >"$full"
	kmodctl policy check "$full"
	well || return 1
	echo 'helper /x' >>"$full"
	kmodctl policy check "$full"
	fails 1 "helpers.* $((MAX_HELPERS + 3)) bytes.* $MAX_HELPERS$"
}

loads()
{
	fake
	file all "${EVERYTHING[@]}"
	policy load "$WORK/all"
	well && is "$(in_force)" "/sbin/modprobe;/usr/lib/*;enforce;${LOADED}1;0;"
}

leaves_alone()
{
	fake
	file rule 'deny alias x'
	policy load "$WORK/rule"
	well && is "$(in_force)" "/sbin/old;log;$(origin rule)deny alias x;2;1;" || return 1
	file mode 'mode 0'
	policy load "$WORK/mode"
	well && is "$(in_force)" "/sbin/old;log;$(origin mode);0;1;"
}

several()
{
	local expected

	fake
	mkdir -p "$WORK/policy.d"
	rm -f "$WORK/policy.d"/*
	file policy.d/20.conf 'mode 0' 'deny alias b' 'helper /b'
	file policy.d/10.conf 'mode 1' 'deny alias a' 'helper /a'
	file policy.d/9.conf 'deny alias c'
	file policy.d/10.conf~ 'nonsense'
	file policy.d/.x.conf 'nonsense'
	ln -s /dev/null "$WORK/policy.d/15.conf"
	file last 'deny alias last' 'mode 2'
	policy load "$WORK/policy.d" "$WORK/last"
	expected="$(origin policy.d/10.conf);deny alias a;;"
	expected+="$(origin policy.d/20.conf);deny alias b;;"
	expected+="$(origin policy.d/9.conf)deny alias c;$(origin last)deny alias last;;"
	well && is "$(in_force autoload/policy)" "$expected" rules &&
		is "$(in_force autoload/helpers kernel/modules_autoload_mode)" '/a;/b;1;' ||
		return 1
	policy show
	well && grep -qE "^ +7  deny alias b +$WORK/policy.d/20.conf:2$" "$WORK/out"
}

# No file at all is a mistake, and must not clear the rules.
no_files()
{
	fake
	mkdir -p "$WORK/policy.d" "$WORK/root"
	rm -f "$WORK/policy.d"/*
	policy load "$WORK/policy.d"
	fails 1 "no file \*.conf in $WORK/policy.d" && is "$(in_force)" "$OLD" || return 1
	ln -s /dev/null "$WORK/policy.d/a.conf"
	policy load "$WORK/policy.d"
	fails 1 "no file \*.conf in $WORK/policy.d" && is "$(in_force)" "$OLD" || return 1
	kmodctl policy check --root "$WORK/root"
	fails 1 'no file \*.conf in /etc/kmod/policy.d, /run/kmod/policy.d or /usr/lib'
}

# Opening a FIFO would wait for a writer.
special()
{
	fake
	mkdir -p "$WORK/policy.d"
	rm -f "$WORK/policy.d"/*
	echo 'deny alias b' >"$WORK/policy.d/a.conf"
	mkfifo "$WORK/policy.d/b.conf"
	policy load "$WORK/policy.d"
	fails 1 "$WORK/policy.d/b.conf: not a regular file" && is "$(in_force)" "$OLD"
}

odd_name()
{
	fake
	file $'a\nb c' 'deny alias b'
	policy load "$WORK/"$'a\nb c'
	well && is "$(in_force autoload/policy)" "file $WORK/a\\x0ab\\x20c;deny alias b;" ||
		return 1
	mkdir -p "$WORK/$(printf '%0100d/%0100d' 0 0)"
	file "$(printf '%0100d/%0100d/end' 0 0)" 'deny alias b'
	policy load "$WORK/$(printf '%0100d/%0100d/end' 0 0)"
	well && is "$(head -n 1 "$FAKE/autoload/policy" | wc -c)" 206 &&
		head -n 1 "$FAKE/autoload/policy" | grep -q '/end$'
}

standard_input()
{
	fake
	STATUS=0
	echo 'deny alias x' | "$KMODCTL" policy load --securityfs "$FAKE" --sysctl "$FAKE" - \
		>"$WORK/out" 2>"$WORK/err" || STATUS=$?
	well && is "$(in_force autoload/policy)" 'file -;deny alias x;'
}

# A command that failed has no output, which must not clear the rules.
no_input()
{
	fake
	STATUS=0
	"$KMODCTL" policy load --securityfs "$FAKE" --sysctl "$FAKE" - </dev/null \
		>"$WORK/out" 2>"$WORK/err" || STATUS=$?
	fails 1 '-: no input' && is "$(in_force)" "$OLD" || return 1
	policy load /dev/null
	well && is "$(in_force autoload/policy)" 'file /dev/null;' 'a named file'
}

# An instance that waits for its standard input must not delay another one.
slow_input()
{
	local slow

	fake
	file other 'deny alias y'
	mkfifo "$WORK/slow"
	exec 9<>"$WORK/slow"
	"$KMODCTL" policy load --securityfs "$FAKE" --sysctl "$FAKE" - \
		<"$WORK/slow" 9<&- >/dev/null 2>&1 &
	slow=$!
	# When it has read this line, it waits for the next one.
	echo '# slow' >&9
	while kill -0 "$slow" && read -r -t 0 -u 9; do
		sleep 0.1
	done
	STATUS=0
	timeout 10 "$KMODCTL" policy load --securityfs "$FAKE" --sysctl "$FAKE" "$WORK/other" \
		9<&- >"$WORK/out" 2>"$WORK/err" || STATUS=$?
	kill "$slow" || { say 'the first load has ended'; return 1; }
	wait "$slow" || :
	exec 9<&-
	well && is "$(in_force autoload/policy)" "file $WORK/other;deny alias y;"
}

bad_input()
{
	fake
	file fine 'mode 1' 'helper /x' 'enforce 0' 'helpers enforce'
	file bad 'deny alias x' 'nonsense'
	policy load "$WORK/fine" "$WORK/bad"
	fails 1 "$WORK/bad:2: expected" && is "$(in_force)" "$OLD"
}

# traced OPTION... -- ARGUMENT...: runs kmodctl policy ARGUMENT... under strace with the
# options. Writes $WORK/trace.
traced()
{
	local options=()

	strace true 2>/dev/null || { SKIP='strace is not installed or not permitted'; return 1; }
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	STATUS=0
	strace -o "$WORK/trace" "${options[@]}" "$KMODCTL" policy "$2" --securityfs "$FAKE" \
		"${@:3}" >"$WORK/out" 2>"$WORK/err" || STATUS=$?
}

# order [HELPERS_MODE ENFORCE]: sets ORDER to the files that load writes, in order
order()
{
	fake "$@"
	traced -e trace=openat -- load --sysctl "$FAKE" "$WORK/lines" || return 1
	well && ORDER=$(grep O_WRONLY "$WORK/trace" | grep -oE '[a-z_]+",' | tr -d '",' | xargs)
}

orders()
{
	file lines 'mode 1' 'enforce 1' 'helpers enforce' 'helper /x' 'deny alias x'
	order log 0 && is "$ORDER" \
		'helpers helpers_mode policy modules_autoload_mode enforce' stricter || return 1
	order enforce 1 && is "$ORDER" 'helpers policy modules_autoload_mode' 'as before' ||
		return 1
	file lines 'mode 0' 'enforce 0' 'helpers log' 'helper /x' 'deny alias x'
	order enforce 1 && is "$ORDER" \
		'helpers_mode enforce helpers policy modules_autoload_mode' weaker
}

one_write()
{
	fake
	{ lines 50000; echo 'mode 1'; } >"$WORK/many"
	{ yes 'helper /sbin/x' | head -n 4000 || :; } >>"$WORK/many"
	traced -e trace=write -P "$FAKE/autoload/policy" -P "$FAKE/autoload/helpers" -- \
		load --sysctl "$FAKE" "$WORK/many" || return 1
	well && is "$(grep -c 'write(' "$WORK/trace")" 2 writes &&
		is "$(stat -c %s "$FAKE/autoload/helpers")" 32000 helpers &&
		is "$(stat -c %s "$FAKE/autoload/policy")" \
			$((50000 * 16 + 4001 + $(echo "file $WORK/many" | wc -c))) rules
}

# refused FILE ERRNO: makes the second open of the file, which is for writing, fail
refused()
{
	traced -e "inject=openat:error=$2:when=2" -P "$FAKE/$1" -- \
		load --sysctl "$FAKE" "$WORK/all"
}

puts_back()
{
	local setting mode

	file all "${EVERYTHING[@]}"
	for setting in "${SETTINGS[@]}"; do
		for mode in enforce off; do
			fake "$mode"
			file all 'helpers log' "${EVERYTHING[@]}"
			refused "$setting" EINVAL || return 1
			is "$STATUS" 1 "$setting" &&
				is "$(in_force)" "${OLD/log/$mode}" "$setting" &&
				grep -q "$FAKE/$setting: the kernel rejected" "$WORK/err" &&
				grep -q 'the policy has not changed' "$WORK/err" || return 1
		done
	done
}

# Makes the fourth and the fifth open fail: setting the mode and restoring the rules.
stuck()
{
	fake
	file rules 'mode 1' 'deny alias x'
	traced -e inject=openat:error=EIO:when=4+1 -P "$FAKE/autoload/policy" \
		-P "$FAKE/kernel/modules_autoload_mode" -- \
		load --sysctl "$FAKE" "$WORK/rules" || return 1
	is "$STATUS" 1 && is "$(wc -l <"$WORK/err")" 3 messages &&
		grep -q 'the previous policy is only partly restored' "$WORK/err"
}

# interrupted FILE [ERROR]: sends SIGINT while the file is opened for writing, which may fail
interrupted()
{
	fake enforce
	traced -e "inject=openat:signal=SIGINT${2:+:error=$2}:when=2" -P "$FAKE/$1" -- \
		load --sysctl "$FAKE" "$WORK/all" && is "$STATUS" 130 "$1"
}

not_half()
{
	local setting new

	file all 'helpers off' "${EVERYTHING[@]}"
	new="/sbin/modprobe;/usr/lib/*;off;$(origin all);${LOADED#"$(origin all)"}1;0;"
	for setting in "${SETTINGS[@]}"; do
		interrupted "$setting" && is "$(in_force)" "$new" "$setting" || return 1
		interrupted "$setting" EINVAL &&
			is "$(in_force)" "${OLD/log/enforce}" "$setting" || return 1
	done
}

# An empty file must not be restored by an empty write.
puts_back_nothing()
{
	fake
	: >"$FAKE/autoload/helpers"
	file all "${EVERYTHING[@]}"
	refused kernel/modules_autoload_mode EINVAL || return 1
	is "$STATUS" 1 && is "$(in_force)" ";log;deny alias old;2;1;"
}

why()
{
	fake
	file all 'enforce 0'
	refused autoload/enforce EPERM || return 1
	grep -q 'enforce: .* (CAP_SYS_MODULE .* is needed)' "$WORK/err" || return 1
	echo 1 >"$FAKE/autoload/lock"
	refused autoload/enforce EPERM || return 1
	grep -q 'enforce: .* (the policy is locked until the next boot)' "$WORK/err"
}

not_permitted()
{
	[[ $(id -u) -eq 0 ]] || { SKIP='needs root'; return 1; }
	fake
	cp "$KMODCTL" "$WORK/kmodctl"
	file all "${EVERYTHING[@]}"
	chmod -R a+rX "$WORK"
	chmod a+w "$FAKE"/*/*
	chmod 444 "$FAKE/autoload/enforce"
	STATUS=0
	setpriv --reuid 65534 --regid 65534 --clear-groups "$WORK/kmodctl" policy load \
		--securityfs "$FAKE" --sysctl "$FAKE" "$WORK/all" 2>"$WORK/err" || STATUS=$?
	is "$STATUS" 1 && grep -q "enforce: Permission denied (are you root?" "$WORK/err" &&
		is "$(in_force)" "$OLD"
}

not_there()
{
	local setting

	file all "${EVERYTHING[@]}"
	for setting in "${SETTINGS[@]}"; do
		fake
		rm "$FAKE/$setting"
		policy load "$WORK/all"
		fails 1 "$FAKE/$setting: no policy in this kernel \(CONFIG_SECURITY_AUTOLOAD and" ||
			return 1
	done
	kmodctl policy show --securityfs "$WORK/nowhere"
	fails 1 "$WORK/nowhere: No such file"
}

not_mounted()
{
	unshare -m true 2>/dev/null || { SKIP='unshare is not permitted'; return 1; }
	STATUS=0
	unshare -m bash -c 'umount -l /sys/kernel/security 2>/dev/null; exec "$@"' bash \
		"$KMODCTL" policy lock >"$WORK/out" 2>"$WORK/err" || STATUS=$?
	fails 1 'securityfs is not mounted; try: mount -t securityfs none /sys/kernel/security'
}

locks()
{
	fake
	policy lock
	well && is "$(<"$FAKE/autoload/lock")" 1 || return 1
	traced -e trace=openat -P "$FAKE/autoload/lock" -- lock || return 1
	well && is "$(grep -c O_WRONLY "$WORK/trace")" 0 'writes when locked already'
}

# Another instance may have written only a part of its policy.
locks_whole()
{
	local result=0

	have flock || return 1
	fake
	exec 9<"$FAKE/autoload/lock"
	flock 9
	"$KMODCTL" policy lock --securityfs "$FAKE" 9<&- >"$WORK/out" 2>"$WORK/err" &
	sleep 0.5
	is "$(<"$FAKE/autoload/lock")" 0 'while another instance writes' || result=1
	exec 9<&-
	STATUS=0
	wait $! || STATUS=$?
	[[ $result -eq 0 ]] && well && is "$(<"$FAKE/autoload/lock")" 1
}

# Arguments and expected error message
MISUSES=(
	"|expected a command after 'policy'"
	"--securityfs|expected a command after 'policy'"
	"nonsense|unknown command 'policy nonsense'"
	"test|expected a name after 'policy test'"
	"deny --module|expected a name after 'policy deny'"
	"test --cap x a|unknown capability 'x'"
	"test --uid no-such-user a|unknown user 'no-such-user'"
	"test --userns x a|expected 'init' or 'other'"
	"test --cgroup a.service a|expected a path that begins with '/' after --cgroup"
	"test --file x --in-force a|--file and --in-force exclude"
	"show x|unexpected argument 'x'"
	"lock x|unexpected argument 'x'"
	"check --json x|unknown option '--json'"
	"lock -j|unknown option '-j'"
	"suggest --sysctl /|unknown option '--sysctl'"
	"show --sysctl|option '--sysctl' requires an argument"
)

misused()
{
	local misuse

	for misuse in "${MISUSES[@]}"; do
		# shellcheck disable=SC2086 # several arguments
		kmodctl policy ${misuse%%|*}
		fails 2 "${misuse#*|}" && is "$(<"$WORK/out")" '' output || return 1
	done
}

profiles()
{
	local profile found=0

	for profile in "$(dirname "$0")"/../policy/*.conf; do
		[[ -f $profile ]] || continue
		found=1
		kmodctl policy check --modules /nowhere "$profile"
		well || return 1
	done
	[[ $found -eq 1 ]] || { SKIP='no profiles'; return 1; }
}

TESTS=(
	shown 'show prints settings, rules with their origin, and helpers'
	json 'show --json prints the same policy'
	escaped 'show escapes bytes that are not ASCII'
	odd_helpers 'show prints the path of any helper as load accepts it'
	modprobe_with_blank 'a helper line may have an escaped blank'
	unconfigured 'show and load accept files that were never written'
	good 'check accepts the whole grammar'
	bad_lines 'check reports each kind of error with its line'
	every_error 'check reports all errors in all files'
	unreadable 'an unreadable file is an error'
	sizes "check enforces the kernel's limits"
	loads 'load keeps the line numbers of rules and applies directives'
	leaves_alone 'load keeps settings that no file has, and replaces the rules'
	several 'load reads the *.conf files of a directory in order, and marks each'
	no_files 'no file at all is an error, and changes nothing'
	special 'a FIFO in a directory is an error, and changes nothing'
	odd_name 'the origin of a rule is one word, however odd or long its path'
	standard_input '- is standard input'
	no_input 'no standard input at all is an error, and changes nothing'
	slow_input 'load does not wait for another load that waits for its input'
	bad_input 'load changes nothing after bad input'
	orders 'while load writes, the policy is neither weaker nor stricter than both policies'
	one_write 'load writes rules and helpers in one write each'
	puts_back 'load restores the previous policy when the kernel rejects a setting'
	not_half 'a signal during load does not leave a part of a policy'
	puts_back_nothing 'load restores an empty list'
	stuck 'load reports a policy that is only partly restored'
	why 'after EPERM, the error names the lock or the capability'
	not_permitted 'without permission, load reports it and the policy does not change'
	not_there 'if a file is missing, the error names the kernel option'
	not_mounted 'without securityfs, the error has the mount command'
	locks 'lock writes only if the policy is not locked'
	locks_whole 'lock waits for a load that has not ended'
	misused 'wrong arguments give status 2 and one message that names the argument'
	profiles 'check accepts the ready-made policies'
)
run_tests
