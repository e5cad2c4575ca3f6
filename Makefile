# Two commands matter: `make demo` and `make test`. Both set everything up first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Behind a company's certificate authority, which is known to the machine and not to uv.
export UV_SYSTEM_CERTS := 1
# Demo and tests start hundreds of Python processes: where nothing compiled is kept, each compiles Dagster anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo demo-drive test test-all test-docker lint dev lock samples benchmarks clean

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { echo "Python 3.11, 3.12 or 3.13 is needed; set PYTHON=python3.x" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY)  ## process samples/library from end to end
	@$(BIN)/python samples/demo.py

demo-drive: $(READY)  ## the same in Google Drive, which a server on this machine stands in for
	@$(BIN)/python samples/demo_drive.py

# Twice as many as cores: they wait for daemons, databases and disks for a quarter of their time.
test: $(READY)  ## the tests, six to seven minutes on two cores
	@$(BIN)/python -m pytest -m "not slow and not docker" -n 4 --dist worksteal

test-all: $(READY)  ## the slow tests too
	@$(BIN)/python -m pytest -m "not docker" -n 2 --dist worksteal

test-docker: $(READY)  ## docker-compose.yml, brought up and hit; needs a Docker engine
	@$(BIN)/python -m pytest -m docker -s media_assets_tests/test_docker.py

lint: $(READY)  ## style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

dev: $(READY)  ## the Dagster UI with sensors and automation on, for ./library.yaml
	@$(BIN)/media-assets dev

lock: $(READY)  ## renew requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --fork-strategy fewest --generate-hashes --no-emit-index-url --extra dev --python-version 3.11 pyproject.toml -o requirements.lock

samples: $(READY)  ## make samples/library again (needs Debian's flite)
	@$(BIN)/python samples/make_samples.py

benchmarks: $(READY)  ## print our ratios against the peers
	@for b in benchmarks/*.py; do echo "== $$b"; $(BIN)/python $$b || exit 1; done

clean:  ## remove what the demo and the tests made
	rm -rf .media_assets artifacts samples/.media_assets samples/artifacts .pytest_cache .mypy_cache .ruff_cache
