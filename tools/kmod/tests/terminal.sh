#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Output to a terminal: its width, colours, the pager.
source "$(dirname "$0")/lib.sh"

# as_table COLUMNS FIXTURE COMMAND...: runs kmodctl on a terminal of that width
as_table()
{
	TERM=dumb on_terminal "$1" "'$KMODCTL' ${*:3} --debugfs '$FIXTURES/$2'"
}

# within WIDTH WHAT: no line of the output is longer
within() { is "$(awk -v width="$1" 'length > width' "$WORK/out")" '' "$2: lines over $1"; }

fits()
{
	local width command

	have script || return 1
	for width in 132 80 40; do
		for command in log inflight modules; do
			as_table "$width" usual "$command"
			within "$width" "$command" || return 1
			as_table "$width" long "$command"
			within "$width" "$command" || return 1
		done
		as_table "$width" usual log
		is "$(wc -l <"$WORK/out")" 9 lines || return 1
	done
	COLUMNS=80 on usual log
	grep -q 'pidns:4026532284' "$WORK/out"
}

columns()
{
	local fixture

	have script || return 1
	for fixture in usual long odd; do
		COLUMNS=80 as_table 231 "$fixture" log
		within 80 "$fixture" || return 1
	done
	COLUMNS=80 as_table 231 usual log
	grep -q 'failed, signal 9  ' "$WORK/out" && COLUMNS=x as_table 231 usual log &&
		grep -q 'pidns:4026532284' "$WORK/out"
}

# A cut cell is marked, and short cells stay as they are.
marked()
{
	have script || return 1
	as_table 80 long log
	grep -qE ' net-pf-16[-a-z]*[+] ' "$WORK/out" &&
		grep -q 'algif-aead ' "$WORK/out"
}

in_full()
{
	have script || return 1
	"$KMODCTL" log --wide --debugfs "$FIXTURES/usual" >"$WORK/piped"
	as_table 80 usual log -w
	is "$(<"$WORK/out")" "$(<"$WORK/piped")" '--wide' || return 1
	as_table 80 usual log --no-trunc
	is "$(head -n 1 "$WORK/out" | xargs)" 'TIME ID NAME RESULT TASK MODULES' titles &&
		grep -q 'pidns:4026532284' "$WORK/out"
}

# Requests of today have no date.
brief_times()
{
	local date="$WORK/brief"

	have script || return 1
	mkdir -p "$date/kmod"
	printf 'id=%s name=x outcome=ok result=0 begin=%s\n' 1 1 \
		2 "$(awk '{ printf "%.0f", $1 * 1e9 }' /proc/uptime)" >"$date/kmod/requests"
	: >"$date/kmod/modules"
	TERM=dumb TZ=UTC on_terminal 80 "'$KMODCTL' log --debugfs '$date'"
	tail -n 1 "$WORK/out" | grep -qE '^ *[0-9]{2}(:[0-9]{2}){2} +2 '
}

# appears TEXT: whether the terminal shows the text within a minute
appears()
{
	local tries

	for ((tries = 0; tries < 600; tries++)); do
		! grep -qF -e "$1" "$WORK/shown" || return 0
		sleep 0.1
	done
	say "no '$1' on the terminal"
	return 1
}

# follow_on COLUMNS OPTION...: log -f on a terminal of that width, while requests with longer
# values end. The number of the last one has 7 digits.
follow_on()
{
	local now terminal result=0

	now=$(awk '{ printf "%.0f", $1 * 1e9 }' /proc/uptime)
	mkdir -p "$WORK/growing/kmod"
	: >"$WORK/growing/kmod/modules"
	echo "id=1 name=fs-a outcome=ok result=0 begin=$now comm=x" \
		>"$WORK/growing/kmod/requests"
	: >"$WORK/shown"
	TERM=dumb script -qec "stty cols $1; echo \$\$ >'$WORK/pid'; exec '$KMODCTL' log -f \
		${*:2} --debugfs '$WORK/growing'" /dev/null </dev/null >"$WORK/shown" &
	terminal=$!
	appears ' fs-a ' && sed "s/begin=[0-9]*/begin=$now/" "$FIXTURES/long/kmod/requests" \
		>>"$WORK/growing/kmod/requests" && appears ' fs-missing ' &&
		echo "id=1234567 name=fs-a outcome=ok result=0 begin=$now comm=x" \
			>>"$WORK/growing/kmod/requests" && appears ' 1234567 ' || result=1
	kill "$(<"$WORK/pid")"
	wait "$terminal" || :
	tr -d '\r' <"$WORK/shown" >"$WORK/out"
	return "$result"
}

