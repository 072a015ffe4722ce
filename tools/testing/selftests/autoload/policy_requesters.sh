#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The qualifiers of rules, for each kind of requester, and the fields of denials and learned
# requests that describe the requester
# shellcheck disable=SC2317 # the tests are called by name
source "$(dirname "$0")/../kmod/kmod_lib.sh"
source "$(dirname "$0")/autoload_lib.sh"

CGROUPS=$WORK/cgroup2
TRACING=/sys/kernel/tracing

restore_more()
{
	no_policy
	leave_cgroup
	echo 0 >"$TRACING/events/autoload/enable"
} 2>/dev/null

rules() { printf '%s\n' "$@" | write_to "$POLICY/policy"; }

# asks COMMAND...: requests ALIAS under that command
asks() { "$@" "$HERE/kmod_req" pf "$FAMILY" >/dev/null; }

# passes COMMAND..., is_denied COMMAND...: check the result of such a request
passes()
{
	use_helper fake
	asks "$@"
	is "$(started fake) $(outcome "$ALIAS")" "1 outcome=ok result=0" "$*:"
}

is_denied()
{
	use_helper fake
	asks "$@"
	is "$(started fake) $(outcome "$ALIAS")" "0 outcome=$DENIED_OUTCOME result=-1" "$*:"
}

# Requesters
root() { "$@"; }
user() { as "$USER_ID" "$@"; }
other_user() { as "$OTHER_ID" "$@"; }
userns_root() { as "$USER_ID" unshare --user --map-root-user "$@"; }
# Like a systemd service with User= and AmbientCapabilities=
net_admin()
{
	setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups --inh-caps +net_admin \
		--ambient-caps +net_admin -- "$@"
}

is_cgroup_root() { [[ -e $CGROUPS/cgroup.procs ]]; }

# enter_cgroup PATH: moves this shell into that cgroup
enter_cgroup()
{
	mkdir -p "$CGROUPS"
	is_cgroup_root || mount -t cgroup2 none "$CGROUPS" || return 1
	mkdir -p "$CGROUPS/$1" && echo $$ >"$CGROUPS/$1/cgroup.procs"
}

leave_cgroup()
{
	is_cgroup_root || return 0
	echo $$ >"$CGROUPS/cgroup.procs"
	find "$CGROUPS"/kmod* -depth -type d -exec rmdir {} \;
	umount "$CGROUPS"
}

# expect_denied NAME...: the rules in force must deny ALIAS to these requesters only.
REQUESTERS=(root user other_user userns_root net_admin)
expect_denied()
{
	local requester

	for requester in "${REQUESTERS[@]}"; do
		if [[ " $* " == *" $requester "* ]]; then
			is_denied "$requester" || return 1
		else
			passes "$requester" || return 1
		fi
	done
}

uids()
{
	rules "deny alias $ALIAS uid $USER_ID-$((OTHER_ID - 1))" >/dev/null
	expect_denied user userns_root net_admin || return 1
	rules "deny alias $ALIAS uid 0" >/dev/null
	expect_denied root || return 1
	rules "deny alias $ALIAS uid 1-4294967294" >/dev/null
	expect_denied user other_user userns_root net_admin
}

capabilities()
{
	rules "deny alias $ALIAS cap net_admin" >/dev/null
	expect_denied root net_admin || return 1
	rules "deny alias $ALIAS cap net_admin cap cap_sys_module" >/dev/null
	expect_denied root || return 1
	echo 1 >"$MODE_SYSCTL"
	rules "allow alias $ALIAS cap net_admin" >/dev/null
	expect_denied user other_user userns_root
}

namespaces()
{
	rules "deny alias $ALIAS userns other" >/dev/null
	expect_denied userns_root || return 1
	rules "deny alias $ALIAS userns init uid $USER_ID" >/dev/null
	expect_denied user net_admin
}

