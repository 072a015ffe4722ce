#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make test-series: tests the patches of make series. Those of all series, one after the other, must
# apply to the pristine base with git am and give the same tree as the overlay. The tree must build
# after each patch (with modules, without modules, and with the KUnit suites). checkpatch must accept
# the patches, none of which may be too large, MAINTAINERS must cover their files, the documents must
# render, and each figure in a message must be in a README, in bench/results or in series/constants.
# The last line is "N passed, N failed".
#
# After each patch, this builds the objects that the series changes and the objects that call
# them, checks that all symbols are defined, and runs the KUnit suites in User mode Linux. After the
# last patch of each series, a guest runs its selftests and kmod.sh. Environment: BUILD_STEPS=full
# (whole kernels), 0 (no build); FROM=d10 (builds only from that patch on).
set -euo pipefail
# shellcheck source=harness/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=harness/lib/checkpatch.sh
source "$ROOT/harness/lib/checkpatch.sh"
# shellcheck source=harness/lib/series.sh
source "$ROOT/harness/lib/series.sh"
# shellcheck source=harness/lib/kunit.sh
source "$ROOT/harness/lib/kunit.sh"
cd "$ROOT/harness"

SERIES=$(series_dir 1)
TEST=$WORK/series-test
APPLIED=$TEST/linux
REPO=$TEST/git
LOG=$LOGS/test-series
BUILD_STEPS=${BUILD_STEPS:-objects}
FROM=${FROM:-}

passed=0
failed=0
nothing() { :; }

# check TITLE COMMAND...: passes if COMMAND succeeds and prints nothing
check()
{
	local title=$1 output

	shift
	if output=$("$@" 2>&1) && [[ -z ${output//[[:space:]]/} ]]; then
		echo "ok    $title"
		passed=$((passed + 1))
	else
		printf '%s\n' "$output" | head -n 40
		echo "FAIL  $title"
		failed=$((failed + 1))
	fi
}

git_there() { git --git-dir="$REPO" --work-tree="$APPLIED" "$@"; }

# Makes a repository of the whole base, which git am needs. This takes a minute, so the repository
# is kept. It is outside of the tree, because the tree's makefiles would read it.
start_repo()
{
	rm -rf "$TEST.new"
	mkdir -p "$TEST.new"
	cp -al "$PRISTINE" "$TEST.new/linux"
	git init -q --bare "$TEST.new/git"
	cd "$TEST.new/linux"
	git --git-dir="$TEST.new/git" config core.bare false
	git --git-dir="$TEST.new/git" config core.compression 1
	git --git-dir="$TEST.new/git" config gc.auto 0
	git --git-dir="$TEST.new/git" --work-tree=. add -A -f
	GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test@localhost \
		git --git-dir="$TEST.new/git" --work-tree=. commit -q -m base
	git --git-dir="$TEST.new/git" tag base
	stat -c '%i %Y' "$PRISTINE" >"$TEST.new/stamp"
	rm -rf "$TEST"
	mv "$TEST.new" "$TEST"
}

# git replaces changed files, so it does not write to the hard-linked pristine files.
reset_repo()
{
	rm -rf "$REPO/rebase-apply"
	git_there checkout -q -f -B test base
	git_there clean -q -d -f -x
}

apply_patch() { git_there -C "$APPLIED" am -q --whitespace=error-all "$1"; }

kmake() { make -C "$APPLIED" O="$TEST/out-$1" ARCH="$2" CC="$CC" HOSTCC="$HOSTCC" "${@:3}"; }

fragments()
{
	local ours=

	case $1 in
	modules)
		ours='KMOD_JOURNAL|SECURITY_AUTOLOAD|[A-Z0-9_]*_KUNIT_TEST'
		cat configs/series.config
		;;
	no-modules)
		ours='SECURITY_AUTOLOAD|(SECURITY_AUTOLOAD|UMH)_KUNIT_TEST'
		sed 's/^CONFIG_MODULE.*=y/# & is not set/; s/=y is not set/ is not set/; s/=m$/=y/' \
			configs/series.config
		;;
	um)
		{ cat configs/kunit.config; kunit_suites "$APPLIED"; } | sort -u
		return
		;;
	esac
	# The series' own options, if the tree has them
	{ grep -hE "^config ($ours)$" "$APPLIED"/{kernel/kmod,kernel/umh,security/autoload}/Kconfig 2>/dev/null || :; } |
		sed 's/^config \(.*\)/CONFIG_\1=y/'
	[[ $1 == no-modules ]] || echo CONFIG_TEST_UMH=m
	echo CONFIG_KUNIT=y
}

