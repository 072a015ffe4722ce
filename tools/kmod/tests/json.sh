#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# JSON output.
# shellcheck disable=SC2016 # $ in jq expressions
source "$(dirname "$0")/lib.sh"

# holds EXPRESSION: the jq expression is true of the output
holds() { jq -e "$1" "$WORK/out" >/dev/null || { say "false: $1"; return 1; }; }

valid()
{
	local fixture command

	have jq || return 1
	for fixture in usual empty odd; do
		for command in log inflight modules 'modules -a' stats; do
			# shellcheck disable=SC2086 # a command and its option
			on "$fixture" $command --json
			well && holds 'length >= 0' || return 1
		done
	done
}

numbers()
{
	have jq || return 1
	on usual log -j && well &&
		holds 'length == 8' &&
		holds '.[0] | .id == 1 and .loginuid == 1000 and .run_ns == 412345678' &&
		holds '.[3] | .result == -1 and .userns_level == 1 and .uid == 101000' &&
		holds 'all(.[]; .name | type == "string")' &&
		holds 'all(.[]; .pid, .begin, .parent, .slot_ns | type == "number")'
}

loaded()
{
	have jq || return 1
	on usual log --json && well &&
		holds '.[0] | .modules == ["libcrc32c", "xfs"] and .nr_modules == 2' &&
		holds '.[1].modules == [] and .[1].into == 1' && holds '.[5].modules == ["b"]' &&
		holds '[.[].failed_modules] == [[], [], [], [], [], ["b"], [], []]' || return 1
	on odd log --json && well && holds 'all(.[]; .failed_modules - .modules == [])'
}

times()
{
	have jq || return 1
	on usual log --json && well &&
		holds 'all(.[]; .time | test("^[0-9-]{10}T[0-9:]{8}[.][0-9]{6}Z$"))' &&
		holds '(.[0].time | sub("[.].*"; "Z") | fromdate) - now | fabs < 1e9'
}

as_kept()
{
	have jq || return 1
	on odd log --json && well &&
		holds '.[0] | .name == "" and .comm == ""' &&
		holds '.[1].name == "\\xff\\xfe\\xc3(\\x20\\x20ok"' &&
		holds '.[1].comm == "\\x22a\\x22\\x20\\x5c\\x1b[31m\\x0a"' &&
		holds '.[5].modules == ["\\x22mod\\x22"]'
}

exact()
{
	on odd log --json && well &&
		is "$(grep -c '"id": 18446744073709551615,' "$WORK/out")" 1 'largest id' &&
		is "$(grep -c '"result": -9223372036854775808,' "$WORK/out")" 1 'least result'
}

unknown_keys()
{
	have jq || return 1
	on odd log --json && well &&
		holds '.[3] | .colour == "blue" and .weight == "12" and .empty == ""'
}

selected()
{
	have jq || return 1
	on usual modules --json && well && holds 'map(.module) == ["libcrc32c", "xfs", "btrfs"]' &&
		on usual modules --json -a && well && holds 'length == 5' &&
		on usual log --json -n 1 && well && holds 'map(.id) == [8]' &&
		on empty log --json && well && holds '. == []'
}

histogram()
{
	have jq || return 1
	on usual stats --json && well &&
		holds '.requests == 8 and .outcome_loop == 1 and .latency_us_sum == 71729023' &&
		holds '.latency_us | length == 27 and .[0].below == 1 and .[26].below == null' &&
		holds '[.latency_us[].count] | add == 8'
}

TESTS=(
	valid 'every command prints valid JSON'
	numbers 'numbers are JSON numbers, names are strings'
	loaded 'a request has the modules that it loaded, and those whose init failed'
	times 'times are in UTC, in the format of RFC 3339'
	as_kept "strings keep the kernel's escapes"
	exact 'large numbers are exact'
	unknown_keys 'values of unknown keys are strings'
	selected '-n and -a select records'
	histogram 'stats prints counters and buckets'
)
run_tests
