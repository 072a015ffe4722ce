#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Callers of the helper engine that are built into few kernels: TOMOYO, the firmware loader's
# fallback, nfsd's client tracking, 6.1's bpfilter (FAULTS 47), and uevents before the root file
# system is mounted (FAULTS 22). Not run by default: make test-configs boots a kernel with all of
# them, in which harness/guest/hotplug is CONFIG_UEVENT_HELPER_PATH and
# harness/guest/tomoyo-loader the loader of TOMOYO. Both have written their logs to the root
# directory before this test starts.
source "$(dirname "$0")/../kmod/kmod_lib.sh"
source "$(dirname "$0")/umh_lib.sh"

UEVENTS=/uevents
TOMOYO=/tomoyo-loader
FORCE_FALLBACK=$SYSCTL/firmware_config/force_sysfs_fallback
TEST_FIRMWARE=/sys/devices/virtual/misc/test_firmware
PENDING=/sys/class/firmware
CLTRACK=/sys/module/nfsd/parameters/cltrack_prog
NFSD=$WORK/nfsd

clean_up_more()
{
	echo >"$UEVENT_HELPER"
	echo 0 >"$FORCE_FALLBACK"
	umount "$NFSD"
} 2>/dev/null

stop_nfsd() { [[ $(<"$NFSD/threads") == 0 ]] || echo 0 >"$NFSD/threads"; }
restore_more() { stop_nfsd; }

# The log must have every sequence number from the first uevent, which was sent before PID 1
# started, to the last one.
no_uevent_lost()
{
	local first last

	first=$(cut -d ' ' -f 1 "$UEVENTS" | sort -n | head -n 1)
	last=$(</sys/kernel/uevent_seqnum)
	[[ $(wc -l <"$UEVENTS") -eq $((last - first + 1)) ]]
}

early_uevents()
{
	wait_until no_uevent_lost || return 1
	say "$(wc -l <"$UEVENTS") uevents, the first: $(sort -n "$UEVENTS" | head -n 1)"
	# A driver's initcall sends this one while the initramfs is being unpacked.
	grep -q ' add tty /devices/.*/ttyS1$' "$UEVENTS" || complain "expected a uevent of ttyS1"
}

# The kernel panics if the loader exits without having written a profile.
tomoyo()
{
	say "$(<"$TOMOYO")"
	is "$(<"$TOMOYO")" "/harness/tomoyo-loader, 0 arguments, child of 2, profile 0" &&
		grep -q '0-COMMENT=kmod' /sys/kernel/security/tomoyo/profile
}

# An initcall starts the usermode driver, and kills it if it does not answer.
bpfilter()
{
	local pid

	[[ $(uname -r) == 6.1.* ]] || return "$KSFT_SKIP"
	pid=$(dmesg | sed -n 's/.*bpfilter: Loaded bpfilter_umh pid \([0-9]*\)$/\1/p')
	[[ -n $pid ]] || complain "the driver was not started" || return 1
	is "$(running bpfilter_umh)" "$pid" "usermode drivers:"
}

# answer NAME TEXT: loads TEXT for a pending firmware request
answer()
{
	echo 1 >"$PENDING/$1/loading"
	printf '%s' "$2" >"$PENDING/$1/data"
	echo 0 >"$PENDING/$1/loading"
}

# firmware_helper COMMANDS: makes the uevent helper run them for each firmware request
firmware_helper()
{
	cat >"$WORK/firmware" <<-END
	#!/bin/sh
	[ "\$SUBSYSTEM \$ACTION" = "firmware add" ] || exit 0
	$1
	END
	chmod 755 "$WORK/firmware"
	echo "$WORK/firmware" >"$UEVENT_HELPER"
}

# request NAME [TRIGGER]: prints the result. A newline would become part of the name.
request() { printf '%s' "$1" | write_to "$TEST_FIRMWARE/trigger_${2:-request}"; }

firmware_served()
{
	# shellcheck disable=SC2016 # the helper expands it
	firmware_helper \
		'cd "/sys$DEVPATH" && echo 1 >loading && echo -n 45 >data && echo 0 >loading'
	is "$(request kmod_served)" OK && is "$(cat "$TEST_FIRMWARE/../test_firmware/test_result" \
		/dev/test_firmware 2>/dev/null | tr -d '\0\n' | tail -c 2)" 45
}

