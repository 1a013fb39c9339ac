# Needs Python 3.11 or newer (PYTHON=... names another than python3), git and make.
# Everything else is put into .tools/ and .venv/.

PYTHON ?= python3
UV = .tools/bin/uv
RUN = .venv/bin/python

# Ruff would put its cache into the project's folder, and cookiecutter would bake it.
export RUFF_CACHE_DIR = $(CURDIR)/.ruff_cache

.PHONY: demo test lint golden bench bench-generate screenshots yardsticks release clean

## Bake a project, install it, migrate SQLite and serve it.
## Answers: make demo ARGS="project_name='Blue Shop' django_version=6.1"
demo: .venv/ready
	@$(RUN) -m tools.demo $(ARGS)

## Run every test.
test: .venv/ready
	@$(RUN) -m harness.interpreters
	$(RUN) -m pytest -n auto $(ARGS)

## Check and format the template's own Python, and the generated project's in place.
lint: .venv/ready
	$(RUN) -m ruff check . "{{cookiecutter.project_slug}}"
	$(RUN) -m ruff format --check . "{{cookiecutter.project_slug}}"

## Write the listings of what users get anew (tests/golden/); read their diff before you commit it.
golden: .venv/ready
	$(RUN) -m tests.test_golden

## Compare the two servers with a bare view and with startproject (takes minutes).
bench: .venv/ready
	$(RUN) -m bench.serve $(ARGS)

## Compare making a project with an empty template and with startproject (takes half a minute).
bench-generate: .venv/ready
	$(RUN) -m bench.generate $(ARGS)

## Make the pictures in docs/images/ (needs Chromium).
screenshots: .venv/ready
	$(RUN) -m tools.screenshots

## Measure with Lighthouse and MDN's HTTP Observatory (needs Node 20 with npm, and Chromium).
yardsticks: .venv/ready
	$(RUN) -m tools.yardsticks

## Tag the version that CHANGELOG.md begins with.
release: .venv/ready
	@$(RUN) tools/release.py

## Remove all that was made here, the demos included.
clean:
	rm -rf .venv .tools .cache .hypothesis demo

.venv/ready: pyproject.toml uv.lock $(UV)
	@echo "Installing what the template's own tools need into .venv/ ..."
	@UV_PROJECT_ENVIRONMENT=.venv $(UV) sync --quiet --locked --python .tools/bin/python
	@touch $@

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Slipway needs Python 3.11 or newer; name one: make demo PYTHON=python3.12")'
	@$(PYTHON) -m venv .tools
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check "uv~=0.13.8"
