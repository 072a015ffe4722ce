#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Configures build/<base>/out-<config> from the fragments in harness/configs: nothing
# but what they ask for. Whatever they ask for and did not get is an error, since a
# test that needs it would otherwise be skipped in silence.
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"

CONFIGS=$ROOT/harness/configs
SELFTESTS=("$TREE"/tools/testing/selftests/{autoload,kmod,umh}/config)

# The suites, by the files that kunit.py reads as well
kunit_suites() { find "$TREE"/{kernel,security} -path '*/tests/.kunitconfig' -exec cat {} +; }

# What the selftests need, by their own list. TEST_KMOD would select XFS_FS and BTRFS_FS, which
# take longer to build than the rest: build.sh builds test_kmod.ko without its option, and
# run-tests has kmod.sh use another file system.
selftest_options()
{
	cat "${SELFTESTS[@]}" 2>/dev/null | grep -vE '^CONFIG_(TEST_KMOD|XFS_FS|BTRFS_FS)=' || :
}

# Those of them that an unpatched kernel has as well.
upstream_options()
{
	local -a files
	mapfile -t files < <(overlay_files | grep -E '(^|/)Kconfig[^/]*$')
	cd "$ROOT" || return 1
	selftest_options | grep -vxFf <(sed -n 's/^config \(.*\)$/CONFIG_\1=y\nCONFIG_\1=m/p' "${files[@]}")
}

# fragments_of CONFIGURATION. A variant says in its first line what it is on top of.
fragments_of()
{
	local variant=$CONFIGS/variants/$1.config

	case $1 in
	small) cat "$CONFIGS/small.config" ;;
	demo) cat "$CONFIGS"/{small,demo}.config ;;
	plain) cat "$CONFIGS"/{base,modules}.config; selftest_options ;;
	base) cat "$CONFIGS"/{base,modules}.config; upstream_options ;;
	debug) fragments_of plain; cat "$CONFIGS"/{kasan,debug}.config ;;
	kcsan) fragments_of plain; cat "$CONFIGS/kcsan.config" ;;
	rt-debug)
		cat "$CONFIGS"/{base,modules}.config
		# TEST_UMH calls the engine from contexts that PREEMPT_RT does not want.
		selftest_options | grep -v TEST_UMH
		cat "$CONFIGS"/rt-debug.config
		;;
	um) cat "$CONFIGS"/{kunit,kasan}.config; kunit_suites ;;
	*)
		[[ -f $variant ]] ||
			die "CONFIG=$1: there are plain, base, debug, kcsan, rt-debug, demo, small, um, and those of configs/variants"
		fragments_of "$(sed -n '1s/^# On top of \([a-z]*\)\.config:.*/\1/p' "$variant")"
		cat "$variant"
		;;
	esac
	# What is different on this machine, or in this base, has the last word.
	[[ ! -f $CONFIGS/$ARCH.config ]] || cat "$CONFIGS/$ARCH.config"
	[[ ! -f $BASE_DIR/configs/$CONFIG.config ]] || cat "$BASE_DIR/configs/$CONFIG.config"
}

# shellcheck disable=SC2153 # set by lib.sh
fragments() { fragments_of "$CONFIG"; }

inputs_hash()
{
	{ fragments; overlay_kconfig; cat "$ROOT/harness/config.sh"; stat -c '%i' "$PRISTINE"; } | sha256sum
}

# Kconfig files that the overlay or a touch-point changes
overlay_kconfig()
{
	{ grep -E '(^|/)Kconfig[^/]*$' "$WORK/tree.touched" || :; } | while read -r path; do
		[[ ! -f $SOURCE/$path ]] || cat "$SOURCE/$path"
	done
}

# not_granted: prints each option of the merged fragments that the configuration lacks, by
# merge_config.sh's report. An option that is off and unknown here is as it should be.
not_granted()
{
	awk '
	/^Value requested for/ { option = $4 }
	/^Requested value:/ { sub(/^Requested value: */, ""); wanted = $0 }
	/^Actual value:/ {
		sub(/^Actual value: */, "")
		if ($0 != "" || wanted !~ /is not set$|=n$/)
			printf "  asked for %-40s got %s\n", wanted, $0 == "" ? "nothing" : $0
	}' "$1"
}

# Drops what the base cannot grant since the option is one of ours.
known_to_base()
{
	local line option

	while read -r line; do
		option=${line#asked for CONFIG_}
		! grep -rqE --include='Kconfig*' "^(menu)?config ${option%% *}$" "$PRISTINE" || echo "  $line"
	done
}

missing_options()
{
	if [[ $CONFIG == base ]]; then
		not_granted "$1" | known_to_base
	else
		not_granted "$1"
	fi
}

# Each option once, with its last value: merge_config.sh compares with one line.
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

# Whatever the fragments leave open is off. In the build folder, since merge_config.sh has its
# temporary files where it runs.
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
(configure) >"$log" 2>&1 || { tail "$log" >&2; die "configuring $BUILT failed; its log is $log"; }
missing=$(missing_options "$log")
if [[ -n $missing ]]; then
	printf '%s\n' "$missing" >&2
	die "the configuration $BUILT lacks options that the fragments ask for ($OUT/.config)"
fi
echo "$now" >"$OUT/config.stamp"
