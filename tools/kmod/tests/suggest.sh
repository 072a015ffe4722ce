#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmodctl policy suggest.
source "$(dirname "$0")/lib.sh"

FAKE=$WORK/kernel

suggest() { kmodctl policy suggest --securityfs "${1:-$FAKE}"; }

# learned LINE...: sets the requests that the kernel has learned
learned()
{
	mkdir -p "$FAKE/autoload"
	printf '%s\n' "$@" >"$FAKE/autoload/learned"
}

need() { echo "kind=alias name=$1 uid=${2:-1000} count=1 comm=x"; }
rules() { grep -v '^#' "$WORK/out" | grep . || :; }

usual() { suggest "$FIXTURES/policy" && well && shows "$FIXTURES/policy/suggest.txt"; }

nothing()
{
	: >"$FAKE/autoload/learned"
	suggest && well && is "$(rules)" '' && grep -q '^# No requests were learned' "$WORK/out" &&
		kmodctl policy check "$WORK/out" && well
}

# suggested NEED... -- RULE...
suggested()
{
	local needs=()

	while [[ $1 != -- ]]; do
		# shellcheck disable=SC2086 # a name and a user
		needs+=("$(need $1)")
		shift
	done
	learned "${needs[@]}"
	suggest && well && is "$(rules)" "$(printf '%s\n' "${@:2}")"
}

users()
{
	suggested 'a 1000' -- 'allow alias a uid 1000' &&
		suggested 'a 0' -- 'allow alias a uid 0' &&
		suggested 'a 1000' 'a 1001' -- 'allow alias a' &&
		suggested 'a 0' 'a 1000' -- 'allow alias a uid 0' 'allow alias a uid 1000' &&
		suggested 'a 1000' 'a 0' 'a 1001' -- 'allow alias a' &&
		suggested 'a 1001' 'b 1002' 'a 1002' 'b 1002' -- 'allow alias a' \
			'allow alias b uid 1002'
}

# The users of services have other ids on other machines, and those of containers at other times.
services()
{
	local container

	suggested 'a 101' 'a 102' 'a 1000' -- 'allow alias a uid 101' 'allow alias a uid 102' \
		'allow alias a uid 1000' &&
		suggested 'a 61184' 'a 65519' 'a 65534' -- 'allow alias a uid 61184' \
		'allow alias a uid 65519' 'allow alias a uid 65534' || return 1
	learned "$(needed a 165536 / other)" "$(needed a 231072 / other)"
	suggest && well || return 1
	for container in 165536 231072; do
		grep -qx "allow alias a uid $container userns other" "$WORK/out" || return 1
	done
	is "$(rules | wc -l)" 2 rules
}

# A rule for a module has no qualifiers.
modules()
{
	learned 'kind=module name=a uid=0 count=1 comm=x cgroup=/system.slice/a.service'
	suggest && well && is "$(rules)" '' 'for one service' &&
		grep -qx '# allow module a' "$WORK/out" &&
		grep -q '^# A rule for a module applies to any requester' "$WORK/out" || return 1
	learned 'kind=module name=a uid=1000 count=1 comm=x' \
		'kind=module name=a uid=1001 count=1 comm=x'
	suggest && well && is "$(rules)" 'allow module a' 'for several users'
}

# The root of a container can give its control groups any names.
hostile()
{
	local group long

	long=$(printf 'x%.0s' {1..250})
	for group in '/lxc.payload.x/a\x0aallow\x20alias\x20*\x0a.service' '/a/b\x20c.service' \
		'/x\xc3\xa4.service' '/x\x1b[31m.scope' "/$long.service" /x.servicex; do
		learned "$(needed a 165536 "$group" other)"
		suggest && well && is "$(rules)" 'allow alias a uid 165536 userns other' "$group" &&
			! grep -qP '[^\n -~]' "$WORK/out" || return 1
	done
}

alike()
{
	suggested 'a-b_c 1' 'a_b-c 1' 'a-b 1' -- \
		'allow alias a-b_c uid 1' 'allow alias a-b uid 1' &&
		suggested 'a-b 1001' 'a_b 1002' -- 'allow alias a-b'
}

# For these names, bash and the kernel interpret patterns equally.
exact()
{
	local name pattern other
	local -a names=('a*' 'a?' 'a[b]' '[!a]' '\*' 'a]' '!' '#' '"x"' '*' '***' '?' 'a*b?c[d')

	for name in "${names[@]}"; do
		learned "$(need "$(sed 's/\\/\\x5c/g; s/"/\\x22/g' <<<"$name")")"
		suggest && well || return 1
		pattern=$(rules | cut -d' ' -f3)
		for other in "${names[@]}" a ab abc 'a[b' b x '\a'; do
			# shellcheck disable=SC2053 # it is a pattern
			if [[ $other == $pattern ]]; then
				is "$other" "$name" "matches $pattern" || return 1
			fi
		done
		# shellcheck disable=SC2053 # a pattern
		[[ $name == $pattern ]] || { say "$pattern does not match $name"; return 1; }
	done
}

