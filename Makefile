# make run   set everything up and start the bot      make test   all tests but the long lane
# make prove the long lane (LANE=full: what takes hours)  make check  format, lint, types, imports, lines
# make bench what can be measured                      make unit   the tests that start no server

PYTHON ?= python3
UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
BOT := .venv/bin/python
# As many tests at once as there are cores, but for those that measure time or have their own clock.
TOGETHER := $(BOT) -m pytest -n auto --dist loadfile
LONG := $(if $(filter full,$(LANE)),full,long and not full)

.PHONY: run test unit prove check bench
.DELETE_ON_ERROR:

run: .venv/run
	@$(BOT) -m bot run

test: .venv/dev
	@$(TOGETHER) -m "not long and not alone"
	@$(BOT) -m pytest -m "alone and not long"

unit: .venv/dev
	@$(BOT) -m pytest -m "not long and not wire"

prove: .venv/dev
	@$(TOGETHER) -m "$(LONG) and not alone"
	@$(BOT) -m pytest -m "alone and $(LONG)"

check: .venv/dev
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/ruff check --quiet .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@$(BOT) -m bench ledger

bench: .venv/dev
	@$(BOT) -m bench

.venv/run: pyproject.toml uv.lock | $(UV)
	@$(UV) sync --locked --quiet --no-default-groups --inexact
	@touch $@

.venv/dev: pyproject.toml uv.lock | $(UV)
	@$(UV) sync --locked --quiet
	@touch $@ .venv/run

.uv/bin/uv:
	@$(PYTHON) -m venv .uv && .uv/bin/pip install --quiet uv
