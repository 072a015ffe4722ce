#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A request made inside a modprobe that serves a request for the same name must fail at once,
# even if it is made inside another helper that the kernel runs for that modprobe. A loop through
# a process outside any modprobe must end as well.
# shellcheck disable=SC2317 # the tests are called by name
source "$(dirname "$0")/kmod_lib.sh"
source "$(dirname "$0")/../umh/umh_lib.sh"

LONGEST=8
CONF=/etc/modprobe.d/kmod_loops.conf

# Microseconds, for a chain of several programs on a busy machine. An undetected loop takes 5 s
# and a second modprobe.
WITHOUT_WAIT=$((4 * SOON))
# Likewise, for the longest chain, which starts sixteen programs. With a wait at each depth
# it would take 40 s.
LONGEST_WITHOUT_WAIT=$((8 * SOON))
# Seconds within which a loop must end that only the number of slots bounds
BOUND=60
# The slots for such loops
FEW=4
CORE_PIPE_LIMIT=$SYSCTL/core_pipe_limit
DAEMON=

restore_more()
{
	local file

	[[ -z $DAEMON ]] || kill_and_reap "$DAEMON"
	DAEMON=
	# Kills the scripts that still wait for an answer.
	for file in "$WORK"/answer.*; do
		kill -KILL "${file##*.}" 2>/dev/null || :
		rm -f "$file"
	done
	[[ ! -L $REQUEST_KEY ]] || rm -f "$REQUEST_KEY"
	[[ ! -L $BRIDGE_STP ]] || rm -f "$BRIDGE_STP"
	# ip makes a module request if the interface does not exist.
	[[ ! -d /sys/class/net/$BRIDGE ]] || ip link delete "$BRIDGE"
}

clean_up_more() { rm -f "$CONF"; }

# ends NAME MODPROBES CHAIN [MESSAGE]: checks that the request for NAME fails at once after
# MODPROBES modprobes, and that the log has the chain
ends()
{
	local line log="request_module: ${4:-runaway loop} modprobe $3, requested by kmod_req["
	local limit=$WITHOUT_WAIT

	[[ $2 -lt $LONGEST ]] || limit=$LONGEST_WITHOUT_WAIT
	dmesg -c >/dev/null
	line=$(ask fs "$1")
	is "$(result_of "$line")" ENODEV &&
		at_most "$(time_of "$line")" "$limit" "microseconds:" &&
		wait_until all_ended fake && is "$(started fake)" "$2" "modprobes" || return 1
	dmesg | grep -Fq "$log" ||
		complain "the log has: $(dmesg | grep request_module)"
}

itself()
{
	script again <<<"exec $HERE/kmod_req fs kmod_a"
	use_helper fake run "$WORK/again"
	ends kmod_a 1 'fs-kmod_a -> fs-kmod_a'
}

each_other()
{
	script a <<<"exec $HERE/kmod_req fs kmod_a"
	script b <<<"exec $HERE/kmod_req fs kmod_b"
	use_helper fake
	echo "run $WORK/b" >"$WORK/fake/do.fs-kmod_a"
	echo "run $WORK/a" >"$WORK/fake/do.fs-kmod_b"
	ends kmod_a 2 'fs-kmod_a -> fs-kmod_b -> fs-kmod_a'
}