firmware_denied()
{
	# shellcheck disable=SC2016 # the helper expands it
	firmware_helper 'echo -1 >"/sys$DEVPATH/loading"'
	printf kmod_denied | timeout "$PATIENCE" "$HERE/kmod_write" \
		"$TEST_FIRMWARE/trigger_request" >"$WORK/out" ||
		complain "the request did not end" || return 1
	[[ $(<"$WORK/out") != OK ]] || complain "expected an error"
}

pending() { [[ -e $PENDING/$1/loading ]]; }

# The firmware loader holds the read lock of the usermode helpers: suspend must wait for it
# before it freezes user space.
firmware_holds()
{
	local suspender

	echo >"$UEVENT_HELPER"
	request kmod_held >"$WORK/request" &
	wait_until pending kmod_held || return 1
	suspend >"$WORK/suspend" &
	suspender=$!
	sleep 2
	kill -0 "$suspender" && [[ ! -s $WORK/suspend ]] ||
		complain "suspend did not wait: $(<"$WORK/suspend")" || return 1
	answer kmod_held 46
	wait
	is "$(<"$WORK/request")" OK && is "$(<"$WORK/suspend")" OK
}

# A firmware request without a uevent cannot be completed by user space. Suspend must abort it.
firmware_given_up()
{
	echo >"$UEVENT_HELPER"
	request kmod_custom custom_fallback >"$WORK/request" &
	wait_until pending kmod_custom || return 1
	is "$(suspend)" OK || return 1
	wait
	is "$(<"$WORK/request")" ENODEV
}

# start_nfsd PROGRAM. A newline would become part of the path.
start_nfsd()
{
	printf '%s' "$1" >"$CLTRACK"
	echo '-3 +4' >"$NFSD/versions"
	echo 1 >"$NFSD/threads"
}

nfsd_tracks()
{
	local helper

	helper=$(make_helper cltrack environ)
	start_nfsd "$helper" || return 1
	has_ended cltrack || complain "nfsd did not wait for its program" || return 1
	stop_nfsd
	# nfsd runs the program once to select this method and once to initialize it.
	is "$(grep ^start "$WORK/cltrack/log" | cut -d ' ' -f 5- | sort -u)" "$helper init" &&
		is "$(tr '\0' '\n' <"$WORK/cltrack/environ" | cut -d = -f 1)" \
			NFSDCLTRACK_GRACE_START &&
		is "$(<"$CLTRACK")" "$helper"
}

# Only -ENOENT makes nfsd clear the program's path.
nfsd_forgets()
{
	start_nfsd "$(make_helper cltrack exit 2)" || :
	stop_nfsd
	is "$(started cltrack)" 1 "programs" || return 1
	is "$(<"$CLTRACK")" "$WORK/cltrack/modprobe" || return 1
	start_nfsd /none || :
	stop_nfsd
	is "$(<"$CLTRACK")" ""
}

TESTS=(
	'early_uevents|helpers for uevents sent before the root file system is mounted wait for it'
	'tomoyo|the policy loader of TOMOYO runs during the exec of PID 1, which waits for it'
	'bpfilter|a usermode driver that the kernel contains is started during boot'
	'firmware_served|a uevent helper that loads the firmware completes the request'
	'firmware_denied|a uevent helper that aborts the load fails the request'
	'firmware_holds|suspend waits for a firmware request'
	'firmware_given_up|suspend aborts a firmware request without a uevent'
	'nfsd_tracks|nfsd waits for its client tracking program'
	'nfsd_forgets|nfsd clears the path of a client tracking program that is missing'
	'all_reaped|no helper stays a zombie'
)
skip_without "needs CONFIG_UEVENT_HELPER_PATH=/harness/hotplug" test -s "$UEVENTS"
skip_without "needs CONFIG_SECURITY_TOMOYO" test -s "$TOMOYO"
skip_without "needs CONFIG_FW_LOADER_USER_HELPER" test -w "$FORCE_FALLBACK"
skip_without "needs CONFIG_TEST_FIRMWARE" test -w "$TEST_FIRMWARE/trigger_request"
skip_without "needs CONFIG_PM_DEBUG" test -w "$PM_TEST"
mkdir "$NFSD"
skip_without "needs CONFIG_NFSD_V4" mount -t nfsd none "$NFSD"
[[ -d /sys/kernel/security/tomoyo ]] || mount -t securityfs security /sys/kernel/security
echo 1 >"$FORCE_FALLBACK"
run_tests
