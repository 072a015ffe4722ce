#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make test-harness: tests that the harness itself detects faults. Boots the guest with one
# injected fault at a time, and judges some recorded streams. The verdict must be red for each
# fault, and green for each control.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"

number=0
failed=0
SCRATCH=$BUILD/test-harness

# expect GREEN_OR_RED PATTERN TITLE COMMAND...: passes if COMMAND succeeds (green) or fails (red)
# as expected, and its output matches PATTERN
expect()
{
	local colour=$1 pattern=$2 title=$3 output got=green

	shift 3
	output=$("$@") || got=red
	number=$((number + 1))
	if [[ $got == "$colour" ]] && grep -qE "$pattern" <<<"$output"; then
		echo "ok $number - $title is $colour"
	else
		echo "not ok $number - $title is $got; output:"
		echo "#   ${output//$'\n'/$'\n#   '}"
		failed=$((failed + 1))
	fi
}

# booted COLOUR PATTERN TITLE JOB: checks the verdict of a boot that runs the self-test JOB
booted()
{
	local name=self-$4
	./boot.sh "$name" self-test "$4"
	expect "$1" "$2" "$3" ./verdict.sh "$LOGS/$name.console" "$LOGS/$name.results"
}

# stream COLOUR PATTERN TITLE LINE...: checks the verdict of a recorded stream of results, with
# LOGGED on the console
LOGGED=
stream()
{
	local colour=$1 pattern=$2 title=$3

	shift 3
	printf '%s\n' 'KTAP version 1' "$@" >"$SCRATCH/results"
	echo "$LOGGED" >"$SCRATCH/console"
	expect "$colour" "$pattern" "$title" ./verdict.sh "$SCRATCH/console" "$SCRATCH/results"
}

# summed COLOUR PATTERN TITLE COMMAND: checks the result of all.sh for two targets, one that
# passes and one that runs COMMAND
summed()
{
	mkdir -p "$SCRATCH/harness"
	cp -r all.sh lib.sh lib "$SCRATCH/harness"
	printf 'good:\n\t@echo 3 passed, 0 failed\ntarget:\n\t@%s\n' "$4" >"$SCRATCH/Makefile"
	expect "$1" "$2" "$3" "$SCRATCH/harness/all.sh" good target 2>/dev/null
}

# stages CONFIG: prints the output of test.sh in one line, with stubs for the scripts that it runs
stages()
{
	local name

	mkdir -p "$SCRATCH/harness"
	cp -r test.sh lib.sh lib "$SCRATCH/harness"
	for name in shim model kunit torture cost deps prepare boot verdict; do
		# shellcheck disable=SC2016 # the last argument may be the tally
		printf '#!/bin/bash\n[[ ${!#} != */*tally* ]] || %s\n' \
			'echo 1 0 0 >>"${!#}"' >"$SCRATCH/harness/$name.sh"
		chmod +x "$SCRATCH/harness/$name.sh"
	done
	CONFIG=$1 TEST='' "$SCRATCH/harness/test.sh" 2>&1 | tr '\n' ' '
}

# autoload_in LINE...: prints a .config of these lines after add-autoload.sh, in one line
autoload_in()
{
	printf '%s\n' "$@" >"$SCRATCH/config"
	./add-autoload.sh "$SCRATCH/config" >/dev/null
	tr '\n' ' ' <"$SCRATCH/config"
}

# without_compiler COMMAND...: runs COMMAND as on a machine without gcc
without_compiler()
{
	mkdir -p "$SCRATCH/bin"
	printf '#!/bin/sh\nexit 127\n' >"$SCRATCH/bin/gcc"
	chmod +x "$SCRATCH/bin/gcc"
	PATH=$SCRATCH/bin:$PATH "$@"
}

# interrupted: sends Ctrl-C during a boot. Prints a line if the parent of the boot continues.
# Prints the pids of remaining processes, and fails if there are any.
interrupted()
{
	local boot

	set -m
	(./boot.sh self-interrupted self-test hang || :; echo 'parent continues') 2>/dev/null &
	boot=$!
	set +m
	sleep 10
	kill -INT -- "-$boot"
	wait "$boot" 2>/dev/null || :
	! pgrep -f "$LOGS/self-interrupted.results"
}

# killed: sends SIGKILL to make during a boot. Prints the pids of remaining processes, and fails if
# there are any.
killed()
{
	local target

	make -C "$ROOT" --no-print-directory guest RUN='sleep 1000' >/dev/null 2>&1 &
	target=$!
	until pgrep -f "$LOGS/run-$BUILT.results" >/dev/null; do sleep 1; done
	kill -KILL "$target"
	wait "$target" 2>/dev/null || :
	sleep 3
	! pgrep -f "$LOGS/run-$BUILT.results"
}

END='# verdict: complete'
mkdir -p "$SCRATCH"
N='  KTAP version 1'
echo 'TAP version 13'
echo '1..35'

stream green '^2 passed, 0 failed$' 'a nested test' \
	'1..1' "$N" '  # Subtest: t' '  1..2' '  ok 1 a' '  ok 2 b' 'ok 1 - t' "$END"
