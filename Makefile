# `make run` and `make test` do all of their own set-up; everything they install lands in .venv.
PYTHON ?= python3

VENV := .venv
BIN := $(VENV)/bin
# Serving runs without torch; training, tests and measurements bring it along.
SERVING := $(VENV)/.installed-for-serving
STAMP := $(VENV)/.installed
PACKAGES := benchmarks bot inference models storage
CATALOGS := $(patsubst %.po,%.mo,$(wildcard bot/locales/*/LC_MESSAGES/*.po inference/drawing/locales/*/LC_MESSAGES/*.po))
# The builds of torch without CUDA. Where this index cannot be reached, torch comes from pip's own index.
CPU_INDEX := https://download.pytorch.org/whl/cpu
PIP := $(BIN)/python -m pip --disable-pip-version-check install -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help run test bench load soak serving setup lint types unit format clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: serving ## start the bot: Telegram with BOT_TOKEN, else a chat page on this machine
	@$(BIN)/python -m bot

test: lint types unit ## lint, types and all tests

bench: setup ## measure speed beside the plain way; DATA=DIR takes photos from there instead of drawn ones
	@$(BIN)/python -m benchmarks speed $(if $(DATA),--data '$(DATA)')

serving: $(SERVING) $(CATALOGS) ## install what serving needs into .venv and compile the translations

setup: $(STAMP) $(CATALOGS) ## the same with all that training, tests and measurements need

lint: $(STAMP) ## ruff over the code, hadolint over the Dockerfile
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/hadolint Dockerfile

types: $(STAMP) ## mypy, strict, over our packages
	$(BIN)/mypy

# Two halves of the tests run side by side, one thread each: threads of two processes that wait for each other on two
# cores take longer than one. What holds the code to fractions of a second has the machine to itself afterwards.
unit: setup ## the tests alone, without lint and types
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder -m 'not alone'
	$(BIN)/python -m pytest -m alone

load: setup ## measure the bot while 200 people send photos at once; writes docs/load.md
	$(BIN)/python -m benchmarks.load burst

soak: setup ## the same for an hour of steady use, through faults
	$(BIN)/python -m benchmarks.load soak

format: $(STAMP) ## rewrite the code as ruff formats it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove .venv, caches and compiled translations; data/ stays
	rm -rf $(VENV) *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis $(CATALOGS)
	find $(PACKAGES) tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(SERVING): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "Python 3.11 or newer with its venv module is needed; $(PYTHON) is not: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@echo "what serving needs, 0.7 GB on disk"
	@$(PIP) setuptools
	@$(PIP) --no-build-isolation -e .
	@touch $@

$(STAMP): $(SERVING)
	@echo "torch for the CPU, about 200 MB"
	@$(PIP) --no-deps --extra-index-url $(CPU_INDEX) --retries 1 --timeout 15 torch torchvision
	@echo "what training, tests and measurements need, 1.8 GB on disk with torch"
	@$(PIP) --no-build-isolation -e '.[training,comparison,dev]'
	@touch $@

%.mo: %.po | $(SERVING)
	@$(BIN)/pybabel --quiet compile -i $< -o $@
