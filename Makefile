# On a machine with only Python 3.11+ and make: `make run` serves gateway.yaml, `make test` runs the whole suite.
.DEFAULT_GOAL := help
.PHONY: help run test lint docs vendor fuzz bench soak lock clean

PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	if command -v $$name >/dev/null && $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
	echo $$name; break; fi; done)
VENV ?= .venv
BIN := $(VENV)/bin
# In a variable, or make takes its commas for its own.
EVERYTHING := .[test,lint,bench]
LOCK := .ci/requirements.lock
# Nothing of the environment around (PYTHONPATH, a user's site-packages) is to leak in.
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONNOUSERSITE := 1
install = $(BIN)/python -m pip install --quiet --constraint $(LOCK) --editable "$(1)"

help:
	@echo "make run    serve gateway.yaml on 127.0.0.1:8080"
	@echo "make test   the whole suite"
	@echo "make lint   ruff, mypy, import-linter, known holes in dependencies"
	@echo "make fuzz   nearly right requests, headers, bytes, keys and files, for minutes"
	@echo "make docs   writes docs/reference.md and the tables of docs/translation.md anew"
	@echo "make vendor fetches what the admin page has from npm's registry, by pinned version and integrity"
	@echo "make bench  requests/s, events/s and overhead beside a minimal proxy; OpenTelemetry on and off; several workers; a million rows repriced"

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: set PYTHON" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# A stamp for each set of extras: made anew when the project's or the lock file changes.
$(VENV)/.run: pyproject.toml $(LOCK) | $(BIN)/python
	$(call install,.)
	@touch $@

$(VENV)/.test: pyproject.toml $(LOCK) | $(BIN)/python
	$(call install,.[test])
	@touch $@ $(VENV)/.run

$(VENV)/.lint: pyproject.toml $(LOCK) | $(BIN)/python
	$(call install,$(EVERYTHING))
	@touch $@ $(VENV)/.run $(VENV)/.test

$(VENV)/.bench: pyproject.toml $(LOCK) | $(BIN)/python
	$(call install,.[bench])
	@touch $@ $(VENV)/.run

run: $(VENV)/.run
	exec $(BIN)/tornado-gateway serve --config gateway.yaml

test: $(VENV)/.test
	$(BIN)/python -m pytest -n auto --dist worksteal $(PYTEST_ARGS)

lint: $(VENV)/.lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/audit.py $(LOCK)

# Minutes where the suite takes seconds, and other cases each time; then guided by coverage, where atheris has a wheel.
FUZZ_EXAMPLES ?= 5000
FUZZ_SECONDS ?= 120
fuzz: $(VENV)/.test
	FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/python -m pytest -q tests/fuzz
	@if $(BIN)/python -m pip install --quiet --only-binary :all: atheris 2>/dev/null; then \
		for target in bodies files; do \
			$(BIN)/python -m tests.fuzz.guided $$target -max_total_time=$(FUZZ_SECONDS) -verbosity=0 || exit 1; \
		done; \
	else echo "atheris has no wheel for this Python: nothing is guided by coverage"; fi

docs: $(VENV)/.test
	$(BIN)/python -m tests.reference
	$(BIN)/python -m tests.pairs.table

# The files are committed: this is for whoever changes a version in .ci/vendor.py.
vendor: | $(BIN)/python
	$(BIN)/python .ci/vendor.py $(VENDOR_ARGS)

bench: $(VENV)/.bench
	$(BIN)/python tests/benchmarks/run.py $(BENCH_ARGS)
	$(BIN)/python tests/benchmarks/switched.py $(SWITCHED_ARGS)
	$(BIN)/python tests/benchmarks/repricing.py $(REPRICING_ARGS)
	$(BIN)/python tests/benchmarks/workers.py $(WORKERS_ARGS)

soak: $(VENV)/.bench
	$(BIN)/python tests/benchmarks/soak.py $(SOAK_ARGS)

# Written with uv, which sets up nothing else here.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --all-extras --no-emit-index-url \
		--no-header --output-file $(LOCK) pyproject.toml

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist build
