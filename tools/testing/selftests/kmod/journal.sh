#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The journal: every kind of request with its requester, its modules and its outcome, as kmodctl
# prints them
# shellcheck disable=SC2317 # the tests are called by name
source "$(dirname "$0")/kmod_lib.sh"

EVENTS=/sys/kernel/tracing/events
VERBOSE_SYSCTL=$SYSCTL/kmod_verbose
RING=256

clean_up_more()
{
	echo 0 >"$VERBOSE_SYSCTL"
	echo 0 >"$EVENTS/kmod/enable"
	echo 0 >"$EVENTS/umh/enable"
	mount -o remount,mode=700 /sys/kernel/debug
	rm -f "$REQUEST_KEY"
	rmmod kmod_stub 2>/dev/null || :
}

# record NAME [INDEX]: prints the JSON object of the last request for NAME, or of that at INDEX
record()
{
	kmodctl log --json | jq -c --arg name "$1" --argjson n "${2:--1}" \
		'map(select(.name == $name))[$n]'
}

# expect NAME KEY VALUE...: checks fields of the last request for NAME
expect()
{
	local name=$1 object

	shift
	object=$(record "$name")
	[[ $object != null ]] || complain "no record of $name" || return 1
	while [[ $# -gt 0 ]]; do
		is "$(jq -r --arg key "$1" '.[$key]' <<<"$object")" "$2" "$1:" || return 1
		shift 2
	done
}

value() { jq -r --arg key "$2" '.[$key]' <<<"$(record "$1")"; }
recorded() { [[ $(record "$1") != null ]]; }
inode_of() { readlink "/proc/$1/ns/$2" | tr -dc 0-9; }

# in_flight NAME STATE: whether a request for NAME is in that state
in_flight()
{
	kmodctl inflight --json | jq -e --arg name "$1" --arg state "$2" \
		'any(.[]; .name == $name and .state == $state)' >/dev/null
}

succeeds()
{
	local pid

	use_helper fake
	"$HERE/kmod_req" fs kmod_ok >/dev/null &
	pid=$!
	wait "$pid"
	expect fs-kmod_ok outcome ok result 0 wait 1 parent 0 into 0 joiners 0 \
		modprobe "$(pid_of fake)" pid "$pid" comm kmod_req uid 0 \
		loginuid 4294967295 userns_level 0 nr_modules 0 \
		userns "$(inode_of self user)" pidns "$(inode_of self pid)" site get_fs_type \
		mntns "$(inode_of self mnt)" exe "$(realpath "$HERE/kmod_req")"
}

# The requester is in a control group and a mount namespace of its own, and the path of its
# executable is too long for the record: 92 bytes are kept.
environment()
{
	local root=$WORK/cgroup2 dir long group mntns result=0

	long=$(printf 'x%.0s' {1..150})
	dir=$WORK/$long
	mkdir -p "$root" "$dir"
	cp "$HERE/kmod_req" "$dir/kmod_long"
	mount -t cgroup2 none "$root" || return 1
	mkdir -p "$root/kmod_test.service"
	group=$(stat -c %i "$root/kmod_test.service")
	use_helper fake
	# shellcheck disable=SC2016 # expanded by that shell
	mntns=$(unshare -m sh -c 'echo $$ >"$1/kmod_test.service/cgroup.procs"
		"$2" fs kmod_env >/dev/null
		readlink /proc/self/ns/mnt' sh "$root" "$dir/kmod_long" | tr -dc 0-9)
	expect fs-kmod_env cgroup "$group" mntns "$mntns" unit kmod_test.service &&
		is "$(value fs-kmod_env exe)" "...${long:0:82}/kmod_long" || result=1
	rmdir "$root/kmod_test.service"
	umount "$root"
	return "$result"
}

fails()
{
	use_helper fake exit 3
	ask fs kmod_fails >/dev/null
	expect fs-kmod_fails outcome failed result 768 modprobe "$(pid_of fake)" || return 1
	set_modprobe "$WORK/none"
	ask fs kmod_missing >/dev/null
	expect fs-kmod_missing outcome failed result "$ENOENT"
}

# The clock of a guest can be so coarse that the wait for a slot seems to take no time.
durations()
{
	use_helper fake sleep 400 exit 1
	ask fs kmod_times >/dev/null
	at_most "$(value fs-kmod_times slot_ns)" 200000000 "ns of waiting:" &&
		at_least "$(value fs-kmod_times run_ns)" 300000000 "ns of running:"
}

joins()
{
	local first

	use_helper fake hold exit 1
	hold
	"$HERE/kmod_req" fs kmod_join >/dev/null &
	wait_until has_started fake || return 1
	"$HERE/kmod_req" -n 3 -s fs kmod_join >/dev/null &
	wait_until in_flight fs-kmod_join joined &&
		in_flight fs-kmod_join running || return 1
	release
	wait
	first=$(record fs-kmod_join -4)
	is "$(jq -r .joiners <<<"$first")" 3 "joiners:" &&
		expect fs-kmod_join outcome failed result 256 modprobe 0 \
			into "$(jq -r .id <<<"$first")"
}

nests()
{
	use_helper fake
	script inner <<<"exec $HERE/kmod_req fs kmod_inner"
	echo "run $WORK/inner" >"$WORK/fake/do.fs-kmod_outer"
	ask fs kmod_outer >/dev/null
	expect fs-kmod_outer parent 0 &&
		expect fs-kmod_inner outcome ok parent "$(value fs-kmod_outer id)"
}

# A request that an orphan makes after the end of its modprobe has no parent request. A chain of
# such requests is not detected as a loop, so the journal must show it (FAULTS 32).
outlives()
{
	local n orphan=kmod_orphan$$

	script daemon <<-END
		name=\${!#}
		n=\${name##*_}
		[[ \$n -lt 3 ]] || exit 0
		(sleep 0.5; exec setsid $HERE/kmod_req fs "${orphan}_\$((n + 1))") &
	END
	use_helper fake run "$WORK/daemon"
	ask fs "${orphan}_1" >/dev/null
	wait_until recorded "fs-${orphan}_3" || return 1
	for n in 1 2 3; do
		expect "fs-${orphan}_$n" outcome ok parent 0 comm kmod_req || return 1
	done
}

loops()
{
	script again <<<"exec $HERE/kmod_req fs kmod_loop"
	use_helper fake run "$WORK/again"
	ask fs kmod_loop >/dev/null
	is "$(record fs-kmod_loop -2 | jq -c '[.outcome, .result]')" "[\"loop\",$ELOOP]"
}

busy()
{
	take_every_slot || return 1
	ask fs kmod_busy >/dev/null
	expect fs-kmod_busy outcome busy result "$ETIME" modprobe 0 &&
		at_least "$(value fs-kmod_busy slot_ns)" $((SLOT_TIMEOUT * 1000000000)) \
			"ns of waiting:"
}

# The request is recorded when its modprobe has ended.
killed()
{
	ask_held kmod_killed exit 1 || return 1
	kill_and_reap "$REQUESTER"
	in_flight fs-kmod_killed running || return 1
	release
	wait_until recorded fs-kmod_killed &&
		expect fs-kmod_killed outcome killed result 256 pid "$REQUESTER"
}

nowait()
{
	use_helper fake sleep 100 exit 1
	"$REAL_MODPROBE" kmod_stub nowait=kmod_nowait
	rmmod kmod_stub
	wait_until recorded kmod_nowait &&
		expect kmod_nowait outcome failed result 256 wait 0 comm modprobe
}

off()
{
	set_modprobe ''
	ask fs kmod_off >/dev/null
	expect fs-kmod_off outcome off result "$ENOENT" modprobe 0
}

denied()
{
	use_helper fake
	"$REAL_MODPROBE" kmod_stub deny=fs-kmod_denied
	ask fs kmod_denied >/dev/null
	rmmod kmod_stub
	is "$(started fake)" 0 "modprobes" &&
		expect fs-kmod_denied outcome lsm result "$EACCES" modprobe 0
}

too_long()
{
	local name

	name=$(printf 'x%.0s' {1..60})
	use_helper fake
	ask fs "$name" >/dev/null
	expect "fs-${name:0:NAME_LENGTH - 3}" outcome name result "$ENAMETOOLONG" modprobe 0
}

# vfat depends on fat, and fat on nls_base.
modules()
{
	local before after

	"$REAL_MODPROBE" -r vfat
	before=$(lsmod | awk 'NR > 1 { print $1 }' | sort)
	ask fs vfat >/dev/null
	after=$(lsmod | awk 'NR > 1 { print $1 }' | sort)
	after=$(grep -vxF "$before" <<<"$after")
	say "loaded:" "$(tr '\n' ' ' <<<"$after")"
	at_least "$(wc -l <<<"$after")" 2 "modules:" &&
		is "$(record fs-vfat | jq -r '.modules | sort | .[]')" "$after" &&
		expect fs-vfat nr_modules "$(wc -l <<<"$after")" outcome ok &&
		is "$(kmodctl modules --json | jq -c 'map(select(.module == "vfat"))[-1] |
			[.state, .name, .comm]')" '["live","fs-vfat","kmod_req"]' || return 1
	"$REAL_MODPROBE" -r vfat
	is "$(kmodctl modules --all --json |
		jq -r 'map(select(.module == "vfat"))[-1].state')" gone
}

container()
{
	local inodes

	use_helper fake
	inodes=$(as "$NOBODY" unshare -U -r -p -f sh -c "$HERE/kmod_req pf 3 >/dev/null
			for ns in user pid; do readlink /proc/self/ns/\$ns; done" | tr -dc '0-9\n')
	expect net-pf-3 outcome ok uid "$NOBODY" userns_level 1 \
		userns "$(head -n 1 <<<"$inodes")" pidns "$(tail -n 1 <<<"$inodes")"
}

# Any byte can occur in the name of a module or of a program.
odd_names()
{
	local program=$WORK/$'q"\\\n\377' name

	use_helper fake
	cp "$HERE/kmod_req" "$program"
	for name in $'c\001\n' $'q"\\' $'u\377\303' 'a b' '%s%n'; do
		"$program" fs "$name" >/dev/null
	done
	kmodctl log --json | jq -e . >/dev/null || return 1
	is "$(value 'fs-c\x01\x0a' comm)" 'q\x22\x5c\x0a\xff' &&
		recorded 'fs-q\x22\x5c' && recorded 'fs-u\xff\xc3' && recorded 'fs-a\x20b' &&
		recorded 'fs-%s%n' || return 1
	! LC_ALL=C grep '[^ -~]' "$JOURNAL/requests" || complain "expected ASCII only" || return 1
	! kmodctl log | LC_ALL=C grep '[^ -~]' || complain "kmodctl: expected ASCII only"
}

# The code of the caller may have been freed when the journal is read.
gone_caller()
{
	use_helper fake
	"$REAL_MODPROBE" kmod_stub nowait=kmod_gone
	"$REAL_MODPROBE" -r kmod_stub
	grep ' name=kmod_gone ' "$JOURNAL/requests" |
		grep -Eq ' site=[a-z_]+\\x20\[kmod_stub\]$' ||
		complain "$(grep ' name=kmod_gone ' "$JOURNAL/requests")"
}

# Users choose names that look like other fields.
forged()
{
	use_helper fake
	echo 1 >"$VERBOSE_SYSCTL"
	ask fs 'a by init[1], uid 0: ok' >/dev/null
	echo 0 >"$VERBOSE_SYSCTL"
	wait_until dmesg_has 'for fs-a\x20by\x20init[1],\x20uid\x200:\x20ok by kmod_req['
}

failed_init()
{
	script load <<<"exec $REAL_MODPROBE kmod_stub init_ms=no"
	use_helper fake run "$WORK/load"
	ask fs kmod_no_init >/dev/null
	expect fs-kmod_no_init nr_modules 0
}

same_as_file()
{
	local other='.modules, .failed_modules, .time, .unit' line

	use_helper fake
	ask fs kmod_same >/dev/null
	line=$(grep ' name=fs-kmod_same ' "$JOURNAL/requests" | tail -n 1)
	is "$(record fs-kmod_same | jq -r "del($other)"' | to_entries[] | "\(.key)=\(.value)"' |
		sed 's/^nr_//' | sort)" "$(tr ' ' '\n' <<<"$line" | sort)"
}

# More requests than the journal holds. With an empty kernel.modprobe they are fast.
wraps()
{
	local requests outcomes

	set_modprobe ''
	requests=$(stat_of requests)
	outcomes=$(stat_of outcome_off)
	"$HERE/kmod_req" -r 10000 fs kmod_many >/dev/null
	is "$(($(stat_of requests) - requests))" 10000 "requests:" &&
		is "$(($(stat_of outcome_off) - outcomes))" 10000 "of them off:" &&
		is "$(grep -c ' outcome=off ' "$JOURNAL/requests")" "$RING" "remembered:" &&
		is "$(awk '$1 == "latency_us" { n += $3 } END { print n }' "$JOURNAL/stats")" \
			"$(stat_of requests)" "in the histogram:" &&
		is "$(awk '/^outcome_/ { n += $2 } END { print n }' "$JOURNAL/stats")" \
			"$(stat_of requests)" "by outcome:"
}

# The files must be private even if all users may search /sys/kernel/debug.
private()
{
	local file

	mount -o remount,mode=755 /sys/kernel/debug
	for file in requests inflight modules stats; do
		! as "$NOBODY" cat "$JOURNAL/$file" >/dev/null 2>&1 ||
			complain "a user reads $file" || return 1
	done
	! as "$NOBODY" kmodctl log >/dev/null 2>"$WORK/err" &&
		grep -qi 'permission denied' "$WORK/err"
}

# For kernels without debugfs
securityfs()
{
	local files=/sys/kernel/security/kmod file

	for file in requests modules stats; do
		is "$(<"$files/$file")" "$(<"$JOURNAL/$file")" "$file:" &&
			is "$(stat -c %a "$files/$file")" 400 "mode of $file:" || return 1
	done
	is "$(<"$files/inflight")" '' inflight: &&
		! as "$NOBODY" cat "$files/requests" >/dev/null 2>&1 || return 1
	is "$(unshare -m sh -c 'umount -l /sys/kernel/debug && kmodctl log --json')" \
		"$(kmodctl log --json)" 'kmodctl log:'
}

# The line is written when the last user of the request is gone, which may be after its return.
verbose()
{
	local line

	use_helper fake exit 1
	dmesg -c >/dev/null
	echo 1 >"$VERBOSE_SYSCTL"
	ask fs kmod_loud >/dev/null
	line="kmod: request $(value fs-kmod_loud id) for fs-kmod_loud by kmod_req["
	wait_until dmesg_has "$line" && dmesg_has 'failed, result 256' || return
	echo 0 >"$VERBOSE_SYSCTL"
	ask fs kmod_quiet >/dev/null
	nap 1
	! dmesg_has fs-kmod_quiet && ! echo 2 2>/dev/null >"$VERBOSE_SYSCTL"
}

dmesg_has() { dmesg | grep -Fq -- "$1"; }

# A helper other than modprobe
hung_helper()
{
	local line

	dmesg -c >/dev/null
	set_hung 1
	link_helper "$REQUEST_KEY" "$(make_helper key sleep 4000)"
	ask key kmod:slow >/dev/null &
	wait
	line="umh: helper $REQUEST_KEY (pid $(pid_of key)), requested by kmod_req["
	is "$(dmesg | grep -Fc "$line")" 1 "lines" &&
		dmesg | grep -F "$line" |
		grep -q 'has not completed after [12] s; requester is waiting$'
}

hung_modprobe()
{
	local pid

	dmesg -c >/dev/null
	set_hung 1
	use_held_helper
	set_limit 1
	"$HERE/kmod_req" fs kmod_hung >/dev/null &
	pid=$!
	wait_until in_flight fs-kmod_hung hung || return 1
	echo exit 1 >"$WORK/fake/do.fs-kmod_next"
	at_most "$(time_of "$(ask fs kmod_next)")" "$SOON" "microseconds:" || return 1
	dmesg_has "kmod: modprobe fs-kmod_hung (pid $(pid_of fake)), requested by kmod_req[$pid]" &&
		is "$(dmesg | grep -c 'is hung; releasing its slot')" 1 "lines" &&
		! dmesg_has 'has not completed after'
}

# The modprobe runs for longer than the 30 s after which one counts as hung.
no_reports()
{
	dmesg -c >/dev/null
	set_hung 0
	use_helper fake sleep 31000
	ask fs kmod_slow >/dev/null
	! dmesg_has 'has not completed' && ! echo 86401 2>/dev/null >"$HUNG_SYSCTL"
}

# event NAME: prints the fields of that event's lines in the trace
event() { sed -n "s/.* $1: //p" "$WORK/trace"; }

traces()
{
	local id pid

	use_helper fake exit 1
	echo >/sys/kernel/tracing/trace
	echo 1 >"$EVENTS/kmod/enable"
	echo 1 >"$EVENTS/umh/enable"
	ask fs $'kmod\ttrace' >/dev/null
	set_modprobe ''
	ask fs kmod_traced_off >/dev/null
	echo 0 >"$EVENTS/kmod/enable"
	echo 0 >"$EVENTS/umh/enable"
	cat /sys/kernel/tracing/trace >"$WORK/trace"
	pid=$(pid_of fake)
	id=$(value 'fs-kmod\x09trace' id)
	traced "$id" "$pid" || complain "the trace: $(cat "$WORK/trace")"
}

# traced ID PID: whether the trace has all events of that request and its modprobe
traced()
{
	event kmod_request | grep -q "^id=$1 name=fs-kmod.x09trace by=kmod_req\[[0-9]*\] uid=0 " &&
		event kmod_done | grep -q "^id=$1 name=.* outcome=failed result=256 " &&
		event kmod_deny | grep -q "name=fs-kmod_traced_off reason=off result=$ENOENT\$" &&
		event umh_queue | grep -q "^path=$WORK/fake/modprobe wait=0x2 by=kmod_req\[" &&
		event umh_exec | grep -q "^path=$WORK/fake/modprobe pid=$2 result=0\$" &&
		event umh_exit | grep -q "^pid=$2 status=256 run_ns=[1-9]"
}

# The request must be printed within 200 ms.
watches()
{
	local pid result=0

	use_helper fake sleep 1000
	kmodctl watch --json >"$WORK/watch" 2>"$WORK/err" &
	pid=$!
	wait_until grep -q '"start"' "$WORK/watch" || result=1
	ask fs kmod_watched >/dev/null &
	wait_until has_started fake || result=1
	sleep $((SCALE - 1)).2
	grep -q kmod_watched "$WORK/watch" || complain "no request within 200 ms" || result=1
	wait_until grep -q '"done"' "$WORK/watch" || result=1
	kill -INT "$pid"
	wait "$pid" || :
	jq -e . <"$WORK/watch" >/dev/null || result=1
	[[ -z $(ls /sys/kernel/tracing/instances) ]] || complain "an instance is left" || result=1
	return "$result"
}

has_tools()
{
	command -v kmodctl && command -v jq && "$REAL_MODPROBE" -n kmod_stub && [[ -d $JOURNAL ]]
}

skip_without 'needs kmodctl, jq, CONFIG_KMOD_JOURNAL and CONFIG_TEST_KMOD_STUB' has_tools

TESTS=(
	'succeeds|a successful request is recorded with its requester'
	'fails|a failed request is recorded with the wait status or the errno'
	'durations|the wait for a slot and the run of modprobe are recorded separately'
	'joins|requests that join another are recorded with its id'
	'nests|a nested request is recorded with the id of its parent'
	'loops|a loop is recorded with ELOOP'
	'outlives|requests of orphans that outlive their modprobe are recorded'
	'busy|a request that times out waiting for a slot is recorded'
	'killed|the request of a killed requester is recorded with the status of its modprobe'
	'nowait|a request that does not wait is recorded'
	'off|a request while autoloading is off is recorded'
	'denied|a request that a security module denies is recorded'
	'too_long|a request with a name that is too long is recorded with the name truncated'
	'modules|modules are attributed to the request that loaded them'
	'environment|the control group, mount namespace and long path of the requester are recorded'
	'container|the uid and the namespaces of the requester are recorded'
	'gone_caller|the caller of a request is known after its module was unloaded'
	'forged|a name cannot forge a field of the line in the kernel log'
	'failed_init|a module whose init fails does not count as loaded'
	'odd_names|special characters are escaped, and the JSON is valid'
	'same_as_file|kmodctl log prints the fields of the journal'
	'wraps|the journal keeps the last 256 of 10000 requests and counts all of them'
	'private|only root can read the journal'
	'securityfs|the journal is in securityfs as well'
	'verbose|kernel.kmod_verbose logs a line for each request'
	'hung_helper|a hung helper is reported once'
	'hung_modprobe|a hung modprobe is reported once and releases its slot'
	'no_reports|kernel.umh_hung_secs=0 disables reports, and more than a day is rejected'
	'traces|the tracepoints record each step of a request'
	'watches|kmodctl watch prints a request within 200 ms'
)
run_tests
