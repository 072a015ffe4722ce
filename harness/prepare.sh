#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Everything up to a bootable guest: what make demo, test and shell have in common.
# Each step does nothing when its inputs have not changed.
set -euo pipefail
cd "$(dirname "$0")"
./deps.sh build guest
./fetch.sh
./tree.sh
./config.sh
./build.sh
./initramfs.sh
