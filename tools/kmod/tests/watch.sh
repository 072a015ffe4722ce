#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmodctl watch, with uprobe events of a small program instead of the kernel's events.

# Mounts tracefs for these tests, if the machine has not.
if [[ ! -e /sys/kernel/tracing/uprobe_events && $# -eq 0 ]] && unshare -m true 2>/dev/null; then
	# shellcheck disable=SC2016 # expanded by that shell
	exec unshare -m bash -c 'mount -t tracefs none "$1"; exec bash "$0" mounted' \
		"$0" /sys/kernel/tracing
fi
source "$(dirname "$0")/lib.sh"

TRACING=/sys/kernel/tracing
FORMAT=$TRACING/events/kmod/kmod_done/format
REQUESTS=$WORK/requests

# requests NUMBER PAUSE_US: a program whose functions are the events. Uses two CPUs, if possible.
PROGRAM='
#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>
#define EVENT __attribute__((noipa)) void
EVENT request(long id, long site, long pid, const char *name) { asm(""); }
EVENT load(long id, const char *module) { asm(""); }
EVENT done(long id, long outcome, long result, const char *name) { asm(""); }
static void run_on(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}
int main(int argc, char *argv[])
{
	long id, number = atol(argv[1]), pause = atol(argv[2]);

	for (id = 1; id <= number; id++) {
		request(id, 0x1000 + id % 2, 100, "fs-x\\x20y");
		run_on(1);
		load(id, "a");
		load(id, "b");
		run_on(0);
		done(id, id % 2, id % 2 ? -2 : 0, "fs-x\\x20y");
		usleep(pause);
	}
	return 0;
}'

# add NAME ARGUMENTS: adds a probe at that function. Its offset in the file must equal its address
# in nm's output, which is relative to the load address.
add()
{
	local offset

	offset=$(nm "$REQUESTS" | awk -v name="$1" '$3 == name { print $1 }')
	echo "p:kmod/kmod_$1 $REQUESTS:0x$offset $2" >>"$TRACING/uprobe_events"
}

clean_up()
{
	local name

	umount "$FORMAT" 2>/dev/null || :
	# The instance of a killed kmodctl would keep the events in use.
	rmdir "$TRACING/instances/kmodctl-${PID:-}" 2>/dev/null || :
	for name in request load 'done'; do
		echo "-:kmod/kmod_$name" >>"$TRACING/uprobe_events" || :
	done
	rm -rf "$WORK"
}

# The first test that can run adds the events.
ready()
{
	[[ ! -x $REQUESTS ]] || return 0
	have gcc && have jq && have nm || return 1
	[[ $(uname -m) == x86_64 && -w $TRACING/uprobe_events && ! -d $TRACING/events/kmod ]] ||
		{ SKIP='needs root, x86_64, CONFIG_UPROBE_EVENTS, and no kmod events'; return 1; }
	gcc -O1 -o "$REQUESTS" -x c - <<<"$PROGRAM" || return 1
	trap clean_up EXIT
	add request 'id=%di:u64 site=%si:u64 pid=%dx:s32 name=+0(%cx):string' &&
		add load 'id=%di:u64 module=+0(%si):string' &&
		add 'done' 'id=%di:u64 outcome=%si:u32 result=%dx:s32 name=+0(%cx):string' ||
		return 1
	mkdir -p "$WORK/debugfs/kmod"
	echo 'id=1 site=get_fs_type' >"$WORK/debugfs/kmod/inflight"
	: >"$WORK/debugfs/kmod/requests"
}

# start ARGUMENT...: runs watch in the background as PID
start()
{
	local i

	: >"$WORK/out"
	"$KMODCTL" watch --debugfs "$WORK/debugfs" "$@" >"$WORK/out" 2>"$WORK/err" &
	PID=$!
	for ((i = 0; i < 600; i++)); do
		[[ ! -s $WORK/out ]] || return 0
		sleep 0.1
	done
	say 'watch does not start'
	kill -KILL "$PID"
	return 1
}

# comes_to NUMBER [REGEX]: whether the output gets as many lines, or as many that match, within a
# minute
comes_to()
{
	local tries

	for ((tries = 0; tries < 600; tries++)); do
		[[ $(grep -c "${2:-}" "$WORK/out") -lt $1 ]] || return 0
		sleep 0.1
	done
	say "$(grep -c "${2:-}" "$WORK/out") lines instead of $1"
	kill -KILL "$PID"
	return 1
}

# stop SIGNAL: watch must terminate by this signal, and its instance must be removed.
stop()
{
	kill -"$1" "$PID"
	STATUS=0
	wait "$PID" || STATUS=$?
	is "$STATUS" $((128 + $(kill -l "$1"))) status &&
		[[ ! -d $TRACING/instances/kmodctl-$PID ]]
}

# shown: prints the lines without titles, times and extra spaces
shown() { sed 1d "$WORK/out" | tr -s ' ' | cut -d' ' -f2-; }

text_lines()
{
	ready && start && "$REQUESTS" 2 50000 && comes_to 5 && stop TERM &&
		is "$(<"$WORK/err")" '' messages &&
		is "$(shown)" '1 request "fs-x y" -[100] uid 0, from get_fs_type
1 - "fs-x y" ENOENT, loaded a b
2 request "fs-x y" -[100] uid 0, from 0x1000
2 - "fs-x y" loaded a b'
}

json_lines()
{
	ready && start --json && "$REQUESTS" 2 50000 && comes_to 9 && stop INT || return 1
	is "$(jq -c '[.event, .id, .module, .modules, .result]' "$WORK/out" | xargs)" \
		"$(xargs <<-'END'
			[start,null,null,null,null]
			[request,1,null,null,null]
			[load,1,a,null,null]
			[load,1,b,null,null]
			[done,1,null,[a,b],-2]
			[request,2,null,null,null]
			[load,2,a,null,null]
			[load,2,b,null,null]
			[done,2,null,[a,b],0]
		END
		)" &&
		jq -es '.[1].name == "fs-x\\x20y" and .[1].pid == 100' "$WORK/out" >/dev/null
}

outcomes()
{
	ready || return 1
	sed 's/outcome=%u/outcome=%s/
		s/REC->outcome/__print_symbolic(REC->outcome, { 0, "ok" }, { 1, "late" })/' \
		"$FORMAT" >"$WORK/format"
	mount --bind "$WORK/format" "$FORMAT" 2>/dev/null ||
		{ SKIP='mount is not permitted'; return 1; }
	start && "$REQUESTS" 2 0 && comes_to 5 && stop TERM || return 1
	umount "$FORMAT"
	is "$(shown | awk '$2 != "request" { print $2 }' | xargs)" 'late ok' outcomes
}

# Times must not decrease, and the modules of a request must precede its end.
ordered()
{
	ready && start --json && "$REQUESTS" 2000 0 && comes_to 8001 && stop INT || return 1
	is "$(jq -s '[.[] | .boottime] | . == sort' "$WORK/out")" true sorted &&
		is "$(jq -s '[.[] | select(.event == "done" and .modules != ["a", "b"])] | length' \
			"$WORK/out")" 0 'requests without modules' &&
		is "$(jq -s 'map(select(.event == "done").id) == [range(1; 2001)]' "$WORK/out")" \
			true 'all requests'
}

# While the reader is stopped, its buffer of 512 KiB must overflow.
lost()
{
	ready && start --json || return 1
	kill -STOP "$PID"
	"$REQUESTS" 10000 0
	kill -CONT "$PID"
	comes_to 1 '"lost"' && stop INT &&
		jq -es 'map(select(.event == "lost") | .lost) | add > 0' "$WORK/out" >/dev/null
}

closed_pipe()
{
	local -a status

	ready || return 1
	set +o pipefail
	timeout 60 "$KMODCTL" watch | head -n 1 >/dev/null
	status=("${PIPESTATUS[@]}")
	set -o pipefail
	is "${status[0]}" 141 status
}

# After SIGKILL the instance remains. The next watch must remove it.
killed()
{
	ready && start || return 1
	kill -KILL "$PID"
	wait "$PID" 2>/dev/null || :
	[[ -d $TRACING/instances/kmodctl-$PID ]] || return 1
	local stale=$TRACING/instances/kmodctl-$PID
	start && stop INT && [[ ! -d $stale ]]
}

# fake_tracefs: creates directories in $WORK/tracing in which watch can read the formats of events
fake_tracefs()
{
	local events=$WORK/tracing/events

	mkdir -p "$WORK/tracing/instances" "$events/kmod/kmod_done"
	: >"$events/kmod/enable"
	printf '\tfield: %s;\toffset:%d;\tsize:%d;\tsigned:%d;\n' 'u64 timestamp' 0 8 0 \
		'local_t commit' 8 8 1 'int overwrite' 8 1 1 'char data' 16 4080 1 \
		>"$events/header_page"
	printf '%s\n' 'name: kmod_done' 'ID: 7' 'format:' \
		$'\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;' '' \
		$'\tfield:u64 id;\toffset:8;\tsize:8;\tsigned:0;' '' \
		'print fmt: "%llu", REC->id' >"$events/kmod/kmod_done/format"
	echo "tracefs $WORK/tracing tracefs rw 0 0" >"$WORK/mounts"
}

# Only names with the id of a process are those of kmodctl. No process has an id of 8 digits.
others_stay()
{
	local instances=$WORK/tracing/instances

	unshare -m true 2>/dev/null || { SKIP='unshare is not permitted'; return 1; }
	fake_tracefs
	mkdir "$instances/"{kmodctl-mine,kmodctl-,kmodctl-1x,kmodctl-1,kmodctl-99999999,other}
	# shellcheck disable=SC2016 # expanded by that shell
	timeout 20 unshare -m bash -c 'mount --bind "$1" /proc/$$/mounts && shift &&
		exec "$@"' bash "$WORK/mounts" "$KMODCTL" watch --debugfs "$WORK" \
		>"$WORK/out" 2>"$WORK/err" || :
	is "$(cd "$instances" && echo *)" 'kmodctl- kmodctl-1 kmodctl-1x kmodctl-mine other'
}

TESTS=(
	others_stay 'watch removes no instance of another program'
	text_lines 'watch prints a line when a request begins and when it ends'
	json_lines '--json prints each event'
	outcomes "names of outcomes come from the event's format"
	ordered 'events of all CPUs are sorted'
	lost 'lost events are counted'
	closed_pipe 'watch ends when its reader exits'
	killed 'watch removes the instance of a killed watch'
)
run_tests
