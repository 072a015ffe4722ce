#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make test-configs: builds and boots the configurations in harness/configs/variants, which change
# parts of the helper engine and of request_module(). Each runs
# tools/testing/selftests/umh/rare_configs.sh; callers has more boots and tests, and no-modules the
# engine's KUnit suites.
#
# Environment: VARIANTS (names; default all)
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"
x86_only

VARIANTS=${VARIANTS:-$(cd configs/variants && printf '%s\n' *.config | sed 's/\.config$//')}
TALLY=$WORK/tally-$BUILT
# Objects of the variant callers that call the helper API and are not in its bzImage
CALLERS=(arch/x86/kernel/cpu/mce/dev-mcelog.o drivers/block/drbd/drbd_nl.o
	drivers/greybus/svc_watchdog.o drivers/video/fbdev/uvesafb.o
	fs/nfs/cache_lib.o fs/ocfs2/stackglue.o net/bridge/br_stp_if.o)

count_objects() { grep -cE '^  (CC|AS|HOSTCC)\b' "$LOGS/build-$CONFIG.log" || :; }

# The build of a variant on top of plain starts with a copy of plain's objects, because few
# differ. The host tools record their build folder, which must be corrected, because all objects
# depend on one of these tools.
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

# booted NAME JOB...: boots, and counts the results
booted()
{
	local name=config-$1

	shift
	TIMEOUT=600 ./boot.sh "$name" "$@" || {
		echo "FAIL $name: boot failed"
		echo "0 1 0" >>"$TALLY"
		return 1
	}
	./verdict.sh "$LOGS/$name.console" "$LOGS/$name.results" "$TALLY"
}

# A kernel without modules must not contain request_module().
no_request_module()
{
	! nm "$OUT/vmlinux" | grep -w __request_module || {
		say "the kernel without modules contains __request_module"
		return 1
	}
}

count_um_objects() { find "$OUT-um" -name '*.o' | wc -l; }

# Runs the engine's KUnit suites as a kernel developer would. Their configuration has no modules.
engine_kunit()
{
	local log=$LOGS/kunit-$CONFIG.log

	mkdir -p "$OUT-um"
	run_logged "KUnit, $CONFIG:" "$log" count_um_objects -- \
		"$TREE/tools/testing/kunit/kunit.py" run --build_dir "$OUT-um" --jobs "$JOBS" \
		--make_options "CC=$CC" --kunitconfig "$TREE/kernel/umh/tests" --raw_output=all
	grep -qx '# CONFIG_MODULES is not set' "$OUT-um/.config" || return 1
	KUNIT=1 ./verdict.sh "$log" "$log" "$TALLY"
}

no_modules()
{
	no_request_module || return 1
	booted "$CONFIG" test programs=umh:rare_configs.sh
	(engine_kunit) || echo "0 1 0" >>"$TALLY"
}

# Makes an ext2 file system with /linuxrc and static programs.
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

	# rare_callers.sh must be first: it checks all uevents since boot.
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
	no-modules) no_modules ;;
	# If the mode had an effect, it would deny all requests.
	autoload-unlisted) CMDLINE+=' kmod.autoload=2' booted "$CONFIG" test programs=umh:rare_configs.sh ;;
	*) booted "$CONFIG" test programs=umh:rare_configs.sh ;;
	esac
}

# In a subshell, because the paths depend on CONFIG.
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

# A variant that counts no result counts as one failure.
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
