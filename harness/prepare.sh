#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# prepare.sh [tree|kernel|build|guest]: runs all steps up to the patched tree, its kernel, its
# modules, or a bootable guest (default). A step does nothing if its inputs have not changed.
# TREE_IS_READY=1 does not make the tree, see test-series.sh.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$ROOT/harness"

level=${1:-guest}
groups=(build arch)
if [[ $level == guest ]]; then
	groups+=(guest)
	[[ -z $DEBIAN ]] || groups+=(sysroot)
fi

./deps.sh "${groups[@]}"
lock_work
[[ ${TREE_IS_READY:-0} == 1 ]] || { ./fetch.sh; ./tree.sh; }
[[ $level != tree ]] || exit 0
./config.sh
[[ $level != kernel ]] || export KERNEL_ONLY=1
./build.sh
[[ $level == guest ]] || exit 0
[[ -z $DEBIAN ]] || ./sysroot.sh
./initramfs.sh
