# `make help` lists the commands. Everything runs in .venv, which is made again whenever the requirements change.

PYTHON ?= python3
WORKERS ?= 2
# A worker without tests left takes half of another's: so the slow tests can come first, and the workers end together.
PYTEST = $(PY) -m pytest -n $(WORKERS) --dist worksteal
STAGE ?= dev
SEED ?= 1

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
INSTALLED := $(VENV)/.installed
FUZZ := build/fuzz-api

# A test run starts hundreds of processes. Without bytecode files, each would compile its imports again.
unexport PYTHONDONTWRITEBYTECODE

# The rooms whose every line and branch must be covered: a mistake there sends a message twice or loses a lead.
PROVEN := ingestion dispatch campaigns leads privacy scheduling access subscriptions

.DEFAULT_GOAL := help
.PHONY: help demo up down test test-fast check lint types check-coverage console-types screenshots chaos soak fuzz fuzz-api fuzz-api-brief peers bench bench-ingest bench-dispatch bench-campaign bench-neighbours bench-agenda bench-segments bench-api bench-console \
	lock package deploy preflight upload migrate-stage deploy-stack smoke rollback secrets user token console destroy chalice-deploy redrive migrate sample clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(INSTALLED): requirements.txt requirements-dev.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11" if sys.version_info < (3, 11) else 0)'
	@test ! -L $(VENV) || { echo "$(VENV) is a link, and this would empty the folder behind it: remove the link"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@echo "Installing into $(VENV): about a minute, once."
	$(PY) -m pip install --no-compile --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	@touch $@

demo: $(INSTALLED) ## Run the whole product in a minute on the sample, or on your workbook: make demo FILE=leads.xlsx
	@$(PY) -m local demo $(if $(FILE),"$(FILE)")

up: $(INSTALLED) ## Start the local stack: database, AWS, providers, API
	@$(PY) -m local up

down: $(INSTALLED) ## Stop the local stack; its data is kept for the next `make up`
	@$(PY) -m local down

test: $(INSTALLED) ## Run the tests, or some of them: make test ARGS="tests/unit -k phone"
	$(PYTEST) $(ARGS)

# For the minute after each edit: every unit test with fewer examples, then the main path of each room.
test-fast: export HYPOTHESIS_PROFILE = quick
test-fast: $(INSTALLED) ## Run the unit tests and one main path per room, in about a minute
	@$(PYTEST) -q tests/unit
	@$(PYTEST) -q tests/integration -m straight_path

# Some tests wait for a lease, or for programs to start and end: a worker more than there are cores uses that time.
check: WORKERS = 3
check: $(INSTALLED) lint ## Check everything that CI checks: lint, types, odd requests, all tests, coverage
	$(PY) -m pip check
	@$(PY) -m tests.console.chromium
	$(MAKE) --no-print-directory --jobs=2 types console-types fuzz-api-brief test WORKERS=$(WORKERS) ARGS="-p tests.coverage_probes"
	$(MAKE) --no-print-directory check-coverage

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED)
	$(BIN)/mypy

console-types: $(INSTALLED) ## Check the types of the console's JavaScript against the contract
	$(PY) -m tests.console.types

screenshots: $(INSTALLED) ## Write every page of the console, in two widths and themes, to .local/screenshots
	@$(PY) -m tests.console.chromium
	$(PY) -m tests.console.screenshots

check-coverage: $(INSTALLED)
	@$(BIN)/coverage report --skip-covered
	@for room in $(PROVEN); do \
		$(BIN)/coverage report --include="chalicelib/$$room/*" --fail-under=100 --format=total > /dev/null \
			|| { echo "not every line and branch of chalicelib/$$room is covered"; exit 1; }; done

peers: $(INSTALLED) ## Test profiles against real MCP servers, and the contract against linters and generators: make peers PEERS=clients
	$(PY) -m tests.peers $(PEERS)

chaos: $(INSTALLED) ## Break the stack in many ways and count what is left: make chaos CHAOS=database_is_killed
	$(PY) -m tests.chaos $(CHAOS)

soak: MINUTES ?= 15
soak: $(INSTALLED) ## Work without a pause and see that no process grows: make soak MINUTES=15
	$(PY) -m tests.chaos.soak $(MINUTES)

fuzz: $(INSTALLED) ## Run the properties with many new random examples
	HYPOTHESIS_PROFILE=fuzz $(PYTEST) -m hypothesis $(ARGS)

