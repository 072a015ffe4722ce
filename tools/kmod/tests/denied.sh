#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmodctl log --denied, and kmodctl policy allow ID.
source "$(dirname "$0")/lib.sh"

FAKE=$WORK/kernel

journal()
{
	local cgroup=/system.slice/a.service
	local line='wait=1 parent=0 into=0 joiners=0 modules=0 modprobe=0 slot_ns=0 run_ns=4'

	line+=' begin=14345678901 pid=322 comm=x loginuid=4294967295 userns=4026531837'
	line+=' pidns=4026531836 site=x'
	mkdir -p "$WORK/kmod"
	printf '%s\n' "id=1 name=a outcome=ok result=0 uid=0 userns_level=0 $line" \
		"id=2 name=b*c outcome=lsm result=-1 uid=1000 userns_level=0 $line" \
		"id=3 name=c outcome=lsm result=-1 uid=1000 userns_level=1 $line cgroup=/" \
		"id=4 name=d outcome=lsm result=-1 uid=998 userns_level=0 $line cgroup=$cgroup" \
		"id=5 name=e\\x20f outcome=lsm result=-1 uid=0 userns_level=0 $line" \
		>"$WORK/kmod/requests"
	: >"$WORK/kmod/modules"
}

denied()
{
	have jq || return 1
	journal
	kmodctl log --denied --json --debugfs "$WORK"
	well && is "$(jq -c '[.[].id]' "$WORK/out")" '[2,3,4,5]'
}

# allows ID RULE
allows()
{
	kmodctl policy allow "$1" --debugfs "$WORK"
	well && is "$(<"$WORK/out")" "$2"
}

narrowest()
{
	journal
	allows 2 'allow alias b\*c uid 1000 userns init' &&
		allows 3 'allow alias c uid 1000 userns other' &&
		allows 4 'allow alias d cgroup /system.slice/a.service/**' || return 1
	kmodctl policy allow 1 --debugfs "$WORK"
	fails 1 'request 1 was not denied' || return 1
	kmodctl policy allow 9 --debugfs "$WORK"
	fails 1 'the journal has no request 9' || return 1
	kmodctl policy allow 5 --debugfs "$WORK"
	fails 1 'no rule can match request 5'
}

# A rule must not have text that a user has chosen, and must be one that the kernel accepts.
hostile()
{
	journal
	sed -i '/id=3/s,cgroup=/,cgroup=/lxc.payload.x/a\\x0aallow\\x20alias\\x20*.service,
		/id=2/s/name=[^ ]*/name=\\x22a\\x5c\x27#/; /id=4/s/uid=998/uid=4294967295/
		/id=4/s/ cgroup=.*//' "$WORK/kmod/requests"
	allows 3 'allow alias c uid 1000 userns other' &&
		allows 2 "allow alias \"a\\\\'# uid 1000 userns init" || return 1
	kmodctl policy allow 4 --debugfs "$WORK"
	fails 1 'no rule can match request 4'
}

# The journal has the id of the group. A rule for the user applies in other groups as well.
group_gone()
{
	local gone=cgroup:9007199254740991 uid

	journal
	sed -i '/id=4/s/cgroup=.*/cgroup=9007199254740991/' "$WORK/kmod/requests"
	kmodctl policy allow 4 --debugfs "$WORK"
	is "$STATUS" 0 status && is "$(<"$WORK/out")" 'allow alias d uid 998 userns init' &&
		is "$(<"$WORK/err")" "kmodctl: warning: $gone was not found; the rule is for$(
			) user id 998 in any group" || return 1
	for uid in 61184 65519; do
		sed -i "/id=4/s/uid=[0-9]* userns/uid=$uid userns/" "$WORK/kmod/requests"
		kmodctl policy allow --write --root "$WORK/gone" 4 --debugfs "$WORK"
		fails 1 "request 4: $gone was not found, and user id $uid is temporary" &&
			is "$(<"$WORK/out")" '' && [[ ! -e $WORK/gone ]] || return 1
	done
	sed -i '/id=4/s/ cgroup=.*//' "$WORK/kmod/requests"
	allows 4 'allow alias d uid 65519 userns init'
}

# --dry-run and --root must not change this machine.
elsewhere()
{
	journal
	fake_kernel
	rm -rf "$WORK/image"
	cp "$FAKE/autoload/policy" "$WORK/before"
	kmodctl policy allow --write --root "$WORK/image" 4 --debugfs "$WORK" \
		--securityfs "$FAKE" --sysctl "$FAKE"
	well && cmp "$FAKE/autoload/policy" "$WORK/before" &&
		grep -q '^allow alias d' "$WORK/image/etc/kmod/policy.d/05-allow.conf" || return 1
	mkdir -p "$WORK/etc"
	in_etc policy allow --write --dry-run 4 --debugfs "$WORK" --securityfs "$FAKE" \
		--sysctl "$FAKE"
	[[ -z $SKIP ]] && well && cmp "$FAKE/autoload/policy" "$WORK/before" &&
		is "$(ls "$WORK/etc")" '' files && grep -q '^+allow alias d' "$WORK/out" || return 1
	kmodctl policy allow --json 4
	fails 2 '--json does not apply' || return 1
	kmodctl policy allow --write x
	fails 2 '--write requires the ID'
}

# in_etc ARGUMENT...: runs kmodctl with /etc/kmod/policy.d in $WORK/etc
in_etc()
{
	unshare -m true 2>/dev/null || { SKIP='unshare is not permitted'; return 0; }
	STATUS=0
	# shellcheck disable=SC2016 # expanded by that shell
	unshare -m bash -c 'mount -t tmpfs none /etc && mkdir -p /etc/kmod/policy.d &&
		mount --bind "$1" /etc/kmod/policy.d && shift && exec "$@"' bash "$WORK/etc" \
		"$KMODCTL" "$@" >"$WORK/out" 2>"$WORK/err" || STATUS=$?
}

