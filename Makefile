# What a person or CI runs. Each target does its own set-up, and a second run skips it.
#
#   make demo [FRESH=1]     the reference factory, live, from nothing
#   make serve              the pages on the data that is there
#   make test [ARGS=...]    all checks and tests        make lint    the checks alone
#   make bench [NAME=...]   a benchmark                 make clean   remove what make made, never data

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
ARGS ?=
NAME ?=

.PHONY: demo serve test lint bench clean setup setup-dev
.DEFAULT_GOAL := demo

demo: setup
	@$(BIN)/karkhana demo $(if $(FRESH),--fresh) $(ARGS)

serve: setup
	@$(BIN)/karkhana serve $(ARGS)

test: lint
	@$(BIN)/pytest $(ARGS)

lint: setup-dev
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: setup
	@$(BIN)/karkhana bench $(NAME) $(ARGS)

clean:
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	rm -rf src/*.egg-info
	find src tests -type d -name __pycache__ -prune -exec rm -rf {} +

setup: LOCK := requirements.lock
setup-dev: LOCK := requirements-dev.lock

# The stamp carries a checksum of the lock and of pyproject.toml: unchanged means nothing to do.
setup setup-dev: $(BIN)/python
	@stamp="$(VENV)/.$(LOCK).$$(cat $(LOCK) pyproject.toml | cksum | tr ' ' '-')"; \
	if [ ! -e "$$stamp" ]; then \
	  echo "Installing what $(LOCK) names (only after it changed)"; \
	  rm -f $(VENV)/.$(LOCK).*; \
	  $(PIP) install --quiet --require-hashes -r $(LOCK) && \
	  $(PIP) install --quiet --no-build-isolation --no-deps -e . && \
	  touch "$$stamp"; \
	fi

# Made anew when the Python it was made from is gone.
$(BIN)/python: FORCE
	@if ! $(BIN)/python -c '' 2>/dev/null; then \
	  command -v $(PYTHON) >/dev/null || { \
	    echo "karkhana needs Python 3.11 or newer, and there is no $(PYTHON)." >&2; exit 1; }; \
	  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "karkhana needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V)." >&2; \
	    echo "Name another one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }; \
	  $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	    echo "$(PYTHON) cannot make virtual environments: venv or ensurepip is missing." >&2; \
	    echo "On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }; \
	  echo "Making $(VENV)"; \
	  rm -rf $(VENV); \
	  $(PYTHON) -m venv $(VENV); \
	fi

FORCE:
