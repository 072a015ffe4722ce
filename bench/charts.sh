#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# charts.sh CSV FOLDER: draws the results of bench.sh as SVG files.
set -euo pipefail

CSV=$1
FOLDER=$2

# bars [ROW LABEL]...: prints one line per row: label, unpatched value, value here
bars()
{
	while [[ $# -gt 0 ]]; do
		awk -F, -v row="$1" -v label="$2" '
			$1 == row { printf "\"%s\"\t%s\t%s\n", label, $3, $6 }' "$CSV"
		shift 2
	done
}

# chart FILE TITLE Y_LABEL SETTING: draws the lines of standard input as pairs of bars
chart()
{
	local data
	data=$(mktemp)
	cat >"$data"
	gnuplot <<-END
		set terminal svg size 720,360 background rgb 'white' font 'sans,13'
		set output '$FOLDER/$1.svg'
		set title '$2'
		set ylabel '$3'
		set style data histogram
		set style histogram clustered gap 1
		set style fill solid 0.9 noborder
		set grid ytics lc rgb '#dddddd'
		set key top left
		set border 3
		set tics nomirror
		$4
		plot '$data' using 2:xtic(1) title 'unpatched' lc rgb '#b0b0b0', \
			'' using 3 title 'here' lc rgb '#2060a0'
	END
	rm -f "$data"
}

bars same8 8 same40 40 same255 255 |
	chart one-name 'Concurrent requests for one module' 'instructions per request' 'set yrange [0:250000]'
bars distinct8 8 distinct40 40 distinct200 200 |
	chart distinct-names 'Concurrent requests for different modules' 'instructions per request' 'set yrange [0:250000]'
bars sleepers100_latency 100 sleepers400_latency 400 sleepers1000_latency 1000 |
	chart sleepers 'A request while helpers sleep (unpatched: time limit of 20 s)' 'nanoseconds' \
		'set logscale y; set yrange [1e4:1e12]'
