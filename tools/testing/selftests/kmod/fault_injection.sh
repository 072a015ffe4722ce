#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Failing allocations: each allocation of the requester in turn, and random ones in the thread
# of the helper and in khelper. After each failure no request may be in flight, the one slot must
# be free, the counters must add up and the next request must be served. umh/wait_modes.sh
# no_fork covers a fork that fails for lack of threads. FAULTS 5 and 25.
source "$(dirname "$0")/kmod_lib.sh"
source "$(dirname "$0")/../umh/umh_lib.sh"

DEBUGFS=/sys/kernel/debug
DRIVER=/dev/umh_modes
PLACES=("$DEBUGFS/failslab" "$DEBUGFS/fail_page_alloc")
MIN_ORDER=$DEBUGFS/fail_page_alloc/min-order
# MAX_PAGE_ORDER is 10.
ALL_PAGES=0 NO_PAGES=11
KMEMLEAK=$DEBUGFS/kmemleak
# A sweep needs some dozen rounds, or more for the load of a module.
MAX_ROUNDS=2000
ANYWHERE=(0 0xffffffffffffffff)
# Probabilities of a failure, in per cent, and the number of requests with each
PROBABILITIES=(1 5 20 100)
REQUESTS=20

fail_attribute()
{
	local place

	for place in "${PLACES[@]}"; do
		[[ ! -d $place ]] || echo "$2" >"$place/$1"
	done
}

# restrict START END: only allocations with an address in this range on their stack may fail
restrict()
{
	fail_attribute require-start "$1"
	fail_attribute require-end "$2"
}

# address_range FUNCTION: prints the address of FUNCTION and that of the next symbol
address_range()
{
	awk -v name="$1" 'start && $1 != start { print "0x" start, "0x" $1; exit }
		$3 == name { start = $1 }' /proc/kallsyms
}

in_function()
{
	local range

	range=$(address_range "$1")
	[[ -n $range ]] || complain "no such function: $1" || return 1
	# shellcheck disable=SC2086 # two words
	restrict $range
}

prepare_faults()
{
	fail_attribute ignore-gfp-wait N
	fail_attribute verbose 0
	fail_attribute stacktrace-depth 32
	fail_attribute times -1
	echo "$ALL_PAGES" >"$MIN_ORDER"
}

no_faults()
{
	fail_attribute probability 0
	fail_attribute times -1
	restrict "${ANYWHERE[@]}"
}

clean_up_more()
{
	no_faults
	rm -f "$REQUEST_KEY" "$BRIDGE_STP"
	ip link delete "$BRIDGE" || :
	rmmod kmod_stub || :
} 2>/dev/null

# sweep ARGUMENTS...: runs kmod_fail_nth with failing slab allocations only, then with failing
# page allocations as well. A slab allocates pages only occasionally, so the second run alone
# could miss one of the allocations under test.
sweep()
{
	local order status=0

	use_helper fake exit 1
	set_limit 1
	for order in "$NO_PAGES" "$ALL_PAGES"; do
		echo "$order" >"$MIN_ORDER"
		as_comments "$HERE/kmod_fail_nth" "$MAX_ROUNDS" "$@" || status=$?
		[[ $status -eq 0 ]] || break
	done
	echo "$ALL_PAGES" >"$MIN_ORDER"
	no_faults
	return "$status"
}

by_mount() { sweep fs 'kmod_fail_nth%d'; }
by_socket() { sweep pf 19; }

by_module()
{
	in_function __request_module || return 1
	sweep load "$(modinfo -n kmod_stub)" 'nowait=fs-kmod_nowait%d'
}

by_key()
{
	link_helper "$REQUEST_KEY" "$(make_helper key exit 1)"
	sweep key 'kmod:fail%d'
}

by_uevent()
{
	make_helper uevent >"$UEVENT_HELPER"
	sweep write /sys/class/mem/null/uevent change
	wait_until all_ended uevent
	echo >"$UEVENT_HELPER"
	say "$(started uevent) helpers"
}

by_bridge()
{
	link_helper "$BRIDGE_STP" "$(make_helper stp exit 0)"
	ip link add "$BRIDGE" type bridge
	sweep toggle "/sys/class/net/$BRIDGE/bridge/stp_state" 1 && wait_until all_ended stp
	say "$(started stp) helpers"
}

by_loader()
{
	local program

	program=$(make_helper act)
	cp "$HERE/umh_act" "$program"
	in_function call_usermodehelper_setup || return 1
	sweep load "$(modinfo -n kmod_stub)" 'nowait=fs-kmod_setup%d'
}

