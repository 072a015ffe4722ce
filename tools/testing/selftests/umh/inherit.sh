#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A helper is the same whoever asked for it (FAULTS 23 and 31). A modprobe that dumps
# all it has inherited is asked for by requesters in all kinds of states: its dump must
# be that of a plain requester to the byte, and that one must be what is documented.
# umh_dump.c says what is left out of a dump.
#
# With KMOD_DUMPS, a file, in the environment nothing is judged: all dumps are written to
# it, each line behind the requester's name, to be compared with those of another kernel.
source "$(dirname "$0")/../kmod/kmod_lib.sh"

DUMPS=${KMOD_DUMPS:-}
REQUESTER=plain
CGROUP=/sys/fs/cgroup
GROUP=$CGROUP/kmod_inherit
JAIL=$WORK/jail
# A family that has no module here.
FAMILY=30

clean_up_more()
{
	rmdir "$GROUP" || :
	umount "$JAIL/proc" || :
} 2>/dev/null

# dump NAME COMMAND...: the dump of the modprobe that the command asks for, in the file
# NAME
dump()
{
	local name=$1

	shift
	rm -f "$WORK/dump/dump"
	"$@" >/dev/null || complain "the requester failed with $?" || return 1
	mv "$WORK/dump/dump" "$WORK/$name" || complain "no helper has run"
}

# record NAME: that dump, for the test that runs
record() { sed "s/^/$REQUESTER /" "$WORK/$1" >>"$DUMPS"; }

# same COMMAND...: asked for by that command, is it the plain one's?
same()
{
	set_modprobe "$WORK/dump/modprobe"
	dump this "$@" || return 1
	[[ -z $DUMPS ]] || { record this; return; }
	diff "$WORK/plain" "$WORK/this" >"$WORK/diff" && return 0
	sed 's/^/# /' "$WORK/diff"
	return 1
}

ASK=("$HERE/kmod_req" pf "$FAMILY")
# in_state STATE: asked for by a requester in that state, see umh_as.c
in_state() { same "$HERE/umh_as" "$1" "${ASK[@]}"; }

# has FIELD VALUE: in the plain dump
has()
{
	local value

	value=$(sed -n "s|^$1:[[:space:]]*||p" "$WORK/plain")
	is "$value" "$2" "$1 is"
}

plain()
{
	sed 's/^/# /' "$WORK/plain"
	has arguments "'-q' '--' 'net-pf-$FAMILY'" &&
		has environment "'HOME=/' 'TERM=linux' 'PATH=/sbin:/usr/sbin:/bin:/usr/bin'" &&
		has 'status PPid' 2 && has 'status Uid' $'0\t0\t0\t0' &&
		has 'status NoNewPrivs' 0 &&
		has 'status CapInh' 0000000000000000 && has 'status Seccomp' 0 &&
		has 'status SigBlk' 0000000000000000 && has 'status SigIgn' 0000000000000000 &&
		has nice 0 && has scheduler 0 && has ioprio 0 && has securebits 0 &&
		has 'stat field 6' 0 && has 'stat field 7' 0 && has /proc/self/oom_score_adj 0
}

# The mask is the engine's own; the guest's init sees to it that PID 1 has another one.
umask_is_ours()
{
	say "PID 1 has $(sed -n 's/^Umask:\t//p' /proc/1/status)"
	has 'status Umask' 0022
}

no_files() { is "$(grep -c '^/proc/self/fd/' "$WORK/plain" || :)" 0 "open files:"; }
pid1_root() { has / "$(stat -c '%D:%i' /proc/1/root/)"; }

pid1_namespaces()
{
	local name

	for name in cgroup ipc mnt net pid user uts; do
		has "/proc/self/ns/$name" "$(readlink "/proc/1/ns/$name")" || return 1
	done
}

again() { same "${ASK[@]}"; }
nice_up() { in_state nice; }
nice_down() { in_state not_nice; }
real_time() { in_state fifo && in_state rr; }
other_policy() { in_state batch && in_state idle; }
pinned() { in_state pinned; }
masked() { in_state masked && in_state pending; }
ignoring() { in_state ignoring; }
limited() { in_state limited; }
umask_all() { in_state umask; }
victim() { in_state victim; }
ioprio() { in_state ioprio; }
a_personality() { in_state personality; }
slack() { in_state slack; }
controlled() { in_state controlled; }
no_new_privs() { in_state no_new_privs; }
filtered() { in_state filtered; }
timed() { in_state timed; }
open_files() { in_state open_files; }
bound() { in_state bound && in_state locked; }
session() { same setsid -w "${ASK[@]}"; }

# With a place of its own, another directory to be in, and an environment.
chrooted()
{
	mkdir -p "$JAIL"
	cp "$HERE/kmod_req" "$JAIL/"
	same chroot "$JAIL" /kmod_req pf "$FAMILY" &&
		same sh -c 'cd /tmp && exec env -i SECRET=1 "$@"' sh "${ASK[@]}"
}

