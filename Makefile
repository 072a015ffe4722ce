# SPDX-License-Identifier: GPL-2.0-only
#
# All entry points. The scripts in harness/ and bench/ do the work.

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
SCENE  ?=
SCALE  ?=
SUITE  ?=
V      ?= 1
PREVIOUS ?=
export BASE LINUX ACCEL ARCH CONFIG FULL FROM JOBS RUN SCALE SCENE SUITE TEST MINUTES
# The kernel's makefiles must not inherit the options of this make.
unexport MAKEFLAGS MFLAGS

.PHONY: help demo test test-all torture learn units cost inherit bench bench-check scale test-harness test-configs shell guest check kunit build tree clean
.PHONY: kmodctl kmodctl-check shim shim-breaks test-mutants model model-breaks fuzz
.PHONY: test-debian
.PHONY: series quilt test-series test-guest test-fresh deb deb-tools test-deb test-packages refresh

help:
	@echo 'make demo          eight scenes of module requests (first time: a few minutes); SCENE=2: only one'
	@echo 'make test          run shim, a part of model, KUnit, the guest suite, two minutes of torture, and cost'
	@echo 'make test-guest    run only the guest suite; CONFIG=debug: with KASAN and lockdep'
	@echo 'make test-fresh    run demo and test in new Debian 12 and 13 roots, as three kinds of user'
	@echo 'make test-all      run nearly all tests, on all bases; takes hours'
	@echo 'make test TEST=RE  run only guest tests whose names match, on CONFIG'
	@echo 'make cost          measure a failing request, in instructions'
	@echo 'make inherit       compare the state that helpers inherit with the unpatched kernel'
	@echo 'make units         compare the policies with the services of Debian 12 and 13'
	@echo 'make learn         record the requests of typical machines, and test the policies for them'
	@echo 'make bench         compare with the unpatched kernel: table, bench/results'
	@echo 'make bench-check   fail if a ratio is worse than the committed one by more than 2 %'
	@echo 'make scale         compare the boot of a large machine with the unpatched kernel: 64 CPUs'
	@echo 'make kunit         run only the KUnit suites'
	@echo 'make shim          run the request pipeline in user space: 120,000 random schedules'
	@echo 'make shim-breaks   break the pipeline in 64 ways, print how each was noticed'
	@echo 'make test-mutants  break the sources in about 200 ways, each of which a test must notice'
	@echo 'make fuzz          compare the policies that the kernel and kmodctl accept: RUNS=10000000'
	@echo 'make model         search all states of a model of flights and slots'
	@echo 'make model-breaks  break the model in 16 ways, print the error that was found'
	@echo "make guest RUN=CMD boot, run CMD in the guest, print its output"
	@echo 'make shell         boot the guest with an interactive shell'
	@echo 'make check         run checkpatch, sparse, W=1, kernel-doc, shellcheck, and compare documents with sources'
	@echo 'make kmodctl       build kmodctl, which shows requests, in build/tools/kmod'
	@echo 'make kmodctl-check run the tests of kmodctl here; they need no patched kernel'
	@echo 'make torture       run all kinds of random load at the same time: MINUTES=5 SEED=n'
	@echo 'make test-configs  build and boot rare configurations'
	@echo 'make test-harness  test that the harness detects failures, warnings, panics and hangs'
	@echo 'make series        write the patches, ready to be mailed, to build/6.12/series; V=2: version 2'
	@echo 'make quilt         write the same patches as a quilt queue, to build/6.12/quilt'
	@echo 'make test-series   test that the patches apply, build one by one, and give the same tree'
	@echo 'make deb           build Debian packages; CONFIG=plain or a .config file'
	@echo 'make deb-tools     build only the package khelper-tools; SUITE=bookworm, trixie: for that release'
	@echo 'make test-deb      build the packages, and boot the packaged kernel'
	@echo 'make test-packages test khelper-tools in Debian 12 and 13, and the configuration of make deb'
	@echo 'make test-debian   install the packages in a Debian machine, boot it, and use it; SUITE=bookworm, trixie'
	@echo 'make refresh       adapt bases/6.12 to a newer package; FROM=6.12 BASE=new to add a base'
	@echo 'make tree          make the patched tree, in build/6.12/linux'
	@echo 'make build         build the patched kernel, in build/'
	@echo 'make clean         remove build/ except ccache and the downloaded packages'
	@echo
	@echo 'BASE=6.12  LINUX=/path/to/tree  CONFIG=plain|debug|kcsan|rt-debug  ACCEL=tcg|kvm  FULL=1  JOBS=N  SCALE=N'
	@echo 'ARCH=arm64, ARCH=i386: for test, test-guest, guest, shell, demo and torture'

demo: CONFIG = demo
demo:
	@harness/prepare.sh
	@harness/guest.sh demo

guest:
	@harness/prepare.sh
	@exec harness/guest.sh run "$$RUN"

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
	@exec harness/all.sh test-mutants model model-breaks check kmodctl-check demo test inherit bench-check \
		test-series test-configs test-harness test-deb test-packages test-debian learn \
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

scale:
	@bench/scale.sh

test-configs:
	@harness/test-configs.sh

torture:
	@harness/torture.sh

learn:
	@harness/learn.sh

units:
	@harness/units.sh bookworm trixie

test-harness:
	@harness/prepare.sh
	@harness/test-harness.sh

kunit:
	@harness/kunit.sh

shim:
	@harness/shim.sh

fuzz:
	@harness/fuzz.sh

shim-breaks:
	@harness/shim.sh breaks

test-mutants:
	@harness/mutants.sh

model:
	@harness/model.sh

model-breaks:
	@harness/model.sh breaks

check:
	@harness/check.sh

kmodctl:
	@harness/deps.sh tools
	@$(MAKE) --no-print-directory -C tools/kmod O=$(CURDIR)/build/tools/kmod

kmodctl-check:
	@harness/deps.sh tools tools-check
	@harness/promtool.sh
	@PATH="$(CURDIR)/build/tools/bin:$$PATH" $(MAKE) --no-print-directory -C tools/kmod \
		O=$(CURDIR)/build/tools/kmod check

series:
	@exec env V='$(V)' PREVIOUS='$(PREVIOUS)' harness/series.sh

quilt:
	@harness/quilt.sh

test-series:
	@harness/test-series.sh

deb:
	@harness/deb.sh

deb-tools:
	@harness/deb-tools.sh

test-deb:
	@harness/deb.sh test

test-packages:
	@harness/test-packages.sh

test-debian:
	@harness/test-debian.sh

refresh:
	@harness/refresh.sh

tree:
	@harness/prepare.sh tree

build:
	@harness/prepare.sh build

clean:
	find build -mindepth 1 -maxdepth 1 ! -name ccache ! -name tip ! -name '[0-9]*' -exec rm -rf {} +
	find build -mindepth 2 -maxdepth 2 ! -path 'build/ccache/*' ! -name '*.deb' -exec rm -rf {} +
