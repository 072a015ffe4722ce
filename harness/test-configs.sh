#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make test-configs: the configurations that differ in what the helper engine and
# request_module() are made of, harness/configs/variants. Each is built and booted, and
# runs tools/testing/selftests/umh/rare_configs.sh; callers has more boots and tests.
#
# From the environment: VARIANTS, their names; all by default.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"
x86_only

VARIANTS=${VARIANTS:-$(cd configs/variants && printf '%s\n' *.config | sed 's/\.config$//')}
TALLY=$WORK/tally-$BUILT
# Objects of the variant callers, each with such a caller, that are not in its bzImage.
CALLERS=(arch/x86/kernel/cpu/mce/dev-mcelog.o drivers/block/drbd/drbd_nl.o
	drivers/greybus/svc_watchdog.o drivers/video/fbdev/uvesafb.o
	fs/nfs/cache_lib.o fs/ocfs2/stackglue.o net/bridge/br_stp_if.o)

count_objects() { grep -cE '^  (CC|AS|HOSTCC)\b' "$LOGS/build-$CONFIG.log" || :; }

# A configuration on top of plain's starts with plain's objects, of which few differ. The
# host tools record where they were built, and all objects depend on one of them.
seed()
{
	[[ ! -d $OUT && -d $WORK/out-plain/kernel ]] || return 0
	grep -q '^# On top of plain' "configs/variants/$CONFIG.config" || return 0
	cp -a "$WORK/out-plain" "$OUT.new"
	find "$OUT.new/tools" -name '.*.cmd' -exec sed -i "s|$WORK/out-plain|$OUT|g" {} +
	mv "$OUT.new" "$OUT"
}

build()
{
	local -a wanted=(bzImage)

	[[ $CONFIG != callers ]] || wanted+=("${CALLERS[@]}")
	kernel_make -j"$JOBS" "${wanted[@]}"
}

# booted NAME JOB...: a boot whose results count
booted()
{
	local name=config-$1

	shift
	TIMEOUT=600 ./boot.sh "$name" "$@" || {
		echo "FAIL $name: it does not boot"
		echo "0 1 0" >>"$TALLY"
		return 1
	}
	./verdict.sh "$LOGS/$name.console" "$LOGS/$name.results" "$TALLY"
}

# What a kernel does without has no business in it.
no_request_module()
{
	! nm "$OUT/vmlinux" | grep -w __request_module || {
		say "a kernel without modules has a __request_module"
		return 1
	}
}

# An ext2 file system with a /linuxrc, and programs that need no libraries.
make_linuxrc_initrd()
{
	local dir=$WORK/rootfs-linuxrc program

	rm -rf "$dir"
	mkdir -p "$dir"/{bin,sbin,dev,proc,helper}
	cp -L /bin/busybox "$dir/bin/busybox"
	for program in sh cut cat grep mount umount readlink reboot sleep '['; do
		ln -s busybox "$dir/bin/$program"
	done
	cp "$WORK"/rootfs-plain/selftests/kmod/{kmod_fake,kmod_req} "$dir/helper"
	mv "$dir/helper/kmod_fake" "$dir/helper/modprobe"
	cp guest/linuxrc "$dir/linuxrc"
	cp guest/linuxrc "$dir/sbin/init"
	PATH=$PATH:/sbin:/usr/sbin mke2fs -q -F -t ext2 -d "$dir" "$1" 8M >/dev/null
}

callers_boots()
{
	local image=$WORK/linuxrc.ext2 result=0

	# rare_callers.sh first: it looks at each uevent since boot.
	CMDLINE+=' lsm=tomoyo TOMOYO_trigger=/init TOMOYO_loader=/harness/tomoyo-loader' \
		booted callers test programs=umh:rare_callers.sh,umh:rare_configs.sh || result=1
	make_linuxrc_initrd "$image" || return 1
	INITRD=$image booted linuxrc linuxrc || result=1
	return "$result"
}

boots()
{
	export INITRD=$WORK/initramfs-plain.cpio CMDLINE=KMOD_CONFIG=$CONFIG
	case $CONFIG in
	callers) callers_boots ;;
	no-modules) no_request_module && booted "$CONFIG" test programs=umh:rare_configs.sh ;;
	# A mode that would deny all requests, were it read
	autoload-unlisted) CMDLINE+=' kmod.autoload=2' booted "$CONFIG" test programs=umh:rare_configs.sh ;;
	*) booted "$CONFIG" test programs=umh:rare_configs.sh ;;
	esac
}

# In a shell of its own, since the paths depend on CONFIG.
variant()
(
	export CONFIG=$1
	# shellcheck source=harness/lib.sh
	source ./lib.sh
	seed || exit 1
	./config.sh || exit 1
	run_logged "building $CONFIG:" "$LOGS/build-$CONFIG.log" count_objects -- build || exit 1
	! grep -E '(warning|error):' "$LOGS/build-$CONFIG.log" || exit 1
	boots
)

# A variant that ends before it counts anything is one failure.
counted()
{
	local before

	say "== $1"
	before=$(wc -l <"$TALLY")
	variant "$1" || :
	if [[ $(wc -l <"$TALLY") -eq $before ]]; then
		echo "FAIL $1"
		echo "0 1 0" >>"$TALLY"
	fi
}

./deps.sh build guest configs
CONFIG=plain ./prepare.sh
lock_work
: >"$TALLY"
for name in $VARIANTS; do
	counted "$name"
done
sum_up
