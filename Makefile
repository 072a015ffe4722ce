# SPDX-License-Identifier: GPL-2.0-only
#
# Every entry point. The work is done by the scripts in harness/.

BASE   ?= 6.12
LINUX  ?=
ACCEL  ?= tcg
CONFIG ?= plain
ARCH   ?= x86_64
FULL   ?= 0
JOBS   ?= $(shell nproc)
RUN    ?=
FROM   ?=
TEST   ?=
MINUTES ?= 5
SCALE  ?=
export BASE LINUX ACCEL ARCH CONFIG FULL FROM JOBS RUN SCALE TEST MINUTES
# The kernel's make must not take our options for its own.
unexport MAKEFLAGS MFLAGS

.PHONY: help demo test test-all torture learn cost inherit bench bench-check test-harness test-configs shell guest check kunit build tree clean
.PHONY: kmodctl kmodctl-check
.PHONY: series test-series test-guest test-fresh deb test-deb refresh

help:
	@echo 'make demo          watch real requests load real modules (first time: some minutes)'
	@echo 'make test          KUnit, the guest suite, two minutes of torture, cost'
	@echo 'make test-guest    only the guest suite; CONFIG=debug: with KASAN and lockdep'
	@echo 'make test-fresh    demo and test in new Debian 12 and 13 roots, as three kinds of user'
	@echo 'make test-all      nearly everything there is, on all bases: takes hours'
	@echo 'make test TEST=RE  only the guest tests whose name matches, on CONFIG'
	@echo 'make cost          what a failing request costs, in instructions'
	@echo 'make inherit       what helpers inherit, compared with the unpatched kernel'
	@echo 'make learn         what the ready-made policies are made from, and do they suffice?'
	@echo 'make bench         side by side with the unpatched kernel: table, bench/results'
	@echo 'make bench-check   fail when a ratio is worse than the committed ones by over 2 %'
	@echo 'make kunit         only the KUnit suites'
	@echo "make guest RUN=CMD boot, run CMD in the guest, print its output"
	@echo 'make shell         the same guest, interactive'
	@echo 'make check         checkpatch, sparse, W=1, kernel-doc, shellcheck on our files'
	@echo 'make kmodctl       the tool that shows requests, in build/tools/kmod'
	@echo 'make kmodctl-check its tests on this machine, which need no kernel of ours'
	@echo 'make torture       everything at once, at random: MINUTES=5 SEED=n'
	@echo 'make test-configs  build and boot configurations that few people have'
	@echo 'make test-harness  does the harness see a failure, a warning, a panic, a hang?'
	@echo 'make series        the patches, ready to be mailed, in build/6.12/series'
	@echo 'make test-series   do they apply, build step by step, and give the same tree?'
	@echo 'make deb           Debian packages of it; CONFIG=plain or a .config file'
	@echo 'make test-deb      the same, unpacked and booted'
	@echo 'make refresh       fit bases/6.12 to a newer package; FROM=6.12 BASE=new to add a base'
	@echo 'make tree          the patched tree, in build/6.12/linux'
	@echo 'make build         the patched tree and its kernel, in build/'
	@echo 'make clean         remove build/ but for ccache and the downloaded packages'
	@echo
	@echo 'BASE=6.12  LINUX=/path/to/tree  CONFIG=plain|debug|kcsan|rt-debug  ACCEL=tcg|kvm  FULL=1  JOBS=N  SCALE=N'
	@echo 'ARCH=arm64, ARCH=i386: test, test-guest, guest, shell, demo, torture on such a machine'

demo: CONFIG = demo
demo:
	@harness/prepare.sh
	@harness/guest.sh demo

guest:
	@harness/prepare.sh
	@harness/guest.sh run "$$RUN"

shell:
	@harness/prepare.sh
	@harness/boot.sh shell shell

test:
	@harness/test.sh

test-guest:
	@harness/test.sh guest

test-fresh:
	@harness/test-fresh.sh

test-all:
	@harness/all.sh check kmodctl-check demo test inherit bench-check \
		test-series test-configs test-harness test-deb learn \
		'test-guest CONFIG=debug' 'test-guest CONFIG=kcsan' 'test-guest CONFIG=rt-debug' \
		'test ARCH=arm64' 'test ARCH=i386' \
		'test BASE=6.1' 'demo BASE=6.1' 'test-guest BASE=tip' 'demo BASE=tip'

cost:
	@harness/cost.sh

inherit:
	@harness/inherit.sh

bench:
	@bench/bench.sh

bench-check:
	@bench/bench.sh check

test-configs:
	@harness/test-configs.sh

torture:
	@harness/torture.sh

learn:
	@harness/learn.sh

test-harness:
	@harness/prepare.sh
	@harness/test-harness.sh

kunit:
	@harness/kunit.sh

check:
	@harness/check.sh

kmodctl:
	@harness/deps.sh tools
	@$(MAKE) --no-print-directory -C tools/kmod O=$(CURDIR)/build/tools/kmod

kmodctl-check:
	@harness/deps.sh tools tools-check
	@$(MAKE) --no-print-directory -C tools/kmod O=$(CURDIR)/build/tools/kmod check

series:
	@harness/series.sh

test-series:
	@harness/test-series.sh

deb:
	@harness/deb.sh

test-deb:
	@harness/deb.sh test

refresh:
	@harness/refresh.sh

tree:
	@harness/prepare.sh tree

build:
	@harness/prepare.sh build

clean:
	find build -mindepth 1 -maxdepth 1 ! -name ccache ! -name tip ! -name '[0-9]*' -exec rm -rf {} +
	find build -mindepth 2 -maxdepth 2 ! -path 'build/ccache/*' ! -name '*.deb' -exec rm -rf {} +
