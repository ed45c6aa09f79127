# The doors of the project; `make` lists them.

PYTHON ?= python3
MAKEFLAGS += --no-print-directory
BIN := .venv/bin

# Where it is set, every process that a story starts would compile all sources anew, which takes longer than the story.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run demo test bench prove conformance screenshots assets fmt lock clean bootstrap runtime dev packages lint \
	types layers pytest

help:
	@echo 'make run     serve: stations on 127.0.0.1:9000, console on 127.0.0.1:8080, data in ./data'
	@echo 'make demo    the same, with a simulated site of five stations'
	@echo 'make test    every check: format, lint, types, layers, tests'
	@echo 'make bench   the benchmarks'
	@echo 'make prove   the long rounds: load and failure, with their output'
	@echo 'make conformance  renew docs/conformance.md from a run of the stories that it is about'
	@echo 'make screenshots  renew docs/pictures from a demonstration'
	@echo 'make assets  bring in anew what browsers are given, after a change in assets/'
	@echo 'make fmt     format the sources and mend what the linter can'
	@echo 'make lock    renew requirements/*.txt after a change in pyproject.toml; UPGRADE=1 takes newer versions'
	@echo 'make clean   remove .venv and caches; ./data stays'
	@echo
	@echo 'PYTHON=python3.12 chooses another interpreter; FORECOURT_* variables reach the server.'

# exec: the server takes the place of the shell, so that signals reach it.
run: runtime
	@exec $(BIN)/forecourt serve

demo: runtime
	@exec $(BIN)/forecourt demo

test: lint types layers pytest

bench: dev
	@exec $(BIN)/python -m benchmarks

prove: dev packages
	@exec $(BIN)/pytest -m prove --capture=no

conformance: dev packages
	$(BIN)/pytest -m case --write-conformance

screenshots: dev packages
	$(BIN)/python scripts/screenshots.py

# All that needs it brings it in by itself; this one is for whoever changed what is wanted.
assets: dev

fmt: dev
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

lint: dev
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .

types: dev
	$(BIN)/mypy --strict

layers: dev
	$(BIN)/lint-imports

# A process for each core, and all tests of a file in the same one: what a file starts, it shares.
pytest: dev packages
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile

# Constraints keep the three locks at one version of whatever they share.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade)
lock: bootstrap
	@$(COMPILE) --group bootstrap --output-file requirements/bootstrap.txt
	@$(COMPILE) --constraints requirements/bootstrap.txt pyproject.toml --output-file requirements/runtime.txt
	@$(COMPILE) --constraints requirements/bootstrap.txt --constraints requirements/runtime.txt \
		pyproject.toml --group dev --output-file requirements/dev.txt
	@$(COMPILE) --constraints requirements/bootstrap.txt --group assets --output-file requirements/assets.txt
	@if grep -n '://' requirements/*.txt; then echo 'A lock file must not name an address.' >&2; exit 1; fi

clean:
	@rm -rf .venv dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find src tests benchmarks scripts -type d -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

bootstrap:
	@$(PYTHON) scripts/environment.py bootstrap

runtime:
	@$(PYTHON) scripts/environment.py runtime
	@$(BIN)/python scripts/assets.py runtime

dev:
	@$(PYTHON) scripts/environment.py dev
	@$(BIN)/python scripts/assets.py dev

packages:
	@sh scripts/debian-packages
