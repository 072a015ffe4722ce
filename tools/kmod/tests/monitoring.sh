#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# monitoring/: the alerts for Prometheus and the dashboard for Grafana use metrics that kmodctl
# prints.
source "$(dirname "$0")/lib.sh"

MONITORING=$(cd "$(dirname "$0")/../monitoring" && pwd)
RULES=$MONITORING/kmod.rules.yml
DASHBOARD=$MONITORING/kmod-dashboard.json
# A metric of node_exporter: the age of the file that kmodctl metrics -o writes
FOREIGN=node_textfile_mtime_seconds

# Writes the names of all samples to $WORK/metrics. An older journal lacks some counters.
metric_names()
{
	mkdir -p "$WORK/full/kmod"
	{ cat "$FIXTURES/usual/kmod/stats"; printf '%s 0\n' slow_inits beyond_limit; } \
		>"$WORK/full/kmod/stats"
	kmodctl metrics --debugfs "$WORK/full" && well || return 1
	{ sed -E '/^#/d; s/[{ ].*//' "$WORK/out"; echo "$FOREIGN"; } | sort -u >"$WORK/metrics"
}

# outcomes: prints the outcomes of the samples
outcomes() { sed -n 's/.*{outcome="\(.*\)"}.*/\1/p' "$WORK/out"; }

# known FILE: each metric and each outcome in the queries in FILE exists
known()
{
	cat "$1" >"$WORK/text"
	metric_names || return 1
	grep -oE '\b(kmod|node)_[a-z_]+' "$WORK/text" | sort -u >"$WORK/used"
	is "$(grep -vxF -f "$WORK/metrics" "$WORK/used")" '' 'unknown metrics' &&
		[[ -s $WORK/used ]] || return 1
	is "$(grep -oE 'outcome="[a-z]+"' "$WORK/text" | cut -d'"' -f2 | sort -u |
		grep -vxF -f <(outcomes))" '' 'unknown outcomes'
}

# Writes the queries of the dashboard to $WORK/queries.
dashboard_queries()
{
	have jq || return 1
	jq -r '.panels[].targets[].expr' "$DASHBOARD" >"$WORK/queries"
	jq -r '.templating.list[].query.query' "$DASHBOARD" >>"$WORK/queries"
}

rules_known() { known <(grep -v '^#' "$RULES"); }
dashboard_known() { dashboard_queries && known "$WORK/queries"; }

# promtool_accepts ARGUMENT...
promtool_accepts()
{
	have promtool || return 1
	promtool "$@" >"$WORK/promtool" 2>&1 || { sed 's/^/# /' "$WORK/promtool"; return 1; }
}

rules_valid() { promtool_accepts check rules --lint=all --lint-fatal "$RULES"; }
rules_fire() { promtool_accepts test rules "$MONITORING/kmod.rules.test.yml"; }

# Grafana replaces its variables before Prometheus reads a query.
dashboard_valid()
{
	have promtool && dashboard_queries || return 1
	{
		printf 'groups:\n- name: dashboard\n  rules:\n'
		grep -v '^label_values' "$WORK/queries" |
			sed -E "s/\\\$__(range|rate_interval)/5m/g; s/'/''/g" |
			awk '{ printf "  - record: query:%d\n    expr: '\''%s'\''\n", NR, $0 }'
	} >"$WORK/dashboard.yml"
	promtool_accepts check rules "$WORK/dashboard.yml"
}

# What Grafana needs for an import: a data source that it asks for, and panels of known types with
# unique numbers
dashboard_imports()
{
	have jq || return 1
	is "$(jq -r '
		(.title | type), .id, (.schemaVersion >= 36),
		(.__inputs | map(.name) == ["DS_PROMETHEUS"]),
		([.. | .datasource? | objects | .uid] | unique == ["${DS_PROMETHEUS}"]),
		(.panels | (map(.id) | unique | length) == length),
		([.__requires[] | select(.type == "panel").id] | sort) ==
			([.panels[].type] | unique),
		(.panels | all(.targets | length > 0))' "$DASHBOARD" | uniq -c | xargs)" \
		'1 string 1 null 6 true' dashboard
}

TESTS=(
	rules_known 'each alert uses metrics and outcomes that kmodctl prints'
	rules_valid 'promtool check rules reports nothing'
	rules_fire 'each alert fires when it should, and not otherwise'
	dashboard_known 'each query of the dashboard uses metrics that kmodctl prints'
	dashboard_valid 'promtool accepts each query of the dashboard'
	dashboard_imports 'the dashboard has what Grafana needs for an import'
)
run_tests
