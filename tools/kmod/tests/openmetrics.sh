#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# OpenMetrics output, tested by the strict parser of python3-prometheus-client.
source "$(dirname "$0")/lib.sh"

PYTHON=/usr/bin/python3
PARSER='
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
for family in text_string_to_metric_families(sys.stdin.read()):
    for sample in family.samples:
        print(sample.name, *sample.labels.values(), sample.value)'

# Writes the samples to $WORK/samples.
parsed()
{
	"$PYTHON" -c 'import prometheus_client.openmetrics.parser' 2>/dev/null ||
		{ SKIP='python3-prometheus-client is not installed'; return 1; }
	"$PYTHON" -c "$PARSER" <"$WORK/out" >"$WORK/samples" 2>"$WORK/err" ||
		{ say "$(tail -n 1 "$WORK/err")"; return 1; }
}

sample() { sed -n "s/^$1 //p" "$WORK/samples"; }

valid()
{
	local fixture

	for fixture in usual empty; do
		on "$fixture" stats --openmetrics && well && parsed || return 1
	done
}

values()
{
	on usual stats --openmetrics && well && parsed &&
		is "$(sample 'kmod_requests_total ok')" 2 'ok' &&
		is "$(sample 'kmod_requests_total loop')" 1 'loop' &&
		is "$(grep -c '^kmod_requests_total ' "$WORK/samples")" 10 'outcomes' &&
		is "$(sample 'kmod_requests_joined_total')" 1 'joined' &&
		is "$(sample 'kmod_modprobes_total')" 3 'modprobes'
}

histogram()
{
	local metric=kmod_request_duration_seconds

	on usual stats --openmetrics && well && parsed &&
		is "$(sample "${metric}_count")" 8 'count' &&
		is "$(sample "${metric}_sum")" 71.729023 'sum' &&
		is "$(sample "${metric}_bucket 8e-06")" 1 'below 8 us' &&
		is "$(sample "${metric}_bucket 1.048576")" 6 'below 1.05 s' &&
		is "$(sample "${metric}_bucket +Inf")" 8 'all'
}

incomplete()
{
	mkdir -p "$WORK/cut/kmod"
	grep -v inf "$FIXTURES/usual/kmod/stats" >"$WORK/cut/kmod/stats"
	kmodctl stats --openmetrics --debugfs "$WORK/cut"
	fails 1 'histogram without its last bucket' && parsed &&
		is "$(grep -c duration "$WORK/samples")" 0 'samples of it'
}

TESTS=(
	valid 'a strict parser accepts the output'
	values 'counters have the values of the journal'
	histogram 'the histogram is cumulative, in seconds'
	incomplete 'an incomplete histogram is omitted'
)
run_tests
