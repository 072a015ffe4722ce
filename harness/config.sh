#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Configures build/<base>/out-<config> from the fragments in harness/configs. All other options
# are disabled. A requested option that is missing from the result is an error, because the
# tests that need it would be skipped.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=harness/lib/kunit.sh
source "$ROOT/harness/lib/kunit.sh"

CONFIGS=$ROOT/harness/configs
SELFTESTS=("$TREE"/tools/testing/selftests/{autoload,kmod,umh}/config)

# The options in the selftests' own config files. TEST_KMOD would select XFS_FS and BTRFS_FS,
# which take longer to build than everything else. Instead, build.sh builds test_kmod.ko without
# its option, and run-tests makes kmod.sh use another file system.
selftest_options()
{
	cat "${SELFTESTS[@]}" 2>/dev/null | grep -vE '^CONFIG_(TEST_KMOD|XFS_FS|BTRFS_FS)=' || :
}

# Those of them that the unpatched kernel also has
upstream_options()
{
	local -a files
	mapfile -t files < <(overlay_files | grep -E '(^|/)Kconfig[^/]*$')
	cd "$ROOT" || return 1
	selftest_options | grep -vxFf <(sed -n 's/^config \(.*\)$/CONFIG_\1=y\nCONFIG_\1=m/p' "${files[@]}")
}

# fragments_of CONFIGURATION: prints its fragments. The first line of a variant names the
# configuration that it extends.
fragments_of()
{
	local variant=$CONFIGS/variants/$1.config

	case $1 in
	small) cat "$CONFIGS/small.config" ;;
	demo) cat "$CONFIGS"/{small,demo}.config ;;
	plain) cat "$CONFIGS"/{base,modules}.config; selftest_options ;;
	base) cat "$CONFIGS"/{base,modules}.config; upstream_options ;;
	scale | scale-base) cat "$CONFIGS"/{small,scale}.config ;;
	debug) fragments_of plain; cat "$CONFIGS"/{kasan,debug}.config ;;
	kcsan) fragments_of plain; cat "$CONFIGS/kcsan.config" ;;
	rt-debug) fragments_of plain; cat "$CONFIGS/rt-debug.config" ;;
	um) cat "$CONFIGS"/{kunit,kasan}.config; kunit_suites "$TREE" ;;
	*)
		[[ -f $variant ]] ||
			die "unknown CONFIG '$1': expected plain, base, debug, kcsan, rt-debug," \
				"demo, small, scale, scale-base, um, or a file in configs/variants"
		fragments_of "$(sed -n '1s/^# On top of \([a-z]*\)\.config:.*/\1/p' "$variant")"
		cat "$variant"
		;;
	esac
	# The fragments of the architecture and of the base override the others.
	[[ ! -f $CONFIGS/$ARCH.config ]] || cat "$CONFIGS/$ARCH.config"
	[[ ! -f $BASE_DIR/configs/$CONFIG.config ]] || cat "$BASE_DIR/configs/$CONFIG.config"
}

# shellcheck disable=SC2153 # set by lib.sh
fragments() { fragments_of "$CONFIG"; }

inputs_hash()
{
	{ fragments; overlay_kconfig; cat "$ROOT/harness/config.sh"; stat -c '%i' "$PRISTINE"; } | sha256sum
}

# Prints the Kconfig files that the overlay or a touch-point changes.
overlay_kconfig()
{
	{ grep -E '(^|/)Kconfig[^/]*$' "$WORK/tree.touched" || :; } | while read -r path; do
		[[ ! -f $SOURCE/$path ]] || cat "$SOURCE/$path"
	done
}

# not_granted LOG: prints each requested option that the configuration lacks, from the report of
# merge_config.sh. An option that is requested to be off may be unknown.
not_granted()
{
	awk '
	/^Value requested for/ { option = $4 }
	/^Requested value:/ { sub(/^Requested value: */, ""); wanted = $0 }
	/^Actual value:/ {
		sub(/^Actual value: */, "")
		if ($0 != "" || wanted !~ /is not set$|=n$/)
			printf "  requested %-40s got %s\n", wanted, $0 == "" ? "nothing" : $0
	}' "$1"
}

# Drops options that the source lacks because the overlay, or a later patch, adds them.
known_options()
{
	local line option

	while read -r line; do
		option=${line#requested CONFIG_}
		! grep -rqE --include='Kconfig*' "^(menu)?config ${option%% *}$" "$SOURCE/" || echo "  $line"
	done
}

missing_options()
{
	if [[ $SOURCE == "$PRISTINE" || ${TREE_IS_READY:-0} == 1 ]]; then
		not_granted "$1" | known_options
	else
		not_granted "$1"
	fi
}

# Prints each option once, with its last value, because merge_config.sh compares single lines.
merged_fragments()
{
	fragments | awk '
	/^CONFIG_/ || /^# CONFIG_.* is not set$/ {
		name = $0; sub(/^# /, "", name); sub(/[= ].*/, "", name)
		if (!(name in value)) order[++n] = name
		value[name] = $0
		next
	}
	/^# kasan / { print }
	END { for (i = 1; i <= n; i++) print value[order[i]] }'
}

# Disables options that no fragment has (-n). Runs in the build folder, because merge_config.sh
# writes temporary files to the current directory.
configure()
{
	kernel_make outputmakefile
	cd "$OUT"
	export ARCH CROSS_COMPILE=$CROSS
	[[ $CONFIG != um ]] || ARCH=um
	"$SOURCE/scripts/kconfig/merge_config.sh" -n fragments
}

mkdir -p "$OUT" "$LOGS"
now=$(inputs_hash)
! stamp_is "$OUT/config.stamp" "$now" || exit 0

rm -f "$OUT/config.stamp"
merged_fragments >"$OUT/fragments"
log=$LOGS/config-$BUILT.log
(configure) >"$log" 2>&1 || { tail "$log" >&2; die "configuring $BUILT failed; see $log"; }
missing=$(missing_options "$log")
if [[ -n $missing ]]; then
	printf '%s\n' "$missing" >&2
	die "the configuration $BUILT lacks requested options ($OUT/.config)"
fi
echo "$now" >"$OUT/config.stamp"
