#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The policy: modes, rules and learning. policy_lock.sh tests the lock.
# shellcheck disable=SC2317 # the tests are called by name
source "$(dirname "$0")/../kmod/kmod_lib.sh"
source "$(dirname "$0")/autoload_lib.sh"

# lib/test_module.c, on which no other module depends
MODULE=test_module
LEARNED_MAX=1024
RULES_MAX=$((1 << 20))
# Replacements of the rules in the storm. They take less than 10 s on a plain kernel.
REPLACEMENTS=$(on_debug 2500 10000)
# Rules in one of the policies of the storm. With 10000 the storm takes hours on a debug kernel.
STORM_RULES=${STORM_RULES:-100}

restore_more()
{
	no_policy
	rmmod "$MODULE" 2>/dev/null || :
}

rules() { printf '%s\n' "$@" | write_to "$POLICY/policy"; }
set_mode() { echo "$1" >"$MODE_SYSCTL"; }
learn() { echo 0 >"$POLICY/enforce"; }
# asks [UID]: requests ALIAS by a socket
asks() { as "${1:-0}" "$HERE/kmod_req" pf "$FAMILY" >/dev/null; }

# passes [UID], is_denied [UID]: check the result of a request of that user for ALIAS
passes()
{
	use_helper fake
	asks "$@"
	is "$(started fake) $(outcome "$ALIAS")" "1 outcome=ok result=0"
}

is_denied()
{
	use_helper fake
	asks "$@"
	is "$(started fake) $(outcome "$ALIAS")" "0 outcome=$DENIED_OUTCOME result=-1"
}

unconfigured()
{
	is "$(<"$MODE_SYSCTL")" 0 "mode" && is "$(tr -d '\n' <"$POLICY/policy")" "" "rules" &&
		is "$(<"$POLICY/enforce")" 1 "enforce" && is "$(<"$POLICY/lock")" 0 "lock" &&
		is "$(<"$POLICY/helpers_mode")" off "helpers_mode" &&
		passes && passes "$USER_ID" && is "$(<"$POLICY/learned")" "" "learned"
}

admins_only()
{
	set_mode 1
	passes && is_denied "$USER_ID" || return 1
	use_helper fake
	as "$USER_ID" unshare -Ur "$HERE/kmod_req" pf "$FAMILY" >/dev/null
	is "$(started fake)" 0 "modprobes for root of a user namespace" || return 1
	use_helper fake
	without sys_module "$HERE/kmod_req" pf "$FAMILY" >/dev/null
	is "$(started fake)" 0 "modprobes for root without CAP_SYS_MODULE"
}

# Mode 2 also applies to kernel threads, which have all capabilities.
mode_2()
{
	set_mode 2
	is_denied && is_denied "$USER_ID" || return 1
	is "$(status_of kmod_nobody)" -1 "a kernel thread's request"
}

rules_and_modes()
{
	rules "deny alias $ALIAS" >/dev/null
	is_denied && is_denied "$USER_ID" || return 1
	set_mode 2
	rules "allow alias net-pf-?" >/dev/null
	passes "$USER_ID" && passes
}

one_user()
{
	rules "deny alias net-pf-* uid $USER_ID" >/dev/null
	is_denied "$USER_ID" && passes "$OTHER_ID" && passes
}

# Module rules apply to requests only: root can load a denied module by modprobe.
modules()
{
	local err=0

	rules "deny module test-modul?" >/dev/null
	is "$(status_of "$MODULE")" -1 "result" &&
		is "$(outcome "$MODULE")" "outcome=$DENIED_OUTCOME result=-1" || return 1
	! is_loaded "$MODULE" || complain "expected the module not to be loaded" || return 1
	"$REAL_MODPROBE" "$MODULE" || err=$?
	is "$err" 0 "modprobe by root" && rmmod "$MODULE"
}

# Module rules apply to all users, so that requests of different users can share a modprobe.
joined()
{
	local first

	rules "deny module x" >/dev/null
	use_held_helper
	asks 0 &
	first=$!
	wait_until has_started fake || return 1
	asks "$USER_ID" &
	wait_until are_waiting 2 || return 1
	is "$(started fake)" 1 "modprobes" || return 1
	release
	wait "$first" "$!"
}

learning()
{
	local requester="uid=$USER_ID caps=0 userns=init kthread=0"

	set_mode 1
	learn
	rules "deny module $MODULE" >/dev/null
	passes "$USER_ID" && passes "$USER_ID" && passes || return 1
	set_modprobe "$REAL_MODPROBE"
	is "$(status_of "$MODULE")" 0 "module" || return 1
	is "$(grep kind=alias "$POLICY/learned" | sed 's/ comm=.*//')" \
		"kind=alias name=$ALIAS rule=mode:1 $requester count=2" &&
		is "$(grep -c "^kind=module name=$MODULE rule=1 uid=0 count=1 comm=" \
			"$POLICY/learned")" 1
}

