#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A request made inside a modprobe that serves a request for the same name must fail at once.
# shellcheck disable=SC2317 # the tests are called by name
source "$(dirname "$0")/kmod_lib.sh"

LONGEST=8
CONF=/etc/modprobe.d/kmod_loops.conf

# Microseconds, for several programs in turn. An undetected loop takes 5 s.
WITHOUT_WAIT=$((2 * SOON))

clean_up_more() { rm -f "$CONF"; }

# ends NAME MODPROBES CHAIN: the request fails at once and starts so many modprobes, and the
# log has the chain
ends()
{
	local line

	dmesg -c >/dev/null
	line=$(ask fs "$1")
	is "$(result_of "$line")" ENODEV &&
		at_most "$(time_of "$line")" "$WITHOUT_WAIT" "microseconds:" &&
		wait_until all_ended fake && is "$(started fake)" "$2" "modprobes" || return 1
	dmesg | grep -Fq "request_module: runaway loop modprobe $3, by kmod_req[" ||
		complain "the log has: $(dmesg | grep request_module)"
}

itself()
{
	script again <<<"exec $HERE/kmod_req fs kmod_a"
	use_helper fake run "$WORK/again"
	ends kmod_a 1 'fs-kmod_a -> fs-kmod_a'
}

each_other()
{
	script a <<<"exec $HERE/kmod_req fs kmod_a"
	script b <<<"exec $HERE/kmod_req fs kmod_b"
	use_helper fake
	echo "run $WORK/b" >"$WORK/fake/do.fs-kmod_a"
	echo "run $WORK/a" >"$WORK/fake/do.fs-kmod_b"
	ends kmod_a 2 'fs-kmod_a -> fs-kmod_b -> fs-kmod_a'
}

distinct()
{
	script next <<-END
		name=\${!#}
		n=\${name#fs-k}
		exec $HERE/kmod_req fs k\$((n + 1))
	END
	use_helper fake run "$WORK/next"
	ends k1 "$LONGEST" "$(printf 'fs-k%d -> ' {1..8})fs-k9"
}

# modprobe is a child subreaper, so that the orphan is still its descendant.
orphan()
{
	script daemon <<-END
		((sleep 0.2; exec setsid $HERE/kmod_req fs kmod_orphan) &)
		sleep 0.6
	END
	use_helper fake run "$WORK/daemon"
	ends kmod_orphan 1 'fs-kmod_orphan -> fs-kmod_orphan'
}

real_install()
{
	local line

	script installer <<-END
		echo ran >>"$WORK/ran"
		exec $HERE/kmod_req fs kmod_real
	END
	mkdir -p "${CONF%/*}"
	printf 'alias fs-kmod_real kmod_real\ninstall kmod_real %s\n' "$WORK/installer" >"$CONF"
	line=$(ask fs kmod_real)
	rm -f "$CONF"
	is "$(result_of "$line")" ENODEV &&
		at_most "$(time_of "$line")" "$WITHOUT_WAIT" "microseconds:" &&
		is "$(wc -l <"$WORK/ran")" 1 "runs"
}

# The exec of modprobe requests a module for its binary format, named after the third and
# fourth byte of the file, from within modprobe's own thread.
strange_binary()
{
	local line asks=""

	printf '\x01\x02\x03\x04 no program' >"$WORK/strange"
	chmod +x "$WORK/strange"
	exec_asks_for "$WORK/strange" && asks=yes
	set_modprobe "$WORK/strange"
	dmesg -c >/dev/null
	line=$(ask fs kmod_strange)
	is "$(result_of "$line")" ENODEV &&
		at_most "$(time_of "$line")" "$SOON" "microseconds:" || return 1
	[[ -z $asks ]] || dmesg | grep -Fq 'fs-kmod_strange -> binfmt-0403 -> binfmt-0403' ||
		complain "the log has: $(dmesg | grep request_module)"
}

# Requests outside the loop must be served.
others_meanwhile()
{
	script again <<<"exec $HERE/kmod_req fs kmod_a"
	use_helper fake
	echo "run $WORK/again" >"$WORK/fake/do.fs-kmod_a"
	ask -n 100 -s fs kmod_a >/dev/null &
	is "$(ask -n 20 fs kmod_fine | grep -c ' ENODEV ')" 20 "requests" || return 1
	wait
	is "$(names_of fake | grep -c fs-kmod_fine)" 20 "modprobes"
}

TESTS=(
	'itself|a modprobe that requests the name it serves fails at once'
	'each_other|two modprobes that request each other fail at once'
	'distinct|a chain of distinct names ends at a depth of eight'
	'orphan|a request of an orphaned descendant belongs to its modprobe'
	'real_install|a loop through an install line of modprobe.d fails at once'
	'strange_binary|a modprobe in an unknown binary format fails at once'
	'others_meanwhile|a loop does not delay other requests'
)
run_tests
