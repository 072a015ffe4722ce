#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# add-autoload.sh FILE: builds autoload into the kernel of the .config FILE, and adds it to its
# CONFIG_LSM. The list of a machine's .config is that of its distribution's kernel, which has no
# autoload, and olddefconfig keeps it. It is added at the front, before the modules that must come
# in a certain order. A FILE that says that autoload is off is not changed.
set -euo pipefail

FILE=$1

# The list is between quotation marks, autoload an item between commas.
has_autoload() { grep -qE '^CONFIG_LSM="([^"]*,)?autoload(,[^"]*)?"$' "$FILE"; }

if grep -qx '# CONFIG_SECURITY_AUTOLOAD is not set' "$FILE"; then
	echo "$FILE: CONFIG_SECURITY_AUTOLOAD is off, and remains off"
	exit
fi
if ! grep -qx 'CONFIG_SECURITY=y' "$FILE"; then
	echo "$FILE: CONFIG_SECURITY is off; the kernel will have no autoload"
	exit
fi
if ! grep -qx 'CONFIG_SECURITY_AUTOLOAD=y' "$FILE"; then
	echo 'CONFIG_SECURITY_AUTOLOAD=y' >>"$FILE"
fi
if ! has_autoload; then
	sed -i -e 's/^CONFIG_LSM=""$/CONFIG_LSM="autoload"/; t' \
		-e 's/^CONFIG_LSM="/&autoload,/' "$FILE"
fi
