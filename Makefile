# SPDX-License-Identifier: Apache-2.0
# A front for Meson, for those who just type make. Everything is built in build/.
#
#   make BUILD=/tmp/b      another folder
#   make PREFIX=/usr       where make install goes (default /usr/local)
#   make MESON_FLAGS=...   options of meson_options.txt, such as -Dblas=builtin

BUILD ?= build
PREFIX ?= /usr/local
MESON_FLAGS ?=

# Without dpkg-dev Meson takes a Debian for a system with lib64, where the loader would not look.
LIBDIR ?= $(shell test -e /etc/debian_version && m=$$(cc -print-multiarch 2>/dev/null) && [ -n "$$m" ] && echo lib/$$m)
PLACES = --prefix "$(PREFIX)" $(if $(LIBDIR),--libdir "$(LIBDIR)")

.PHONY: all demo check install oracle bench clean help build packages packages-check

all: build
	@echo "camx: built $(BUILD)/src/camx and $(BUILD)/lib/libcamx.so; 'make help' lists what else there is"

help:
	@echo "make           build the libraries and the camx program in $(BUILD)/"
	@echo "make demo      explain a photograph with a real network; pictures in $(BUILD)/demo/"
	@echo "make check     build and run all tests"
	@echo "make install   install under $(PREFIX) (PREFIX=..., DESTDIR=...)"
	@echo "make oracle    compare with PyTorch (fetches about 1.5 GB the first time)"
	@echo "make bench     measure speed against other libraries (fetches about 2 GB the first time; BENCH_FLAGS=--quick)"
	@echo "make clean     remove $(BUILD)/"

packages:
	@tests/install_packages.sh build

packages-check:
	@tests/install_packages.sh check

# The first time Meson is configured; its words are kept in a file and shown when it fails.
$(BUILD)/build.ninja: | packages
	@echo "camx: configuring $(BUILD)/ (what Meson said is in $(BUILD)/setup.txt)"
	@mkdir -p "$(BUILD)"
	@meson setup "$(BUILD)" $(PLACES) $(MESON_FLAGS) >"$(BUILD)/setup.txt" 2>&1 || \
	    { cat "$(BUILD)/setup.txt"; exit 1; }

build: packages $(BUILD)/build.ninja
	@echo "camx: building in $(BUILD)/"
	@ninja -C "$(BUILD)"

demo: build
	@docs/demo/run_demo.sh "$(BUILD)"

check: packages-check build
	@tests/run_checks.sh "$(BUILD)"

install: build
	@meson configure "$(BUILD)" $(PLACES)
	@meson install -C "$(BUILD)"
	@if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" -eq 0 ]; then ldconfig; fi

oracle: build
	@tests/oracle/setup.sh
	@CAMX_LIBRARY="$(abspath $(BUILD))/lib/libcamx.so" $${CAMX_ORACLE_VENV:-build/oracle-venv}/bin/python tests/oracle/run.py

# BENCH_FLAGS=--quick for a first impression; docs/benchmarks.md has the others.
bench: build
	@tests/bench/bench_setup.sh "$(abspath $(BUILD))"
	@$${CAMX_BENCH_VENV:-$(abspath $(BUILD))/bench-venv}/bin/python tests/bench/bench.py --build "$(BUILD)" $(BENCH_FLAGS)

clean:
	rm -rf "$(BUILD)"