no_rule()
{
	local name shown

	for name in 'a\x20b' 'a\x09b' 'a\x0aallow\x20alias\x20*' '\xc3\xa4' '\x7f' '\x00a' ''; do
		shown=${name//\\x20/ }
		[[ $shown == "$name" && -n $name ]] || shown="\"$shown\""
		learned "$(need "$name")"
		suggest && well && is "$(rules)" '' "$name" &&
			grep -qF "No rule can match the alias $shown:" "$WORK/out" &&
			kmodctl policy check "$WORK/out" && well || return 1
	done
}

strange()
{
	local line

	for line in 'kind=other name=a uid=1 count=1 comm=x' \
		'kind=alias name=a uid=4294967295 count=1 comm=x'; do
		learned "$line"
		suggest && well && is "$(rules)" '' "$line" || return 1
	done
}

missed()
{
	learned "$(need a)" missed=12
	suggest && well && grep -q '^# Warning: incomplete; .* 12 more' "$WORK/out" &&
		is "$(rules)" 'allow alias a uid 1000'
}

malformed()
{
	local line

	for line in nonsense 'kind=alias name=a uid=1 count=1' 'kind=alias name=a b uid=1 count=1' \
		'missed=x' 'kind=alias name=a uid=x count=1 comm=y'; do
		learned "$(need a)" "$line" "$(need b)"
		suggest
		fails 1 ".*/autoload/learned:2: malformed line" &&
			is "$(rules)" $'allow alias a uid 1000\nallow alias b uid 1000' || return 1
	done
}

# check accepts the file, and repeats its warning.
warned()
{
	is "$STATUS" 0 status &&
		is "$(grep -cv 'warning: incomplete\|warning: unknown in' "$WORK/err")" 0 errors &&
		grep -q "$WORK/suggested:[0-9]*: warning: incomplete; " "$WORK/err"
}

# Tests odd requests, and the longest list.
loadable()
{
	local i

	suggest "$FIXTURES/policy"
	mv "$WORK/out" "$WORK/suggested"
	kmodctl policy check "$WORK/suggested"
	warned || return 1
	learned "$(for ((i = 0; i < 1024; i++)); do need "n$i" "$i"; done)" missed=1
	suggest && well && is "$(rules | wc -l)" 1024 rules || return 1
	mv "$WORK/out" "$WORK/suggested"
	kmodctl policy check "$WORK/suggested"
	warned
}

# needed NAME UID CGROUP [USERNS]: a learned request with all keys
needed()
{
	echo "kind=alias name=$1 rule=mode:1 uid=$2 caps=0 userns=${4:-init} kthread=0 count=2" \
		"comm=x exe=/bin/x cgroup=$3"
}

# Requests of a service are allowed to the service only.
units()
{
	local hash

	hash=$(printf '0123456789abcdef%.0s' 1 2 3 4)
	learned 'since_ns=0 mode=1' "$(needed a 998 /system.slice/a.service)" \
		"$(needed a 997 /system.slice/b.service/sub)" \
		"$(needed b 998 /system.slice/a.service)" \
		"$(needed a 1000 /user.slice/user-1000.slice/session-3.scope)" \
		"$(needed c 0 "/system.slice/docker-$hash.scope")" \
		"$(needed d 0 '/system.slice/v\x5cx2dw.service')" \
		"$(needed e 1000 /user.slice/x other)" "$(needed f 0 /system.slice/srv.mount)" \
		"$(needed g 0 /system.slice/a.socket)" "$(needed h 0 /dev-sda2.swap)"
	suggest && well && is "$(rules)" "$(printf '%s\n' \
		'allow alias a cgroup /system.slice/a.service/**' \
		'allow alias b cgroup /system.slice/a.service/**' \
		'allow alias a cgroup /system.slice/b.service/**' \
		'allow alias a uid 1000' 'allow alias e uid 1000 userns other' \
		'allow alias c cgroup /system.slice/docker-*.scope/**' \
		'allow alias d cgroup /system.slice/v\\x2dw.service/**' \
		'allow alias f cgroup /system.slice/srv.mount/**' \
		'allow alias g cgroup /system.slice/a.socket/**' \
		'allow alias h cgroup /dev-sda2.swap/**')" || return 1
	mv "$WORK/out" "$WORK/suggested"
	kmodctl policy check --modules /nowhere "$WORK/suggested"
	well
}

# grouped GROUP PATTERN: the requests of the group are allowed to this pattern
grouped()
{
	learned "$(needed a 998 "$1")"
	suggest && well && is "$(rules)" "allow alias a cgroup $2/**" "$1"
}

# Only the ids that programs append to the names of units differ each time.
ids()
{
	local half name

	half=$(printf '0123456789abcdef%.0s' 1 2)
	for name in docker libpod libpod-conmon crio crio-conmon cri-containerd; do
		grouped "/a.slice/$name-$half$half.scope/x" "/a.slice/$name-*.scope" || return 1
	done
	for name in scope service; do
		grouped "/a.slice/run-r$half.$name" "/a.slice/run-r*.$name" &&
			grouped "/a.slice/run-u17.$name" "/a.slice/run-u*.$name" || return 1
	done
	for name in run-updates.service run-u.service run-u1a.service run-u7.mount run-r.service \
		run-rsync.service run-r0123.service docker-web.service docker-proxy.scope \
		docker-.scope docker-cafe.scope "docker-$half$half.service" \
		"docker-$half${half}0.scope" libpod-cleanup.service crio-wipe.service \
		lxc.payload.web.scope lxc.payload.a.service; do
		grouped "/a.slice/$name" "/a.slice/$name" || return 1
	done
}

# A kernel thread requests the parts of a template on behalf of a user. Its group is the root.
kernel_threads()
{
	learned "$(needed a 1000 / | sed s/kthread=0/kthread=1/)" "$(needed a 1000 /)" \
		"$(needed b 998 / | sed s/kthread=0/kthread=1/)" \
		"$(needed c 0 / | sed s/kthread=0/kthread=1/)" \
		"$(needed d 1000 / | sed s/kthread=0/kthread=1/)" \
		"$(needed d 1001 / | sed s/kthread=0/kthread=1/)"
	suggest && well && is "$(rules)" "$(printf '%s\n' 'allow alias a uid 1000 kthread' \
		'allow alias b uid 998 kthread' 'allow alias c uid 0 kthread' \
		'allow alias d kthread' 'allow alias a uid 1000')"
}

merged()
{
	needed a 998 /system.slice/a.service >"$WORK/one"
	{ needed a 998 /system.slice/a.service; needed b 1000 /; } >"$WORK/two"
	kmodctl policy suggest "$WORK/one" "$WORK/two"
	well && is "$(rules)" \
		$'allow alias a cgroup /system.slice/a.service/**\nallow alias b uid 1000' &&
		grep -q '^# uid 998 in a.service: 4 times, first by x$' "$WORK/out" || return 1
	echo 'since_ns=7000000000 mode=1' >>"$WORK/two"
	echo 'since_ns=0 mode=1' >>"$WORK/one"
	kmodctl policy suggest "$WORK/two" "$WORK/one"
	well && grep -q "began 7.00 s after boot, in $WORK/two$" "$WORK/out" || return 1
	kmodctl policy suggest "$WORK/one" "$WORK/nowhere"
	is "$STATUS" 1 && grep -q "$WORK/nowhere: No such file" "$WORK/err"
}

boot_not_learned()
{
	learned 'since_ns=61000000000 mode=1' "$(needed a 1000 /)"
	suggest && well && grep -q '^# Warning: incomplete; learning began 1 min 01 s after boot' \
		"$WORK/out" && grep -q 'kmod.enforce=0 kmod.autoload=1$' "$WORK/out" || return 1
	learned 'since_ns=400000000 mode=1' 'since_ns=259261000000000 mode=2'
	suggest && well && grep -q ' began 72 h 01 min after boot, ' "$WORK/out" || return 1
	learned 'since_ns=400000000 mode=1'
	suggest && well && grep -q ' began 400 ms after boot, ' "$WORK/out" || return 1
	learned 'since_ns=0 mode=1' "$(needed a 1000 /)"
	suggest && well && is "$(grep -c Warning "$WORK/out")" 0 warnings
}

not_there()
{
	rm -f "$FAKE/autoload/learned"
	suggest
	fails 1 "$FAKE/autoload/learned: no policy in this kernel"
}

TESTS=(
	usual 'each name has one rule, with a comment for each user'
	nothing 'without learned requests there are only comments'
	users 'a rule is for any user if several persons need it'
	services 'no rule is for any user because several services or containers need it'
	modules 'a rule for a module is a comment unless several persons need it'
	hostile 'names of control groups add no text to the rules'
	alike 'names that differ only in - and _ share a rule'
	exact 'a rule matches exactly the name'
	no_rule 'names that no pattern can match become comments'
	strange 'kinds and users that the kernel would reject become comments'
	missed 'an incomplete list has a warning'
	malformed 'malformed lines are reported and skipped'
	loadable 'check accepts the suggested rules'
	units 'requests of a service or a container are allowed to its control group'
	ids 'a rule is for other containers only if the name has the id of a container'
	kernel_threads 'requests of kernel threads for one user are allowed to this user'
	merged 'the learned requests of several machines are added up'
	boot_not_learned 'a boot that was not learned has a warning'
	not_there 'if a file is missing, the error names the kernel option'
)
mkdir -p "$FAKE/autoload"
run_tests
