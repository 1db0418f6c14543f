# The repository's verbs. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-deep lint types arch bench docs browser opa wheel clean

UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
RUN := .venv/bin
WHEEL := .tools/wheel
export UV_PROJECT_ENVIRONMENT := .venv

help: ## list the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: .venv/dev ## a virtual environment with everything, from uv.lock

demo: .venv/run opa ## the whole story on a simulated three-cloud estate, then the page (PORT=8080)
	@$(RUN)/bursar demo --port $${PORT:-8080}

test: lint types arch browser opa wheel ## everything CI runs: lint, types, floors, dependencies, all suites, the wheel
	@$(RUN)/pytest -q -n 2 tests/unit tests/contract tests/docs
	@$(RUN)/pytest -q -n 2 tests/e2e
	@BURSAR_COMMAND=$(CURDIR)/$(WHEEL)/bin/bursar $(RUN)/pytest -q -n 2 --dist loadfile tests/acceptance tests/packaging

test-deep: .venv/dev ## the slow ones: many seeds, every kill point
	@BURSAR_DEEP=1 $(RUN)/pytest -q -n 2 -m "deep or not deep" tests/unit tests/contract tests/e2e tests/acceptance

lint: .venv/dev ## ruff: 0 findings, formatted
	@$(RUN)/ruff check --quiet . && $(RUN)/ruff format --check --quiet . && echo "lint: 0 findings"

types: .venv/dev ## pyright, strict on src
	@$(RUN)/pyright --warnings | tail -1

arch: .venv/dev ## import floors and declared dependencies
	@$(RUN)/lint-imports --no-cache | tail -3
	@$(RUN)/deptry . 2>&1 | tail -1

bench: .venv/dev ## ratios of one run, side by side with their anchors (docs/benchmarks.md)
	@$(RUN)/python -m benchmarks

docs: .venv/dev ## generate the data dictionary and the OpenAPI file
	@$(RUN)/python docs/generate.py
	@BURSAR_WRITE_SNAPSHOTS=1 $(RUN)/pytest -q tests/unit/surfaces/api/test_health.py

browser: ## Chromium for the page tests
	@.ci/browser

opa: ## the policy engine, at its pin
	@.ci/opa

wheel: .venv/dev ## build the wheel from the sdist and install it apart, with src/ out of reach
	@rm -rf $(WHEEL) .tools/dist && $(UV) build -q --out-dir .tools/dist
	@$(UV) venv -q $(WHEEL) && VIRTUAL_ENV=$(WHEEL) $(UV) pip install -q --compile-bytecode .tools/dist/*.whl && echo "wheel: $$(du -sm $(WHEEL) | cut -f1) MB installed"

clean: ## remove what was made here
	@rm -rf .venv .uv .tools .bursar .pytest_cache .ruff_cache

$(UV):
	@if ! command -v uv >/dev/null; then echo "uv is not installed: putting the pinned one in .uv/"; python3 -m venv .uv && .uv/bin/pip install -q uv==0.13.9; fi

.venv/run: uv.lock pyproject.toml | $(UV)
	@echo "Installing bursar from uv.lock into .venv/" && $(UV) sync -q --frozen --no-dev --inexact --compile-bytecode && touch $@

.venv/dev: uv.lock pyproject.toml | $(UV)
	@echo "Installing bursar and its development tools from uv.lock into .venv/" && $(UV) sync -q --frozen --compile-bytecode && touch $@ .venv/run
