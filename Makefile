# make demo: a shop on this machine, with nothing but Python, git, make and apt. make test: everything that proves it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
BIN := .venv/bin
STAMP := .venv/made

.PHONY: setup demo test simulate prove bench lint lock browser java
setup: $(STAMP)

$(STAMP): .ci/requirements.lock pyproject.toml .ci/make-venv
	bash .ci/make-venv
	touch $@

demo: setup
	exec $(BIN)/python -m storefront.demo

test: setup browser java lint
	$(BIN)/python -m pytest -n 2 --dist worksteal

# make simulate SEEDS=1000: so many fresh histories of the whole shop in one process, with everything that can go wrong.
SEEDS ?= 100
simulate: setup
	$(BIN)/python -m tests.simulation --seeds $(SEEDS)

# make prove: the same for longer: 2000 fresh histories, stories crashed at pairs of moments, kills, races, a hunt for each planted bug.
# One part alone: python -m tests.simulation.prove pairs
prove: setup browser java
	$(BIN)/python -m tests.simulation.prove

# make bench: the shop's speed beside floors on the same machine; some minutes, and bench.json.
bench: setup
	$(BIN)/python -m tests.bench

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

browser:
	bash .ci/have chromium chromium
	bash .ci/have fc-match fontconfig fonts-dejavu-core

java:
	bash .ci/have java default-jre-headless

# Remakes the lock: names, versions and hashes, and no address.
lock: setup
	$(BIN)/python -m pip install -q uv
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url --upgrade --group dev pyproject.toml -o .ci/requirements.lock -q
