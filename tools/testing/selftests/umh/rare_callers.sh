#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Callers of the helper engine that few kernels have: TOMOYO, the firmware loader's
# fallback, nfsd's client tracking, and uevents before there is a root file system (FAULTS
# 22). Not run by default. make test-configs boots a kernel that has them all, with
# harness/guest/hotplug as CONFIG_UEVENT_HELPER_PATH and harness/guest/tomoyo-loader as
# TOMOYO's; both have left a record in the root directory by now.
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

# From the first one that was let in, before PID 1 was there, to the last.
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
	# A driver's initcall made this one while the initramfs was being unpacked.
	grep -q ' add tty /devices/.*/ttyS1$' "$UEVENTS" || complain "not that of ttyS1"
}

# The kernel panics if the loader has not written a profile when it is believed to have
# ended.
tomoyo()
{
	say "$(<"$TOMOYO")"
	is "$(<"$TOMOYO")" "/harness/tomoyo-loader, 0 arguments, child of 2, profile 0" &&
		grep -q '0-COMMENT=kmod' /sys/kernel/security/tomoyo/profile
}

# answer NAME TEXT: gives a pending request its firmware
answer()
{
	echo 1 >"$PENDING/$1/loading"
	printf '%s' "$2" >"$PENDING/$1/data"
	echo 0 >"$PENDING/$1/loading"
}

# The uevent helper does that, in a script of its own.
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

# request NAME [TRIGGER]: what it comes to. A newline would be part of the name.
request() { printf '%s' "$1" | write_to "$TEST_FIRMWARE/trigger_${2:-request}"; }

firmware_served()
{
	# shellcheck disable=SC2016 # to be expanded by the helper
	firmware_helper \
		'cd "/sys$DEVPATH" && echo 1 >loading && echo -n 45 >data && echo 0 >loading'
	is "$(request kmod_served)" OK && is "$(cat "$TEST_FIRMWARE/../test_firmware/test_result" \
		/dev/test_firmware 2>/dev/null | tr -d '\0\n' | tail -c 2)" 45
}

firmware_denied()
{
	# shellcheck disable=SC2016 # to be expanded by the helper
	firmware_helper 'echo -1 >"/sys$DEVPATH/loading"'
	printf kmod_denied | timeout "$PATIENCE" "$HERE/kmod_write" \
		"$TEST_FIRMWARE/trigger_request" >"$WORK/out" ||
		complain "the request hangs" || return 1
	[[ $(<"$WORK/out") != OK ]] || complain "it was granted"
}

pending() { [[ -e $PENDING/$1/loading ]]; }

# Who relies on helpers, as the firmware loader does, keeps them enabled: suspend has
# not frozen anybody yet while it waits.
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
		complain "it did not wait: $(<"$WORK/suspend")" || return 1
	answer kmod_held 46
	wait
	is "$(<"$WORK/request")" OK && is "$(<"$WORK/suspend")" OK
}

# One of which user space is not told is given up, so as not to hold suspend.
firmware_given_up()
{
	echo >"$UEVENT_HELPER"
	request kmod_custom custom_fallback >"$WORK/request" &
	wait_until pending kmod_custom || return 1
	is "$(suspend)" OK || return 1
	wait
	is "$(<"$WORK/request")" ENODEV
}

# A newline would be part of the path.
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
	has_ended cltrack || complain "it has not waited" || return 1
	stop_nfsd
	# It finds out whether this works, and then does it.
	is "$(grep ^start "$WORK/cltrack/log" | cut -d ' ' -f 5- | sort -u)" "$helper init" &&
		is "$(tr '\0' '\n' <"$WORK/cltrack/environ" | cut -d = -f 1)" \
			NFSDCLTRACK_GRACE_START &&
		is "$(<"$CLTRACK")" "$helper"
}

# This errno, and no other result, makes nfsd forget the program.
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
	'early_uevents|uevents before the root file system is there wait for it'
	'tomoyo|TOMOYO gets its policy from its loader, in the exec of PID 1'
	'firmware_served|a uevent helper that gives the firmware serves the request'
	'firmware_denied|one that denies it ends the request'
	'firmware_holds|suspend waits for a firmware request'
	'firmware_given_up|suspend ends a firmware request that nobody was told of'
	'nfsd_tracks|nfsd waits for its client tracking program'
	'nfsd_forgets|nfsd forgets a client tracking program that is not there'
	'all_reaped|no helper is left as a zombie'
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
