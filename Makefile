# What a person types. Everything below stays in this folder: .venv, .venv-emulator, .local.

# The first Python that will do; `make run PYTHON=/path/to/python3` overrides it.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)

export PORT ?= 8000
export FRONTDESK_DATA ?= .local

.DEFAULT_GOAL := help
.PHONY: help run test faults leak-check bench package lint-template rehearse deploy diff preflight destroy release release-files clean find-python

help:
	@echo "make run     serve Frontdesk on this machine, at http://127.0.0.1:$(PORT) (PORT=8001 make run for another port)"
	@echo "make test    format, lint, types, unit tests, journeys, leak-check"
	@echo "make faults  strike the calls to AWS on the way of a mail, one fault and then two at a time (minutes)"
	@echo "make leak-check     put canaries into every field of every route, and search everything for them"
	@echo "make bench   measure what is claimed, and write bench/README.md (under 10 minutes, on a quiet machine)"
	@echo "make package        the zip and the template that AWS is given, in dist"
	@echo "make lint-template  cfn-lint and checkov on that template"
	@echo "make rehearse       deploy, upgrade, roll back and remove the stack on this machine (minutes; Linux)"
	@echo "make preflight STAGE=prod  what AWS needs from a person before the stage is deployed or used"
	@echo "make deploy STAGE=prod  make the stage in AWS what infra/stages/prod.toml and this folder say"
	@echo "make diff STAGE=prod    what make deploy would change"
	@echo "make destroy STAGE=prod remove the stage; its data stays unless told twice (docs/deploy.md)"
	@echo "make release        VERSION=0.2.0: the changelog's section, a commit, a tag; release-files TAG=v0.2.0 builds its files"
	@echo "make clean   remove what was installed or cached; your data in $(FRONTDESK_DATA) stays"

run: find-python
	@"$(PYTHON)" infra/local/install.py run
	@exec .venv/bin/python -m infra.local.run

test: find-python
	@"$(PYTHON)" infra/local/install.py test
	.venv/bin/python -m infra.wheels
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/pytest -m "not journey and not packaging and not faults" -n 2
	.venv/bin/pytest -m faults -n 2
	.venv/bin/pytest -m packaging -n 2
	.venv/bin/pytest -m journey

faults: find-python
	@"$(PYTHON)" infra/local/install.py test
	.venv/bin/python -m tests.faults

leak-check: find-python
	@"$(PYTHON)" infra/local/install.py test
	.venv/bin/pytest tests/leaks

# QUICK=1 sees that it works, and keeps nothing.
bench: find-python
	@"$(PYTHON)" infra/local/install.py bench
	.venv/bin/python -m infra.wheels
	.venv/bin/python -m bench.engine
	.venv/bin/python -m bench $(if $(QUICK),--quick)

# What AWS would be given.
package: find-python
	@"$(PYTHON)" infra/local/install.py run
	.venv/bin/python -m infra.package --stage $(or $(STAGE),prod) --out dist

lint-template: find-python
	@"$(PYTHON)" infra/local/install.py run
	@"$(PYTHON)" infra/local/install.py tools
	.venv/bin/python -m infra.package --template-only --out dist
	.venv-tools/bin/python -m infra.lint --out dist
	.venv-checkov/bin/python -m infra.findings --out dist

rehearse: find-python
	@"$(PYTHON)" infra/local/install.py rehearse
	@.venv/bin/python -m infra.rehearsal

# SETTINGS: another file than infra/stages/<stage>.toml. ADOPT, DESTROY_DATA, CONFIRM: docs/deploy.md.
define in_aws
	@"$(PYTHON)" infra/local/install.py deploy
	@.venv/bin/python -m infra.deploy $@ "$(or $(STAGE),prod)" --settings "$(SETTINGS)" --adopt "$(ADOPT)" \
		--destroy-data "$(DESTROY_DATA)" --confirm "$(CONFIRM)"
endef

preflight: find-python
	$(in_aws)

deploy: find-python
	$(in_aws)

diff: find-python
	$(in_aws)

destroy: find-python
	$(in_aws)

release: find-python
	@"$(PYTHON)" -m infra.release tag "$(VERSION)"

release-files: find-python
	@"$(PYTHON)" infra/local/install.py run
	.venv/bin/python -m infra.release files "$(TAG)"

clean:
	rm -rf dist .wheels .venv .venv-emulator .venv-bench .venv-peer .venv-tools .venv-checkov .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

find-python:
	@command -v "$(PYTHON)" >/dev/null || { echo "Python 3.11 or newer, with venv, was not found: install it" \
		"(Debian, Ubuntu: sudo apt install python3 python3-venv) or name it: make run PYTHON=/path/to/python3" >&2; exit 1; }
