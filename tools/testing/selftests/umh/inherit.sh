#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The state that a helper inherits must not depend on its requester (FAULTS 23, 31 and 49).
# Requesters in many states make the kernel run a modprobe that dumps its state. Each dump
# must equal that of a plain requester, which must agree with Documentation/kmod.txt.
# umh_dump.c lists the fields that a dump leaves out.
#
# With KMOD_DUMPS=FILE in the environment the test checks nothing. It writes all dumps to FILE,
# with the name of the requester before each line, for a comparison with another kernel.
source "$(dirname "$0")/../kmod/kmod_lib.sh"

DUMPS=${KMOD_DUMPS:-}
REQUESTER=plain
CGROUP=/sys/fs/cgroup
GROUP=$CGROUP/kmod_inherit
JAIL=$WORK/jail
# A protocol family for which the test kernels have no module
FAMILY=30
UNBOUND_MASK=/sys/devices/virtual/workqueue/cpumask
OLD_MASK=$(cat "$UNBOUND_MASK" 2>/dev/null || :)

clean_up_more()
{
	[[ -z $OLD_MASK ]] || echo "$OLD_MASK" >"$UNBOUND_MASK" || :
	rmdir "$GROUP" || :
	umount "$JAIL/proc" || :
} 2>/dev/null

# dump NAME COMMAND...: runs a command that requests a module, and moves the dump of its
# modprobe to NAME
dump()
{
	local name=$1

	shift
	rm -f "$WORK/dump/dump"
	"$@" >/dev/null || complain "the requester failed with status $?" || return 1
	mv "$WORK/dump/dump" "$WORK/$name" || complain "no helper ran"
}

# record NAME: appends the dump NAME, for the current requester, to DUMPS
record() { sed "s/^/$REQUESTER /" "$WORK/$1" >>"$DUMPS"; }

# same COMMAND...: checks that the command causes the same dump as the plain requester
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
# in_state STATE: as same, for a requester in that state, see umh_as.c
in_state() { same "$HERE/umh_as" "$1" "${ASK[@]}"; }

# has FIELD VALUE: checks a field in the dump of the plain requester
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

# The engine sets the umask to 022. In the guest, that of PID 1 is 077.
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

# A requester in a chroot, then one with another working directory and environment
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

# A requester whose root directory is in its own mount namespace
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
	# shellcheck disable=SC2016 # the pid of the inner shell
	same sh -c 'echo $$ >"$0" && exec "$@"' "$GROUP/cgroup.procs" "${ASK[@]}"
}

in_cpuset()
{
	mkdir -p "$GROUP"
	echo +cpuset >"$CGROUP/cgroup.subtree_control" &&
		echo 0 >"$GROUP/cpuset.cpus" && in_cgroup
}

session_keyring() { same keyctl session kmod_inherit "${ASK[@]}"; }

# The pids of the unbound workers, one of which forks the helper's thread
workers()
{
	local stat

	for stat in /proc/[0-9]*/stat; do
		# An H in the name marks workers of high priority, which fork no helper.
		[[ ! $(<"$stat") =~ \(kworker/u[0-9]+:[0-9]+[^0-9H] ]] || echo "$stat"
	done 2>/dev/null | cut -d/ -f3
}

# by_workers COMMAND... -- COMMAND...: runs the first command with the pid of each worker,
# checks the dump, and runs the second command, which undoes the first.
by_workers()
{
	local -a make=()
	local result=0

	while [[ $1 != -- ]]; do
		make+=("$1")
		shift
	done
	shift
	workers | xargs -n 1 "${make[@]}" >/dev/null || complain "${make[*]} failed" || return 1
	same "${ASK[@]}" || result=1
	workers | xargs -n 1 "$@" >/dev/null || :
	return "$result"
}

niced_worker() { by_workers renice 10 -p -- renice 0 -p; }

real_time_worker() { by_workers chrt -f -p 10 -- chrt -o -p 0; }

# The helper must have the CPUs that unbound workqueues may use.
workqueue_mask()
{
	local result=0

	[[ -w $UNBOUND_MASK && $(nproc) -gt 1 ]] || return "$KSFT_SKIP"
	echo 1 >"$UNBOUND_MASK"
	set_modprobe "$WORK/dump/modprobe"
	dump this "${ASK[@]}" || result=1
	echo "$OLD_MASK" >"$UNBOUND_MASK"
	[[ -z $DUMPS ]] || { record this; return "$result"; }
	is "$(sed -n 's/^affinity: //p' "$WORK/this")" 1 "CPUs:" || result=1
	return "$result"
}

# A requester that fails leaves a line "NAME failed: yes".
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
	'plain|a helper starts in the documented state'
	'umask_is_ours|the umask of a helper is 022, even if PID 1 has another one'
	'no_files|a helper inherits no open files'
	'pid1_root|a helper has the root directory of PID 1'
	'pid1_namespaces|a helper is in the initial namespaces, as PID 1 of a guest is'
)
REQUESTERS=(
	'again|two requests by one requester result in the same state'
	'nice_up|the nice value of the requester is not inherited'
	'nice_down|a negative nice value is not inherited'
	'real_time|a real-time policy is not inherited'
	'other_policy|the batch and idle policies are not inherited'
	'pinned|the CPU affinity is not inherited'
	'masked|blocked and pending signals are not inherited'
	'ignoring|ignored signals are not inherited'
	'limited|resource limits are not inherited'
	'umask_all|the umask is not inherited'
	'victim|oom_score_adj is not inherited'
	'ioprio|the I/O priority is not inherited'
	'a_personality|the personality is not inherited'
	'slack|the timer slack is not inherited'
	'controlled|subreaper state, securebits and parent death signal are not inherited'
	'no_new_privs|no_new_privs is not inherited'
	'filtered|a seccomp filter is not inherited'
	'timed|timers are not inherited'
	'open_files|open files are not inherited'
	'bound|the memory policy and memory locks are not inherited'
	'session|the session is not inherited'
	'chrooted|a chroot, the working directory and the environment are not inherited'
	'namespaces|namespaces are not inherited'
	'own_root|a root directory in another mount namespace is not inherited'
	'unprivileged|credentials are not inherited'
	'in_cgroup|the cgroup is not inherited'
	'in_cpuset|the cpuset is not inherited'
	'session_keyring|the session keyring is not inherited'
	'niced_worker|the nice value of the worker that forks the helper is not inherited'
	'workqueue_mask|a helper runs only on the CPUs that unbound workqueues may use'
	'real_time_worker|the real-time policy of the worker that forks the helper is not inherited'
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
