#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The manual page's EXAMPLES: each command is executed, and its output must be that on the page,
# except for times. The files of the kernel are made up so that this is the output.
source "$(dirname "$0")/lib.sh"

PAGE=$(cd "$(dirname "$0")/.." && pwd)/kmodctl.8
PROFILES=${PAGE%/*}/policy
FAKE=$WORK/kernel
# LeakSanitizer does not work in the namespace.
export ASAN_OPTIONS=detect_leaks=0
# A time zone in which it is noon: the page shows requests of the same day.
TZ=NOON$(($(date +%-H) - 12))

# example NUMBER: prints the text of that example
example()
{
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE ALSO/p' "$PAGE" | awk -v wanted="$1" '
		/^\.Bd/ { number++; next }
		/^\.Ed/ { shown = 0; if (number == wanted) exit; next }
		/^\./ { next }
		number == wanted' | sed 's/\\e/\\/g'
}

count() { sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE ALSO/p' "$PAGE" | grep -c '^\.Bd'; }

# request ID NAME OUTCOME RESULT SECONDS-AGO TASK PID UID [KEY=VALUE]: adds a request
request()
{
	local begin modprobe=90

	[[ $3 != lsm ]] || modprobe=0
	begin=$(awk -v ago="$5" '{ printf "%.0f", ($1 - ago) * 1e9 }' /proc/uptime)
	echo "id=$1 name=$2 outcome=$3 result=$4 wait=1 parent=${PARENT:-0} into=0 joiners=0" \
		"modules=${MODULES_OF:-0} modprobe=$modprobe slot_ns=0 run_ns=4000000" \
		"begin=$begin pid=$7" \
		"comm=$6 uid=$8 loginuid=4294967295 userns=4026531837 userns_level=0" \
		"pidns=4026531836 site=x${9:+ $9}" >>"$WORK/debugfs/kmod/requests"
}

# module ID REQUEST MODULE TASK PID: adds a module that was loaded for the request
module()
{
	echo "module=$3 state=live id=$1 name=$2 begin=1000000000 pid=$5 comm=$4 uid=0" \
		"loginuid=4294967295 userns=4026531837 userns_level=0 pidns=4026531836 site=x" \
		>>"$WORK/debugfs/kmod/modules"
}

make_journal()
{
	mkdir -p "$WORK/debugfs/kmod"
	: >"$WORK/debugfs/kmod/requests"
	: >"$WORK/debugfs/kmod/modules"
	: >"$WORK/debugfs/kmod/inflight"
	{ cat "$FIXTURES/usual/kmod/stats"; printf '%s 0\n' slow_inits beyond_limit; } \
		>"$WORK/debugfs/kmod/stats"
}

usual_journal()
{
	MODULES_OF=2 request 1 fs-xfs ok 0 14 mount 94 0
	PARENT=2 request 3 fs-nest loop -40 11 mount 130 0
	request 2 fs-nest failed 768 12 mount 128 0
	request 31 char-major-10-200 lsm -1 5 vpn 812 998 \
		cgroup=/system.slice/vpn.service
	module 1 fs-xfs libcrc32c mount 94
	module 1 fs-xfs xfs mount 94
}

# Two requests of charon, one of which has loaded the module
charon_journal()
{
	MODULES_OF=1 request 7 xfrm-type-2-50 ok 0 60 charon 812 0
	request 8 xfrm-type-2-50 ok 0 50 charon 812 0
	module 7 xfrm-type-2-50 esp4 charon 812
	mkdir -p "$WORK/sys/esp4/holders"
	echo live >"$WORK/sys/esp4/initstate"
	echo 2 >"$WORK/sys/esp4/refcnt"
}

make_learned()
{
	printf '%s\n' 'since_ns=0 mode=1' \
		'kind=alias name=fs-xfs uid=1000 count=3 comm=mount' \
		'kind=alias name=net-pf-16-proto-4 uid=1000 count=1 comm=ss' \
		'kind=alias name=net-pf-16-proto-4 uid=1001 count=2 comm=app' \
		>"$FAKE/autoload/learned"
}

machine()
{
	have unshare && have script && have jq || return 1
	unshare -m true 2>/dev/null || { SKIP='unshare is not permitted'; return 1; }
	fake_modules || return 1
	fake_kernel
	echo 50 >"$FAKE/kernel/kmod-limit"
	echo 30000 >"$FAKE/kernel/threads-max"
	rm -rf "${WORK:?}"/{etc,sys,debugfs}
	mkdir -p "$WORK/etc" "$WORK/sys"
	make_journal
	make_learned
	cp "$PROFILES/server.conf" "$WORK/etc/50-server.conf"
}

# The shell of the examples, inside the namespace. Prints commands and output as on the page.
cat >"$WORK/shell" <<'END'
directories=(--debugfs "$WORK/debugfs" --securityfs "$WORK/kernel" --sysctl "$WORK/kernel"
	--modules "$MODULES")
kmodctl()
{
	local i name=$1 command
	local -a options=()

	[[ $1 != policy ]] || name="policy $2"
	# shellcheck disable=SC2086 # one or two words
	for ((i = 0; i < ${#directories[@]}; i += 2)); do
		! "$KMODCTL" help $name | grep -q -e "${directories[i]} " ||
			options+=("${directories[@]:i:2}")
	done
	printf -v command '%q ' "$KMODCTL" "$@" "${options[@]}"
	case " $* " in
	*' --follow '*) timeout 1 "$KMODCTL" "$@" "${options[@]}" || [[ $? -eq 124 ]] ;;
	# The page indents examples by 5 columns.
	*' status '* | *' log '*)
		TERM=dumb script -qec "stty cols 74; $command" /dev/null </dev/null | tr -d '\r' ;;
	*) "$KMODCTL" "$@" "${options[@]}" ;;
	esac
}
# The unit cannot be enabled here, and the kernel has not denied anything.
systemctl() { [[ $* == 'enable kmod-policy.service' ]]; }
dmesg()
{
	echo '[    9.1] autoload: denied: kind=alias name=net-pf-9' \
		'rule=/etc/kmod/policy.d/30-never.conf:2 pid=1'
}
cd() { builtin cd "${1/#\/usr\/share\/kmod\/policy/$PROFILES}"; }

mount -t tmpfs none /etc
mount -t tmpfs none /var/lib
mkdir -p /etc/kmod/policy.d /var/lib/prometheus/node-exporter
mount --bind "$WORK/etc" /etc/kmod/policy.d
mount --bind "$WORK/sys" /sys/module
echo root:x:0:0::/:/bin/sh >/etc/passwd
status=0
mapfile -t lines
for ((n = 0; n < ${#lines[@]}; n++)); do
	line=${lines[n]}
	[[ $line =~ ^[#$]\ (cat|cd|dmesg|echo|kmodctl|printf|systemctl)\  ]] || continue
	text=$line
	# A command continues after | and in the text that cat reads.
	while [[ $text == *'|' ]]; do
		text+=$'\n'${lines[++n]}
	done
	if [[ $text == '# cat >'* ]]; then
		while [[ ${lines[n + 1]} != '# kmodctl'* ]]; do
			input+=${lines[++n]}$'\n'
		done
		printf '%s\n%s' "$text" "$input"
		eval "${text:2}" <<<"${input%$'\n'}"
		continue
	fi
	printf '%s\n' "$text"
	(exit "$status")
	eval "${text:2}"
	status=$?
done
END

# run NUMBER: the output of that example in $WORK/out, and the page's text in $WORK/page
run()
{
	example "$1" >"$WORK/page"
	export WORK MODULES KMODCTL PROFILES
	unshare -m bash "$WORK/shell" <"$WORK/page" >"$WORK/out" 2>"$WORK/err" || :
	sed -i '/warning: kmod-policy.service is not enabled/d' "$WORK/err"
}

# same [EXPRESSION]: the output is the page's, except for times and what the sed expression hides
same()
{
	local hide='s/[0-9]{2}:[0-9]{2}:[0-9]{2}/(time)/'

	is "$(<"$WORK/err")" '' messages || return 1
	diff <(sed -E -e "$hide" -e "${1:-}" "$WORK/page") \
		<(sed -E -e "$hide" -e "${1:-}" "$WORK/out") | sed 's/^/# /'
}

# Without output on the page
silent() { is "$(<"$WORK/err")" '' messages; }

load_server()
{
	kmodctl policy load --securityfs "$FAKE" --sysctl "$FAKE" "$WORK/etc/50-server.conf" &&
		well &&
		sed -i "s,$WORK/etc,/etc/kmod/policy.d," "$FAKE/autoload/policy"
}

# ready: a machine with the policy for servers in force, and with the usual journal
ready() { machine && load_server && usual_journal; }

# The seal depends on the kernel that runs this test.
status() { ready && run 1 && same '/^seal/d'; }
log() { ready && run 2 && same; }
follow() { ready && run 3 && silent && grep -q fs-nest "$WORK/out"; }
explain() { ready && run 4 && same; }
containers() { ready && run 5 && silent; }
metrics() { ready && run 6 && same; }
suggest() { machine && run 8 && same; }

denied()
{
	ready && run 7 && same && grep -q '^allow alias char-major' "$WORK/etc/05-allow.conf"
}
enforce()
{
	machine && rm "$WORK/etc/50-server.conf" &&
		echo 'allow alias fs-xfs uid 1000' >"$WORK/etc/20-learned.conf" && run 9 &&
		is "$(<"$FAKE/autoload/enforce")" 1 enforce &&
		is "$(<"$FAKE/kernel/modules_autoload_mode")" 1 mode &&
		is "$(grep -v 'warning: unknown in' "$WORK/err")" '' messages
}

rule() { machine && run 10 && same; }
decision() { machine && run 11 && same; }
deny() { machine && charon_journal && run 12 && same; }

drop_in()
{
	machine && run 13 && grep -qx 'mode 2' "$WORK/etc/10-local.conf" &&
		is "$(<"$FAKE/kernel/modules_autoload_mode")" 2 mode
}

# The last example is a file, of whose names this machine need not have all.
file()
{
	machine && example 14 >"$WORK/file.conf" && kmodctl policy check "$WORK/file.conf" &&
		is "$STATUS" 0 status && is "$(grep -v warning: "$WORK/err")" '' errors
}

all() { is "$(count)" 14 'examples on the page'; }

TESTS=(
	all 'each example has a test'
	status 'status'
	log 'log'
	follow 'log of failed requests'
	explain 'explain'
	containers 'modules of containers'
	metrics 'metrics'
	denied 'allow a denied request'
	suggest 'suggest'
	enforce 'enforce a learned policy'
	rule 'find a rule'
	decision 'ask for a decision'
	deny 'deny a module'
	drop_in 'add to a policy'
	file 'a file with every kind of line'
)
run_tests
