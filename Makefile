# promptdock: everything a newcomer types. `make help` explains each target.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.promptdock-ready
DEMO   ?= What is (17 + 4) * 2, and how many days from 2024-02-28 to 2024-03-01?

export UV_COMPILE_BYTECODE = 1

.DEFAULT_GOAL := help
.PHONY: help env demo serve test lint types minute bench bench-quick bench-peers format docs docs-serve docs-reference wheel clean

help:  ## Show what each target does
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: $(STAMP)  ## Create the environment in .venv (again only when pyproject.toml changes)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "promptdock needs Python 3.11 or newer; say make PYTHON=python3.12"; exit 1; }
	@echo "Creating the environment in $(VENV) (once)…"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode --constraint constraints.txt --editable '.[postgres,redis,dns,otel]' --group dev --group docs --group bench
	@touch $@

demo: $(STAMP)  ## Answer a prompt with the tools of the built-in plugins; needs no key
	@$(BIN)/promptdock prompt "$(DEMO)"

serve: $(STAMP)  ## Serve the OpenAI endpoint on http://127.0.0.1:8000
	@$(BIN)/promptdock serve

test: $(STAMP)  ## Run the whole test suite
	@$(BIN)/python -m pytest -n auto --dist loadgroup

lint: $(STAMP)  ## Check style and imports
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(STAMP)  ## Check types, strictly, tests too
	@$(BIN)/mypy -p promptdock -p promptdock_builtin && $(BIN)/mypy tests examples benchmarks

minute: $(STAMP)  ## Time a plugin author: new, install, test, check, serve, call, in 60 s
	@$(BIN)/python -m tests.minute

bench: $(STAMP)  ## Measure everything beside others, into benchmarks/results/, in half an hour
	@$(BIN)/python -m benchmarks

bench-quick: $(STAMP)  ## The same in two to three minutes, beside the bare relay alone; says less
	@$(BIN)/python -m benchmarks --quick

bench-peers: $(STAMP)  ## Install the gateways and frameworks to measure beside, into benchmarks/.peers/
	@$(BIN)/python -m benchmarks.peers

format: $(STAMP)  ## Rewrite the code in the house style
	@-$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: $(STAMP)  ## Build the documentation into site/, to be read without a network; broken links fail
	@sed 's#](docs/#](#g' CHANGELOG.md > docs/changelog.md
	@$(BIN)/zensical build --clean --strict

docs-serve: docs  ## Show the documentation at http://127.0.0.1:8008, anew after each change
	@$(BIN)/zensical serve --dev-addr 127.0.0.1:8008

docs-reference: $(STAMP)  ## Write the pages of hooks and commands anew, from the code
	@$(BIN)/python -m tests.support.hook_reference && $(BIN)/python -m tests.support.command_reference

wheel: $(STAMP)  ## Build the wheel and the source distribution into dist/
	@$(BIN)/uv build --quiet --out-dir dist

clean:  ## Remove the environment and what was built
	@rm -rf $(VENV) dist build site .cache .mypy_cache .pytest_cache .ruff_cache