# Users can request any number of names. Which of them are recorded depends on their order.
learning_is_bounded()
{
	local i recorded

	set_mode 2
	learn
	set_modprobe "$WORK/none"
	"$HERE/kmod_req" -n $((LEARNED_MAX + 6)) fs kmod_learn >/dev/null
	asks "$USER_ID"
	recorded=$(sed -nE '/.* name=fs-(kmod_learn[0-9]+) .*/{s//\1/p;q}' "$POLICY/learned")
	for ((i = 0; i < 3; i++)); do
		ask fs "$recorded" >/dev/null
	done
	is "$(grep -c ^kind= "$POLICY/learned")" "$LEARNED_MAX" "names" &&
		is "$(tail -n 1 "$POLICY/learned")" missed=7 || return 1
	echo >"$POLICY/learned"
	is "$(grep -c ^kind= "$POLICY/learned" || :)" 0 "after it was emptied" || return 1
	echo 1 >"$POLICY/enforce"
	is "$(<"$POLICY/learned")" "" "after learning"
}

# unchanged ERRNO FILE COMMAND...: writing the output of the command to that file of the policy
# must fail with that errno and change nothing
unchanged()
{
	local errno=$1 file=$POLICY/$2 before

	shift 2
	before=$(<"$file")
	is "$("$@" | write_to "$file")" "$errno" "$* >$file:" && is "$(<"$file")" "$before" "$file:"
}

bad_text()
{
	rules "deny alias kept" >/dev/null
	unchanged EINVAL policy echo "deny alias" &&
		unchanged EINVAL policy printf 'deny alias a\ndeny alias b\nx y\n' &&
		is "$(dmesg | tail -n 1 | sed 's/.*\] //')" \
			"autoload: policy: line 3: expected 'allow' or 'deny'" &&
		unchanged EINVAL policy echo "deny module a uid $USER_ID" &&
		unchanged EINVAL policy printf 'deny alias cut' &&
		unchanged EINVAL policy printf 'deny alias a\0\n' &&
		unchanged EINVAL policy head -c 5000 /dev/urandom &&
		unchanged EINVAL policy head -c 100000 /bin/busybox &&
		unchanged EINVAL enforce echo 2 && unchanged EINVAL enforce echo yes &&
		unchanged EINVAL lock echo 0 && unchanged EINVAL lock echo 2 &&
		unchanged EINVAL helpers echo modprobe &&
		unchanged EINVAL helpers printf 'mode on\n/sbin/modprobe\n' &&
		unchanged EINVAL policy echo "deny alias a uid 2-1" &&
		unchanged EINVAL policy echo "deny alias a cap SYS_MODULE" &&
		unchanged EINVAL policy echo "deny alias a userns any" &&
		unchanged EINVAL policy echo "deny alias a cgroup a" &&
		unchanged EINVAL policy echo "deny alias a kthread kthread" &&
		unchanged EINVAL policy echo "file" &&
		unchanged EINVAL helpers printf /sbin/modprobe &&
		unchanged EINVAL helpers_mode echo on &&
		unchanged EFBIG policy lines $((RULES_MAX / 16 + 1)) &&
		unchanged EFBIG enforce printf '%020d' 1
}

# lines COUNT: prints that many rules of 16 bytes each
lines() { yes 'deny alias xxxx' | head -n "$1"; }

# A second write, a write at an offset, and appending must fail.
in_parts()
{
	local file

	rules "deny alias kept" >/dev/null
	is "$(echo "deny alias x" | write_to "$POLICY/policy" 16)" ESPIPE || return 1
	! (echo "deny alias a"; echo "deny alias b") 2>/dev/null >"$POLICY/policy" ||
		complain "expected the second write to fail" || return 1
	rules "deny alias kept" >/dev/null
	for file in policy helpers helpers_mode enforce lock learned; do
		! (echo "1" >>"$POLICY/$file") 2>/dev/null ||
			complain "expected >> to fail for $file" || return 1
	done
	is "$(<"$POLICY/policy")" "deny alias kept"
}

# writev(2) is one write. C libraries use it for streams.
buffers()
{
	local text=$'deny alias first\ndeny alias second'

	is "$(write_to "$POLICY/policy" parts <<<"$text")" OK &&
		is "$(<"$POLICY/policy")" "$text" || return 1
	is "$(printf 'deny alias third\nwrong\n' | write_to "$POLICY/policy" parts)" EINVAL &&
		is "$(<"$POLICY/policy")" "$text"
}

