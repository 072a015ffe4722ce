#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel.modprobe: permissions, accepted values, and requests during a write
source "$(dirname "$0")/kmod_lib.sh"

# KMOD_PATH_LEN is 256, with the terminating NUL.
LONGEST=255
# On kernels that read the path while it is being written, a third to a fifth of the requests
# get a mixture of two paths.
ROUNDS=60

path() { cat "$MODPROBE_SYSCTL"; }

# path_of_length N: prints an absolute path
path_of_length() { printf '/%0*d' "$(($1 - 1))" 0; }

# refused ERRNO COMMAND...: COMMAND must print that errno, and the path must not change
refused()
{
	local errno=$1 before found

	shift
	before=$(path)
	found=$("$@")
	is "$found" "$errno" "result" && is "$(path)" "$before" "path"
}

round_trip()
{
	set_modprobe /some/where && is "$(path)" /some/where &&
		set_modprobe "" && is "$(path)" "" &&
		set_modprobe "$REAL_MODPROBE" && is "$(path)" "$REAL_MODPROBE"
}

no_capability()
{
	set_modprobe /before
	refused EPERM without sys_module "$HERE/kmod_write" "$MODPROBE_SYSCTL" <<</evil
}

other_user()
{
	set_modprobe /before
	refused EACCES as "$NOBODY" "$HERE/kmod_write" "$MODPROBE_SYSCTL" <<</evil
}

# A capability in a user namespace must not suffice.
user_namespace()
{
	set_modprobe /before
	refused EPERM unshare --user --map-root-user \
		"$HERE/kmod_write" "$MODPROBE_SYSCTL" <<</evil
}

any_user_reads()
{
	set_modprobe /before
	is "$(as "$NOBODY" cat "$MODPROBE_SYSCTL")" /before
}

longest()
{
	local longest

	longest=$(path_of_length "$LONGEST")
	is "$(write_to "$MODPROBE_SYSCTL" <<<"$longest")" OK && is "$(path)" "$longest"
}

# Every longer path must fail, and must not be truncated to a length that fits.
too_long()
{
	local length

	set_modprobe /before
	for length in 256 257 258 300 4096 60000; do
		refused EINVAL write_to "$MODPROBE_SYSCTL" <<<"$(path_of_length "$length")" ||
			complain "with $length bytes" || return 1
	done
}

# The kernel must also run a program with the longest path.
longest_is_run()
{
	local dir program

	program=$(make_helper fake)
	dir=$WORK/fake
	while [[ ${#dir} -lt 200 ]]; do
		dir+=/0123456789012345678901234567890123456789
	done
	mkdir -p "$dir"
	dir+=/
	dir+=$(printf '%0*d' $((LONGEST - ${#dir})) 0)
	cp "$program" "$dir"
	is "${#dir}" "$LONGEST" "length" || return 1
	set_modprobe "$dir"
	ask fs kmod_longest >/dev/null
	is "$(awk '{ print $5, $NF }' "$(dirname "$dir")/log" | head -n 1)" "$dir fs-kmod_longest"
}

# As for every string in /proc/sys, a newline or a NUL ends the value.
ends()
{
	is "$(write_to "$MODPROBE_SYSCTL" <<<$'/first\n/second')" OK &&
		is "$(path)" /first || return 1
	is "$(printf '/third\0/fourth' | write_to "$MODPROBE_SYSCTL")" OK && is "$(path)" /third
}

# sysctl_writes_strict is 1: a write at an offset within the value continues it.
offsets()
{
	set_modprobe /sbin/modprobe
	is "$(printf X | write_to "$MODPROBE_SYSCTL" 5)" OK && is "$(path)" /sbinX || return 1
	is "$(printf Y | write_to "$MODPROBE_SYSCTL" 100)" OK && is "$(path)" /sbinX || return 1
	set_modprobe "$(path_of_length 200)"
	refused EINVAL write_to "$MODPROBE_SYSCTL" 200 <<<"$(path_of_length 100)"
}

# While another task writes two paths of different lengths in turn, each request must run one
# of the two programs, with its own path as argv[0].
flipped()
{
	local short long flipper result=0

	short=$(make_helper s)
	long=$(make_helper a-path-that-is-a-good-deal-longer)
	set_modprobe "$short"
	"$HERE/kmod_write" "$MODPROBE_SYSCTL" flip "$short" "$long" &
	flipper=$!
	for ((i = 0; i < ROUNDS; i++)); do
		ask fs "kmod_flip$i" >/dev/null
	done
	kill "$flipper"
	wait "$flipper" 2>/dev/null || :
	cat "${short%/*}/log" "${long%/*}/log" >"$WORK/all"
	is "$(grep -c ^start "$WORK/all")" "$ROUNDS" "modprobes started" || result=1
	is "$(awk '$1 == "start" && $4 != $5' "$WORK/all")" "" "with a wrong argv[0]" || result=1
	return "$result"
}

# The write must fail through the mapping of the kernel image and through the linear mapping.
write_protected()
{
	local address

	address=$(awk '$3 == "kmod_path" { print "0x" $1 }' /proc/kallsyms)
	[[ -n $address ]] || complain "needs CONFIG_KALLSYMS_ALL" || return 1
	use_helper fake
	! "$REAL_MODPROBE" kmod_stub "poke=$address" 2>"$WORK/err" ||
		complain "the write succeeded" || return 1
	grep -q 'Bad address' "$WORK/err" && is "$(path)" "$WORK/fake/modprobe" || return 1
	ask fs kmod_protected >/dev/null
	is "$(names_of fake)" fs-kmod_protected
}

TESTS=(
	'round_trip|a read returns the path that was written'
	'no_capability|root without CAP_SYS_MODULE cannot write the path'
	'other_user|another user cannot write the path'
	'user_namespace|root of a user namespace cannot write the path'
	'any_user_reads|any user can read the path'
	'longest|a path of 255 bytes is accepted'
	'too_long|paths of 256 bytes and more fail with EINVAL and change nothing'
	'longest_is_run|a program with a path of 255 bytes runs'
	'ends|a newline or a NUL ends the path'
	'offsets|a write at an offset continues the path or changes nothing'
	'write_protected|a stray write in the kernel cannot change the path'
	'flipped|requests during writes run one of the two programs, never a mixed path'
)
run_tests
