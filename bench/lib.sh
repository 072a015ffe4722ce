# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The guests of the benchmarks; sourced by bench.sh and scale.sh after harness/lib.sh.

HERE=$ROOT/bench
SCRATCH=$WORK/bench
PROGRAMS=$SCRATCH/root/bench

# program NAME FILE...: compiles a program that runs in the guest
program()
{
	local name=$1

	shift
	gcc -O2 -Wall -Wextra -D_GNU_SOURCE= -static -pthread \
		-I "$ROOT/tools/testing/selftests/kmod" "${@/#/$HERE/}" -o "$PROGRAMS/$name"
}

# helper NAME [OPTION]...: compiles a minimal modprobe or request-key
helper()
{
	local name=$1

	shift
	gcc -Os -Wall -Wextra -static -nostdlib -fno-stack-protector \
		-fno-asynchronous-unwind-tables \
		-include "$PRISTINE/tools/include/nolibc/nolibc.h" \
		"$@" "$HERE/helper.c" -o "$PROGRAMS/$name" -lgcc
}

# The programs that both guests get in addition to their initramfs
make_programs()
{
	rm -rf "$SCRATCH/root"
	mkdir -p "$PROGRAMS"
	helper noop
	helper noop_log -DLOG
	helper slow -DSLEEP_MS=50
	helper slow_log -DLOG -DSLEEP_MS=50
	helper loop -DLOG -DASK
	helper hold -DLOG -DHOLD
	helper start -DSTART -Wl,-e,first
	program bench {bench,util,probe,sleepers,inflight,exec,turns,load,start}.c
	program scale {scale,util}.c
	cp "$HERE"/{guest,scale-guest} "$PROGRAMS/"
	(cd "$SCRATCH/root" && find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet) >"$SCRATCH/programs.cpio"
}

# Prints the options with which a guest uses the TSCs of several CPUs. Without them it finds that
# they differ, or under load cannot find their frequency, and uses a clock with steps of a jiffy.
tsc_options()
{
	gcc -O2 -Wall -Wextra "$HERE/tsc.c" -o "$SCRATCH/tsc"
	echo "tsc=reliable tsc_early_khz=$("$SCRATCH/tsc")"
}

# make_guest CONFIG: copies the kernel and its initramfs, because another build may replace them
# meanwhile.
make_guest()
{
	local config=$1

	CONFIG=$config "$ROOT/harness/prepare.sh"
	[[ -f $SCRATCH/programs.cpio ]] || make_programs
	cp "$WORK/out-$config/arch/x86/boot/bzImage" "$SCRATCH/bzImage-$config"
	cat "$WORK/initramfs-$config.cpio" "$SCRATCH/programs.cpio" >"$SCRATCH/$config.cpio"
}

# measure CONFIG NAME COMMAND: boots a guest that runs a command, as bench-CONFIG-NAME
measure()
{
	local config=$1 name=bench-$1-$2

	CONFIG=$config TIMEOUT=2400 KERNEL=$SCRATCH/bzImage-$config \
		INITRD=$SCRATCH/$config.cpio "$ROOT/harness/boot.sh" "$name" \
		run "$(base64 -w0 <<<"$3")"
	grep -q '^# exit 0' "$LOGS/$name.results" || die "boot failed; see $LOGS/$name.console"
}
