#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmodctl explain.
source "$(dirname "$0")/lib.sh"

FAKE=$WORK/kernel

# explain NAME [OPTION]...
explain()
{
	kmodctl explain "$@" --debugfs "$FIXTURES/usual" --securityfs "$FAKE" --sysctl "$FAKE" \
		--modules "${MODULES:-/nowhere}"
}

# has LINE...: the output has each line
has()
{
	local line

	for line in "$@"; do
		grep -qxF -e "$line" "$WORK/out" || { say "no line '$line'"; return 1; }
	done
}

modules()
{
	fake_modules || return 1
	fake_kernel
	explain xfrm-offload-2-50 && well && has 'xfrm-offload-2-50: an alias of esp4_offload' \
		'module esp4: not loaded' 'module esp4_offload: not loaded' || return 1
	explain esp4 && well && has 'esp4: a module' 'module esp4: not loaded' || return 1
	explain fs-none && well && has 'fs-none: no module has this name or alias' || return 1
	MODULES='' explain esp4 && well && has 'esp4: the modules of this kernel are not installed'
}

decisions()
{
	fake_modules || return 1
	fake_kernel
	explain fs-x && well && has 'policy for a user: denied' 'policy for root: allowed' &&
		is "$(grep -cx '  no rule matches, mode 1' "$WORK/out")" 2 reasons || return 1
	printf '%s\n' 'file /etc/kmod/policy.d/50-old.conf' 'allow alias net-pf-38' \
		'deny module af_alg' >"$FAKE/autoload/policy"
	explain net-pf-38 && well && has 'policy for a user: denied, module af_alg' \
		'  /etc/kmod/policy.d/50-old.conf:2: deny module af_alg' || return 1
	echo 0 >"$FAKE/autoload/enforce"
	explain fs-x && well &&
		has 'policy: not enforced, the kernel learns what it would deny' || return 1
	rm -r "$FAKE/autoload"
	explain fs-x && well && has 'policy: none in this kernel'
}

requests()
{
	local MODULES=''

	fake_kernel
	explain fs-xfs && well && is "$(awk '/^Nov|^[A-Z][a-z][a-z] / { print $4 }' "$WORK/out" |
		xargs)" '1 2' ids && explain fs_xfs && well && grep -q 'mount\[312\]' "$WORK/out" &&
		explain fs-x && well && has 'requests: none in the journal'
}

# Requests for an alias concern the module.
requests_of_module()
{
	local FIXTURES=$WORK

	fake_modules || return 1
	fake_kernel
	mkdir -p "$WORK/alg/kmod"
	printf 'id=%s name=%s outcome=ok result=0 begin=1 pid=7 comm=x uid=0\n' 1 net-pf-38 \
		2 net-pf-9 3 crypto-cbc 4 x 5 net-pf-38 6 af_alg 7 net-pf-38 8 af-alg \
		>"$WORK/alg/kmod/requests"
	: >"$WORK/alg/kmod/modules"
	mv "$WORK/alg" "$WORK/usual"
	explain af_alg && well && is "$(awk '/ok/ { print $4 }' "$WORK/out" | xargs)" \
		'3 5 6 7 8' 'the last five'
}

# The last load has no state.
malformed()
{
	fake_kernel
	mkdir -p "$WORK/malformed/kmod"
	cp "$FIXTURES/usual/kmod/requests" "$WORK/malformed/kmod"
	echo 'id=1 module=xfs name=fs-xfs' >"$WORK/malformed/kmod/modules"
	kmodctl explain fs-xfs --debugfs "$WORK/malformed" --securityfs "$FAKE" --sysctl "$FAKE"
	fails 1 "$WORK/malformed/kmod/modules:1: " && grep -q 'mount\[312\]' "$WORK/out"
}

json()
{
	have jq || return 1
	fake_modules || return 1
	fake_kernel
	explain xfrm-offload-2-50 --json && well &&
		is "$(jq -c '[.name, [.modules[].module], [.policy[] | .uid, .allowed]]' \
			"$WORK/out")" \
			'["xfrm-offload-2-50",["esp4","esp4_offload"],[65534,false,0,true]]' &&
		explain fs-xfs --json && is "$(jq -c '[.requests[].id]' "$WORK/out")" '[1,2]' ids
}

TESTS=(
	modules 'explain shows the modules of an alias, and whether they are loaded'
	decisions 'it shows the rule that decides for a user and for root'
	requests 'it shows the last requests for the name'
	json '--json prints the same'
	malformed 'it reports a malformed line, and prints the others'
	requests_of_module 'the requests for a module are those for its aliases as well'
)
run_tests
