# Everyday commands; the work is done by the Python modules in tools/.
PYTHON ?= python3
TOOLS = $(PYTHON) -m tools
export PYTHONDONTWRITEBYTECODE = 1

.DEFAULT_GOAL := help
.PHONY: help setup lock dbs stop db drop-db test-addon shell serve psql

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | \
		awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: ## get everything that is missing: packages, Odoo, database server, template
	@$(TOOLS) setup

test-addon: ## ADDON=marketplace_base [DB=...] [TAGS=...] [KEEP=1]: one addon, fresh database
	@$(TOOLS) test-addon $(ADDON) $(if $(DB),--db "$(DB)") \
		$(if $(TAGS),--tags "$(TAGS)") $(if $(KEEP),--keep)

db: ## DB=name [ADDON=a,b]: a new database with addons installed, no test
	@$(TOOLS) db "$(DB)" $(if $(ADDON),--addon "$(ADDON)")

drop-db: ## DB=name: drop a database and its files
	@$(TOOLS) drop-db "$(DB)"

dbs: ## list databases
	@$(TOOLS) dbs

shell: ## DB=name: Odoo shell
	@$(TOOLS) shell "$(DB)"

serve: ## DB=name [PORT=...]: Odoo with two workers and the job runner
	@$(TOOLS) serve "$(DB)" $(if $(PORT),--port $(PORT))

psql: ## DB=name: psql
	@$(TOOLS) psql "$(DB)"

stop: ## stop the private PostgreSQL server
	@$(TOOLS) stop

lock: ## resolve the requirements files anew into the lock file
	@$(TOOLS) lock
