# The commands of the project. `make` alone lists them.
# `.venv` is made by whichever command needs it first, from requirements.lock; after that nothing uses the network.
#
#   make test PYTHON=python3.13     another interpreter (default: the first suitable one found)
#   make test ARGS="-x -k tape"     more arguments for the command behind a target

CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11
UV_VERSION := 0.13.0
TORCH_VERSION := 2.13.0
ARGS       :=

BIN := .venv/bin
# A venv knows its absolute path: in a moved or copied checkout the stamps have another name, and it is made anew.
HERE      := $(shell pwd | cksum | cut -d ' ' -f 1)
LOCKED    := .venv/.locked-$(HERE)
INSTALLED := .venv/.installed-$(HERE)

# The peers are heavy and nobody else needs them: an environment of their own, made by `make bench-peers`.
PEERS_BIN       := .venv-peers/bin
PEERS_LOCKED    := .venv-peers/.locked-$(HERE)
PEERS_INSTALLED := .venv-peers/.installed-$(HERE)

# An environment whose interpreter is gone, or is not the one asked for, is made anew.
IDENTITY := -c 'import sys; print("".join(sys.version.split()))' 2>/dev/null
HAVE     := $(shell $(BIN)/python $(IDENTITY))
WANT     := $(if $(PYTHON),$(shell '$(PYTHON)' $(IDENTITY)),$(HAVE))
ifeq ($(HAVE),)
STALE := stale
else ifneq ($(HAVE),$(WANT))
STALE := stale
endif

# Some hundred processes are started by the tests: each would compile again what no process may keep.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help bench bench-full bench-million bench-peers report reference docs test test-quick test-all fuzz coverage lint lock lock-peers clean stale

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# A run that was stopped, however that came, goes on with the same command; ARGS=--fresh starts anew.
bench: $(INSTALLED) ## Measure within five minutes; tables, plots and report go to results/latest
	$(BIN)/gradmethods bench --out results/latest --budget 300 $(ARGS)

bench-full: $(INSTALLED) ## Measure everything within 40 minutes, a million passes and all claims included, to results/full
	$(BIN)/gradmethods bench --full --out results/full --budget 2400 $(ARGS)

bench-million: $(INSTALLED) ## Run a million forward passes alone, to results/million
	$(BIN)/gradmethods million --out results/million $(ARGS)

bench-peers: $(PEERS_INSTALLED) ## Measure ours beside torch, jax, SciPy and others, to results/peers
	$(PEERS_BIN)/python -m benchmarks.peers --out results/peers $(ARGS)

report: $(INSTALLED) ## Write the report of results/latest again, without measuring
	$(BIN)/gradmethods report results/latest $(ARGS)

reference: $(INSTALLED) ## Put the run in results/full where it is committed, results/reference
	$(BIN)/gradmethods report results/full --publish results/reference $(ARGS)
	$(BIN)/python -m tests.readme_table

docs: $(INSTALLED) ## Build the site, pages and interface, to build/docs
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going docs build/docs $(ARGS)

# On all cores, a process each: threads of linear algebra in every one would wait for one another.
# Marks say what a test costs: `medium` is a second or more, `slow` is a study.
PYTEST     := OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist worksteal
EVERYTHING := tests benchmarks gradmethods docs --doctest-modules --doctest-glob='*.md' --benchmark-disable

test: $(INSTALLED) ## Run the tests, every benchmark once, and the examples in the docstrings
	$(PYTEST) $(EVERYTHING) -m 'not slow' $(ARGS)

test-quick: $(INSTALLED) ## Run the tests that take less than a second each: to be run after every edit
	$(PYTEST) tests -m 'not slow and not medium' $(ARGS)

test-all: $(INSTALLED) ## Run the tests and the long studies, before a release
	$(PYTEST) $(EVERYTHING) $(ARGS)

fuzz: $(INSTALLED) ## Try new random programs for five minutes (ARGS="--budget 600"); failures are kept, as small as they get
	$(BIN)/python -m tests.fuzz $(ARGS)

coverage: $(INSTALLED) ## Measure which lines and branches of the package the tests reach; twice as long as they
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --numprocesses auto --dist worksteal $(EVERYTHING) -m 'not slow' $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

lint: $(INSTALLED) ## Check style, format, imports and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/mypy

lock: ## Refresh requirements.lock from pyproject.toml (ARGS=--upgrade for newer versions)
	@$(FIND_PYTHON); \
	tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	"$$python" -m venv "$$tools" && \
	"$$tools/bin/python" -m pip install --quiet --disable-pip-version-check 'uv~=$(UV_VERSION)' && \
	UV_CUSTOM_COMPILE_COMMAND='make lock' "$$tools/bin/uv" pip compile pyproject.toml \
		--group dev --group build --group docs --universal --python-version 3.11 --fork-strategy fewest \
		--generate-hashes --quiet --output-file requirements.lock $(ARGS)

lock-peers: ## Refresh requirements-peers.lock; what the core needs keeps its version
	@$(FIND_PYTHON); \
	tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	sed -n 's/^\([A-Za-z0-9_.-]*==[^ ;]*\).*/\1/p' requirements.lock >"$$tools/core.txt" && \
	"$$python" -m venv "$$tools/venv" && \
	"$$tools/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
		--constraint "$$tools/core.txt" 'torch==$(TORCH_VERSION)' hatchling editables '.[peers]' && \
	{ sed '/^[^#]/,$$d' requirements-peers.lock && \
	  "$$tools/venv/bin/python" -m pip freeze --exclude gradmethods | sed 's/+cpu$$//'; \
	} >"$$tools/new" && cp "$$tools/new" requirements-peers.lock

clean: ## Remove the environments, caches and build artefacts; results stay
	rm -rf .venv .venv-peers .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks .coverage* build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Sets $python in the shell that runs it, or stops with what to do.
define FIND_PYTHON
python=; for candidate in $(if $(PYTHON),'$(PYTHON)',$(CANDIDATES)); do \
	if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
		python=$$candidate; break; \
	fi; \
done; \
if [ -z "$$python" ]; then \
	echo 'gradmethods needs Python 3.11 or newer; tried: $(if $(PYTHON),$(PYTHON),$(CANDIDATES)).' >&2; \
	echo 'Install one, or name yours: make PYTHON=/path/to/python3.12 ...' >&2; \
	exit 1; \
fi
endef

# Stamps go first and come last: an interrupted set-up starts afresh. --clear drops packages that left the lock.
$(LOCKED): requirements.lock $(STALE)
	@$(FIND_PYTHON); \
	echo "Setting up .venv with $$("$$python" --version), once; this takes a minute or two ..."; \
	rm -f .venv/.locked-* .venv/.installed-*; \
	"$$python" -m venv --clear .venv || { \
		echo "\"$$python -m venv\" failed. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@touch $@

$(INSTALLED): $(LOCKED) pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation --editable .
	@touch $@

$(PEERS_LOCKED): requirements-peers.lock
	@$(FIND_PYTHON); \
	echo "Setting up .venv-peers with $$("$$python" --version), once; this takes some minutes ..."; \
	rm -f .venv-peers/.locked-* .venv-peers/.installed-*; \
	"$$python" -m venv --clear .venv-peers || { \
		echo "\"$$python -m venv\" failed. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo '*' >.venv-peers/.gitignore
	$(PEERS_BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-peers.lock
	@touch $@

$(PEERS_INSTALLED): $(PEERS_LOCKED) pyproject.toml
	$(PEERS_BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation --editable .
	@touch $@