# The rule comes before all others, but after those of policy deny.
installs()
{
	local expected='file /etc/kmod/policy.d/00-deny.conf;deny module x;'

	expected+='file /usr/lib/kmod/policy.d/00-deny.conf;deny module y;'
	expected+='file /etc/kmod/policy.d/05-allow.conf;'
	expected+='allow alias d cgroup /system.slice/a.service/**;'
	expected+='file /etc/kmod/policy.d/50-old.conf;deny alias old;'
	journal
	fake_kernel
	mkdir -p "$WORK/etc"
	{ printf '%s\n' 'file /etc/kmod/policy.d/00-deny.conf' 'deny module x'
		printf '%s\n' 'file /usr/lib/kmod/policy.d/00-deny.conf' 'deny module y'
		cat "$FAKE/autoload/policy"; } >"$WORK/policy"
	cp "$WORK/policy" "$FAKE/autoload/policy"
	in_etc policy allow --write 4 --debugfs "$WORK" --securityfs "$FAKE" --sysctl "$FAKE"
	[[ -z $SKIP ]] || return 1
	well && is "$(tail -n 1 "$WORK/etc/05-allow.conf")" \
		'allow alias d cgroup /system.slice/a.service/**' &&
		is "$(grep -v '^#' "$FAKE/autoload/policy" | tr '\n' ';')" "$expected"
}

# A request whose modprobe ran was denied because of a module. A rule for its name has no effect.
because_of_module()
{
	journal
	fake_kernel
	fake_modules || return 1
	sed -i '/id=4/s/modprobe=0/modprobe=77/; /id=4/s/name=d/name=xfrm-offload-2-50/
		/id=2/s/into=0/into=1/; /id=2/s/name=[^ ]*/name=xfrm-type-2-50/' \
		"$WORK/kmod/requests"
	echo 'deny module esp4' >>"$FAKE/autoload/policy"
	on_this 4
	is "$STATUS" 0 && is "$(<"$WORK/out")" 'allow module esp4' &&
		grep -q 'warning: a rule for a module applies to any requester' "$WORK/err" ||
		return 1
	on_this 2
	is "$STATUS" 0 && is "$(<"$WORK/out")" 'allow module esp4' 'joined' || return 1
	fake_kernel
	on_this 4
	fails 1 'request 4 was denied because of a module; no rule denies it now' &&
		is "$(<"$WORK/out")" '' || return 1
	# The kernel does not load a module that is built in.
	sed -i '/id=4/s/name=[^ ]*/name=builtin_fs/' "$WORK/kmod/requests"
	echo 'deny module builtin_fs' >>"$FAKE/autoload/policy"
	on_this 4
	fails 1 'request 4 was denied because of a module; no rule denies it now'
}

# The rules of policy deny come first.
by_policy_deny()
{
	local deny='file /etc/kmod/policy.d/00-deny.conf'
	local allow='take it back by: kmodctl policy allow'

	journal
	fake_kernel
	fake_modules || return 1
	printf '%s\n' "$deny" 'deny alias [c-d]' >"$FAKE/autoload/policy"
	on_this 4
	fails 1 "request 4 is denied by /etc/kmod/policy.d/00-deny.conf:1; $allow \[c-d\]" &&
		is "$(<"$WORK/out")" '' || return 1
	sed -i '/id=4/s/modprobe=0/modprobe=77/; /id=4/s/name=d/name=xfrm-type-2-50/' \
		"$WORK/kmod/requests"
	printf '%s\n' "$deny" 'deny module esp4' >"$FAKE/autoload/policy"
	on_this 4
	fails 1 "request 4 is denied by .*; $allow --module esp4"
}

# So do those of a vendor in a file of the same name, at the next boot.
by_vendor()
{
	local directory

	journal
	fake_modules || return 1
	for directory in /usr/lib /run; do
		fake_kernel
		printf '%s\n' "file $directory/kmod/policy.d/00-deny.conf" 'deny alias d' \
			>"$FAKE/autoload/policy"
		on_this 4
		fails 1 "request 4 is denied by $directory/.*/00-deny.conf:1, which precedes" &&
			is "$(<"$WORK/out")" '' || return 1
	done
	rm -rf "$WORK/image"
	mkdir -p "$WORK/image/usr/lib/kmod/policy.d"
	echo 'deny alias vendor' >"$WORK/image/usr/lib/kmod/policy.d/05-allow.conf"
	kmodctl policy allow --write --root "$WORK/image" 4 --debugfs "$WORK"
	fails 1 ".*/05-allow.conf: would be hidden by $WORK/image/etc/.*/05-allow.conf; copy"
}

# on_this ID: policy allow with the policy and the modules of a machine
on_this()
{
	kmodctl policy allow "$1" --debugfs "$WORK" --securityfs "$FAKE" --sysctl "$FAKE" \
		--modules "$MODULES"
}

TESTS=(
	because_of_module 'policy allow ID prints a rule for the module that was denied'
	by_policy_deny 'policy allow ID refuses a rule that policy deny overrides'
	by_vendor 'policy allow ID refuses a rule that a file of a vendor overrides'
	hostile 'a rule has no text of a user, and is well-formed'
	group_gone 'policy allow ID warns of a rule for all groups, and refuses a temporary user'
	elsewhere 'allow --dry-run and --root do not change this machine'
	denied 'log --denied shows denied requests only'
	narrowest 'policy allow ID prints the narrowest rule'
	installs 'policy allow --write puts the rule behind those of policy deny'
)
run_tests
