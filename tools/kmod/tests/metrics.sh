#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmodctl metrics: Prometheus text, tested by promtool, and OpenMetrics text, tested by the strict
# parser of python3-prometheus-client.
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
		on "$fixture" metrics --openmetrics && well && parsed || return 1
	done
}

values()
{
	on usual metrics --openmetrics && well && parsed &&
		is "$(sample 'kmod_requests_total ok')" 2 'ok' &&
		is "$(sample 'kmod_requests_total loop')" 1 'loop' &&
		is "$(grep -c '^kmod_requests_total ' "$WORK/samples")" 10 'outcomes' &&
		is "$(sample 'kmod_requests_joined_total')" 1 'joined' &&
		is "$(sample 'kmod_modprobes_total')" 3 'modprobes'
}

histogram()
{
	local metric=kmod_request_duration_seconds

	on usual metrics --openmetrics && well && parsed &&
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
	kmodctl metrics --openmetrics --debugfs "$WORK/cut"
	fails 1 'histogram without its last bucket' && parsed &&
		is "$(grep -c duration "$WORK/samples")" 0 'samples of it'
}

prometheus()
{
	local fixture

	for fixture in usual empty; do
		on "$fixture" metrics && well || return 1
		# Each sample has a HELP and a TYPE for its name.
		awk '
			/^# HELP/ { help[$3] = 1; next }
			/^# TYPE/ { type[$3] = $4; next }
			/^#/ { print; next }
			{
				name = $1
				sub(/[{].*/, "", name)
				if (!(name in type))
					sub(/_(bucket|count|sum)$/, "", name)
				if (!help[name] || type[name] !~ /^(counter|histogram)$/)
					print
			}' "$WORK/out" >"$WORK/bad"
		is "$(<"$WORK/bad")" '' 'lines without HELP or TYPE' || return 1
	done
	on usual metrics && grep -qx 'kmod_requests_total{outcome="ok"} 2' "$WORK/out" &&
		grep -qx '# TYPE kmod_requests_total counter' "$WORK/out" &&
		grep -qx 'kmod_request_duration_seconds_bucket{le="+Inf"} 8' "$WORK/out"
}

linted()
{
	have promtool || return 1
	on usual metrics && well || return 1
	STATUS=0
	promtool check metrics <"$WORK/out" >"$WORK/err" 2>&1 || STATUS=$?
	is "$STATUS" 0 status && is "$(<"$WORK/err")" '' promtool
}

# The old file must not be changed, but replaced.
to_file()
{
	local dir=$WORK/metrics

	rm -rf "$dir"
	mkdir "$dir"
	echo old >"$dir/kmod.prom"
	ln "$dir/kmod.prom" "$WORK/old.prom"
	on usual metrics && cp "$WORK/out" "$WORK/expected" || return 1
	(umask 027 && on usual metrics -o "$dir/kmod.prom" && well) || return 1
	is "$(<"$WORK/out")" '' output && cmp "$dir/kmod.prom" "$WORK/expected" &&
		is "$(<"$WORK/old.prom")" old 'the old file' &&
		is "$(ls -A "$dir")" kmod.prom files &&
		is "$(stat -c %a "$dir/kmod.prom")" 640 mode
}

not_to_file()
{
	mkdir -p "$WORK/metrics/directory"
	on usual metrics -o "$WORK/none/kmod.prom"
	fails 1 "$WORK/none/kmod.prom: No such file" || return 1
	on usual metrics -o "$WORK/metrics/directory"
	fails 1 "$WORK/metrics/directory: Is a directory" || return 1
	mkfifo "$WORK/metrics/fifo"
	on usual metrics -o "$WORK/metrics/fifo"
	fails 1 "$WORK/metrics/fifo: not a regular file" && [[ -p $WORK/metrics/fifo ]] &&
		is "$(find "$WORK/metrics" -name 'directory.*')" '' 'files that are left'
}

# /dev/stdout is a link, which must not be replaced by a file.
not_to_link()
{
	local link=$WORK/metrics/link

	mkdir -p "$WORK/metrics"
	echo old >"$WORK/metrics/target"
	ln -s target "$link"
	on usual metrics -o "$link"
	fails 1 "$link: not a regular file" && is "$(readlink "$link")" target &&
		is "$(<"$WORK/metrics/target")" old || return 1
	ln -sfn nowhere "$link"
	on usual metrics -o "$link"
	fails 1 "$link: not a regular file" && is "$(readlink "$link")" nowhere
}

to_standard_output()
{
	on usual metrics && cp "$WORK/out" "$WORK/expected" || return 1
	rm -rf "$WORK/empty"
	mkdir "$WORK/empty"
	cd "$WORK/empty"
	on usual metrics -o -
	cd "$OLDPWD"
	well && cmp "$WORK/out" "$WORK/expected" && is "$(ls -A "$WORK/empty")" '' files
}

TESTS=(
	prometheus 'each sample has HELP and TYPE'
	linted 'promtool check metrics reports nothing'
	to_file '-o replaces a file atomically'
	not_to_file '-o reports errors and leaves no file'
	not_to_link '-o does not replace a link'
	to_standard_output '-o - is standard output'
	valid 'a strict parser accepts --openmetrics'
	values 'counters have the values of the journal'
	histogram 'the histogram is cumulative, in seconds'
	incomplete 'an incomplete histogram is omitted'
)
run_tests