$(FUZZ)/.installed: requirements-fuzz.txt
	$(PYTHON) -m venv --clear $(FUZZ)
	$(FUZZ)/bin/python -m pip install --quiet --no-compile --disable-pip-version-check -r requirements-fuzz.txt
	@touch $@

fuzz-api: EXAMPLES ?= 60
fuzz-api-brief: EXAMPLES ?= 2
fuzz-api: $(INSTALLED) $(FUZZ)/.installed ## Send thousands of odd requests by our own contract to the local API: make fuzz-api SEED=7
	$(PY) -m tests.fuzz_api $(FUZZ)/bin/st --examples $(EXAMPLES) --seed $(SEED)

fuzz-api-brief: $(INSTALLED) $(FUZZ)/.installed
	@$(PY) -m tests.fuzz_api $(FUZZ)/bin/st --brief --examples $(EXAMPLES) --seed $(SEED)

bench: $(INSTALLED) ## Run every benchmark and print its table
	$(PY) -m bench

bench-ingest: ROWS ?= 200000
bench-ingest: CAMPOS ?= 0
bench-ingest: $(INSTALLED) ## Compare ingestion with COPY alone, an engineer's program and a naive loop: make bench-ingest ROWS=1000000 CAMPOS=5
	$(PY) -m bench.ingest --rows $(ROWS) --seed $(SEED) --campos $(CAMPOS)

bench-dispatch: MESSAGES ?= 2000
bench-dispatch: $(INSTALLED) ## Compare sending with the bare MCP client, a naive loop and procrastinate
	$(PY) -m bench.dispatch --messages $(MESSAGES)

bench-campaign: ROWS ?= 100000
bench-campaign: MESSAGES ?= 20000
bench-campaign: $(INSTALLED) ## Compare planning with a bare INSERT, and sending with the bare MCP client: make bench-campaign ROWS=1000000 MESSAGES=0
	$(PY) -m bench.campaign --rows $(ROWS) --messages $(MESSAGES)

bench-neighbours: LEADS ?= 1000000
bench-neighbours: ROWS ?= 50000
bench-neighbours: $(INSTALLED) ## Compare a new tenant beside a large one with it alone: make bench-neighbours LEADS=200000
	$(PY) -m bench.neighbours --leads $(LEADS) --rows $(ROWS)

bench-agenda: ROWS ?= 100000
bench-agenda: $(INSTALLED) ## Measure free times of 50 responsáveis and a week of a calendar: make bench-agenda ROWS=100000
	$(PY) -m bench.agenda --rows $(ROWS)

bench-segments: LEADS ?= 1000000
bench-segments: $(INSTALLED) ## Count a large tenant by each kind of filter, and check a campaign for it: make bench-segments LEADS=200000
	$(PY) -m bench.segments --leads $(LEADS)

bench-api: LEADS ?= 1000000
bench-api: $(INSTALLED) ## Ask the API for every list, filter and page of a large tenant: make bench-api LEADS=100000
	$(PY) -m bench.api --leads $(LEADS)

bench-console: LEADS ?= 1000000
bench-console: $(INSTALLED) ## Open the console's page of leads for a large tenant: make bench-console LEADS=100000
	$(PY) -m bench.console --leads $(LEADS)

# The newest versions that the requirements allow, with the oldest Python that we support. The head of the file stays.
lock: ## Resolve the requirements again and write every version to constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("make lock needs Python 3.11: make lock PYTHON=python3.11" if sys.version_info[:2] != (3, 11) else 0)'
	$(PYTHON) -m venv --clear build/lock
	build/lock/bin/python -m pip install --quiet --upgrade --upgrade-strategy eager --disable-pip-version-check \
		pip setuptools wheel -r requirements-dev.txt
	{ grep '^#' constraints.txt; build/lock/bin/python -m pip freeze --all | LC_ALL=C sort -f; } > build/constraints.txt
	mv build/constraints.txt constraints.txt

package: ARCH ?= x86_64
package: $(INSTALLED) ## Build a SAM template and its code in build/STAGE: make package STAGE=dev ARCH=arm64
	$(PY) template-extras/package.py --stage $(STAGE) --out build/$(STAGE) --arch $(ARCH) \
		$(if $(LAMBDA_PYTHON),--python "$(LAMBDA_PYTHON)")

