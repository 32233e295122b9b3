# Needs Python 3.11 or newer and make; everything else comes into .venv, pinned and checked by hash.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# What has been compiled is kept for the next process of the tests, even where the shell says otherwise.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install demo test test-slow test-long test-browser test-fast lint bench format

install: $(STAMP)

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("fanxiao needs Python 3.11 or newer / 需要 Python 3.11 或更新版本" if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(STAMP)

demo: $(STAMP)
	$(BIN)/fanxiao demo

test: $(STAMP)
	$(BIN)/pytest -q -n 2 -m "not slow and not long and not browser"

# Whole use cases that take seconds each; the gate runs them besides `make test`.
test-slow: $(STAMP)
	$(BIN)/pytest -q -n 2 -m "slow and not long and not browser"

# The stories that take weeks of a family's, a teacher's or an officer's time, in every variation.
test-long: $(STAMP)
	$(BIN)/pytest -q -n 2 -m long

# The console in a real browser; pictures of every page go to artefacts/.
test-browser: $(STAMP)
	@test -x "$${CHROMIUM:-/usr/bin/chromium}" || { echo "Chromium is missing: apt-get install chromium, or set CHROMIUM / 缺少 Chromium"; exit 1; }
	$(BIN)/pytest -q -m browser tests/browser

test-fast: $(STAMP)
	$(BIN)/pytest -q -x --ignore=tests/stories -m "not browser"

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)
	$(BIN)/python -m bench
