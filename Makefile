# Yika 一卡: everything a contributor types. `make` alone prints this list.
# Needs: Python >= 3.11 with venv, and make. The rest is brought from PyPI, and from Debian where it may.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# One more than there are cores: tests wait for browsers and databases.
WORKERS ?= $(shell n=$$(nproc 2>/dev/null || echo 1); echo $$((n < 4 ? n + 1 : 4)))
# On a memory disk where there is room: tests write thousands of databases, and only the rigs for power cuts and full
# disks, which bring disks of their own, need one that keeps anything.
SCRATCH ?= $(or $(shell df -Pm /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 4000 { print "/dev/shm" }'),$(TMPDIR),/tmp)
PARTS  ?= tests/server/db tests/server/test_backups.py $(addprefix tests/server/services/test_,ingest.py projection.py audit.py)

.DEFAULT_GOAL := help
.PHONY: help demo test test-partitioned fuzz lint types format check lock bench translations wheel clean system-demo system-test

help:  ## print this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

$(STAMP): pyproject.toml requirements/dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Yika needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.13"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "This Python cannot make a virtual environment. On Debian: apt-get install python3-venv"; exit 1; }
	@echo "Installing what Yika needs into $(VENV) (the first time takes a minute or two) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

system-demo:
	@sh deploy/system-packages demo

system-test:
	@sh deploy/system-packages test

demo: system-demo $(STAMP)  ## fill a demo community, start server and kiosk, print the addresses; Ctrl-C ends both
	@exec $(BIN)/python deploy/demo.py

$(VENV)/.pcsc: $(STAMP) requirements/pcsc.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/pcsc.lock \
	  && touch $@ || echo "pyscard could not be built (it needs swig, gcc and libpcsclite-dev): PC/SC tests are left out"

test: system-test $(STAMP) $(VENV)/.pcsc  ## run every test; says loudly what it had to leave out
	@TMPDIR=$(SCRATCH) $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

test-partitioned: system-test $(STAMP)  ## database, ingest and audit once more, every table in parts by community
	@YIKA_TEST_PARTITIONED=1 TMPDIR=$(SCRATCH) $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m postgresql $(PARTS)

fuzz: $(STAMP)  ## fuzz each parser that a card, a code or a list reaches, for a minute
	@$(BIN)/python -m tests.fuzz --inputs 0 --seconds 60

lint: $(STAMP)  ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(STAMP)  ## mypy, strict
	@$(BIN)/mypy

format: $(STAMP)  ## let ruff mend what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

check: lint types test  ## all that must hold before a commit

coverage: system-test $(STAMP)  ## branch coverage of the rules, which must be whole
	@$(BIN)/python -m pytest -q tests/server/domain tests/server/contract tests/kiosk tests/card_tools -m "not browser" \
	  --cov --cov-branch --cov-report= --cov-report=term-missing:skip-covered --cov-config=pyproject.toml
	@$(BIN)/python -m coverage report --fail-under=100 --include='kiosk/domain.py,kiosk/service.py,server/contract/*,server/domain/*,card_tools/credential.py'

lock: $(STAMP)  ## renew the lock files (no index or file address in them)
	@$(BIN)/python -m pip install --quiet uv
	@for extra in dev server kiosk cards pcsc; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header --no-annotate --extra $$extra pyproject.toml -o requirements/$$extra.lock; done

translations: $(STAMP)  ## collect new texts for translation and compile what is translated
	@mkdir -p build
	@$(BIN)/pybabel -q extract -F server/translations/babel.cfg -k lazy_gettext --no-location --sort-output -o build/messages.pot server
	@$(BIN)/pybabel -q update -i build/messages.pot -d server/translations \
	  --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	@$(BIN)/pybabel -q compile -d server/translations
	@$(BIN)/pybabel -q compile -d card_tools/translations

bench: $(STAMP)  ## measure: ratios against named floors in the same run (QR decoders: python -m benchmarks.decoders)
	@$(BIN)/python -m benchmarks

wheel: $(STAMP)  ## build the distribution into dist/
	@$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:  ## remove what make has made (not .demo, which is data)
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis screenshots
