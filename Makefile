# `make run` starts everything, `make test` checks everything; both set up .venv first.

BIN := .venv/bin
# An NVIDIA card brings the real model along; GPU=yes adds it anyway, GPU= leaves it out.
GPU ?= $(shell nvidia-smi -L >/dev/null 2>&1 && echo yes)
PATHS := bot engine migrations tests benchmarks

.DEFAULT_GOAL := help
.PHONY: help run setup check lint test soak audit pictures format locks clean
.NOTPARALLEL:

help:
	@echo 'make run      set up, then start the bot and the engine; Ctrl-C stops both'
	@echo 'make test     set up, then run every check and the whole test suite'
	@echo 'make check    lint, types and the tests of what changed since the last commit (SINCE=main: since then)'
	@echo 'make soak     the long loops of the tests: 200 kills, 50 power cuts, floods; half an hour'
	@echo 'make audit    ask a vulnerability database about what is pinned; needs to reach it'
	@echo 'make pictures take the pictures of the console in README.md anew; needs Chromium'
	@echo 'make setup    set up .venv and nothing else (GPU=yes adds torch without a card)'
	@echo 'make format   put the code into shape'
	@echo 'make locks    pin the dependencies of pyproject.toml anew'
	@echo 'make clean    remove what the checks left behind; .venv and data/ stay'

run: setup
	@exec $(BIN)/python -m bot run

setup: .venv/has-base $(if $(GPU),.venv/has-gpu)

# Two test processes more than cores, for much of the suite waits for programs; a file's tests stay together,
# because they share what is slow to make.
WORKERS ?= $(shell echo $$(( $$(nproc) + 2 )))
# Where the environment forbids it, hundreds of processes would compile the same modules, each for itself.
ONE_PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest
PYTEST := $(ONE_PYTEST) -n $(WORKERS) --dist loadfile
SINCE ?= HEAD

lint:
	$(BIN)/ruff check $(PATHS)
	$(BIN)/ruff format --check $(PATHS)
	$(BIN)/mypy
	$(BIN)/lint-imports

# While one core checks types, another compiles the tests, once for all test processes.
test: .venv/has-base .venv/has-gpu .venv/has-test
	@$(ONE_PYTEST) --collect-only -qq >/dev/null 2>&1 & \
	$(MAKE) --no-print-directory lint; linted=$$?; wait; exit $$linted
	$(PYTEST)

check: .venv/has-base .venv/has-gpu .venv/has-test lint
	@tests=$$(.ci/changed_tests $(SINCE)); if [ -n "$$tests" ]; then $(PYTEST) -q $$tests; fi

# Bounded from outside as well: a loop that hangs must not hang whoever waits for it.
soak: .venv/has-base .venv/has-gpu .venv/has-test
	timeout 3600 env $(ONE_PYTEST) -m soak

audit:
	@.ci/audit

pictures: .venv/has-base .venv/has-gpu .venv/has-test
	$(BIN)/python -m benchmarks.pictures

format: .venv/has-base .venv/has-test
	$(BIN)/ruff check --fix $(PATHS)
	$(BIN)/ruff format $(PATHS)

locks: .venv/has-base
	$(BIN)/python -m pip install --quiet uv
	PATH="$(CURDIR)/$(BIN):$$PATH" .ci/lock

clean:
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist *.egg-info
	find $(PATHS) -name __pycache__ -prune -exec rm -rf {} +

# The names of these files say what .venv has.
.venv/has-base: .ci/base.lock .ci/setup pyproject.toml
	@.ci/setup base
	@touch $@

.venv/has-gpu: .ci/gpu.lock | .venv/has-base
	@.ci/setup gpu
	@touch $@

.venv/has-test: .ci/test.lock | .venv/has-base
	@.ci/setup test
	@touch $@
