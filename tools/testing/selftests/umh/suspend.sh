#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Suspend, as far as freezing user space: no helper runs meanwhile, and one that does
# not end is named.
source "$(dirname "$0")/../kmod/kmod_lib.sh"

STATE=/sys/power/state
# How long a test stays suspended, in seconds.
DELAY=/sys/module/suspend/parameters/pm_test_delay

clean_up_more() { echo none >"$PM_TEST"; }

# suspend_logged: suspend, with its messages alone in the log
suspend_logged()
{
	dmesg -c >/dev/null
	suspend
}

nothing_runs() { is "$(suspend_logged)" OK && next_is_served; }

# Waits for the modprobe for 5 s, in vain.
long_helper()
{
	local line

	ask_held kmod_long || return 1
	is "$(suspend_logged)" EAGAIN || return 1
	line=$(dmesg | grep "umh: .*$WORK/fake/modprobe" || :)
	say "$line"
	[[ $line == *"(pid $(pid_of fake),"* ]] || complain "no pid of the helper" || return 1
	[[ $line == *"kmod_req"*"[$REQUESTER]"* ]] || complain "no requester" || return 1
	release
	wait "$REQUESTER"
	next_is_served && nothing_runs
}

# The helper is what stands in the way, not who waits for it.
killed_requester()
{
	ask_held kmod_orphan || return 1
	kill_and_reap "$REQUESTER"
	is "$(suspend_logged)" EAGAIN || return 1
	dmesg | grep -q "umh: .*$WORK/fake/modprobe" || complain "it is not named" || return 1
	release
	wait_until has_ended fake && nothing_runs
}

# Helpers that end soon are waited for.
short_helper()
{
	use_helper fake sleep 1500
	"$HERE/kmod_req" fs kmod_short >/dev/null &
	wait_until has_started fake || return 1
	is "$(suspend_logged)" OK || return 1
	wait
	is "$(ended fake)" 1 "modprobes"
}

# With requests all the time: either of them may be turned away, none hangs, and
# afterwards all is as before.
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
	'long_helper|a helper that does not end makes suspend fail and is named'
	'killed_requester|a helper whose requester was killed still counts'
	'short_helper|a helper that ends within 5 s is waited for'
	'storm|suspend succeeds while modules are being asked for'
)
skip_without "needs CONFIG_PM_DEBUG, see config" test -w "$PM_TEST"
skip_without "needs CONFIG_SUSPEND, see config" grep -w freeze "$STATE"
[[ ! -w $DELAY ]] || echo 1 >"$DELAY"
run_tests
