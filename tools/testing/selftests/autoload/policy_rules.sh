#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Who may have modules loaded: the mode, the rules, learning. What locks all that for
# good is in policy_lock.sh.
# shellcheck disable=SC2317 # the tests are called by name
source "$(dirname "$0")/../kmod/kmod_lib.sh"
source "$(dirname "$0")/autoload_lib.sh"

# A module without a use, from lib/test_module.c
MODULE=test_module
LEARNED_MAX=1024
RULES_MAX=$((1 << 20))
# Under 10 s on a plain kernel.
REPLACEMENTS=10000

restore_more()
{
	no_policy
	rmmod "$MODULE" 2>/dev/null || :
}

rules() { printf '%s\n' "$@" | write_to "$POLICY/policy"; }
set_mode() { echo "$1" >"$MODE_SYSCTL"; }
learn() { echo 0 >"$POLICY/enforce"; }
# asks [UID]: opens a socket
asks() { as "${1:-0}" "$HERE/kmod_req" pf "$FAMILY" >/dev/null; }

# passes [UID] and is_denied [UID]: a request of that user for ALIAS
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

# Nor has a thread of the kernel, which has all capabilities.
nobody_at_all()
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

# Only for requests: what root loads on its own is not judged.
modules()
{
	local err=0

	rules "deny module test-modul?" >/dev/null
	is "$(status_of "$MODULE")" -1 "result" &&
		is "$(outcome "$MODULE")" "outcome=$DENIED_OUTCOME result=-1" || return 1
	! is_loaded "$MODULE" || complain "it is loaded" || return 1
	"$REAL_MODPROBE" "$MODULE" || err=$?
	is "$err" 0 "modprobe by root" && rmmod "$MODULE" || return 1
	rules "deny module test_module uid $USER_ID" >/dev/null
	is "$(status_of "$MODULE")" 0 "the result for another user"
}

# Who joins a modprobe shares its end; so must their rules be the same.
not_joined()
{
	local first

	rules "deny module x uid $USER_ID" >/dev/null
	use_held_helper
	asks 0 &
	first=$!
	wait_until has_started fake || return 1
	asks "$USER_ID" &
	wait_until has_started fake 2 || return 1
	release
	wait "$first" "$!"
}

learning()
{
	set_mode 1
	learn
	rules "deny module $MODULE" >/dev/null
	passes "$USER_ID" && passes "$USER_ID" && passes || return 1
	set_modprobe "$REAL_MODPROBE"
	is "$(status_of "$MODULE")" 0 "module" || return 1
	is "$(sed 's/comm=kmod_req//' "$POLICY/learned" | grep alias)" \
		"kind=alias name=$ALIAS uid=$USER_ID count=2 " &&
		is "$(grep -c "^kind=module name=$MODULE uid=0 count=1 comm=" "$POLICY/learned")" 1
}

# Users choose names at will.
learning_is_bounded()
{
	local i

	set_mode 2
	learn
	use_helper fake
	"$HERE/kmod_req" -n $((LEARNED_MAX + 6)) fs kmod_learn >/dev/null
	asks "$USER_ID"
	for ((i = 0; i < 3; i++)); do
		ask fs kmod_learn0 >/dev/null
	done
	is "$(grep -c ^kind= "$POLICY/learned")" "$LEARNED_MAX" "names" &&
		is "$(tail -n 1 "$POLICY/learned")" missed=7 || return 1
	echo >"$POLICY/learned"
	is "$(<"$POLICY/learned")" "" "after it was emptied"
}

# unchanged ERRNO FILE COMMAND...: whose output, written there, is refused for that
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
			"kmod: policy: line 3: neither allow nor deny" &&
		unchanged EINVAL policy printf 'deny alias cut' &&
		unchanged EINVAL policy printf 'deny alias a\0\n' &&
		unchanged EINVAL policy head -c 5000 /dev/urandom &&
		unchanged EINVAL policy head -c 100000 /bin/busybox &&
		unchanged EINVAL enforce echo 2 && unchanged EINVAL enforce echo yes &&
		unchanged EINVAL lock echo 0 && unchanged EINVAL lock echo 2 &&
		unchanged EINVAL helpers echo modprobe &&
		unchanged EINVAL helpers printf /sbin/modprobe &&
		unchanged EINVAL helpers_mode echo on &&
		unchanged EFBIG policy lines $((RULES_MAX / 16 + 1)) &&
		unchanged EFBIG enforce printf '%020d' 1
}

