# `make run` and `make test` do all of their own set-up; everything they install lands in .venv.
PYTHON ?= python3
EXTRAS ?= training,comparison,dev

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PACKAGES := bot inference models storage
CATALOGS := $(patsubst %.po,%.mo,$(wildcard bot/locales/*/LC_MESSAGES/*.po))
# The builds of torch without CUDA. Where this index cannot be reached, torch comes from pip's own index.
CPU_INDEX := https://download.pytorch.org/whl/cpu
PIP := $(BIN)/python -m pip --disable-pip-version-check install -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help run test setup lint types unit format clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup ## start the bot: Telegram with BOT_TOKEN, else a chat page on this machine
	@$(BIN)/python -m bot

test: lint types unit ## lint, types and all tests

setup: $(STAMP) $(CATALOGS) ## install what is pinned into .venv and compile the translations

lint: $(STAMP) ## ruff over the code, hadolint over the Dockerfile
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/hadolint Dockerfile

types: $(STAMP) ## mypy, strict, over our packages
	$(BIN)/mypy

unit: setup ## the tests alone
	$(BIN)/python -m pytest

format: $(STAMP) ## rewrite the code as ruff formats it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove .venv, caches and compiled translations; data/ stays
	rm -rf $(VENV) *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis $(CATALOGS)
	find $(PACKAGES) tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "Python 3.11 or newer with its venv module is needed; $(PYTHON) is not: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "1/3 virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@echo "2/3 torch for the CPU, about 200 MB"
	@$(PIP) --no-deps --extra-index-url $(CPU_INDEX) --retries 1 --timeout 15 setuptools torch torchvision
	@echo "3/3 everything else, about 600 MB"
	@$(PIP) --no-build-isolation -e '.$(if $(EXTRAS),[$(EXTRAS)])'
	@touch $@

%.mo: %.po | $(STAMP)
	@$(BIN)/pybabel --quiet compile -i $< -o $@
