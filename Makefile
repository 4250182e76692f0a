# Everything a person needs: `make setup`, `make demo`, `make test`. What each installs stays in .venv.
PYTHON ?= python3
BIN := .venv/bin
# This machine's uv, else the one that `setup` puts into .venv.
UV = $(or $(shell command -v uv),$(BIN)/uv)
# A file's tests share what is dear to make, so they stay together.
SPREAD := -n auto --maxprocesses 4 --dist loadfile
PACKAGES := cli components deploy finops plan policies problems stacks

.PHONY: setup demo test test-engine test-engine-long test-clients lint bench tools lock docs picture clean

setup: .venv/.installed

.venv/.installed: pyproject.toml requirements/dev.txt requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; `$(PYTHON) --version` was found. Name another: make setup PYTHON=python3.12"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	command -v uv >/dev/null || $(BIN)/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	# Without compiled modules the AWS SDK takes four times as long to start.
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m compileall -q -j 0 $(BIN)/../lib || true
	touch $@

demo: setup
	$(BIN)/tradewind plan prod

test: setup
	$(BIN)/python -m pytest -m "not engine and not clients" $(SPREAD)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	$(BIN)/python bench/run.py

# The engine and a Kubernetes control plane for tests, built once per machine and linked into .tools.
tools: setup
	@$(BIN)/python -m tools

test-engine: tools
	$(BIN)/python -m pytest -m "engine and not long" tests/engine $(SPREAD)

# Staging and prod come, stay, go and come again; a region that refuses everything; twenty kills.
test-engine-long: tools
	$(BIN)/python -m pytest -m "engine and long" tests/engine $(SPREAD)

# Other people's programs on what comes out of a graph; each is skipped, with a reason, where it is not installed.
test-clients: tools
	$(BIN)/python -m pytest -m clients tests/clients $(SPREAD)

# Locks hold versions and hashes only, never where they were fetched from.
lock: setup
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade requirements/uv.in -o requirements/uv.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade requirements/tools.in -o requirements/tools.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade \
		pyproject.toml requirements/dev.in --extra stacks --extra policy --extra aws -o requirements/dev.txt
	for each in requirements/clients-*.in; do \
		$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade \
			$$each -o $${each%.in}.txt || exit 1; done

# Pages about the components, made from their models and from plans of the examples.
docs: setup
	$(BIN)/python -m docs.build

# The picture in the README, made by the command itself.
picture: setup
	$(BIN)/tradewind plan prod --save-svg docs/plan-prod.svg

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