followed()
{
	have script && follow_on 80 || return 1
	within 80 'log -f' && is "$(grep -c ^TIME "$WORK/out")" 2 titles &&
		is "$(grep -c ' 1234567 ' "$WORK/out")" 1 'the last request' &&
		is "$(awk '/^TIME/ && n++ { exit }
			{ print match($0, /TASK|x\[|\(udev|systemd-n|"|mount/) }
			' "$WORK/out" | sort -u | wc -l)" 1 'places of TASK' &&
		is "$(awk 'END { print NR }' "$WORK/out")" 9 lines || return 1
	follow_on 80 --no-trunc || return 1
	grep -q ' nfnetlink-subsys-10 ' "$WORK/out" && is "$(grep -c ^TIME "$WORK/out")" 1 titles
}

# coloured [VARIABLE=VALUE]...: prints the number of lines with colour
coloured()
{
	on_terminal 100 "env TERM=xterm $* '$KMODCTL' log --no-pager --debugfs '$FIXTURES/usual'"
	grep -c $'\033' "$WORK/out" || :
}

colour()
{
	have script || return 1
	is "$(coloured)" 9 'on a terminal' && is "$(coloured NO_COLOR=1)" 0 'NO_COLOR' &&
		is "$(coloured NO_COLOR=)" 9 'NO_COLOR is empty' &&
		is "$(coloured TERM=dumb)" 0 'TERM=dumb' &&
		on usual log && is "$(grep -c $'\033' "$WORK/out")" 0 'in a pipe'
}

# paged [VARIABLE=VALUE|OPTION]...: the number of lines that the pager gets, or -
paged()
{
	rm -f "$WORK/paged"
	on_terminal 100 "env TERM=xterm PAGER='cat >$WORK/paged' $1 '$KMODCTL' log ${*:2}" \
		"--debugfs '$FIXTURES/usual'"
	if [[ -f $WORK/paged ]]; then wc -l <"$WORK/paged"; else echo -; fi
}

pager()
{
	have script || return 1
	is "$(paged '')" 9 'the lines of the pager' && is "$(wc -l <"$WORK/out")" 0 'other lines' &&
		awk 'length($0) > 180' "$WORK/paged" >"$WORK/long" &&
		is "$(<"$WORK/long")" '' 'lines over the width' &&
		is "$(grep -c $'\033' "$WORK/paged")" 9 'lines with colour' &&
		is "$(paged '' --no-pager)" - '--no-pager' &&
		is "$(paged TERM=dumb)" - 'TERM=dumb' &&
		is "$(paged PAGER=)" - 'an empty PAGER' &&
		is "$(paged PAGER=cat)" - 'PAGER=cat' && is "$(wc -l <"$WORK/out")" 9 'lines'
}

# sudo may permit kmodctl only: a pager must not run other commands.
restricted()
{
	have script || return 1
	mkdir -p "$WORK/bin"
	# shellcheck disable=SC2016 # expanded by less
	printf '#!/bin/sh\necho "LESSSECURE=$LESSSECURE"; cat >/dev/null\n' >"$WORK/bin/less"
	chmod 755 "$WORK/bin/less"
	is "$(paged "SUDO_UID=1000 PATH=$WORK/bin:$PATH")" - "the user's pager" &&
		is "$(<"$WORK/out")" 'LESSSECURE=1' 'less'
}

TESTS=(
	fits 'lines fit the terminal, and output to a pipe has all columns in full'
	columns 'with COLUMNS=80, no line is over 80'
	marked 'a cut value ends with a plus sign'
	in_full '--wide shows all columns in full, and --no-trunc cuts no value'
	followed 'lines of log -f fit the terminal, and stay aligned until a number does not fit'
	brief_times 'requests of today have a time without a date'
	colour 'only output to a terminal has colours, unless NO_COLOR is set'
	pager 'output to a terminal goes through the pager'
	restricted 'with sudo, the pager is less, which must not run commands'
)
run_tests
