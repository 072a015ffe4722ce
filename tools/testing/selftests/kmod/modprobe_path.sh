#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel.modprobe: who may write it, what it takes, and requests meanwhile.
source "$(dirname "$0")/kmod_lib.sh"

# KMOD_PATH_LEN is 256, the closing NUL included.
LONGEST=255
# Enough to meet a torn path: on kernels that tear, every third to fifth request did.
ROUNDS=60

path() { cat "$MODPROBE_SYSCTL"; }

# path_of_length N: an absolute one
path_of_length() { printf '/%0*d' "$(($1 - 1))" 0; }

# refused ERRNO COMMAND...: it prints that errno, and the path is as before
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

# Root there, nobody here: neither the file's mode nor its own capabilities help.
user_namespace()
{
	set_modprobe /before
	refused EPERM unshare --user --map-root-user \
		"$HERE/kmod_write" "$MODPROBE_SYSCTL" <<</evil
}

anybody_reads()
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

# That the whole length counts, and not what fits in, is seen from a path that fits
# and is followed by more of it.
too_long()
{
	local length

	set_modprobe /before
	for length in 256 257 258 300 4096 60000; do
		refused EINVAL write_to "$MODPROBE_SYSCTL" <<<"$(path_of_length "$length")" ||
			complain "with $length bytes" || return 1
	done
}

# The longest path is also run.
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

# As every string in /proc/sys: a line's end or a NUL ends it.
ends()
{
	is "$(write_to "$MODPROBE_SYSCTL" <<<$'/first\n/second')" OK &&
		is "$(path)" /first || return 1
	is "$(printf '/third\0/fourth' | write_to "$MODPROBE_SYSCTL")" OK && is "$(path)" /third
}

# sysctl_writes_strict is 1: a write at an offset goes on where the last one ended.
offsets()
{
	set_modprobe /sbin/modprobe
	is "$(printf X | write_to "$MODPROBE_SYSCTL" 5)" OK && is "$(path)" /sbinX || return 1
	is "$(printf Y | write_to "$MODPROBE_SYSCTL" 100)" OK && is "$(path)" /sbinX || return 1
	set_modprobe "$(path_of_length 200)"
	refused EINVAL write_to "$MODPROBE_SYSCTL" 200 <<<"$(path_of_length 100)"
}

# While another task writes one of two paths of different lengths, each request runs
# one of the two, under its own name.
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
	is "$(awk '$1 == "start" && $4 != $5' "$WORK/all")" "" "under a wrong name" || result=1
	return "$result"
}

# By the mapping of the kernel's own data, and by that of all memory.
sealed()
{
	local address

	address=$(awk '$3 == "kmod_path" { print "0x" $1 }' /proc/kallsyms)
	[[ -n $address ]] || complain "needs CONFIG_KALLSYMS_ALL" || return 1
	use_helper fake
	! "$REAL_MODPROBE" kmod_stub "poke=$address" 2>"$WORK/err" || complain "written" || return 1
	grep -q 'Bad address' "$WORK/err" && is "$(path)" "$WORK/fake/modprobe" || return 1
	ask fs kmod_sealed >/dev/null
	is "$(names_of fake)" fs-kmod_sealed
}

TESTS=(
	'round_trip|what was written is what is read'
	'no_capability|root without CAP_SYS_MODULE cannot write it'
	'other_user|another user cannot write it'
	'user_namespace|root of a user namespace cannot write it'
	'anybody_reads|anybody can read it'
	'longest|a path of 255 bytes fits'
	'too_long|a path of 256 bytes and more is refused and changes nothing'
	'longest_is_run|a path of 255 bytes is run'
	'ends|a new line or a NUL ends it'
	'offsets|a write at an offset continues the path or changes nothing'
	'sealed|a stray write in the kernel cannot change it'
	'flipped|no request fails or runs under a wrong name while it is being changed'
)
run_tests