# injected: prints how many allocations failed since the attribute times was set to 1000000
injected()
{
	local place sum=0

	for place in "${PLACES[@]}"; do
		sum=$((sum + 1000000 - $(<"$place/times")))
	done
	echo "$sum"
}

# storm FUNCTION COMMAND...: runs the command with each probability of failures in FUNCTION
storm()
{
	local name=$1 probability status result=0

	shift
	use_helper fake exit 1
	cp "$HERE/umh_act" "$WORK/act"
	for probability in "${PROBABILITIES[@]}"; do
		in_function "$name" || return 1
		fail_attribute times 1000000
		fail_attribute probability "$probability"
		status=0
		"$@" || status=1
		fail_attribute probability 0
		say "$probability %: $(injected) allocations failed"
		at_least "$(injected)" 1 "failures:" || result=1
		no_faults
		set_limit 1
		as_comments "$HERE/kmod_fail_nth" 1 none - || status=1
		[[ $status -eq 0 ]] || complain "at $probability %" || result=1
		set_limit "${SAVED[$LIMIT_SYSCTL]}"
	done
	return "$result"
}

# Each request must end.
many_requests()
{
	timeout "$PATIENCE" "$HERE/kmod_req" -n "$REQUESTS" fs kmod_storm >"$WORK/out" || return 1
	is "$(wc -l <"$WORK/out")" "$REQUESTS" "requests"
}

# In each wait mode init() must be matched by cleanup().
many_modes()
{
	local fd wait i line

	for wait in 0 1 2; do
		for ((i = 0; i < REQUESTS; i++)); do
			exec {fd}<>"$DRIVER"
			echo "wait=$wait hooks -- $WORK/act exit 0" >&"$fd"
			read -r line <&"$fd"
			exec {fd}>&-
			[[ $line =~ \ calls=(si?)?ec\  ]] ||
				complain "wait=$wait: $line" || return 1
		done
	done
}

thread_requests() { storm call_usermodehelper_exec_async many_requests; }
thread_modes() { storm call_usermodehelper_exec_async many_modes; }
khelper_requests() { storm umh_spawn many_requests; }
khelper_modes() { storm umh_spawn many_modes; }

# Suspend fails if the engine still counts a helper.
nothing_left()
{
	all_reaped || return 1
	is "$(suspend)" OK "suspend:" || return 1
	# kmemleak disables itself when it cannot allocate memory.
	[[ ! -e $KMEMLEAK ]] || is "$(write_to "$KMEMLEAK" <<<scan)" OK "kmemleak:"
}

TESTS=(
	'by_mount|every failing allocation of a mount that requests a module is handled'
	'by_socket|every failing allocation of a socket that requests a module is handled'
	'by_module|every failing allocation of a request that does not wait is handled'
	'by_loader|a failing call_usermodehelper_setup() is handled'
	'by_key|every failing allocation of request_key() is handled'
	'by_uevent|every failing allocation of a uevent is handled'
	'by_bridge|every failing allocation of a bridge that starts bridge-stp is handled'
	'thread_requests|failing allocations in the thread of a modprobe end the request'
	'thread_modes|after failing allocations in the thread init() is matched by cleanup()'
	'khelper_requests|failing allocations in khelper end the request'
	'khelper_modes|after failing allocations in khelper init() is matched by cleanup()'
	'nothing_left|no helper stays a zombie or prevents suspend'
)
skip_without "needs CONFIG_FAILSLAB and CONFIG_FAULT_INJECTION_DEBUG_FS" test -d "${PLACES[0]}"
skip_without "needs CONFIG_FAIL_PAGE_ALLOC" test -d "${PLACES[1]}"
skip_without "needs CONFIG_FAULT_INJECTION_STACKTRACE_FILTER" \
	test -e "${PLACES[0]}/stacktrace-depth"
needs_journal
skip_without "needs CONFIG_TEST_KMOD_STUB, see config" modinfo -n kmod_stub
skip_without "needs CONFIG_TEST_UMH, see config" "$REAL_MODPROBE" umh_modes
skip_without "needs CONFIG_BRIDGE, see config" "$REAL_MODPROBE" bridge
skip_without "needs CONFIG_UEVENT_HELPER, see config" test -w "$UEVENT_HELPER"
save "$UEVENT_HELPER"
prepare_faults
run_tests
