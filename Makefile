# `make run` and `make test` do all of their own set-up; everything they install lands in .venv.
PYTHON ?= python3
SHELL := bash

VENV := .venv
BIN := $(VENV)/bin
# Serving runs without torch; training, tests and measurements bring it along.
SERVING := $(VENV)/.installed-for-serving
STAMP := $(VENV)/.installed
PACKAGES := benchmarks bot inference models storage web
CATALOGS := $(patsubst %.po,%.mo,$(wildcard $(addsuffix /*/LC_MESSAGES/*.po,bot/locales inference/drawing/locales inference/reports/locales web/locales)))
# The builds of torch without CUDA. Where this index cannot be reached, torch comes from pip's own index.
CPU_INDEX := https://download.pytorch.org/whl/cpu
PIP := $(BIN)/python -m pip --disable-pip-version-check install
# A file whose hash is another than the one written down is not installed.
HASHED := --no-deps --require-hashes
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-package colorama

.DEFAULT_GOAL := help
.PHONY: help run web test bench load soak announcing kills scaling figures screenshots audit sbom digests lock serving setup lint types unit format clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: serving ## start the bot: Telegram with BOT_TOKEN, else a chat page on this machine
	@$(BIN)/python -m bot

web: serving ## serve the page and the HTTP API on this machine
	@$(BIN)/python -m web

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

soak: setup ## the same for an hour of steady use, through faults, after many odd updates and damaged pictures
	FUZZ_BATCHES=500 PICTURE_BATCHES=300 PHOTO_MUTATIONS=20000 FUZZ_SEED=$$RANDOM $(BIN)/python -m pytest --timeout 3600 \
	  tests/bot/test_updates_fuzz.py tests/inference/photo/test_damage.py tests/e2e/test_pictures_fuzz.py
	$(BIN)/python -m benchmarks.load soak

announcing: setup ## measure an announcement to 100,000 people through faults and kills; writes docs/operating.md
	$(BIN)/python -m benchmarks.load announcing

kills: setup ## measure two replicas of the bot while everything is killed twenty times; writes docs/scaling.md
	$(BIN)/python -m benchmarks.load kills

scaling: setup ## measure photos a second against workers through PostgreSQL; writes docs/scaling.md
	@$(BIN)/python -m benchmarks.scaling

figures: setup ## write the figures of the reports into README.md and docs/results.md
	@$(BIN)/python -m benchmarks.figures

screenshots: setup ## take the pictures of the README in Debian's Chromium; PHOTO=FILE is the photo that is sent
	@$(BIN)/python -m benchmarks.screenshots $(if $(PHOTO),'$(PHOTO)')

audit: $(STAMP) ## look the pinned packages up among known vulnerabilities and list their licences
	@$(BIN)/pip-licenses --from mixed --order license
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements/serving.txt -r requirements/development.txt \
	  || { echo "not every package could be looked up or is free of known vulnerabilities: see above" >&2; exit 1; }

sbom: $(STAMP) ## write sbom.json, what the image is made of, as CycloneDX has it
	@$(BIN)/cyclonedx-py requirements requirements/serving.txt --pyproject pyproject.toml --output-reproducible -o sbom.json

# After a pin in constraints.txt or a dependency in pyproject.toml has changed.
lock: $(STAMP) ## write requirements/ anew from pyproject.toml and constraints.txt
	@echo setuptools | $(LOCK) pyproject.toml --extra workers - -c constraints.txt -o requirements/serving.txt
	@grep -vE '^(#|torch(vision)?==)' constraints.txt | grep -vxFf <(grep -oE '^[a-z0-9.-]+==[^ ;]+' requirements/serving.txt) \
	  | $(LOCK) - --no-deps -o requirements/development.txt

# Docker has to reach the registry. What a tag names may change, a digest names one image for good.
digests: ## pin the images that the Dockerfile begins from to what their tags name today
	@for image in $$(sed -nE 's/^FROM ([^@ ]+).*/\1/p' Dockerfile); do \
	  docker pull --quiet "$$image" && \
	  digest=$$(docker inspect --format '{{index .RepoDigests 0}}' "$$image") && \
	  sed -i -E "s|^FROM $$image(@[^ ]+)?|FROM $$image@$${digest#*@}|" Dockerfile || exit 1; \
	done

format: $(STAMP) ## rewrite the code as ruff formats it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove .venv, caches and compiled translations; data/ stays
	rm -rf $(VENV) *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis $(CATALOGS)
	find $(PACKAGES) tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(SERVING): pyproject.toml requirements/serving.txt
	@$(PYTHON) -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "Python 3.11 or newer with its venv module is needed; $(PYTHON) is not: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@echo "what serving needs, 0.7 GB on disk"
	@$(PIP) $(HASHED) -r requirements/serving.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(STAMP): $(SERVING) requirements/development.txt constraints.txt
	@echo "torch for the CPU, about 200 MB"
	@$(PIP) --no-deps -c constraints.txt --extra-index-url $(CPU_INDEX) --retries 1 --timeout 15 torch torchvision
	@echo "what training, tests and measurements need, 1.8 GB on disk with torch"
	@$(PIP) $(HASHED) -r requirements/development.txt
	@touch $@

%.mo: %.po | $(SERVING)
	@$(BIN)/pybabel --quiet compile -i $< -o $@