# Each step alone, and again without harm (template-extras/deploy.py). What is not named keeps its value.
DEPLOY = PYTHONPATH=. $(PY) template-extras/deploy.py --stage $(STAGE) $(if $(ARTIFACTS),--artifacts "$(ARTIFACTS)") \
	$(if $(PARAMETERS),--parameters "$(PARAMETERS)") $(if $(DATABASE_HOST),--host "$(DATABASE_HOST)")

deploy: $(INSTALLED) ## Deploy a stage, from a look at what it needs to a smoke test: make deploy STAGE=dev PARAMETERS="…" (docs/aws.md)
	@$(MAKE) --no-print-directory preflight
	@$(MAKE) --no-print-directory package
	@$(DEPLOY) all

preflight: ARCH ?= x86_64
preflight: $(INSTALLED) ## Say what a deployment would lack, and change nothing: make preflight STAGE=dev PARAMETERS="…"
	@$(PY) template-extras/package.py --stage $(STAGE) --out build/$(STAGE) --arch $(ARCH) --template-only
	@$(DEPLOY) preflight

upload: $(INSTALLED) ## Put what `make package` built into the bucket for artifacts: make upload STAGE=dev
	@$(DEPLOY) upload

migrate-stage: $(INSTALLED) ## Prepare or migrate the database of a stage with the uploaded code: make migrate-stage STAGE=dev
	@$(DEPLOY) migrate

deploy-stack: $(INSTALLED) ## Create or update the stack with the uploaded code: make deploy-stack STAGE=dev PARAMETERS="…"
	@$(DEPLOY) stack

smoke: $(INSTALLED) ## Try a stage: /saude, a token, an empty dry run: make smoke STAGE=dev
	@$(DEPLOY) smoke

rollback: $(INSTALLED) ## Deploy again what a stage had before, but its database: make rollback STAGE=dev
	@$(DEPLOY) rollback smoke

secrets: $(INSTALLED) ## Ask for the secrets of the providers and store them: make secrets STAGE=dev
	@PYTHONPATH=. $(PY) template-extras/credentials.py --stage $(STAGE)

user: $(INSTALLED) ## Make the first administrator of a tenant: make user STAGE=dev TENANT=… EMAIL=…
	@PYTHONPATH=. $(PY) template-extras/users.py user --stage $(STAGE) \
		$(if $(TENANT),--tenant "$(TENANT)") $(if $(EMAIL),--email "$(EMAIL)")

token: $(INSTALLED) ## Print an ID token of a person, whose password it asks for: make -s token STAGE=dev EMAIL=…
	@PYTHONPATH=. $(PY) template-extras/users.py token --stage $(STAGE) $(if $(EMAIL),--email "$(EMAIL)")

console: $(INSTALLED) ## Put the console of a deployed stage behind CloudFront: make console STAGE=dev DOMAIN=… CERTIFICATE=… (docs/aws.md)
	@PYTHONPATH=. $(PY) template-extras/deploy_console.py --stage $(STAGE) --out build/$(STAGE)-console \
		$(if $(DOMAIN),--domain "$(DOMAIN)") $(if $(CERTIFICATE),--certificate "$(CERTIFICATE)")

destroy: $(INSTALLED) ## Delete the stack of a stage, after it has said what it keeps: make destroy STAGE=dev
	@$(PY) template-extras/destroy.py --stage $(STAGE)

chalice-deploy: $(INSTALLED) ## Deploy with Chalice alone (docs/aws.md): make chalice-deploy STAGE=dev ARTIFACTS=bucket
	@test -n "$(ARTIFACTS)" || { echo "ARTIFACTS, the bucket for Chalice's state, is missing: see docs/aws.md"; exit 1; }
	$(PY) template-extras/chalice_deploy.py --stage $(STAGE) --bucket "$(ARTIFACTS)"

redrive: QUEUE ?= dispatch
redrive: $(INSTALLED) ## Move dead letters back to their queue (docs/operations.md): make redrive QUEUE=dispatch STAGE=dev
	@$(PY) template-extras/redrive.py --stage $(STAGE) --queue $(QUEUE)

migrate: $(INSTALLED) ## Apply the pending migrations to the local stack's database or to DATABASE_OWNER_URL
	@$(PY) -m local migrate

sample: ROWS ?= 1200
sample: $(INSTALLED) ## Generate samples/Leads_Organizados.xlsx: make sample ROWS=5000 SEED=7
	$(PY) samples/generate.py $(ROWS) $(SEED)

clean: ## Stop the local stack and remove what was built, the virtual environment and the stack's data
	@if [ -x $(PY) ]; then $(PY) -m local down; fi
	rm -rf build .local $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
