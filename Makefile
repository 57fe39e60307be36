# Everyday commands; the work is done by the Python modules in tools/.
PYTHON ?= python3
TOOLS = $(PYTHON) -m tools
export PYTHONDONTWRITEBYTECODE = 1

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-stop demo-reset test test-fast test-addon pytest \
	conformance lint format i18n i18n-check bench wheels db drop-db dbs shell serve psql stop lock \
	clean clean-db

help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | \
		awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: ## get all that is missing: packages, Odoo, database server, template
	@$(TOOLS) setup

demo: ## [PORT=8069] [SHOP_PORT=3000]: Odoo and a real shop with a month of business
	@$(TOOLS) demo $(if $(PORT),--port $(PORT)) \
		$(if $(SHOP_PORT),--shop-port $(SHOP_PORT))

demo-stop: ## stop the demo, from another terminal or after a crash
	@$(TOOLS) demo-stop

demo-reset: ## drop the demo's databases; the next demo tells its story anew
	@$(TOOLS) demo-reset

test: ## everything, as CI runs it
	@$(TOOLS) test

test-fast: ## engine tests and quick addon tests, on a database that is kept
	@$(TOOLS) test-fast

test-addon: ## ADDON=marketplace_base [DB=] [TAGS=] [KEEP=1]: one addon, fresh database
	@$(TOOLS) test-addon $(ADDON) $(if $(DB),--db "$(DB)") \
		$(if $(TAGS),--tags "$(TAGS)") $(if $(KEEP),--keep)

pytest: ## [DB=] [ARGS="tests/flow -k name"]: top-level tests with Odoo and a shop
	@$(TOOLS) pytest $(if $(DB),--db "$(DB)") $(ARGS)

conformance: ## [ARGS="tests/conformance -k name"]: adapters against real shops, no Odoo
	@$(TOOLS) conformance $(ARGS)

lint: ## ruff, pylint-odoo, prettier, translations
	@$(TOOLS) lint

format: ## format Python and XML
	@$(TOOLS) format

i18n: ## export new terms into the translation catalogues of the addons
	@$(TOOLS) i18n

i18n-check: ## compare the catalogues with a fresh export
	@$(TOOLS) i18n --check

bench: ## [BENCH_FULL=1]: the benchmarks, on a fresh database; full has big payout runs
	@$(if $(BENCH_FULL),BENCH_FULL=1 )$(TOOLS) bench

wheels: ## one wheel per addon, into dist/
	@$(TOOLS) wheels

db: ## DB=name [ADDON=a,b]: a new database with addons installed, no test
	@$(TOOLS) db "$(DB)" $(if $(ADDON),--addon "$(ADDON)")

drop-db: ## DB=name: drop a database and its files
	@$(TOOLS) drop-db "$(DB)"

dbs: ## list the databases
	@$(TOOLS) dbs

shell: ## DB=name: Odoo shell
	@$(TOOLS) shell "$(DB)"

serve: ## DB=name [PORT=]: Odoo with two workers and the job runner
	@$(TOOLS) serve "$(DB)" $(if $(PORT),--port $(PORT))

psql: ## DB=name: psql
	@$(TOOLS) psql "$(DB)"

stop: ## stop the private PostgreSQL server
	@$(TOOLS) stop

lock: ## resolve the requirements files anew into the lock file
	@$(TOOLS) lock

clean-db: ## remove the private PostgreSQL cluster and all its databases
	@$(TOOLS) clean-db

clean: ## remove all that was made here; Odoo stays in the user's cache
	@$(TOOLS) clean
