# `make help` lists what there is. Everything happens in .venv, which is made anew whenever the requirements change.

PYTHON ?= python3
WORKERS ?= 2
# A worker that has none left takes half of another's: the slow tests come first, and nobody waits for the last of them.
PYTEST = $(PY) -m pytest -n $(WORKERS) --dist worksteal
STAGE ?= dev
SEED ?= 1

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
INSTALLED := $(VENV)/.installed

# A test run starts hundreds of processes: each would compile anew whatever it imports.
unexport PYTHONDONTWRITEBYTECODE

# Where every line and every branch must be covered, because a mistake there is a message sent twice or a lead lost.
PROVEN := ingestion dispatch

.DEFAULT_GOAL := help
.PHONY: help demo up down test check lint types check-coverage fuzz peers bench bench-ingest bench-dispatch package deploy redrive migrate sample clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(INSTALLED): requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv --clear $(VENV)
	$(PY) -m pip install --quiet --no-compile --disable-pip-version-check -r requirements-dev.txt
	@touch $@

demo: $(INSTALLED) ## The whole product on a sample in a minute, or on your own workbook: make demo FILE=leads.xlsx
	@$(PY) -m local demo $(if $(FILE),"$(FILE)")

up: $(INSTALLED) ## Start the local stack: database, AWS, providers, API
	@$(PY) -m local up

down: $(INSTALLED) ## Stop the local stack; its data stays for the next `make up`
	@$(PY) -m local down

test: $(INSTALLED) ## Run the tests, or some of them: make test ARGS="tests/unit -k phone"
	$(PYTEST) $(ARGS)

check: $(INSTALLED) lint types ## Everything that CI checks: lint, types, all tests, coverage
	$(PY) -m pip check
	$(PYTEST) --cov --cov-report=
	$(MAKE) --no-print-directory check-coverage

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED)
	$(BIN)/mypy

check-coverage: $(INSTALLED)
	@$(BIN)/coverage report --skip-covered
	@for room in $(PROVEN); do \
		$(BIN)/coverage report --include="chalicelib/$$room/*" --fail-under=100 --format=total > /dev/null \
			|| { echo "not every line and branch of chalicelib/$$room is covered"; exit 1; }; done

peers: $(INSTALLED) ## The channel profiles against the real MCP servers, from the package indexes: make peers PEERS=twilio
	$(PY) -m tests.peers $(PEERS)

fuzz: $(INSTALLED) ## Run the properties for long, looking for new ground
	HYPOTHESIS_PROFILE=fuzz $(PYTEST) -m hypothesis $(ARGS)

bench: $(INSTALLED) ## Run every benchmark and print its table
	$(PY) -m bench

bench-ingest: ROWS ?= 200000
bench-ingest: $(INSTALLED) ## Ingestion against COPY alone and against the naive way: make bench-ingest ROWS=1000000
	$(PY) -m bench.ingest --rows $(ROWS) --seed $(SEED)

bench-dispatch: MESSAGES ?= 2000
bench-dispatch: $(INSTALLED) ## Sending against the bare MCP client, a naive loop and procrastinate: make bench-dispatch MESSAGES=5000
	$(PY) -m bench.dispatch --messages $(MESSAGES)

package: $(INSTALLED) ## A SAM template and the code it deploys, in build/STAGE: make package STAGE=dev
	$(PY) template-extras/package.py --stage $(STAGE) --out build/$(STAGE)

deploy: package ## Deploy with the AWS CLI: make deploy ARTIFACTS=bucket PARAMETERS="UserPoolArn=… VpcId=…" (docs/aws.md)
	@test -n "$(ARTIFACTS)" || { echo "ARTIFACTS, the bucket for the code, is missing: see docs/aws.md"; exit 1; }
	aws cloudformation package --template-file build/$(STAGE)/sam.json --use-json \
		--s3-bucket "$(ARTIFACTS)" --output-template-file build/$(STAGE)/packaged.json
	aws cloudformation deploy --stack-name disparo-agenda-$(STAGE) --template-file build/$(STAGE)/packaged.json \
		--s3-bucket "$(ARTIFACTS)" --capabilities CAPABILITY_NAMED_IAM CAPABILITY_AUTO_EXPAND \
		$(if $(PARAMETERS),--parameter-overrides $(PARAMETERS))

redrive: QUEUE ?= dispatch
redrive: $(INSTALLED) ## Dead letters back to their queue (docs/operations.md): make redrive QUEUE=dispatch STAGE=dev
	@$(PY) template-extras/redrive.py --stage $(STAGE) --queue $(QUEUE)

migrate: $(INSTALLED) ## Bring the local stack's database, or that of DATABASE_OWNER_URL, to the newest migration
	@$(PY) -m local migrate

sample: ROWS ?= 1200
sample: $(INSTALLED) ## Generate samples/Leads_Organizados.xlsx: make sample ROWS=5000 SEED=7
	$(PY) samples/generate.py $(ROWS) $(SEED)

clean: ## Stop the local stack and remove what was built, the virtual environment and the stack's data
	@if [ -x $(PY) ]; then $(PY) -m local down; fi
	rm -rf build .local $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