distinct()
{
	script next <<-END
		name=\${!#}
		n=\${name#fs-k}
		exec $HERE/kmod_req fs k\$((n + 1))
	END
	use_helper fake run "$WORK/next"
	ends k1 "$LONGEST" "$(printf 'fs-k%d -> ' {1..8})fs-k9" 'chain too long:' &&
		is "$(grep ' name=fs-k[1-9] ' "$JOURNAL/requests" |
			grep -cE ' slot_ns=[0-9]{10}')" 0 "requests that waited for a second:"
}

# modprobe is a child subreaper, so the orphan remains its descendant. modprobe must not exit before
# the orphan has made its request.
orphan()
{
	script daemon <<-END
		((sleep 0.2; setsid $HERE/kmod_req fs kmod_orphan; : >"$WORK/asked") &)
		for i in \$(seq 100); do [ ! -e "$WORK/asked" ] || exit; sleep 0.1; done
	END
	use_helper fake run "$WORK/daemon"
	ends kmod_orphan 1 'fs-kmod_orphan -> fs-kmod_orphan'
}

real_install()
{
	local line

	script installer <<-END
		echo ran >>"$WORK/ran"
		exec $HERE/kmod_req fs kmod_real
	END
	mkdir -p "${CONF%/*}"
	printf 'alias fs-kmod_real kmod_real\ninstall kmod_real %s\n' "$WORK/installer" >"$CONF"
	line=$(ask fs kmod_real)
	rm -f "$CONF"
	is "$(result_of "$line")" ENODEV &&
		at_most "$(time_of "$line")" "$WITHOUT_WAIT" "microseconds:" &&
		is "$(wc -l <"$WORK/ran")" 1 "runs"
}

# The exec of modprobe requests a module for its binary format, named after the third and
# fourth byte of the file, from within modprobe's own thread.
strange_binary()
{
	local line asks=""

	printf '\x01\x02\x03\x04 no program' >"$WORK/strange"
	chmod +x "$WORK/strange"
	exec_asks_for "$WORK/strange" && asks=yes
	set_modprobe "$WORK/strange"
	dmesg -c >/dev/null
	line=$(ask fs kmod_strange)
	is "$(result_of "$line")" ENODEV &&
		at_most "$(time_of "$line")" "$SOON" "microseconds:" || return 1
	[[ -z $asks ]] || dmesg | grep -Fq 'fs-kmod_strange -> binfmt-0403 -> binfmt-0403' ||
		complain "the log has: $(dmesg | grep request_module)"
}

# Requests outside the loop must be served.
others_meanwhile()
{
	script again <<<"exec $HERE/kmod_req fs kmod_a"
	use_helper fake
	echo "run $WORK/again" >"$WORK/fake/do.fs-kmod_a"
	ask -n 100 -s fs kmod_a >/dev/null &
	is "$(ask -n 20 fs kmod_fine | grep -c ' ENODEV ')" 20 "requests" || return 1
	wait
	is "$(names_of fake | grep -c fs-kmod_fine)" 20 "modprobes"
}

# loops_through HELPER: checks that the request for kmod_loop ends at once. Its modprobe runs the
# script "trigger", which makes the kernel run HELPER, which requests kmod_loop again.
loops_through()
{
	use_helper fake run "$WORK/trigger"
	ends kmod_loop 1 'fs-kmod_loop -> fs-kmod_loop' && is "$(started "$1")" 1 "helpers"
}

# looping_helper NAME: creates a helper that requests kmod_loop and fails. Prints its path.
looping_helper()
{
	script again <<-END
		$HERE/kmod_req fs kmod_loop
		: >$WORK/asked
		exit 1
	END
	rm -f "$WORK/asked"
	make_helper "$1" run "$WORK/again"
}

# FAULTS 57
through_key()
{
	[[ -r /proc/keys && ! -e $REQUEST_KEY ]] || return "$KSFT_SKIP"
	link_helper "$REQUEST_KEY" "$(looping_helper key)"
	script trigger <<<"exec $HERE/kmod_req key kmod:loop$$"
	loops_through key
}

# The request comes from an orphan of request-key, which waits for it.
through_orphan()
{
	[[ -r /proc/keys && ! -e $REQUEST_KEY ]] || return "$KSFT_SKIP"
	rm -f "$WORK/asked"
	script again <<-END
		((sleep 0.2; setsid $HERE/kmod_req fs kmod_loop; : >"$WORK/asked") &)
		for i in \$(seq 100); do [ ! -e "$WORK/asked" ] || exit 1; sleep 0.1; done
	END
	link_helper "$REQUEST_KEY" "$(make_helper key run "$WORK/again")"
	script trigger <<<"exec $HERE/kmod_req key kmod:orphan$$"
	loops_through key
}

# With a core_pipe_limit the process that dumps core waits for the core helper, and the modprobe
# waits for that process.
through_core()
{
	[[ -w $CORE_PATTERN ]] || return "$KSFT_SKIP"
	echo 1 >"$CORE_PIPE_LIMIT"
	echo "|$(looping_helper core)" >"$CORE_PATTERN"
	script trigger <<<"sh -c 'kill -SEGV \$\$'"
	loops_through core
}

through_bridge()
{
	[[ ! -e $BRIDGE_STP ]] && "$REAL_MODPROBE" bridge || return "$KSFT_SKIP"
	link_helper "$BRIDGE_STP" "$(looping_helper stp)"
	ip link add "$BRIDGE" type bridge
	script trigger <<<"echo 1 >/sys/class/net/$BRIDGE/bridge/stp_state"
	loops_through stp
}

# The kernel does not wait for a uevent helper. If the modprobe did not wait, the request
# would come from a helper of a modprobe that has ended.
through_uevent()
{
	[[ -w $UEVENT_HELPER ]] || return "$KSFT_SKIP"
	looping_helper uevent >"$UEVENT_HELPER"
	script trigger <<-END
		echo change >/sys/class/mem/null/uevent
		until [[ -e $WORK/asked ]]; do sleep 0.1; done
	END
	loops_through uevent
}

# A helper for a helper: request-key dumps core.
through_both()
{
	[[ -r /proc/keys && ! -e $REQUEST_KEY && -w $CORE_PATTERN ]] || return "$KSFT_SKIP"
	echo 1 >"$CORE_PIPE_LIMIT"
	echo "|$(looping_helper core)" >"$CORE_PATTERN"
	script crash <<<"sh -c 'kill -SEGV \$\$'"
	link_helper "$REQUEST_KEY" "$(make_helper key run "$WORK/crash")"
	script trigger <<<"exec $HERE/kmod_req key kmod:both$$"
	loops_through core && is "$(started key)" 1 "request-key"
}

# A request by such a helper is nested, so it needs only a slot of its depth.
helper_is_nested()
{
	local line before

	[[ -r /proc/keys && ! -e $REQUEST_KEY ]] || return "$KSFT_SKIP"
	before=$(lent)
	set_limit 1
	script inner <<<"exec $HERE/kmod_req fs kmod_inner"
	link_helper "$REQUEST_KEY" "$(make_helper key run "$WORK/inner")"
	script trigger <<<"exec $HERE/kmod_req key kmod:inner$$"
	use_helper fake exit 1
	echo "run $WORK/trigger" >"$WORK/fake/do.fs-kmod_outer"
	line=$(ask fs kmod_outer)
	is "$(names_of fake | tr '\n' ' ')" 'fs-kmod_outer fs-kmod_inner ' &&
		at_most "$(time_of "$line")" "$WITHOUT_WAIT" "microseconds:" &&
		is "$(lent)" "$before" "started beyond the limit:"
}

# Reads lines of a name and a number. Requests each name, then writes to the answer file of that
# number. A name without letters is the number of an address family, which a user requests.
answer_calls()
{
	local name id

	while read -r name id; do
		(
			case $name in
			*[a-z]*) "$HERE/kmod_req" fs "$name" ;;
			*) as "$NOBODY" "$HERE/kmod_req" pf "$name" ;;
			esac >/dev/null
			echo answered >"$WORK/answer.$id"
		) &
	done <>"$WORK/calls"
}

