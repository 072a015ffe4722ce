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
SELFTEST=$TREE/tools/testing/selftests/kmod/config

# The overlay's own KUnit suites, whatever they are called.
kunit_suites()
{
	local -a files
	mapfile -t files < <(overlay_files | grep -E '(^|/)Kconfig[^/]*$')
	[[ ${#files[@]} -eq 0 ]] || (cd "$ROOT" &&
		sed -n 's/^config \([A-Z0-9_]*_KUNIT_TEST\)$/CONFIG_\1=y/p' "${files[@]}")
}

# What the selftests need, by their own list. TEST_KMOD would select XFS_FS and BTRFS_FS, which
# take longer to build than the rest: build.sh builds test_kmod.ko without its option, and
# run-tests has kmod.sh use another file system.
selftest_options()
{
	[[ ! -f $SELFTEST ]] || grep -vE '^CONFIG_(TEST_KMOD|XFS_FS|BTRFS_FS)=' "$SELFTEST"
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
	demo) cat "$CONFIGS"/{base,demo}.config ;;
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

# Answers whatever the fragments leave open with no.
configure()
{
	kernel_make KCONFIG_ALLCONFIG="$OUT/fragments" allnoconfig
	kernel_make olddefconfig
}

# Prints each option of the merged fragments that the configuration lacks. The last
# word on an option counts.
not_granted()
{
	awk '
	function name(line) {
		sub(/^# /, "", line); sub(/[= ].*/, "", line); return line
	}
	!/^CONFIG_|^# CONFIG_.* is not set$/ { next }
	FNR == NR { asked[name($0)] = $0; next }
	{ have[name($0)] = $0 }
	END {
		for (o in asked) {
			off = asked[o] ~ /is not set$/ || asked[o] ~ /=n$/
			if (off ? (o in have && have[o] !~ /is not set$/) : have[o] != asked[o])
				printf "  asked for %-40s got %s\n", asked[o], (o in have) ? have[o] : "nothing"
		}
	}' "$OUT/fragments" "$OUT/.config"
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
		not_granted | known_to_base
	else
		not_granted
	fi
}

mkdir -p "$OUT" "$LOGS"
now=$(inputs_hash)
! stamp_is "$OUT/config.stamp" "$now" || exit 0

rm -f "$OUT/config.stamp"
fragments >"$OUT/fragments"
log=$LOGS/config-$BUILT.log
configure >"$log" 2>&1 || { tail "$log" >&2; die "configuring $BUILT failed; its log is $log"; }
missing=$(missing_options)
if [[ -n $missing ]]; then
	printf '%s\n' "$missing" >&2
	die "the configuration $BUILT lacks options that the fragments ask for ($OUT/.config)"
fi
echo "$now" >"$OUT/config.stamp"
