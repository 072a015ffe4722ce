#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
#
# demo-picture.py <LOG >PICTURE.svg: draws the output of a run of make demo. Of each scene it keeps
# the title, the commands, the journal, the denials, and the outcome with the figure of the
# unpatched kernel.
import html
import re
import sys

COLUMNS = 118
FONT = 12
LINE = 17
COLORS = [
    (r'\d+\. ', '#e6edf3', 'bold'),
    (r'  => FAILED', '#ff7b72', 'bold'),
    (r'  =>', '#7ee787', 'normal'),
    (r'     unpatched', '#ffa657', 'normal'),
    (r'  (#|255 |600 |50 |as |the same )', '#79c0ff', 'normal'),
    (r'  (autoload|request_module|kmod): ', '#d2a8ff', 'normal'),
    (r'  ((TIME|[A-Z][a-z]{2} [ \d]\d) |{)', '#8b949e', 'normal'),
    (r'Linux ', '#8b949e', 'normal'),
]


def look(line):
    for pattern, color, weight in COLORS:
        if re.match(pattern, line):
            return color, weight
    return None


lines = []
for line in sys.stdin.read().splitlines():
    if line.startswith('All scenes') or re.match(r'\d+ scenes failed', line):
        lines += ['', line.split(' Next')[0]]
        break
    if line.startswith('Linux '):
        line = line.split('. ')[0]
    if look(line):
        if re.match(r'\d+\. ', line):
            lines.append('')
        lines.append(line if len(line) <= COLUMNS else line[:COLUMNS - 1] + '+')

width = COLUMNS * FONT * 0.602 + 32
height = len(lines) * LINE + 32
print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
      f'width="{width:.0f}" height="{height}">')
print('<title>A run of make demo</title>')
print('<rect width="100%" height="100%" rx="8" fill="#0d1117"/>')
print(f'<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="{FONT}" '
      'xml:space="preserve">')
for number, line in enumerate(lines):
    color, weight = look(line) or ('#e6edf3', 'normal')
    if line:
        print(f'<text x="16" y="{16 + FONT + number * LINE}" fill="{color}" '
              f'font-weight="{weight}">{html.escape(line)}</text>')
print('</g>\n</svg>')