not_root()
{
	local entry result

	for entry in "policy deny alias x" "enforce 0" "lock 1" "learned x" "helpers /x" \
		"helpers_mode log"; do
		result=$(echo "${entry#* }" |
			without sys_module "$HERE/kmod_write" "$POLICY/${entry%% *}")
		is "$result" EPERM "$entry:" || return 1
	done
	is "$(echo 2 | without sys_module "$HERE/kmod_write" "$MODE_SYSCTL")" EPERM || return 1
	! as "$USER_ID" cat "$POLICY/policy" 2>/dev/null ||
		complain "a user can read the rules" || return 1
	is "$(<"$MODE_SYSCTL")$(<"$POLICY/lock")" 00
}

# 10000 rules, of which the last one must match, and as many rules as fit
many()
{
	local i

	for ((i = 0; i < 9999; i++)); do
		echo "allow alias kmod-of-that-name-$i uid 1-9 cap kill userns init" \
			"cgroup /*/a kthread"
	done >"$WORK/rules"
	echo "deny alias $ALIAS" >>"$WORK/rules"
	is "$(write_to "$POLICY/policy" <"$WORK/rules")" OK &&
		cmp "$WORK/rules" "$POLICY/policy" && is_denied || return 1
	is "$(lines $((RULES_MAX / 16)) | write_to "$POLICY/policy")" OK &&
		is "$(wc -c <"$POLICY/policy")" "$RULES_MAX"
}

# The denial must come while each slot is taken and other requests wait.
never_waits()
{
	fill_slots || return 1
	rules "deny alias $ALIAS" >/dev/null
	at_most "$(time_of "$(as "$USER_ID" "$HERE/kmod_req" pf "$FAMILY")")" "$SOON" \
		"microseconds:" &&
		is "$(outcome "$ALIAS")" "outcome=$DENIED_OUTCOME result=-1" || return 1
	empty_slots
}

# Both sets of rules deny ALIAS, so no request for it may pass at any time.
storm()
{
	local requesters

	use_helper fake
	echo "deny alias $ALIAS" >"$WORK/a"
	{
		yes 'allow alias fs-* uid 1-9 cap net_admin' | head -n "$STORM_RULES" || :
		echo 'allow alias * cgroup /none/** userns other kthread'
		echo "deny alias $ALIAS userns init uid $USER_ID"
	} >"$WORK/b"
	write_to "$POLICY/policy" <"$WORK/a" >/dev/null
	while :; do
		asks "$USER_ID"
		"$HERE/kmod_req" -n 20 fs kmod_storm >/dev/null
	done &
	requesters=$!
	"$HERE/kmod_write" "$POLICY/policy" swap "$REPLACEMENTS" "$WORK/a" "$WORK/b" || return 1
	kill "$requesters"
	wait "$requesters" 2>/dev/null || :
	is "$(names_of fake | grep -cx "$ALIAS" || :)" 0 "modprobes for a denied alias:" &&
		at_least "$(started fake)" 1 "modprobes:"
}

# denials: prints the beginning of the denials in the log, without pids
denials() { dmesg | sed -nE 's/.*autoload: denied: (.*) pid=[0-9]+( uid=[0-9]+) .*/\1\2/p'; }

# The messages are limited to ten in five seconds, which other tests may have used up.
logged()
{
	sleep 6
	rules "# nothing" "deny alias $ALIAS" >/dev/null
	dmesg -c >/dev/null
	asks "$USER_ID"
	is "$(denials)" "kind=alias name=$ALIAS rule=2 uid=$USER_ID" || return 1
	rules "" >/dev/null
	set_mode 2
	dmesg -c >/dev/null
	asks "$USER_ID"
	is "$(denials)" "kind=alias name=$ALIAS rule=mode:2 uid=$USER_ID"
}

TESTS=(
	'unconfigured|without a policy no request is denied'
	'admins_only|mode 1 denies requests without CAP_SYS_MODULE'
	'mode_2|mode 2 denies all requests'
	'rules_and_modes|a matching rule overrides the mode'
	'one_user|a rule with a uid applies to that user only'
	'modules|a module rule denies a module under any alias, but not to modprobe run by root'
	'joined|requests of different users share a modprobe'
	'learning|with enforce 0 each would-be denial is recorded once per user'
	'learning_is_bounded|at most 1024 names are recorded'
	'bad_text|malformed text fails with EINVAL, names the line and changes nothing'
	'in_parts|a write at an offset, a second write and appending all fail'
	'buffers|a write of several buffers replaces the rules at once'
	'not_root|all files of the policy require CAP_SYS_MODULE'
	'many|10000 rules, and 1 MiB of rules, are accepted as a whole'
	'never_waits|a denied request does not wait for a slot'
	'storm|replacing the rules never lets a denied request pass'
	'logged|the log names the requester, the alias and the rule or mode of a denial'
)
needs_policy
needs_journal
run_tests