configure()
{
	local name=$1 arch=$2 out=$TEST/out-$1

	mkdir -p "$out"
	fragments "$name" >"$out/fragments.new"
	if [[ -f $out/.config ]] && cmp -s "$out/fragments.new" "$out/fragments"; then
		kmake "$name" "$arch" olddefconfig
		return
	fi
	mv "$out/fragments.new" "$out/fragments"
	if [[ $arch == um ]]; then
		cp "$out/fragments" "$out/.config"
	else
		kmake "$name" "$arch" KCONFIG_ALLCONFIG="$out/fragments" allnoconfig
	fi
	kmake "$name" "$arch" olddefconfig
}

# check_options NAME: prints missing options without which the build would not test the series
check_options()
{
	local option which='(MODULES|KEYS|SUSPEND|BRIDGE|KUNIT|[A-Z0-9_]*_KUNIT_TEST)='

	[[ $1 != um ]] || which=
	while read -r option; do
		grep -qx "$option" "$TEST/out-$1/.config" || echo "out-$1/.config lacks $option"
	done < <(grep -hE "^CONFIG_$which" "$TEST/out-$1/fragments")
	[[ $1 != no-modules ]] || ! grep -x CONFIG_MODULES=y "$TEST/out-$1/.config"
}

# objects NAME: prints the objects with the series' functions or calls of them, if the configuration
# has them
objects()
{
	printf '%s\n' kernel/{umh,fork,sysctl,reboot}.o kernel/power/{process,suspend}.o \
		fs/{coredump,exec,filesystems}.o lib/kobject_uevent.o \
		init/{do_mounts_initrd,initramfs}.o net/socket.o \
		kernel/cgroup/cgroup-v1.o net/bridge/br_stp_if.o security/keys/request_key.o
	[[ ! -d $APPLIED/kernel/umh ]] || echo kernel/umh/
	[[ ! -d $APPLIED/security/autoload ]] || echo security/autoload/
	[[ $1 != no-modules ]] || return 0
	echo kernel/module/
	[[ ! -f $APPLIED/kernel/kmod.c ]] || echo kernel/kmod.o
	[[ ! -d $APPLIED/kernel/kmod ]] || echo kernel/kmod/
}

targets()
{
	if [[ $1 == um ]]; then
		echo linux
	elif [[ $BUILD_STEPS != full ]]; then
		objects "$1"
	else
		echo vmlinux
		[[ $1 == no-modules ]] || echo modules
	fi
}

build()
{
	local -a wanted

	configure "$1" "$2"
	mapfile -t wanted < <(targets "$1")
	kmake "$1" "$2" -j"$JOBS" "${wanted[@]}"
}

# present_objects NAME: prints the objects with a source in the present tree. The build folder may
# have others from earlier runs.
present_objects()
{
	(cd "$TEST/out-$1" && find init kernel fs lib net security -name '*.o') |
		while read -r object; do
			[[ ! -f $APPLIED/${object%.o}.c ]] || echo "$TEST/out-$1/$object"
		done
}

# missing_symbols NAME: prints the series' symbols that objects use and none defines. A full build
# fails to link instead.
missing_symbols()
{
	local ours='umh_|kmod_|autoload_|usermodehelper|call_usermodehelper|__request_module|modprobe_path'

	[[ $BUILD_STEPS != full && $1 != um ]] || return 0
	present_objects "$1" | xargs nm 2>/dev/null | awk -v ours="^_*($ours)|max_threads$" '
		$NF !~ ours { next }
		$(NF - 1) == "U" { used[$NF] = 1; next }
		{ there[$NF] = 1 }
		END { for (s in used) if (!(s in there)) print "undefined symbol " s }'
}

count_objects() { grep -cE '^  (CC|AS|HOSTCC)\b' "$LOG-$step-$config.log" || :; }