# use_daemon CODE: starts a daemon before any modprobe. Each modprobe, for the module "name", asks
# the daemon to request "next", which CODE sets, and waits for the answer.
use_daemon()
{
	rm -f "$WORK/calls"
	mkfifo "$WORK/calls"
	answer_calls &
	DAEMON=$!
	script call <<-END
		name=\${!#}
		name=\${name#fs-} name=\${name#net-pf-}
		$1
		mkfifo $WORK/answer.\$\$
		echo "\$next \$\$" >$WORK/calls
		read -r _ <$WORK/answer.\$\$
		rm -f $WORK/answer.\$\$
		exit 1
	END
	use_helper fake run "$WORK/call"
	set_limit "$FEW"
}

# comes_to_an_end NAME MODPROBES: checks that the request for NAME ends in time, that at most
# MODPROBES modprobes are started, and that nothing stays in flight
comes_to_an_end()
{
	local line

	line=$(timeout $((2 * BOUND)) "$HERE/kmod_req" fs "$1")
	is "$(result_of "$line")" ENODEV &&
		at_most "$(time_of "$line")" $((BOUND * 1000000)) "microseconds:" &&
		at_most "$(started fake)" "$2" "modprobes:" &&
		wait_until all_ended fake && wait_until nothing_in_flight &&
		at_most "$(started fake)" "$2" "modprobes afterwards:"
}

# FAULTS 55. At most as many modprobes as slots: only the first modprobe for a name may be started
# beyond the limit.
daemon_same_name()
{
	local before

	before=$(lent)
	# shellcheck disable=SC2016 # for the script
	use_daemon 'next=$name'
	comes_to_an_end kmod_daemon "$FEW" && is "$(lent)" "$before" "started beyond the limit:"
}

daemon_two_names()
{
	# shellcheck disable=SC2016 # for the script
	use_daemon 'case $name in kmod_a) next=kmod_b ;; *) next=kmod_a ;; esac'
	comes_to_an_end kmod_a $((2 * FEW))
}

# Each request is the first one for its name.
daemon_distinct()
{
	# shellcheck disable=SC2016 # for the script
	use_daemon 'next=k$((${name#k} + 1))'
	comes_to_an_end k1 $((2 * FEW))
}

# A loop of a user, while another user's requests release slots. Users have half of the slots.
daemon_of_user()
{
	local from=$SECONDS other

	# shellcheck disable=SC2016 # for the script
	use_daemon 'next=$name'
	echo exit 1 >"$WORK/fake/do.net-pf-21"
	become "$NOBODY" "$HERE/kmod_req" pf 19 >/dev/null &
	other=$!
	while [[ -d /proc/$other ]] && ! gone "$other"; do
		as 1000 "$HERE/kmod_req" pf 21 >/dev/null
		sleep 1
		at_most $((SECONDS - from)) "$BOUND" "seconds:" || return 1
	done
	at_most "$(names_of fake | grep -c net-pf-19)" "$FEW" "modprobes:" &&
		wait_until all_ended fake && wait_until nothing_in_flight
}

TESTS=(
	'itself|a modprobe that requests the name that it serves fails at once'
	'each_other|two modprobes that request each other fail at once'
	'distinct|a chain of distinct names ends at a depth of eight'
	'orphan|a request by an orphaned descendant belongs to its modprobe'
	'real_install|a loop through an install line of modprobe.d fails at once'
	'strange_binary|a modprobe in an unknown binary format fails at once'
	'others_meanwhile|a loop does not delay other requests'
	'through_key|a loop through request-key fails at once'
	'through_orphan|a loop through an orphan of request-key fails at once'
	'through_core|a loop through a core helper fails at once'
	'through_bridge|a loop through bridge-stp fails at once'
	'through_uevent|a loop through a uevent helper fails at once'
	'through_both|a loop through request-key and its core helper fails at once'
	'helper_is_nested|a request by a helper of a modprobe takes a slot of its depth'
	'daemon_same_name|a loop through a running daemon ends within 60 s and leaves nothing'
	'daemon_two_names|a loop of two names through a daemon ends within 60 s'
	'daemon_of_user|a loop of a user through a daemon ends while other users are served'
	'daemon_distinct|a chain of distinct names through a daemon ends within 60 s'
)
needs_journal
save "$CORE_PATTERN" "$CORE_PIPE_LIMIT" "$UEVENT_HELPER"
run_tests
