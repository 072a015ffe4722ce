#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Suspend, as far as freezing user space: no helper runs meanwhile, and one that does
# not end is named.
source "$(dirname "$0")/kmod_lib.sh"

PM_TEST=/sys/power/pm_test
STATE=/sys/power/state
# How long a test stays suspended, in seconds.
DELAY=/sys/module/suspend/parameters/pm_test_delay

clean_up_more() { echo none >"$PM_TEST"; }

# Prints the result; the log of it is what dmesg has from then on.
suspend()
{
	echo freezer >"$PM_TEST"
	[[ ! -w $DELAY ]] || echo 1 >"$DELAY"
	dmesg --clear 2>/dev/null || dmesg -c >/dev/null
	write_to "$STATE" <<<freeze
}

requests_work()
{
	use_helper after
	ask fs kmod_after >/dev/null
	is "$(names_of after)" fs-kmod_after
}

nothing_runs() { is "$(suspend)" OK && requests_work; }

# Waits for the modprobe for 5 s, in vain.
long_helper()
{
	local program requester line

	program=$(make_helper fake hold)
	touch "$WORK/fake/hold"
	set_modprobe "$program"
	"$HERE/kmod_req" fs kmod_long >/dev/null &
	requester=$!
	wait_until has_started fake || return 1
	is "$(suspend)" EAGAIN || return 1
	line=$(dmesg | grep "umh: .*$program" || :)
	say "$line"
	[[ $line == *"(pid $(pid_of fake),"* ]] || complain "no pid of the helper" || return 1
	[[ $line == *"kmod_req"*"[$requester]"* ]] || complain "no requester" || return 1
	rm "$WORK/fake/hold"
	wait "$requester"
	requests_work && nothing_runs
}

# The helper is what stands in the way, not who waits for it.
killed_requester()
{
	local requester

	use_helper fake hold
	touch "$WORK/fake/hold"
	"$HERE/kmod_req" fs kmod_orphan >/dev/null &
	requester=$!
	wait_until has_started fake || return 1
	kill -KILL "$requester"
	wait "$requester" 2>/dev/null || :
	is "$(suspend)" EAGAIN || return 1
	dmesg | grep -q "umh: .*$WORK/fake/modprobe" || complain "it is not named" || return 1
	rm "$WORK/fake/hold"
	wait_until has_ended fake && nothing_runs
}

# Helpers that end soon are waited for.
short_helper()
{
	use_helper fake sleep 1500
	"$HERE/kmod_req" fs kmod_short >/dev/null &
	wait_until has_started fake || return 1
	is "$(suspend)" OK || return 1
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
		is "$(suspend)" OK "round $round:" || return 1
		wait
		is "$(wc -l <"$WORK/out")" 100 "requests" || return 1
	done
	requests_work
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
run_tests