# The path is that in the initial cgroup namespace, even for a requester in another one.
cgroups()
{
	enter_cgroup kmod/a.service/b || return "$KSFT_SKIP"
	rules "deny alias $ALIAS cgroup /kmod/*.service/**" >/dev/null
	is_denied root && is_denied unshare --cgroup || return 1
	rules "deny alias $ALIAS cgroup /kmod/*" "deny alias $ALIAS cgroup /" \
		"deny alias $ALIAS cgroup /b" >/dev/null
	passes root && passes unshare --cgroup || return 1
	rules "deny alias $ALIAS cgroup **/b" >/dev/null
	is_denied root && enter_cgroup kmod/a.service && passes root || return 1
	rules "deny alias $ALIAS cgroup /kmod/*.service/**" >/dev/null
	is_denied root || return 1
	leave_cgroup
	passes root || return 1
	rules "deny alias $ALIAS cgroup /" >/dev/null
	is_denied root
}

# A kernel thread makes the requests of test_kmod.
kernel_threads()
{
	use_helper fake
	rules "deny alias kmod_* kthread" >/dev/null
	is "$(status_of kmod_nobody)" -1 "a kernel thread's request" || return 1
	ask fs kmod_nobody >/dev/null
	is "$(outcome fs-kmod_nobody)" "outcome=ok result=0" || return 1
	rules "deny alias * kthread cap sys_module userns init uid 0" >/dev/null
	is "$(status_of kmod_nobody)" -1 "with qualifiers for root"
}

# fields KEY...: prints these fields of the denials in the kernel log
fields()
{
	dmesg | sed -n 's/.*autoload: denied: //p' | awk -v keys="$*" '
		BEGIN { n = split(keys, key, " ") }
		{
			line = ""
			for (i = 1; i <= n; i++)
				for (j = 1; j <= NF; j++)
					if (index($j, key[i] "=") == 1)
						line = line (line == "" ? "" : " ") $j
			print line
		}'
}

# new_log: clears the kernel log after the rate limit of denials, ten in five seconds, has expired
new_log()
{
	sleep 6
	dmesg -c >/dev/null
}

# FAULTS 54. The kernel thread cryptomgr_probe requests a template for a user, with the credentials
# of that user.
templates()
{
	use_helper fake exit 1
	"$REAL_MODPROBE" -a algif_hash cryptomgr 2>/dev/null || "$REAL_MODPROBE" algif_hash ||
		return "$KSFT_SKIP"
	user "$HERE/kmod_req" hash 'kmodt(x)' >/dev/null
	names_of fake | grep -qx crypto-kmodt || return "$KSFT_SKIP"
	rules "deny alias crypto-kmodu uid $USER_ID kthread" >/dev/null
	new_log
	user "$HERE/kmod_req" hash 'kmodu(x)' >/dev/null
	other_user "$HERE/kmod_req" hash 'kmodu(x)' >/dev/null
	is "$(fields name uid caps kthread comm)" \
		"name=crypto-kmodu uid=$USER_ID caps=0 kthread=1 comm=cryptomgr_probe" &&
		is "$(names_of fake | grep -cx crypto-kmodu)" 1 "modprobes" || return 1
	rules "" >/dev/null
	echo 1 >"$MODE_SYSCTL"
	use_helper fake exit 1
	user "$HERE/kmod_req" hash 'kmodv(x)' >/dev/null
	is "$(started fake)" 0 "modprobes for a user in mode 1" || return 1
	ask hash 'kmodv(x)' >/dev/null
	is "$(names_of fake | grep -cx crypto-kmodv)" 1 "modprobes for root in mode 1"
}

