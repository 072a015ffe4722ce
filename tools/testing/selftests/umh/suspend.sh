#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Suspend, as far as freezing user space: no helper may run while user space is frozen, and
# the log must name a helper that makes suspend fail.
source "$(dirname "$0")/../kmod/kmod_lib.sh"

STATE=/sys/power/state
# Seconds for which user space stays frozen
DELAY=/sys/module/suspend/parameters/pm_test_delay

clean_up_more() { echo none >"$PM_TEST"; }

# suspend_logged: clears the log, then suspends
suspend_logged()
{
	dmesg -c >/dev/null
	suspend
}

nothing_runs() { is "$(suspend_logged)" OK && next_is_served; }

# Suspend waits 5 s for the modprobe, then fails.
long_helper()
{
	local line

	ask_held kmod_long || return 1
	is "$(suspend_logged)" EAGAIN || return 1
	line=$(dmesg | grep "umh: .*$WORK/fake/modprobe" || :)
	say "$line"
	[[ $line == *"(pid $(pid_of fake)),"* ]] ||
		complain "expected the pid of the helper" || return 1
	[[ $line == *"kmod_req"*"[$REQUESTER]"* ]] || complain "expected the requester" || return 1
	release
	wait "$REQUESTER"
	next_is_served && nothing_runs
}

# Suspend freezes the modprobe, since no requester waits for it.
killed_requester()
{
	ask_held kmod_orphan || return 1
	kill_and_reap "$REQUESTER"
	is "$(suspend_logged)" OK || return 1
	! has_ended fake || complain "the helper has ended" || return 1
	release
	wait_until has_ended fake && nothing_runs
}

short_helper()
{
	use_helper fake sleep 1500
	"$HERE/kmod_req" fs kmod_short >/dev/null &
	wait_until has_started fake || return 1
	is "$(suspend_logged)" OK || return 1
	wait
	is "$(ended fake)" 1 "modprobes"
}

# Suspend during continuous requests. A request may fail while helpers are disabled. No request
# may hang, and the next one must be served.
storm()
{
	local round

	for round in 1 2; do
		use_helper fake random 20
		ask -n 100 fs "kmod_pm$round" >"$WORK/out" &
		wait_until has_started fake || return 1
		is "$(suspend_logged)" OK "round $round:" || return 1
		wait
		is "$(wc -l <"$WORK/out")" 100 "requests" || return 1
	done
	next_is_served
}

TESTS=(
	'nothing_runs|suspend succeeds when no helper runs'
	'long_helper|a helper that does not end makes suspend fail, and the log names it'
	'killed_requester|a helper whose requester was killed does not make suspend fail'
	'short_helper|suspend waits for a helper that ends within 5 s'
	'storm|suspend succeeds during continuous module requests'
)
skip_without "needs CONFIG_PM_DEBUG, see config" test -w "$PM_TEST"
skip_without "needs CONFIG_SUSPEND, see config" grep -w freeze "$STATE"
[[ ! -w $DELAY ]] || echo 1 >"$DELAY"
run_tests
