# What a developer types; `make` alone lists it.
#
# All paths are relative, so that the checkout may lie in a folder with spaces in its name.

PYTHON ?= python3
ARGS ?=

VENV := .venv
IN_VENV := $(VENV)/bin/python
INSTALLED := $(VENV)/installed.txt
PIP := $(IN_VENV) -m pip --disable-pip-version-check --no-input -qq
COMPILE := $(IN_VENV) -m uv pip compile --universal --generate-hashes --no-strip-extras --no-header -q

.DEFAULT_GOAL := help
.PHONY: help run test lint lock bench profile

help:
	@echo 'make run    start everything and serve it on http://127.0.0.1:8000, until Ctrl-C'
	@echo 'make test   run the tests, with coverage'
	@echo 'make lint   check the style, the types and that no migration is missing'
	@echo 'make bench  measure it, beside a FastAPI service and as it grows (some 25 minutes)'
	@echo 'make profile KIND=list   where the time of such a request goes: list, detail, search, patch, post'
	@echo 'make lock   write requirements*.txt anew from pyproject.toml'
	@echo
	@echo 'ARGS is handed on:        make run ARGS="--port 8001"   make test ARGS="-k embedded"'
	@echo 'PYTHON makes the .venv:   make run PYTHON=python3.12'

run: $(INSTALLED)
	@$(IN_VENV) manage.py up $(ARGS)

test: $(INSTALLED)
	@$(IN_VENV) -m pytest -n auto --dist loadfile --cov $(ARGS)

lint: $(INSTALLED)
	@$(IN_VENV) -m ruff check
	@$(IN_VENV) -m ruff format --check
	@$(IN_VENV) -m mypy
	@DJANGO_SETTINGS_MODULE=tests.settings $(IN_VENV) -W 'ignore:Got an error checking' \
		manage.py makemigrations --check --dry-run

bench: $(INSTALLED)
	@$(IN_VENV) -m tests.benchmarks $(ARGS)

profile: $(INSTALLED)
	@$(IN_VENV) -m tests.benchmarks --profile $(or $(KIND),list) $(ARGS)

# The second file takes the versions of the first: what is tested is what production installs. Extras
# stay in the locks: without them pip looks for the newest `coverage[toml]`, say, and has no hash of it.
lock: $(INSTALLED)
	@$(COMPILE) $(ARGS) pyproject.toml -o requirements.txt
	@$(COMPILE) $(ARGS) --extra dev pyproject.toml -c requirements.txt -o requirements-dev.txt

# .venv is made anew when it does not work, or when the requirements are not those it was made of:
# their copy in it is written last, so that an installation that was cut off counts for nothing.
ifneq ($(shell $(IN_VENV) -c 'print("works")' 2>/dev/null),works)
.PHONY: $(INSTALLED)
endif

$(INSTALLED): requirements-dev.txt
	@if $(IN_VENV) -c '' 2>/dev/null && cmp -s $< $@; then touch $@; exit; fi; \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo 'Python 3.11 or newer is needed, and $(PYTHON) is not that.' >&2; \
		echo 'Name one that is: make $(MAKECMDGOALS) PYTHON=/path/to/python3' >&2; exit 1; }; \
	echo 'Installing the requirements into $(VENV); the first time that takes a minute.'; \
	$(PYTHON) -m venv --clear $(VENV) && \
	$(PIP) install --root-user-action=ignore --require-hashes -r $< && \
	cp $< $@.part && mv $@.part $@
