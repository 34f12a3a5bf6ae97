# make demo   set everything up, then train, evaluate and run a small model on people that it renders
# make lint   set everything up, then ruff, the import rule, mypy, and the schemas of the workflows and forms
# make test   set everything up, then run the tests (make unit: without those that run the tools)
# make test-all   and those that take minutes or run other people's programs
# make docs   set everything up, then build the documentation, build/docs/index.html
# make setup  only set up: .venv with the pinned set and this package; nothing is done where that is there already
PYTHON ?= $(shell for p in python3.11 python3.12 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null && echo $$p && break; \
	done || echo python3)
VENV := .venv
RUN := $(VENV)/bin

.PHONY: setup demo lint test test-all unit docs clean

setup:
	@$(PYTHON) scripts/install.py --venv $(VENV) --extras test dev docs

demo: setup
	@PYTHONWARNINGS=ignore $(RUN)/spinepose_mm demo --out demo_results

lint: setup
	@$(RUN)/ruff check .
	@$(RUN)/ruff format --check .
	@$(RUN)/python scripts/check_imports.py
	@$(RUN)/mypy
	@$(RUN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(RUN)/check-jsonschema --builtin-schema vendor.github-actions .github/actions/*/action.yml
	@$(RUN)/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/*.yml
	@$(RUN)/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff

test: setup
	@$(RUN)/pytest tests -m "not slow"

test-all: setup
	@$(RUN)/pytest tests

unit: setup
	@$(RUN)/pytest tests -m "not tools and not slow"

docs: setup
	@$(RUN)/python -m sphinx -E -W --keep-going -q -c docs . build/docs
	@echo "open build/docs/index.html"

clean:
	rm -rf $(VENV) build dist *.egg-info demo_results
