# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Functions shared by the tests of kmodctl. A test file sources this file, sets TESTS to
# pairs of a function and its title, and calls run_tests. The tests need no patched kernel.
set -euo pipefail

KMODCTL=${KMODCTL:?expected the path of kmodctl}
FIXTURES=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/fixtures
WORK=$(mktemp -d /tmp/kmodctl.XXXXXX)
trap 'rm -rf "$WORK"' EXIT
export TZ=UTC LC_ALL=C
unset NO_COLOR COLUMNS PAGER SUDO_UID

say() { echo "# $*"; }

# kmodctl ARGUMENT...: writes $WORK/out and $WORK/err, and sets STATUS
kmodctl()
{
	STATUS=0
	"$KMODCTL" "$@" >"$WORK/out" 2>"$WORK/err" || STATUS=$?
}

# on FIXTURE ARGUMENT...
on() { kmodctl "${@:2}" --debugfs "$FIXTURES/$1"; }

# on_terminal COLUMNS COMMAND...: runs the command on a terminal of that width. The output is in
# $WORK/out.
on_terminal()
{
	script -qec "stty cols $1; ${*:2}" /dev/null </dev/null | tr -d '\r' >"$WORK/out"
}

# is FOUND EXPECTED [WHAT]
is()
{
	[[ $1 != "$2" ]] || return 0
	say "${3:-}: expected '$2', got '$1'"
	return 1
}

# well: status 0 and no message
well() { is "$STATUS" 0 status && is "$(<"$WORK/err")" '' messages; }

# fails STATUS REGEX: that status, and exactly one message, which matches
fails()
{
	is "$STATUS" "$1" status && is "$(wc -l <"$WORK/err")" 1 messages || return 1
	grep -qE "^kmodctl: $2" "$WORK/err" || { say "message: $(<"$WORK/err")"; return 1; }
}

# shows FILE: the output equals the file, except for dates
shows()
{
	diff <(sed -E 's/[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8}\.[0-9]{3}/(date and time)     /' \
		"$WORK/out") "$1" | sed 's/^/# /'
}

# A test that cannot run on this machine must set SKIP to the reason.
SKIP=
have()
{
	command -v "$1" >/dev/null || { SKIP="$1 is not installed"; return 1; }
}

# fake_kernel: creates a kernel with a policy in force in $FAKE, for --securityfs and --sysctl
fake_kernel()
{
	rm -rf "$FAKE"
	mkdir -p "$FAKE/autoload" "$FAKE/kernel"
	echo /sbin/modprobe | tee "$FAKE/kernel/modprobe" >"$FAKE/autoload/helpers"
	echo enforce >"$FAKE/autoload/helpers_mode"
	printf '%s\n' 'file /etc/kmod/policy.d/50-old.conf' 'deny alias old' \
		>"$FAKE/autoload/policy"
	echo 1 >"$FAKE/kernel/modules_autoload_mode"
	echo 1 >"$FAKE/autoload/enforce"
	echo 0 >"$FAKE/autoload/lock"
}

# fake_module NAME [ALIAS=X|EXPORT=X|NEED=X]...: adds a module to $MODULES
fake_module()
{
	local line number=0

	for line in "${@:2}"; do
		number=$((number + 1))
		case $line in
		ALIAS=*)
			echo "static char a${number}[]" \
				"__attribute__((used, section(\".modinfo\"))) =" \
				"\"alias=${line#*=}\";" ;;
		EXPORT=*)
			echo "static char e[]" \
				"__attribute__((used, section(\"__ksymtab_strings\"))) =" \
				"\"${line#*=}\";" ;;
		NEED=*)
			echo "extern int ${line#*=}; int *need = &${line#*=};" ;;
		esac
	done | gcc -c -x c -o "$MODULES/$1.ko" -
}

# fake_modules: creates the modules of a kernel in $MODULES, for --modules
fake_modules()
{
	MODULES=$WORK/root/lib/modules/1.0
	have gcc || return 1
	[[ -x /sbin/depmod ]] || { SKIP='depmod is not installed'; return 1; }
	[[ ! -d $MODULES ]] || return 0
	mkdir -p "$MODULES"
	fake_module esp4 ALIAS=xfrm-type-2-50 EXPORT=esp_input
	fake_module esp4_offload ALIAS=xfrm-offload-2-50 NEED=esp_input
	fake_module algif_aead ALIAS=algif-aead
	fake_module af_alg ALIAS=net-pf-38 ALIAS=crypto-cbc
	fake_module dccp ALIAS=net-pf-2-proto-33-type-6
	: >"$MODULES/modules.order"
	: >"$MODULES/modules.builtin.modinfo"
	printf '%s\n' kernel/fs/builtin_fs.ko >"$MODULES/modules.builtin"
	/sbin/depmod -b "$WORK/root" 1.0
}

run_tests()
{
	local i verdict failed=0

	echo 'KTAP version 1'
	echo "1..$((${#TESTS[@]} / 2))"
	for ((i = 0; i < ${#TESTS[@]}; i += 2)); do
		SKIP=
		verdict=ok
		"${TESTS[i]}" || verdict='not ok'
		[[ -z $SKIP ]] || verdict=ok
		[[ $verdict == ok ]] || failed=1
		echo "$verdict $((i / 2 + 1)) - ${TESTS[i + 1]}${SKIP:+ # SKIP $SKIP}"
	done
	[[ $failed -eq 0 ]]
}
