# One verb each; `make help` prints them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory

# The environment is remade when a lock changes; the stamp's name holds the locks' checksum.
LOCKS := requirements-uv.lock requirements-dev.lock
ENVIRONMENT := .venv/.made-from-$(shell cat $(LOCKS) | cksum | tr ' ' '-')
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PY := .venv/bin/python
FITMYCV := $(PY) -m fitmycv_admin.cli
PYTEST := $(PY) -m pytest
CORES := $(shell $(PY) -c 'import os; print(min(4, os.cpu_count() or 1))' 2>/dev/null || echo 2)
export UV_SYSTEM_CERTS := 1
# without bytecode every process compiles every package again
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup run test test-fast e2e screenshots torture bench evals check fix migrate migration seed shell doctor clean

help: ## print the verbs
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(ENVIRONMENT) ## make the environment and the front end
	@$(FITMYCV) build

run: $(ENVIRONMENT) ## start everything on this machine; Ctrl-C stops it (PORT=8500 chooses the port)
	@exec $(FITMYCV) up

test: $(ENVIRONMENT) ## every test, browser tests included
	@$(FITMYCV) browser && $(FITMYCV) build
	@# the browser's driver keeps an event loop of its own, so its tests run in processes of their own
	@$(PYTEST) -n $(CORES) --dist loadfile --durations 15 -m "not e2e and not torture" $(ARGS) || [ $$? = 5 ]
	@$(PYTEST) -n $(CORES) --dist loadfile --durations 15 -m e2e $(ARGS) || [ $$? = 5 ]

test-fast: $(ENVIRONMENT) ## every test but the browser's and the slow ones
	@$(PYTEST) -n $(CORES) --dist loadfile -m "not e2e and not slow and not torture" $(ARGS)

e2e: $(ENVIRONMENT) ## the browser tests alone
	@$(FITMYCV) browser && $(FITMYCV) build
	@$(PYTEST) -m e2e $(ARGS)

screenshots: $(ENVIRONMENT) ## play the story in the browser and keep its pictures in docs/screenshots
	@$(FITMYCV) browser && $(FITMYCV) build
	@SCREENSHOTS=1 $(PYTEST) -m e2e $(ARGS)

torture: $(ENVIRONMENT) ## the fault tests at full length, with their figures
	@$(PYTEST) -m torture -s $(ARGS)

bench: $(ENVIRONMENT) ## measure, write build/bench.json, fail when a bar is missed (ONLY=costs|credits|fairness|recovery|slice|tasks|web)
	@$(FITMYCV) build
	@$(PY) -m tests.bench $(ONLY)

evals: $(ENVIRONMENT) ## how well CVs are read, written to build/evals.json; fails when a bar is missed
	@$(PY) -m tests.evals

check: $(ENVIRONMENT) ## style, types and the direction of imports
	@$(PY) -m ruff check . || { echo "make fix puts most of this right"; exit 1; }
	@.venv/bin/lint-imports
	@$(PY) -m pyright

fix: $(ENVIRONMENT) ## put style right where a machine can
	@$(PY) -m ruff check --fix .

migrate: $(ENVIRONMENT) ## bring the database to the newest schema
	@$(FITMYCV) migrate

migration: $(ENVIRONMENT) ## write a migration from the models: make migration M="what changes"
	@test -n "$(M)" || { echo 'make migration M="what changes"'; exit 1; }
	@$(FITMYCV) with $(FITMYCV) migrate && $(FITMYCV) with $(PY) -m alembic revision --autogenerate -m "$(M)"

seed: $(ENVIRONMENT) ## insert the seeds that are missing
	@$(FITMYCV) seed

shell: $(ENVIRONMENT) ## a Python prompt with the models and a session
	@$(FITMYCV) shell

doctor: $(ENVIRONMENT) ## what is configured, reachable and at which version
	@$(FITMYCV) doctor

clean: ## remove what was built; the environment and the data stay
	rm -rf build .web .pytest_cache .ruff_cache .import_linter_cache

$(ENVIRONMENT): $(LOCKS)
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.12"; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "This Python cannot make environments. On Debian: apt-get install python3-venv"; exit 1; }
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@.venv/bin/uv pip install --quiet --compile-bytecode --python $(PY) --require-hashes -r requirements-dev.lock \
		|| $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(PY) -c 'import pathlib, sysconfig; (pathlib.Path(sysconfig.get_path("purelib")) / "fitmycv.pth").write_text(str(pathlib.Path.cwd()))'
	@printf '#!/bin/sh\nexec "%s" -m fitmycv_admin.cli "$$@"\n' "$(abspath $(PY))" > .venv/bin/fitmycv && chmod +x .venv/bin/fitmycv
	@rm -f .venv/.made-from-*
	@touch $@
