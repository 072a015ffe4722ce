#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# add-autoload.sh FILE: enables autoload in the .config FILE and adds it to CONFIG_LSM. The
# CONFIG_LSM of a distribution's kernel does not have autoload, and olddefconfig keeps it as it is.
# autoload is added at the front, so that the order of the other modules does not change. A FILE
# that disables autoload is not changed.
set -euo pipefail

FILE=$1

# The list is quoted, and its items are separated by commas.
has_autoload() { grep -qE '^CONFIG_LSM="([^"]*,)?autoload(,[^"]*)?"$' "$FILE"; }

if grep -qx '# CONFIG_SECURITY_AUTOLOAD is not set' "$FILE"; then
	echo "$FILE: CONFIG_SECURITY_AUTOLOAD is disabled; not changed"
	exit
fi
if ! grep -qx 'CONFIG_SECURITY=y' "$FILE"; then
	echo "$FILE: CONFIG_SECURITY is disabled; cannot enable autoload"
	exit
fi
if ! grep -qx 'CONFIG_SECURITY_AUTOLOAD=y' "$FILE"; then
	echo 'CONFIG_SECURITY_AUTOLOAD=y' >>"$FILE"
fi
if ! has_autoload; then
	sed -i -e 's/^CONFIG_LSM=""$/CONFIG_LSM="autoload"/; t' \
		-e 's/^CONFIG_LSM="/&autoload,/' "$FILE"
fi
