#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The output of kmodctl watch, without a kernel: a program passes events to its functions.
# shellcheck disable=SC2016 # $ in jq expressions
source "$(dirname "$0")/lib.sh"

SOURCE=$(cd "$(dirname "$0")/.." && pwd)
PRINT=$WORK/print

# print [OPTION]...: prints the events on standard input, lines of a type, a time and pairs
PROGRAM='
#include <string.h>
#include "watch.h"
int main(int argc, char *argv[])
{
	struct options options = { 0 };
	struct event event = { 0 };
	char *line = NULL, *rest;
	size_t size = 0;

	while (--argc > 0) {
		options.json |= !strcmp(argv[argc], "--json");
		options.wide |= !strcmp(argv[argc], "--wide");
		options.no_trunc |= !strcmp(argv[argc], "--no-trunc");
	}
	print_watch_head(&options);
	while (getline(&line, &size, stdin) > 0) {
		line[strcspn(line, "\n")] = 0;
		rest = line;
		event.type = strsep(&rest, " ");
		event.boottime = strtoull(strsep(&rest, " "), NULL, 10);
		if (record_parse(&event.record, rest))
			return 1;
		print_event(&event, options.json);
		record_free(&event.record);
	}
	return 0;
}'

ready()
{
	local -a files=({watch_print,watch_modules,describe,record,json,table,terminal,util}.c
		{cgroups,policy_narrow}.c)

	[[ ! -x $PRINT ]] || return 0
	have gcc && have pkg-config && have script && have jq || return 1
	pkg-config --exists json-c smartcols || { SKIP='libraries are missing'; return 1; }
	echo "$PROGRAM" >"$WORK/print.c"
	# shellcheck disable=SC2046 # several flags
	gcc -std=gnu11 -D_GNU_SOURCE -I "$SOURCE" $(pkg-config --cflags json-c smartcols) \
		-o "$PRINT" "$WORK/print.c" "${files[@]/#/$SOURCE/}" $(pkg-config --libs \
		json-c smartcols)
}

# begin ID NAME [KEY=VALUE]...: an event
begin()
{
	echo "request $(now) id=$1 parent=0 pid=4321 uid=998 loginuid=998 userns_level=0 wait=1" \
		"comm=systemd-network name=$2 site=rtnl_newlink${3:+ ${*:3}}"
}

# end ID NAME [INTO]
end()
{
	echo "done $(now) id=$1 into=${3:-0} slot_ns=8000000 run_ns=200000000 outcome=failed" \
		"result=256 name=$2"
}

now() { awk '{ printf "%.0f", $1 * 1e9 }' /proc/uptime; }

# Events with short and long values
events()
{
	begin 1 fs-xfs
	end 1 fs-xfs
	begin 99 nfnetlink-subsys-10-and-a-very-long-name exe=/usr/lib/systemd/systemd-networkd \
		cgroup=/system.slice/systemd-networkd.service
	echo "load $(now) id=99 module=nf_tables_with_a_long_name"
	end 99 nfnetlink-subsys-10-and-a-very-long-name 17
	begin 12345678 fs-xfs
}

narrow()
{
	local width

	ready || return 1
	events >"$WORK/events"
	for width in 80 40 132; do
		TERM=dumb on_terminal "$width" "'$PRINT' <'$WORK/events'"
		is "$(awk -v width="$width" 'length > width' "$WORK/out")" '' "over $width" ||
			return 1
	done
	TERM=dumb on_terminal 80 "'$PRINT' <'$WORK/events'"
	# The largest number does not fit: the titles are printed again.
	is "$(grep -c '^TIME ' "$WORK/out")" 2 titles &&
		is "$(sed '/12345678/,$d; 6q' "$WORK/out" | awk '/^TIME/ && n++ { exit }
			{ print match($0, /NAME|fs-|nfnet/) }' | sort -u | wc -l)" 1 places &&
		grep -q 'systemd-network\[4321\] uid 998 .*+$' "$WORK/out"
}

in_full()
{
	ready || return 1
	events >"$WORK/events"
	"$PRINT" <"$WORK/events" >"$WORK/piped"
	is "$(sed -n '1,3p' "$WORK/piped" | awk '{ print match($0, /NAME|fs-xfs/) }' | sort -u |
		wc -l)" 1 'places in a pipe' || return 1
	TERM=dumb on_terminal 80 "'$PRINT' --no-trunc <'$WORK/events'"
	grep -q 'in systemd-networkd.service, /usr/lib/systemd/systemd-networkd, from rtnl' \
		"$WORK/piped" && grep -q ' nfnetlink-subsys-10-and-a-very-long-name ' \
		"$WORK/piped" && grep -q '/systemd-networkd, from rtnl_newlink$' "$WORK/out" &&
		grep -q '^[0-9:]\{8\} ' "$WORK/out" || return 1
	TERM=dumb on_terminal 80 "'$PRINT' --wide <'$WORK/events'"
	is "$(<"$WORK/out")" "$(<"$WORK/piped")" '--wide' &&
		is "$(grep -c '[^ ] $\|  $' "$WORK/out")" 0 'blanks at the end'
}

json()
{
	ready || return 1
	{ events; begin 2 x cgroup=/; } | "$PRINT" --json >"$WORK/out"
	is "$(jq -c 'select(.event == "request") | [.id, .unit, .exe]' "$WORK/out" | xargs)" \
		"[1,null,null] [99,systemd-networkd.service,/usr/lib/systemd/systemd-networkd] $(
		)[12345678,null,null] [2,null,null]" &&
		is "$(jq -s '[.[] | has("unit")] | map(select(.)) | length' "$WORK/out")" 2 units
}

# Users choose these names.
quoted()
{
	ready || return 1
	{ begin 1 'a\x1b[31m\x20b' 'exe=/tmp/\x1b]0;x\x07'; echo "done 1 id=1 outcome= name="; } |
		"$PRINT" >"$WORK/out"
	grep -qF '"a\x1b[31m b"' "$WORK/out" && grep -qF ', /tmp/\x1b]0;x\x07,' "$WORK/out" &&
		! grep -qP '[^\n -~]' "$WORK/out"
}

TESTS=(
	narrow 'lines fit the terminal, and stay aligned until a number does not fit'
	in_full '--no-trunc cuts no value, and --wide is as in a pipe'
	json '--json has the unit of a requester'
	quoted 'names and executables are escaped'
)
run_tests