namespaces()
{
	same unshare -m -u -i -n -C "${ASK[@]}" && same unshare -p -f "${ASK[@]}" &&
		same unshare -U -r -n "${ASK[@]}"
}

# A root directory of its own in a mount name space of its own.
own_root()
{
	mkdir -p "$JAIL"
	cp "$HERE/kmod_req" "$JAIL/"
	same unshare -m sh -c "mount --bind $JAIL $JAIL && exec chroot $JAIL /kmod_req pf $FAMILY"
}

unprivileged()
{
	same as "$NOBODY" "${ASK[@]}" &&
		same setpriv --bounding-set -all --inh-caps -all "${ASK[@]}"
}

in_cgroup()
{
	mkdir -p "$GROUP"
	# shellcheck disable=SC2016 # its own pid
	same sh -c 'echo $$ >"$0" && exec "$@"' "$GROUP/cgroup.procs" "${ASK[@]}"
}

in_cpuset()
{
	mkdir -p "$GROUP"
	echo +cpuset >"$CGROUP/cgroup.subtree_control" &&
		echo 0 >"$GROUP/cpuset.cpus" && in_cgroup
}

session_keyring() { same keyctl session kmod_inherit "${ASK[@]}"; }

# The helper's thread is a copy of one of these.
workers()
{
	local stat

	for stat in /proc/[0-9]*/stat; do
		# Not those of high priority, which have an H in their names.
		[[ ! $(<"$stat") =~ \(kworker/u[0-9]+:[0-9]+[^0-9H] ]] || echo "$stat"
	done 2>/dev/null | cut -d/ -f3
}

# by_workers COMMAND... -- COMMAND...: asked for while the workers are as the first command
# has made them; the second one makes them as they were. Both get their pids, one by one.
by_workers()
{
	local -a make=()
	local result=0

	while [[ $1 != -- ]]; do
		make+=("$1")
		shift
	done
	shift
	workers | xargs -n 1 "${make[@]}" >/dev/null || complain "cannot" || return 1
	same "${ASK[@]}" || result=1
	workers | xargs -n 1 "$@" >/dev/null || :
	return "$result"
}

niced_worker() { by_workers renice 10 -p -- renice 0 -p; }

real_time_worker() { by_workers chrt -f -p 10 -- chrt -o -p 0; }

# A requester that fails has a line that says so.
record_all()
{
	local entry

	: >"$DUMPS"
	record plain
	for entry in "${REQUESTERS[@]}"; do
		REQUESTER=${entry%%|*}
		"$REQUESTER" >/dev/null 2>&1 || echo "$REQUESTER failed: yes" >>"$DUMPS"
	done
}

TESTS=(
	'plain|a helper inherits what is documented'
	'umask_is_ours|its umask is 022, whatever that of PID 1 is'
	'no_files|it has no open files'
	'pid1_root|it is in the root directory of PID 1'
	'pid1_namespaces|it is in the name spaces of PID 1'
)
REQUESTERS=(
	'again|the same requester gets the same twice'
	'nice_up|a nice requester'
	'nice_down|one with a negative nice value'
	'real_time|a real-time requester'
	'other_policy|a batch requester, an idle one'
	'pinned|a requester that is pinned to a CPU'
	'masked|one that blocks all signals, and has some pending'
	'ignoring|one that ignores all signals'
	'limited|one with low resource limits'
	'umask_all|one with umask 0777'
	'victim|one with another oom_score_adj'
	'ioprio|one with another I/O priority'
	'a_personality|one with another personality'
	'slack|one with another timer slack'
	'controlled|a subreaper with secure bits and a parent death signal'
	'no_new_privs|one with no_new_privs'
	'filtered|one with a seccomp filter'
	'timed|one with timers'
	'open_files|one with many open files'
	'bound|one with a memory policy, one with locked memory'
	'session|one in a session of its own'
	'chrooted|one in a chroot, one with another directory and environment'
	'namespaces|one in name spaces of its own'
	'own_root|one with a root directory of its own'
	'unprivileged|an unprivileged one, one without capabilities'
	'in_cgroup|one in a control group'
	'in_cpuset|one in a cpuset'
	'session_keyring|one with a session keyring'
	'niced_worker|the kernel worker that makes the helper may be niced'
	'real_time_worker|that worker may be a real-time one'
)
TESTS+=("${REQUESTERS[@]}")
[[ $UID -ne 0 ]] || mkdir -p "$WORK/dump"
cp "$HERE/umh_dump" "$WORK/dump/modprobe"
chmod a+rx "$WORK"
set_modprobe "$WORK/dump/modprobe"
dump plain "${ASK[@]}" || : >"$WORK/plain"
if [[ -n $DUMPS ]]; then
	record_all
else
	run_tests
fi