# lines COUNT: so many rules of 16 bytes each
lines() { yes 'deny alias xxxx' | head -n "$1"; }

# By a second write, or at an offset.
in_parts()
{
	rules "deny alias kept" >/dev/null
	is "$(echo "deny alias x" | write_to "$POLICY/policy" 16)" ESPIPE || return 1
	! (echo "deny alias a"; echo "deny alias b") 2>/dev/null >"$POLICY/policy" ||
		complain "two writes"
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
	! as "$USER_ID" cat "$POLICY/policy" 2>/dev/null || complain "anybody reads the rules"
	is "$(<"$MODE_SYSCTL")$(<"$POLICY/lock")" 00
}

# All of them, or as many as fit: read back as they were written, and all of them tried.
many()
{
	local i

	for ((i = 0; i < 9999; i++)); do
		echo "allow alias kmod-of-that-name-$i"
	done >"$WORK/rules"
	echo "deny alias $ALIAS" >>"$WORK/rules"
	is "$(write_to "$POLICY/policy" <"$WORK/rules")" OK &&
		cmp "$WORK/rules" "$POLICY/policy" && is_denied || return 1
	is "$(lines $((RULES_MAX / 16)) | write_to "$POLICY/policy")" OK &&
		is "$(wc -c <"$POLICY/policy")" "$RULES_MAX"
}

# While every slot is taken, and others wait for them.
never_waits()
{
	fill_slots || return 1
	rules "deny alias $ALIAS" >/dev/null
	at_most "$(time_of "$(as "$USER_ID" "$HERE/kmod_req" pf "$FAMILY")")" "$SOON" \
		"microseconds:" &&
		is "$(outcome "$ALIAS")" "outcome=$DENIED_OUTCOME result=-1" || return 1
	empty_slots
}

# Whatever rules hold, they are whole: both sets deny that name.
storm()
{
	local asker

	use_helper fake
	echo "deny alias $ALIAS" >"$WORK/a"
	{ lines 100; echo "deny alias $ALIAS"; } >"$WORK/b"
	write_to "$POLICY/policy" <"$WORK/a" >/dev/null
	while :; do
		asks "$USER_ID"
		"$HERE/kmod_req" -n 20 fs kmod_storm >/dev/null
	done &
	asker=$!
	"$HERE/kmod_write" "$POLICY/policy" swap "$REPLACEMENTS" "$WORK/a" "$WORK/b" || return 1
	kill "$asker"
	wait "$asker" 2>/dev/null || :
	is "$(names_of fake | grep -cx "$ALIAS" || :)" 0 "let through:" &&
		at_least "$(started fake)" 1 "others:"
}

# The log has ten such lines in five seconds, and others may have had them.
told()
{
	sleep 6
	rules "# nothing" "deny alias $ALIAS" >/dev/null
	dmesg -c >/dev/null
	asks "$USER_ID"
	is "$(dmesg | sed -n 's/.*kmod: //p' | sed 's/\[[0-9]*\]/[]/')" \
		"alias $ALIAS denied to kmod_req[], uid $USER_ID, by rule in line 2" || return 1
	rules "" >/dev/null
	set_mode 2
	dmesg -c >/dev/null
	asks "$USER_ID"
	is "$(dmesg | sed -n 's/.*kmod: //p' | sed 's/\[[0-9]*\]/[]/')" \
		"alias $ALIAS denied to kmod_req[], uid $USER_ID, by kernel.modules_autoload_mode 2"
}

TESTS=(
	'unconfigured|with nothing configured nothing is denied'
	'admins_only|in mode 1 only who has CAP_SYS_MODULE has modules loaded'
	'nobody_at_all|in mode 2 nobody has'
	'rules_and_modes|rules open and close names in any mode'
	'one_user|a rule may be for one user'
	'modules|a module may be closed under whatever name, but not to root itself'
	'not_joined|users for whom other rules hold do not share a modprobe'
	'learning|what would be denied is noted once for each user'
	'learning_is_bounded|no more than 1024 names are noted'
	'bad_text|bad text is refused, with the line, and changes nothing'
	'in_parts|what does not come whole is refused'
	'not_root|it takes CAP_SYS_MODULE'
	'many|10000 rules, and a megabyte of them, hold as a whole'
	'never_waits|who is denied does not wait for a slot'
	'storm|while rules are replaced no request gets past them'
	'told|the log says who was denied what, and by what'
)
needs_policy
needs_journal
run_tests
