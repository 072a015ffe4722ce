#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does the harness itself see what goes wrong? Boots the guest with one injected fault
# each, and judges some recorded streams: each fault must come back red, and the
# controls green.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"

number=0
failed=0
SCRATCH=$BUILD/test-harness

# expect GREEN_OR_RED PATTERN TITLE COMMAND...: its colour, and that it names the reason
expect()
{
	local colour=$1 pattern=$2 title=$3 output got=green

	shift 3
	output=$("$@") || got=red
	number=$((number + 1))
	if [[ $got == "$colour" ]] && grep -qE "$pattern" <<<"$output"; then
		echo "ok $number - $title is $colour"
	else
		echo "not ok $number - $title is $got, for this reason:"
		echo "#   ${output//$'\n'/$'\n#   '}"
		failed=$((failed + 1))
	fi
}

# booted COLOUR PATTERN TITLE JOB
booted()
{
	local name=self-$4
	./boot.sh "$name" self-test "$4"
	expect "$1" "$2" "$3" ./verdict.sh "$LOGS/$name.console" "$LOGS/$name.results"
}

# stream COLOUR PATTERN TITLE LINE...: a recorded result stream, and on the console LOGGED
LOGGED=
stream()
{
	local colour=$1 pattern=$2 title=$3

	shift 3
	printf '%s\n' 'TAP version 13' "$@" >"$SCRATCH/results"
	echo "$LOGGED" >"$SCRATCH/console"
	expect "$colour" "$pattern" "$title" ./verdict.sh "$SCRATCH/console" "$SCRATCH/results"
}

# summed COLOUR PATTERN TITLE COMMAND: what all.sh makes of a target that does that, beside
# one that is green, and takes half of a pace of 1000 s
summed()
{
	mkdir -p "$SCRATCH/harness" "$SCRATCH/build"
	cp all.sh lib.sh arch.sh "$SCRATCH/harness"
	echo 1000 >"$SCRATCH/build/pace"
	printf 'good:\n\t@echo 3 passed, 0 failed\ntarget:\n\t@%s\n' "$4" >"$SCRATCH/Makefile"
	expect "$1" "$2" "$3" "$SCRATCH/harness/all.sh" good "50% target" 2>/dev/null
}

# stages CONFIG: what test.sh does, in one line, with stand-ins for all that it calls; KUnit
# takes three seconds, the rest none
stages()
{
	local name

	mkdir -p "$SCRATCH/harness" "$SCRATCH/kernel"
	touch "$SCRATCH/kernel/a_kunit.c"
	cp test.sh lib.sh arch.sh "$SCRATCH/harness"
	for name in kunit torture inherit cost prepare boot verdict; do
		# shellcheck disable=SC2016 # the last argument, if any, is the tally
		printf '#!/bin/bash\n[[ $0 != *kunit.sh ]] || sleep 3\n[[ ${!#} != */*tally* ]] || %s\n' \
			'echo 1 0 0 >>"${!#}"' >"$SCRATCH/harness/$name.sh"
		chmod +x "$SCRATCH/harness/$name.sh"
	done
	CONFIG=$1 TEST='' "$SCRATCH/harness/test.sh" 2>&1 | tr '\n' ' '
}

# interrupted: prints what goes on after Ctrl-C during a boot, and fails if that itself does
interrupted()
{
	local boot

	set -m
	(./boot.sh self-interrupted self-test hang || :; echo 'what called it') 2>/dev/null &
	boot=$!
	set +m
	sleep 10
	kill -INT -- "-$boot"
	wait "$boot" 2>/dev/null || :
	! pgrep -f "$LOGS/self-interrupted.results"
}

END='# verdict: complete'
mkdir -p "$SCRATCH"
echo 'TAP version 13'
echo '1..31'

stream green '^2 passed, 0 failed$' 'a nested test' \
	'1..1' '  TAP version 13' '  1..2' '  ok 1 a' '  ok 2 b' 'ok 1 - t' "$END"
stream red 'FAIL t: b$' 'a failure one level down' \
	'1..1' '# Subtest: t' '  1..2' '  ok 1 a' '  not ok 2 b' 'not ok 1 - t' "$END"
