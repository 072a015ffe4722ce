#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# promtool.sh: puts promtool into build/tools/bin, unless it is installed. Debian's package with it
# is not installed because it would start a server. Without promtool, its tests are skipped.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"

BIN=$BUILD/tools/bin

nothing() { :; }
download() { cd "$BIN" && apt-get download prometheus; }

! PATH=$BIN:$PATH promtool --version >/dev/null 2>&1 || exit 0
mkdir -p "$BIN"
rm -f "$BIN"/prometheus_*.deb
(run_logged "downloading promtool" "$BUILD/logs/promtool.log" nothing -- download) || exit 0
dpkg-deb --fsys-tarfile "$BIN"/prometheus_*.deb | tar -xO ./usr/bin/promtool >"$BIN/promtool.new"
chmod +x "$BIN/promtool.new"
mv "$BIN/promtool.new" "$BIN/promtool"
rm "$BIN"/prometheus_*.deb
