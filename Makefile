# Two commands do all set-up: `make demo` runs the main job, `make test` the tests.
PYTHON ?= python3
VENV := .venv/bin

# How many: tests/conftest.py. Each has storage of its own.
WORKERS := -n auto --maxprocesses 4 --dist worksteal

ROOMS := model settings wire policy mail graph storage steps

.DEFAULT_GOAL := demo
.PHONY: $(shell grep -oE '^[a-z-]+:' $(MAKEFILE_LIST) | tr -d ':')

help:  ## print what each command is for
	@grep -E '^[a-z-]+:.*  ## ' Makefile | awk -F':.*  ## ' '{printf "%-14s %s\n", $$1, $$2}'

demo: setup  ## the main job, start to end, on this machine alone
	@$(VENV)/python -m local demo

start: setup  ## the same world, left running, with the lines to paste
	@$(VENV)/python -m local start

test: setup kql chromium  ## all tests, but for the rehearsals and those on Microsoft's host
	@$(VENV)/python -m pytest $(WORKERS)

unit: setup  ## what needs no storage: seconds, for while you write
	@$(VENV)/python -m pytest $(WORKERS) -m unit $(addprefix tests/,$(ROOMS))

rehearsal: setup azure-cli  ## what the Azure CLI or Bicep is needed for, and hosts killed at every call: minutes
	@$(VENV)/python -m pytest $(WORKERS) -m rehearsal

real-host: setup  ## the package on Microsoft's Functions host, where there is one: some minutes
	@$(VENV)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m real_host tests/real_host

check: setup azure-cli kql chromium  ## format, lint, types, tests: what must be green before a commit
	@$(VENV)/ruff format --check .
	@$(VENV)/ruff check .
	@$(VENV)/mypy
	@$(VENV)/python -m pytest $(WORKERS) -m 'not real_host' --cov --cov-report=term:skip-covered

doctor: setup  ## look whether the set-up of this environment can work, with the cure for what can't
	@$(VENV)/python -m cli doctor

smoke: setup  ## send one check to the deployed function and wait for its outcome; SMOKE="--user ID" for somebody
	@$(VENV)/python -m cli smoke $(SMOKE)

dead-letters: setup  ## print which requests are kept as dead letters
	@$(VENV)/python -m cli dead-letters list

replay: setup  ## put all dead letters back into the requests queue, after asking
	@$(VENV)/python -m cli dead-letters replay

package: setup  ## dist/package.zip: exactly what runs, to deploy
	@$(VENV)/python -m local package

pictures: setup chromium  ## docs' pictures of the report, of the sample tenant; needs Chromium
	@$(VENV)/python benchmarks/pictures.py

bench: setup  ## the figures, measured in one run beside a plain client's
	@$(VENV)/python benchmarks/conversion.py

bench-looks: setup  ## one look of the follow-up, and what 100,000 pending users cost
	@$(VENV)/python benchmarks/looks.py

bench-scale: setup  ## one to eight hosts at Graph's limits, and a host's memory: about 20 minutes
	@$(VENV)/python benchmarks/scale.py

bench-host: setup  ## seconds to start and memory on Microsoft's Functions host
	@$(VENV)/python benchmarks/real_host.py

bench-bulk: setup  ## a file of 10,000 rows checked, and enqueued: rows a second, CPU, memory
	@$(VENV)/python benchmarks/bulk.py

bench-assess: setup  ## a report on 5,000 and on 50,000 users: calls, seconds, memory, growth
	@$(VENV)/python benchmarks/assess.py

bench-report: setup chromium  ## the page of 50,000 rows in Chromium: first paint, filter, sort, memory
	@$(VENV)/python benchmarks/report.py

faults: setup  ## hosts killed at every step, and storms: half an hour
	@$(VENV)/python -m tests.faults

mutation: setup  ## 600 places that decide, changed one by one: does a test fail? A quarter of an hour
	@$(VENV)/python -m tests.mutation --count 600

snapshots: setup  ## write anew what deployments would make; needs the Bicep CLI
	@$(VENV)/python -m tests.infra.snapshots

mail: setup  ## own mail in every language, into dist/mail, to look at
	@$(VENV)/python -m local mail

mail-texts: setup  ## the catalogues of own mail, taken from the templates and compiled; TAG=it begins one
	@$(VENV)/python -m local mail-texts $(TAG)

mail-pictures: setup  ## the pictures of own mail in the docs; needs Chromium
	@$(VENV)/python -m tests.mail.pictures

fuzz: setup  ## the message parser, over 100,000 cases
	@$(VENV)/python benchmarks/fuzz.py

lock: setup  ## write the locks anew from pyproject.toml
	@$(VENV)/uv pip compile --quiet $(COMPILE) pyproject.toml -o requirements.txt
	@$(VENV)/uv pip compile --quiet $(COMPILE) -c requirements.txt --extra cli --group dev pyproject.toml -o requirements-dev.txt
	@printf '%s\n' grpcio grpcio-tools protobuf python-dateutil | $(VENV)/uv pip compile --quiet $(COMPILE) -c requirements.txt - -o requirements-worker.txt
	@echo azure-cli | $(VENV)/uv pip compile --quiet $(COMPILE) - -o requirements-azure-cli.txt

COMPILE := --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links

setup:
	@$(PYTHON) local/bootstrap.py

azure-cli:
	@$(PYTHON) local/bootstrap.py --azure-cli

kql:
	@$(PYTHON) local/bootstrap.py --kql

chromium:
	@$(PYTHON) local/bootstrap.py --chromium
