# SPDX-License-Identifier: MIT
# The front door. Meson and ninja do the work; this file says what to ask them for.
#   make run        install what is missing, build, and open actop on this machine (ARGS="--json --samples 3")
#   make test       install what the tests need, build with ASan and UBSan, run all tests
#   make help       the rest
.DEFAULT_GOAL := help
.PHONY: help run build test test-long fuzz tsan valgrind bench check macos install clean \
        setup-run setup-test setup-macos setup-bench

B       ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
ARGS    ?=
NPROC   := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
DARWIN  := $(filter Darwin,$(shell uname -s))
ifneq ($(DARWIN),)
# Homebrew's ncurses is keg-only, that is, where pkg-config does not look by itself.
export PKG_CONFIG_PATH := $(shell brew --prefix 2>/dev/null)/opt/ncurses/lib/pkgconfig$(if $(PKG_CONFIG_PATH),:$(PKG_CONFIG_PATH))
endif

RELEASE   := --buildtype=release -Doptimization=2 -Db_ndebug=true
SANITIZED := -Db_sanitize=address,undefined -Db_lundef=false
# Warnings are errors with the compilers CI has; nobody with a newer one is stopped by a new warning.
WERROR     = -Dwerror=$(if $(filter 12 12.%,$(shell cc -dumpversion 2>/dev/null)),true,false)
# Fuzz targets need clang's libFuzzer, which Apple's clang has not.
FUZZ      := $(if $(DARWIN),,$(shell grep -q '^fuzz ' tests/tests.txt && echo $(B)/fuzz))

# $(call built,DIR,OPTIONS[,COMPILER[,NINJA TARGET]]): configure the directory once, then bring it up to date.
define built
	@mkdir -p $(B)
	@[ -f $(1)/build.ninja ] || $(if $(3),CC=$(3) )meson setup $(1) $(2) >$(1).log 2>&1 || { cat $(1).log; exit 1; }
	@ninja -j$(NPROC) -C $(1) $$([ -t 2 ] || echo --quiet) $(4) >&2
endef

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: build ## open actop on this machine; without a terminal, print one report
	@$(B)/release/actop $(ARGS)

build: setup-run ## build the release program, build/release/actop
	$(call built,$(B)/release,$(RELEASE))

test: setup-test ## all tests under ASan and UBSan, and a short run of each fuzz target
	$(call built,$(B)/test,-Dtests=true $(SANITIZED) $(WERROR))
	$(if $(FUZZ),$(call built,$(FUZZ),-Dfuzz=true $(SANITIZED),clang,fuzz_targets))
	@tools/run_tests --not long $(B)/test $(FUZZ)

test-long: setup-test ## what takes longer: every test, the long ones, a million inputs to each fuzz target
	$(call built,$(B)/test,-Dtests=true $(SANITIZED) $(WERROR))
	$(if $(FUZZ),$(call built,$(FUZZ),-Dfuzz=true $(SANITIZED),clang,fuzz_targets))
	@FUZZ_RUNS=1000000 FUZZ_SECONDS=0 tools/run_tests $(B)/test $(FUZZ)

fuzz: setup-test ## a million inputs to each fuzz target
	@[ -n "$(FUZZ)" ] || { echo "make fuzz: there are no fuzz targets here" >&2; exit 1; }
	$(call built,$(FUZZ),-Dfuzz=true $(SANITIZED),clang,fuzz_targets)
	@FUZZ_RUNS=1000000 FUZZ_SECONDS=0 tools/run_tests $(FUZZ)

tsan: setup-test ## the unit tests under the thread sanitizer
	$(call built,$(B)/tsan,-Dtests=true -Db_sanitize=thread -Db_lundef=false)
	@tools/run_tests $(B)/tsan:unit

valgrind: setup-test ## the unit tests under valgrind
	$(call built,$(B)/valgrind,-Dtests=true)
	@tools/run_tests --meson=--wrapper='valgrind -q --leak-check=full --error-exitcode=99' \
	    --meson=--timeout-multiplier=20 $(B)/valgrind:unit

bench: setup-bench build ## measure, and write docs/bench.md
	@bench/run $(B)/release/actop

check: setup-test ## the house rules, and a build without warnings by gcc and clang
	@tools/check
	$(call built,$(B)/check-gcc,$(RELEASE) -Dwerror=true,$(if $(DARWIN),cc,gcc))
	$(call built,$(B)/check-clang,$(RELEASE) -Dtests=true -Dwerror=true,clang)
	@tools/check_globals $(B)/check-gcc
	@tools/check_size $(B)/check-gcc/actop

macos: setup-macos ## cross-compile for macOS on Apple silicon with zig, build/macos/bin/actop
	@tools/build_macos $(B)/macos || { [ $$? -eq 3 ] && [ -n "$(CI)" ] && echo "make macos: left out here"; }

install: build ## install below DESTDIR and PREFIX
	@meson configure $(B)/release -Dprefix="$(PREFIX)"
	@meson install -C $(B)/release --strip --destdir "$(abspath $(DESTDIR))"

clean: ## remove everything that was built
	rm -rf $(B)

setup-run:
	@tools/setup run
setup-test:
	@tools/setup run test
setup-macos:
	@tools/setup run macos
setup-bench:
	@tools/setup run bench
