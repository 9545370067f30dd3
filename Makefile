# One verb each; `make help` prints them.
.DEFAULT_GOAL := help
PY := .venv/bin/python

.PHONY: help
help: ## print the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'