stream red '^FAIL t: 1 results of 2' 'a nested plan that is cut short' \
	'1..1' '# Subtest: t' '  1..2' '  ok 1 a' 'ok 1 - t' "$END"
stream red 'results without a plan' 'a nested test without a plan' \
	'1..1' '  ok 1 a' 'ok 1 - t' "$END"
stream red '^1 passed, 1 failed$' 'a test that fails after its last result' \
	'1..1' '  1..1' '  ok 1 a' 'not ok 1 - t # exit=1' "$END"
stream red '1 results of 2' 'a plan that is cut short' '1..2' 'ok 1 - t' "$END"
stream red 'numbered 3' 'a lost result line' '1..2' 'ok 1 - t' 'ok 3 - u' "$END"
stream red '^0 passed, 0 failed, 1 skipped' 'nothing but a skipped test' \
	'1..1' 'ok 1 - t # SKIP no such option' "$END"
stream red 'did not reach the end' 'a stream without its last line' '1..1' 'ok 1 - t'

RACE='[    5.783426] BUG: KCSAN: data-race in do_proc_douintvec_minmax_conv /'
LOGGED="$RACE kmod_policy_request" stream red 'kernel log: .*kmod_policy' 'a data race of ours' \
	'1..1' 'ok 1 - t' "$END"
LOGGED="$RACE rt_mutex_lock" stream green '^1 passed, 0 failed$' 'a data race of others' \
	'1..1' 'ok 1 - t' "$END"

summed green '^4 passed, 0 failed$' 'one of two targets that counts nothing' true
summed red '^3 passed, 1 failed$' 'a target that counts nothing, and fails,' false
summed red '^5 passed, 1 failed$' 'a target with a failure' 'echo 2 passed, 1 failed; false'
summed red '^3 passed, 1 failed$' 'a target that dies before its sum' \
	'echo 9 passed, 0 failed; false'
STARTED='' DEADLINE=-1 summed red '^0 passed, 0 failed, 2 skipped$' 'a sum of what it is too late for' true
STARTED='' DEADLINE=450 summed green '^3 passed, 0 failed, 1 skipped$' 'a target that would end too late' true
STARTED='' DEADLINE=550 summed green '^4 passed, 0 failed$' 'a target that would end in time' true
summed green '^3 passed, 0 failed, 1 skipped$' 'a base that cannot be had' \
	'echo 0 passed, 0 failed, 1 skipped; exit 4'

P='== guest, plain' D='== guest, debug'
expect green "KUnit, .* $P $P, switch_root $P, lock == torture, plain, .* == cost .* 7 passed, 0 failed \$" \
	'make test' stages plain
STARTED='' DEADLINE=60 expect green "KUnit, .* $D $D, switch_root $D, lock == torture, debug, .* $P .* 9 passed" \
	'make test on the debug kernel' stages debug
STARTED='' DEADLINE=14 expect green "KUnit, .* == SKIP guest, debug: .* $P $P, switch_root .* 7 passed, 0 failed, 1 skip" \
	'make test on a debug kernel that takes too long' stages debug
STARTED='' DEADLINE=-1 expect green "KUnit, .* SKIP guest, debug.* $P $P, sw.* lock == SKIP torture.* 4 passed, 0 failed, 4 skip" \
	'make test that is late' stages debug

booted green '^1 passed, 0 failed$' 'a passing test in the guest' pass
booted red '^FAIL fails$' 'a failing test in the guest' fail
booted red 'no plan' 'a guest that says nothing' silent
# With panic_on_warn it is the panic that is seen, and without it the log line.
booted red 'kernel log: .*panic_on_warn' 'a WARNING' warn
CMDLINE='panic_on_warn=0' booted red 'kernel log: .*WARNING' 'a WARNING that does not panic' warn
booted red 'kernel log: .*panic' 'a panic' panic
TIMEOUT=20 booted red 'time limit' 'a hang' hang
expect green '^$' 'Ctrl-C during a boot' interrupted

echo "$((number - failed)) passed, $failed failed"
[[ $failed -eq 0 ]]