# build_step STEP CONFIG ARCH
build_step()
{
	local step=$1 config=$2 log=$LOG-$1-$2.log

	run_logged "building patch $step, $config:" "$log" count_objects -- build "$2" "$3" || return 1
	check_options "$config"
	missing_symbols "$config"
	grep -E '(warning|error):' "$log" || :
}

# kunit_step STEP: runs the KUnit suites that the tree has, and prints the tests that fail
kunit_step()
{
	local log=$LOG-$1-kunit.log

	run_kunit "$APPLIED" "$TEST/out-um" "$log" >"$log.verdict" || cat "$log.verdict"
}

# boot_series NAME: boots the tree, and prints the tests that fail: kmod.sh, and those in the
# folders that the series changes
boot_series()
{
	local log=$LOG-$1-guest.log folders

	folders=$(sed -n 's,^+++ b/tools/testing/selftests/\([a-z]*\)/.*,\1:|,p' "$SERIES/$1"/*.patch | sort -u)
	export WORK_DIR=$TEST/guest TREE_IS_READY=1 TEST="${folders//[[:space:]]/}kmod[.]sh"
	mkdir -p "$WORK_DIR"
	ln -sfn "$APPLIED" "$WORK_DIR/linux"
	ln -sfn "$PRISTINE" "$WORK_DIR/pristine"
	git_there diff --name-only base >"$WORK_DIR/tree.touched"
	git_there rev-parse 'HEAD^{tree}' >"$WORK_DIR/tree.stamp"
	./test.sh guest >"$log" 2>&1 || tail -n 20 "$log"
}

# Runs in a subshell, because run_logged exits if the build fails. The progress line must not
# be in the output that the check reads.
build_quietly()
{
	(build_step "$@") 2>"$LOG-$1-$2.progress" || {
		grep -E '(error|undefined reference|No rule)' "$LOG-$1-$2.log"
		return 1
	}
}

# The tree has no history of upstream, in which checkpatch could look up commits.
run_checkpatch()
{
	cd "$APPLIED"
	perl scripts/checkpatch.pl --strict --terse --showfile --no-summary --show-types \
		--ignore FILE_PATH_CHANGES,UNKNOWN_COMMIT_ID "$1" | grep -vE "$CHECKPATCH_ACCEPTED" || :
}

same_tree()
{
	diff -rq --no-dereference -x '.checkpatch-camelcase.*' "$TREE" "$APPLIED"
	diff <(modes "$TREE") <(modes "$APPLIED") | head -n 20
}

# Prints paths, and whether they are executable for the owner. A patch has no other mode bits.
modes()
{
	(cd "$1" && find . ! -type d ! -name '.checkpatch-camelcase.*' -printf '%y %m %P\n') |
		awk '{ $2 = $2 % 200 >= 100 } 1' | sort
}

uncovered_files()
{
	local file

	cd "$APPLIED"
	while read -r file; do
		perl scripts/get_maintainer.pl --no-git --no-git-fallback --no-tree --sections \
			-f "$file" 2>&1 | grep -cxFf <(grep -v '^[A-Z]:\|^$' "$ROOT/MAINTAINERS") >/dev/null ||
			echo "$file: get_maintainer.pl finds no entry of the series"
	done < <(overlay_files)
}

# Prints patches that are too large to be reviewed.
large_patches()
{
	local mail kernel tests other

	for mail in "${patches[@]}"; do
		read -r kernel tests other < <(added_lines "$mail")
		[[ $kernel -le 400 && $((kernel + tests)) -le 600 ]] ||
			echo "$mail: $kernel lines of kernel code, $tests of tests, $other others"
	done
}

# A mail server may change other bytes.
mails_without_utf8()
{
	local mail

	for mail in "$SERIES"/*/*.patch; do
		iconv -f UTF-8 -t UTF-8 "$mail" >/dev/null 2>&1 || echo "$mail"
	done
}

# last_patch PATCH: prints the last patch of its series
last_patch() { printf '%s\n' "$(dirname "$1")"/*.patch | tail -n 1; }

mails_without_recipients() { find "$SERIES" -name '*.patch' | sort | xargs grep -LE '^(To|Cc): '; }

# rendered NAME FILE: renders FILE as a separate document, with the tree's sphinx configuration.
# Ignores the warning about a missing dot(1), because FILE has no graphs.
rendered()
{
	local out=$TEST/sphinx-$1

	rm -rf "$out"
	mkdir -p "$out/source"
	cp "$2" "$out/source/page.rst"
	printf 'Pages\n=====\n\n.. toctree::\n\n   page\n' >"$out/source/index.rst"
	cd "$APPLIED"
	srctree=$APPLIED PYTHONDONTWRITEBYTECODE=1 sphinx-build -q -b html -c Documentation \
		-D version="$BASE" -D release="$BASE" -D kerneldoc_srctree="$APPLIED" \
		-D kerneldoc_bin="$APPLIED/scripts/kernel-doc" -d "$out/doctrees" \
		"$out/source" "$out/html" 2>&1 | grep -v '^Using alabaster theme$\|^WARNING: dot(1) not found' || :
	[[ -s $out/html/page.html ]] || echo "$2: nothing was rendered"
}

# Prints the kernel-doc directives in upstream's pages that include files of the series.
borrowed_directives()
{
	printf 'Borrowed\n========\n\n'
	git_there diff --name-only base test -- '*.rst' | while read -r page; do
		awk '
		/^\.\. kernel-doc::/ { shown = !system("test -f " root "/" $3); if (shown) print "\n" $0; next }
		shown && /^   / { print; next }
		{ shown = 0 }' root="$ROOT" "$APPLIED/$page"
	done
}

# Prints figures in messages that are in neither a README nor bench/results, and are no constants.
# Commits and links are no figures.
unknown_figures()
{
	local word

	cd "$ROOT"
	find series \( -name '[0-9][0-9]-*' ! -name '*.*' -o -name cover \) -exec sed -s '/^---$/,$d' {} + |
		sed -E '/^Link: /d; s/\b[0-9a-f]{12}\b//g' |
		grep -oE '\b([0-9]+\.[0-9]+|[0-9]{3,})\b' | sort -u |
		while read -r word; do
			grep -qwF -- "$word" {,bench/,harness/}README.md bench/results/*.csv \
				series/constants || echo "$word: in neither a README nor bench/results"
		done
}

mkdir -p "$LOGS"
V=1 ./series.sh >"$LOG.list"
cat "$LOG.list"
# The result must not depend on the user's configuration.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=test@localhost
./deps.sh build check docs
lock_work
if ! stamp_is "$TEST/stamp" "$(stat -c '%i %Y' "$PRISTINE")"; then
	run_logged "making a repository of the base:" "$LOG-repo.log" nothing -- start_repo
fi
reset_repo

mapfile -t patches < <(find "$SERIES" -name '[0-9]*.patch' ! -name '0000-*' | sort)
for patch in "${patches[@]}"; do
	number=$(basename "$(dirname "$patch")" | cut -c1)$(basename "$patch" | cut -c3-4)
	check "$number applies with git am" apply_patch "$patch"
	check "$number passes checkpatch --strict" run_checkpatch "$patch"
	[[ $BUILD_STEPS != 0 && ! $number < $FROM ]] || continue
	check "$number builds with modules" build_quietly "$number" modules x86_64
	check "$number builds without modules" build_quietly "$number" no-modules x86_64
	check "$number builds with KUnit" build_quietly "$number" um um
	[[ -z $(kunit_suites "$APPLIED") ]] || check "$number passes its KUnit suites" kunit_step "$number"
	[[ $patch == "$(last_patch "$patch")" ]] || continue
	series=$(basename "$(dirname "$patch")")
	check "$series passes its selftests" boot_series "$series"
done
check "the patches give the same tree as the overlay" same_tree
check "no patch has more than 400 lines of kernel code, or 600 with tests" large_patches
check "every mail has recipients" mails_without_recipients
check "every mail is in UTF-8" mails_without_utf8
check "get_maintainer.pl finds an entry for every file" uncovered_files
check "Documentation/kmod.txt renders" rendered kmod "$APPLIED/Documentation/kmod.txt"
check "kernel-doc included by other pages renders" rendered borrowed <(borrowed_directives)
check "figures in messages are in a README or bench/results" unknown_figures
echo "$passed passed, $failed failed"
[[ $failed -eq 0 && $passed -gt 0 ]]
