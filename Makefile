# Every target sets up what it needs. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export ERRORMAP_HOME ?= $(CURDIR)/errormap_home
export DAGSTER_DISABLE_TELEMETRY := 1
export DO_NOT_TRACK := 1
export GX_ANALYTICS_ENABLED := false
# Where a proxy signs the traffic, its certificate is known to the system and not to uv.
export UV_SYSTEM_CERTS ?= true

.PHONY: help setup demo test check dev explore bench docs format constraints clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# uv installs the pinned set in seconds; pip alone gives the same set, more slowly. Compiling what
# it installs belongs to the installation: the first run would otherwise spend half a minute on it.
$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --constraint constraints.txt --editable ".[dev]"
	@touch $@

setup: $(VENV)/installed ## make .venv from the exact versions in constraints.txt

demo: setup ## land the shipped sample, run everything, print who fails how
	$(BIN)/errormap demo

test: setup ## run all tests
	$(BIN)/pytest --numprocesses 2 --dist loadscope --no-loadscope-reorder

check: setup ## lint, formatting, types, contracts, dbt and Dagster definitions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/errormap contracts
	$(BIN)/dagster definitions validate --workspace workspace.yaml

explore: setup ## explorer of the results on http://127.0.0.1:3001
	$(BIN)/errormap explore

dev: setup ## Dagster UI and daemon on http://127.0.0.1:3000
	$(BIN)/errormap dev

bench: setup ## time the chain and the client of the judge, and measure its memory
	$(BIN)/python tests/bench/chain.py
	$(BIN)/python tests/bench/judge.py
	$(BIN)/python tests/bench/judge_memory.py

docs: setup ## build the dbt documentation site into the home
	$(BIN)/errormap docs

format: setup ## format the code
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

constraints: setup ## resolve the newest allowed versions into constraints.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --extra s3 --extra kubernetes --no-header --no-annotate --upgrade pyproject.toml --output-file constraints.txt

clean: ## remove .venv and caches; keeps ERRORMAP_HOME
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
