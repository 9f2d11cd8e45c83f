# One obvious command for each job; `make` lists them.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help demo test check lint format bench chaos fuzz clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(STAMP)  ## Start the whole product on an embedded AWS and a local Slack, and print the page's address
	@$(BIN)/eksip demo

test: $(STAMP)  ## Run every test (PostgreSQL included; the browser test where there is a Chromium)
	@$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

check: lint  ## Lint, types, import floors, docs and examples against the code
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m knowledge
	@$(BIN)/pytest -q tests/test_docs.py tests/test_deploy.py

lint: $(STAMP)  ## ruff: style, and that everything is formatted
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(STAMP)  ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(STAMP)  ## Measure: ratios against a named baseline in the same run
	@$(BIN)/python -m tests.bench

chaos: $(STAMP)  ## 500 alert episodes while the bot is killed and Slack, AWS, the database and the clock fail
	@$(BIN)/python -m tests.chaos --episodes 500 $(if $(SEED),--seed $(SEED))

fuzz: $(STAMP)  ## 10,000 odd commands and payloads against the real app: no traceback, no silence, no leak
	@$(BIN)/python -m tests.fuzz --count 10000 $(if $(SEED),--seed $(SEED))

clean:  ## Remove what the other targets made
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .hypothesis .pytest_cache .import_linter_cache

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "eksip needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up $(VENV) (once) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@