logged()
{
	local expected="kind=alias name=$ALIAS rule=/etc/a.conf:2 uid=$USER_ID caps=1000"

	expected+=" userns=init kthread=0 comm=kmod_req exe=$HERE/kmod_req"
	rules "# nothing" "file /etc/a.conf" "" "deny alias $ALIAS" "deny module test_module" \
		>/dev/null
	new_log
	asks net_admin
	is "$(fields kind name rule uid caps userns kthread comm exe)" "$expected" ||
		return 1
	dmesg -c >/dev/null
	asks userns_root
	is "$(fields uid caps userns)" "uid=$USER_ID caps=0 userns=other" || return 1
	dmesg -c >/dev/null
	set_modprobe "$REAL_MODPROBE"
	status_of test_module >/dev/null
	is "$(fields kind name rule uid)" \
		"kind=module name=test_module rule=/etc/a.conf:3 uid=0" || return 1
	dmesg -c >/dev/null
	enter_cgroup 'kmod a.service' || return 0
	asks root
	is "$(fields cgroup)" 'cgroup=/kmod\x20a.service'
}

# A name must not add fields to the line.
forged()
{
	rules "deny alias fs-*" >/dev/null
	new_log
	ask fs 'a denied: kind=alias uid=0' >/dev/null
	is "$(fields name uid)" \
		'name=fs-a\x20denied:\x20kind=alias\x20uid=0 uid=0'
}

traced()
{
	local helper="kind=helper name=$WORK/fake/modprobe rule=helpers"

	[[ -d $TRACING/events/autoload ]] || mount -t tracefs none "$TRACING" 2>/dev/null || :
	[[ -d $TRACING/events/autoload ]] || return "$KSFT_SKIP"
	rules "deny alias $ALIAS" >/dev/null
	echo 1 >"$TRACING/events/autoload/enable"
	echo >"$TRACING/trace"
	asks user
	echo 0 >"$POLICY/enforce"
	asks user
	echo 1 >"$POLICY/enforce"
	printf 'mode enforce\n/none\n' | write_to "$POLICY/helpers" >/dev/null
	use_helper fake
	ask fs kmod_traced >/dev/null
	is "$(grep -c "autoload_deny: enforced=1 kind=alias name=$ALIAS rule=1 .* uid=$USER_ID " \
		"$TRACING/trace")" 1 "denied requests" &&
		is "$(grep -c "autoload_deny: enforced=0 kind=alias name=$ALIAS " \
			"$TRACING/trace")" 1 "learned requests" &&
		is "$(grep -c "autoload_deny: enforced=1 $helper " \
			"$TRACING/trace")" 1 "denied helpers"
}

# Requesters that need different rules must have separate lines.
learned()
{
	local line

	echo 1 >"$MODE_SYSCTL"
	echo 0 >"$POLICY/enforce"
	grep -qE '^since_ns=[1-9][0-9]* mode=1$' "$POLICY/learned" ||
		complain "expected since_ns and mode: $(<"$POLICY/learned")" || return 1
	use_helper fake
	asks root
	asks user
	asks user
	asks userns_root
	asks net_admin
	asks other_user
	for line in "uid=$USER_ID caps=0 userns=init kthread=0 count=2" \
		"uid=$USER_ID caps=0 userns=other kthread=0 count=1" \
		"uid=$USER_ID caps=1000 userns=init kthread=0 count=1" \
		"uid=$OTHER_ID caps=0 userns=init kthread=0 count=1"; do
		is "$(grep -c "^kind=alias name=$ALIAS rule=mode:1 $line comm=kmod_req exe=" \
			"$POLICY/learned")" 1 "$line:" || return 1
	done
	is "$(grep -c ^kind= "$POLICY/learned")" 4 "lines"
}

TESTS=(
	'uids|uid N-M matches the real user id'
	'capabilities|cap matches an effective capability in the initial user namespace'
	'namespaces|userns matches the user namespace'
	'cgroups|cgroup matches the path in the initial cgroup namespace'
	'kernel_threads|kthread matches requests by kernel threads'
	'templates|a template is checked with the credentials of the user that caused the request'
	'logged|the log names the file and line of the rule, and the requester'
	'forged|a name with spaces is escaped'
	'traced|denials of requests and helpers, enforced or not, are traced'
	'learned|requests of one user with different capabilities are learned separately'
)
needs_policy
needs_journal
run_tests
