# ClinicGraph: `make run` serves the demo clinic, `make test` runs every test.
# Both work from a clean clone; see README.md.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MODULES := web/node_modules/.package-lock.json
CONFORMANCE := internal/e2e/conformance
CONFORMANCE_MODULES := $(CONFORMANCE)/node_modules/.package-lock.json

# Where make generate writes.
GENERATED := ent graph schema.graphqls migrate docs internal/e2e/goclient $(CONFORMANCE)/clients

# Packages whose tests run concurrently: they run under the race detector, too.
RACE := ./graph/compiled ./graph/live ./graph/transport ./internal/access ./internal/admission ./internal/auth ./internal/events ./internal/groupcommit \
  ./internal/httpserver ./internal/jobs ./internal/notify ./internal/ratelimit ./internal/scheduling ./internal/store ./internal/testdb
# Of the stories those that race over HTTP: the rest of them run one request at a time.
RACE_STORIES := 'OfParallel|HoweverClose|Repeats|TwoPlaces|AtOnce|OneAfterTheOther|EachOther|OwnJob'

.PHONY: help run test build console generate check lint conformance race go-test console-test setup clean

help: ## Say what there is.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: build ## Build everything and serve the demo clinic on SQLite.
	./bin/clinicgraph serve --demo

build: console ## Build the binary, with the console in it.
	go build -trimpath -o bin/clinicgraph .

console: $(MODULES) ## Build the playground.
	cd web && npm run build

$(MODULES): web/package.json web/package-lock.json
	cd web && npm ci && touch node_modules/.package-lock.json

generate: ## Write all generated code, the SDL and the migrations.
	cd ent && go generate .
	mkdir -p graph/model && go tool gqlgen generate && go run ./graph/unmarshal/patch
	go run . schema print > schema.graphqls.new && mv schema.graphqls.new schema.graphqls
	go run ./internal/docs
	go run . schema needs $(CONFORMANCE)/clients/operations.graphql > $(CONFORMANCE)/clients/needs.json
	cd internal/e2e/goclient && go generate .
	go run ./internal/testdb/pgrun -- sh -c 'go run . migrate create $(or $(NAME),schema) --dev-url "$$TESTDB_POSTGRES_URL"'

test: setup console check lint console-test conformance race go-test ## Run every test, on both databases.

setup: ## Install what the tests need, where it can.
	.ci/setup

check: generate ## Fail when something generated is stale.
	@stale="$$(git status --porcelain -- $(GENERATED))"; \
	if [ -n "$$stale" ]; then echo "stale, run make generate and commit:"; echo "$$stale"; git --no-pager diff --stat -- $(GENERATED); exit 1; fi

lint: ## Look for what the compiler lets pass.
	@unformatted="$$(git ls-files '*.go' | xargs gofmt -l)"; if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go vet -tags conformance ./internal/e2e

console-test: console
	cd web && npm run typecheck && npm test

$(CONFORMANCE_MODULES): $(CONFORMANCE)/package.json $(CONFORMANCE)/package-lock.json
	cd $(CONFORMANCE) && npm ci && touch node_modules/.package-lock.json

conformance: $(CONFORMANCE_MODULES) ## Hold the graph against suites and clients that others wrote.
	go run ./internal/testdb/pgrun -- go test -v -count=1 -tags conformance -run '^TestConformance$$' ./internal/e2e

race:
	go run ./internal/testdb/pgrun -- go test -race $(RACE)
	go run ./internal/testdb/pgrun -- go test -race -run $(RACE_STORIES) ./internal/e2e ./internal/seed

go-test:
	go run ./internal/testdb/pgrun -- go test -timeout 20m ./...

clean: ## Remove what was built; data stays.
	rm -rf bin internal/console/dist/* web/node_modules $(addprefix $(CONFORMANCE)/,build generated node_modules)