stream red 'FAIL b$' 'a failure one level down' \
	'1..1' "$N" '  # Subtest: t' '  1..2' '  ok 1 a' '  not ok 2 b' 'not ok 1 - t' "$END"
stream red '^FAIL t: missing' 'a nested plan that is cut short' \
	'1..1' "$N" '  # Subtest: t' '  1..2' '  ok 1 a' 'ok 1 - t' "$END"
stream red '1 plans for 2 streams' 'a nested test without a plan' \
	'1..1' "$N" '  # Subtest: t' '  ok 1 a' 'ok 1 - t' "$END"
stream red '^FAIL t # exit=1$' 'a test that fails after its last result' \
	'1..1' "$N" '  # Subtest: t' '  1..1' '  ok 1 a' 'not ok 1 - t # exit=1' "$END"
stream red '^FAIL t: 0 tests run' 'a test without results' \
	'1..1' "$N" '  # Subtest: t' 'ok 1 - t' "$END"
stream red 'missing expected subtest' 'a plan that is cut short' '1..2' 'ok 1 - t' "$END"
stream red 'Expected test number 2' 'a lost result line' '1..2' 'ok 1 - t' 'ok 3 - u' "$END"
stream red '^0 passed, 0 failed, 1 skipped' 'nothing but a skipped test' \
	'1..1' 'ok 1 - t # SKIP no such option' "$END"
stream red 'truncated results' 'a stream without its last line' '1..1' 'ok 1 - t'

RACE='[    5.783426] BUG: KCSAN: data-race in do_proc_douintvec_minmax_conv /'
LOGGED="$RACE kmod_policy_request" stream red 'kernel log: .*kmod_policy' \
	'a data race in the overlay' '1..1' 'ok 1 - t' "$END"
LOGGED="$RACE rt_mutex_lock" stream green '^1 passed, 0 failed$' 'a data race elsewhere' \
	'1..1' 'ok 1 - t' "$END"

summed green '^4 passed, 0 failed$' 'a target without totals' true
summed red '^3 passed, 1 failed$' 'a failing target without totals' false
summed red '^5 passed, 1 failed$' 'a target with a failure' 'echo 2 passed, 1 failed; false'
summed red '^3 passed, 1 failed$' 'a target that fails before its totals' \
	'echo 9 passed, 0 failed; false'
summed green '^3 passed, 0 failed, 1 skipped$' 'a base that cannot be fetched' \
	'echo 0 passed, 0 failed, 1 skipped; exit 4'

P='== guest, plain'
expect green "pipeline, .* == model .* == KUnit, .* $P $P, switch_root $P, lock == torture, .* == cost .* 11 passed, 0 failed \$" \
	'make test' stages plain

expect green '^$' 'the list of missing packages, without a compiler' without_compiler ./deps.sh build

SECURITY=CONFIG_SECURITY=y ON=CONFIG_SECURITY_AUTOLOAD=y
expect green "^$SECURITY CONFIG_LSM=\"autoload,yama,bpf\" $ON \$" 'make deb with a list without autoload' \
	autoload_in $SECURITY 'CONFIG_LSM="yama,bpf"'
expect green "^$SECURITY CONFIG_LSM=\"autoload\" $ON \$" 'make deb with an empty list' \
	autoload_in $SECURITY 'CONFIG_LSM=""'
expect green "^$SECURITY CONFIG_LSM=\"yama,autoload\" $ON \$" 'make deb with a list that has autoload' \
	autoload_in $SECURITY 'CONFIG_LSM="yama,autoload"' $ON
expect green "^$SECURITY CONFIG_LSM=\"autoload,yama,autoloader\" $ON \$" 'make deb with a similar name in the list' \
	autoload_in $SECURITY 'CONFIG_LSM="yama,autoloader"'
expect green "^$SECURITY $ON \$" 'make deb without a list (default)' \
	autoload_in $SECURITY
expect green '^# CONFIG_SECURITY is not set $' 'make deb without security modules' \
	autoload_in '# CONFIG_SECURITY is not set'
expect green "^$SECURITY CONFIG_LSM=\"yama\" # CONFIG_SECURITY_AUTOLOAD is not set \$" \
	'make deb with autoload switched off' \
	autoload_in $SECURITY 'CONFIG_LSM="yama"' '# CONFIG_SECURITY_AUTOLOAD is not set'

booted green '^1 passed, 0 failed$' 'a passing test in the guest' pass
booted red '^FAIL fails$' 'a failing test in the guest' fail
booted red 'truncated results' 'a guest without results' silent
# With panic_on_warn the panic is detected, without it the log line.
booted red 'kernel log: .*panic_on_warn' 'a WARNING' warn
CMDLINE='panic_on_warn=0' booted red 'kernel log: .*WARNING' 'a WARNING that does not panic' warn
booted red 'kernel log: .*panic' 'a panic' panic
TIMEOUT=20 booted red 'time limit' 'a hang' hang
expect green '^$' 'Ctrl-C during a boot' interrupted
expect green '^$' 'make killed during a boot' killed

echo "$((number - failed)) passed, $failed failed"
[[ $failed -eq 0 ]]
