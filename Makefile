# SPDX-License-Identifier: MIT
# The front door. Meson and ninja do the work; this file says what to ask them for.
#   make run        install what is missing, build, and open actop on this machine (ARGS="--json --samples 3")
#   make test       install what the tests need, build with ASan and UBSan, run all tests
#   make help       the rest
.DEFAULT_GOAL := help
.PHONY: help run build test test-long fuzz tsan valgrind bench check macos install clean setup-run setup-test setup-bench

B       ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
ARGS    ?=
NPROC   := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
NINJA   := ninja -j$(NPROC)

RELEASE := --buildtype=release -Doptimization=2 -Db_ndebug=true --prefix=$(PREFIX)
TESTED  := -Dtests=true -Db_sanitize=address,undefined -Db_lundef=false

# $(call built,DIR,OPTIONS[,CC]): configure the directory once, then bring it up to date.
define built
	@[ -f $(1)/build.ninja ] || $(if $(3),CC=$(3) )meson setup $(1) $(2) >$(B)/setup.log 2>&1 || { cat $(B)/setup.log; exit 1; }
	@$(NINJA) -C $(1) --quiet >&2
endef

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

run: build ## open actop on this machine; without a terminal, print one report
	@$(B)/release/actop $(ARGS)

build: setup-run ## build the release program, build/release/actop
	@mkdir -p $(B)
	$(call built,$(B)/release,$(RELEASE))

test: setup-test ## all tests under ASan and UBSan, and a short run of each fuzz target
	@mkdir -p $(B)
	$(call built,$(B)/test,$(TESTED))
	@tools/run_tests --not long $(B)/test

install: build ## install below DESTDIR and PREFIX
	@meson install -C $(B)/release --no-rebuild --strip --destdir "$(abspath $(DESTDIR))"

macos: ## cross-compile for macOS
	@echo "make macos: the Mac build arrives with the Apple source; there is none yet" >&2; exit 1

clean: ## remove everything that was built
	rm -rf $(B)

setup-run:
	@tools/setup run
setup-test:
	@tools/setup run test
setup-bench:
	@tools/setup run bench
