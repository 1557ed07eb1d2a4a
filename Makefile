# Everything runs in .venv, which the first target that needs it makes.
PYTHON ?= python3
BIN := .venv/bin
MINUTES ?= 30
SEED ?= 1
DATABASE ?= postgres

.PHONY: install demo up test check format bench faults clean

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("SPCM needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 install" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -c 'import ensurepip, venv; ensurepip.version()' 2>/dev/null || { echo 'SPCM needs the module venv: apt install python3-venv, or make PYTHON=/path/to/python3.11 install' >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test,check]'
	touch $@

demo: install
	$(BIN)/spcm demo

up: install
	$(BIN)/spcm up

test: install
# Tests spend half their time waiting, so three processes keep two cores busy. Files run in name order: sorted by their
# number of tests, the slowest would come last.
	$(BIN)/python -m pytest -q --numprocesses 3 --dist loadfile --no-loadscope-reorder

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/bench
	$(BIN)/python -m benchmarks.report $(BENCH)

.venv/bench: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test,bench]'
	touch $@

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

faults: install
	$(BIN)/python -m tests.faults.long_run --minutes $(MINUTES) --seed $(SEED) --database $(DATABASE) --report faults-report.md

# Not .spcm, which holds an installation's data.
clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache faults-report.*
