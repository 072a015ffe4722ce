#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make test-configs: the configurations that differ in what the helper engine and
# request_module() are made of, harness/configs/variants. Each is built and booted (but
# for the one with all callers, which is built only), and runs helpers as it should.
#
# From the environment: VARIANTS (their names, all by default), OBJECTS=1 (compile our
# objects and those of our callers only, boot nothing).
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"

VARIANTS=${VARIANTS:-$(cd configs/variants && printf '%s\n' *.config | sed 's/\.config$//')}
OBJECTS=${OBJECTS:-0}
ENGINE=(init/do_mounts_initrd.o init/initramfs.o kernel/umh.o kernel/umh_caps.o
	kernel/umh_gate.o kernel/usermode_driver.o kernel/reboot.o kernel/fork.o
	kernel/sysctl.o kernel/cgroup/cgroup-v1.o kernel/power/process.o
	lib/kobject_uevent.o fs/coredump.o)
CALLERS=(arch/x86/kernel/cpu/mce/dev-mcelog.o drivers/base/firmware_loader/fallback.o
	drivers/block/drbd/drbd_nl.o drivers/greybus/svc_watchdog.o
	drivers/video/fbdev/uvesafb.o fs/nfs/cache_lib.o fs/nfsd/nfs4layouts.o
	fs/nfsd/nfs4recover.o fs/ocfs2/stackglue.o net/bridge/br_stp_if.o
	security/tomoyo/load_policy.o security/keys/request_key.o)

passed=0
failed=0

# In the guest. What helpers run is in /tmp/ran: with a static path, the program that
# is run instead of each writes that; else modprobe and uevent_helper are the same one.
# shellcheck disable=SC2016 # to be expanded there
CHECK='
printf "#!/bin/sh\necho ran \$0 \$* >>/tmp/ran\n" >/sbin/usermode-helper
chmod 755 /sbin/usermode-helper
[ ! -e /proc/sys/kernel/modprobe ] || echo /sbin/usermode-helper >/proc/sys/kernel/modprobe
echo /sbin/usermode-helper >/sys/kernel/uevent_helper
mount -t kmod_variant none /mnt 2>/dev/null
echo add >/sys/class/mem/null/uevent
pattern=/proc/sys/kernel/core_pattern
[ ! -e $pattern ] || echo "|/sbin/usermode-helper" >$pattern
sh -c "kill -SEGV \$\$" 2>/dev/null
sleep 2
echo >/sys/kernel/uevent_helper
echo "helpers: $(cat /tmp/ran 2>/dev/null | wc -l)"
cat /tmp/ran 2>/dev/null
exit 0'

# expected NAME: how many helpers that runs: modprobe, uevent_helper, core helper
expected()
{
	case $1 in
	static-empty) echo 0 ;;
	no-modules) echo 2 ;;
	no-sysctl) echo 1 ;;	# no core helper is set, and its modprobe is the real one
	*) echo 3 ;;
	esac
}

# enabled OPTION: in this configuration
enabled() { grep -q "^CONFIG_$1=y" "$OUT/.config"; }

targets()
{
	if [[ $OBJECTS != 1 ]]; then
		echo bzImage
		return
	fi
	printf '%s\n' "${ENGINE[@]}"
	! enabled MODULES || printf '%s\n' kernel/kmod.o kernel/kmod/ kernel/module/
	! enabled KEYS || echo security/keys/request_key.o
	[[ $CONFIG != callers ]] || printf '%s\n' "${CALLERS[@]}"
}

count_objects() { grep -cE '^  (CC|AS|HOSTCC)\b' "$LOGS/build-$CONFIG.log" || :; }

build()
{
	local -a wanted
	mapfile -t wanted < <(targets)
	make -C "$TREE" O="$OUT" ARCH=x86_64 CC="$CC" HOSTCC="$CC" -j"$JOBS" "${wanted[@]}"
}

booted()
{
	local output

	[[ $OBJECTS != 1 && $CONFIG != callers ]] || return 0
	output=$(INITRD=$WORK/initramfs-plain.cpio ./guest.sh run "$CHECK") || {
		say "$output"
		return 1
	}
	grep -qx "helpers: $(expected "$CONFIG")" <<<"$output" || {
		say "$CONFIG, expected $(expected "$CONFIG") helpers:" "$output"
		return 1
	}
}

# In a shell of its own, since the paths depend on CONFIG.
variant()
(
	export CONFIG=$1
	# shellcheck source=harness/lib.sh
	source ./lib.sh
	./config.sh || exit 1
	run_logged "building $CONFIG:" "$LOGS/build-$CONFIG.log" count_objects -- build
	! grep -E '(warning|error):' "$LOGS/build-$CONFIG.log" || exit 1
	booted
)

./deps.sh build guest
[[ $OBJECTS == 1 ]] || CONFIG=plain ./prepare.sh
lock_work
./fetch.sh
./tree.sh
for name in $VARIANTS; do
	if variant "$name"; then
		echo "ok    $name"
		passed=$((passed + 1))
	else
		echo "FAIL  $name"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[[ $failed -eq 0 && $passed -gt 0 ]]
