# Every target only calls cargo, helm or npm, so that a shell, make and CI run the same commands.
# Variables reach them: `make local-k8s-up GHILLIE_K3D_PORT=8080`. More flags: `ARGS='--skip-build'`.
# `make help` is made from the `##` comments below.

MARKDOWNLINT := markdownlint-cli2@0.22.1
MERMAID := --package=mermaid@11.17.2 --package=happy-dom@21.0.4
CARGO_DENY := 0.20.2

GHILLIE := --manifest-path ghillie/Cargo.toml
LIVE := cargo test --locked --package xtask --test e2e -- --test-threads=1

# $(call need,PROGRAM,WHERE TO GET IT): ends the target with a message where a program is missing.
need = command -v $(1) >/dev/null || { echo "make $@: needs $(1): $(2)" >&2; exit 1; }
need-rust = $(call need,cargo,https://rustup.rs)
need-npm = $(call need,npm,Node.js 20 or later from https://nodejs.org)
need-docker = $(call need,docker,https://docs.docker.com/get-docker/); docker info >/dev/null 2>&1 \
	|| { echo "make $@: needs a running Docker daemon: 'docker info' says why it does not answer" >&2; exit 1; }
need-tools = $(call need,k3d,https://k3d.io); $(call need,kubectl,https://kubernetes.io/docs/tasks/tools/); \
	$(call need,helm,https://helm.sh/docs/intro/install/)
# $(call live,FILTER AND FLAGS): runs live tests one at a time. A filter that matches none is an error.
live = $(need-rust); $(need-docker); $(need-tools); set -e; tests=$$($(LIVE) --list $(1)); \
	case $$tests in *': test'*) $(LIVE) $(1);; *) echo "make $@: no test matches: $(1)" >&2; exit 1;; esac

.DEFAULT_GOAL := help
.PHONY: help local-k8s-up local-k8s-status local-k8s-logs local-k8s-down all fmt check-fmt lint typecheck test \
	e2e faults soak record bench lint-chart markdownlint nixie pictures deny

help: ## Show this list
	@awk -F ':[^#]*## ' \
		'/^##@ / { line[++n] = "\n" substr($$0, 5) ":"; next } \
		/^[a-z0-9-]+:.*## / { line[++n] = $$1; text[n] = $$2; if (length($$1) > width) width = length($$1) } \
		END { for (i = 1; i <= n; i++) if (i in text) printf "  %-" width "s  %s\n", line[i], text[i]; else print line[i] }' \
		$(firstword $(MAKEFILE_LIST))
	@printf '\nVariables pass through: make local-k8s-up GHILLIE_K3D_PORT=8080 ARGS=--skip-build\n'

##@ Local Kubernetes preview

local-k8s-up: ## Create or update the preview, then print its URL
	@$(need-rust)
	@cargo xtask k8s up $(ARGS)

local-k8s-status: ## Show what runs, its health, URL and image
	@$(need-rust)
	@cargo xtask k8s status $(ARGS)

local-k8s-logs: ## Follow the application's log
	@$(need-rust)
	@cargo xtask k8s logs --follow $(ARGS)

local-k8s-down: ## Delete the preview and what it left behind
	@$(need-rust)
	@cargo xtask k8s down $(ARGS)

##@ Checks that need nothing but Rust

all: check-fmt lint typecheck test ## Run check-fmt, lint, typecheck and test

fmt: ## Format the code
	@$(need-rust)
	cargo fmt --all
	cargo fmt --all $(GHILLIE)

check-fmt: ## Check that the code is formatted
	@$(need-rust)
	cargo fmt --all --check
	cargo fmt --all --check $(GHILLIE)

# Targets that `cargo test` leaves out are left out of `--all-targets` too: `--test '*'` names them.
lint: ## Run Clippy, warnings are errors
	@$(need-rust)
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo clippy --locked --package xtask --test '*' -- -D warnings
	cargo clippy --locked --all-targets $(GHILLIE) -- -D warnings

typecheck: ## Type-check every target
	@$(need-rust)
	cargo check --locked --workspace --all-targets
	cargo check --locked --package xtask --test '*'
	cargo check --locked --all-targets $(GHILLIE)

test: ## Run the unit tests and the golden tests
	@$(need-rust)
	cargo test --locked --workspace
	cargo test --locked $(GHILLIE)

##@ Live tests on a real cluster (FILTER=name picks some)

e2e: ## Run the scenarios of a preview's life, from nothing to down
	@$(call live,--skip faults:: --skip soak:: $(FILTER) $(ARGS))

faults: ## Inject each fault that up survives (FAULTS_SAMPLE=1: some, drawn at random)
	@$(call live,$(or $(FILTER),faults::) $(ARGS))

soak: ## Run up and down in turn with faults drawn at random (SOAK_ROUNDS=40)
	@$(call live,$(or $(FILTER),soak::) $(ARGS))

# One test at a time, for there is one cluster; the golden files once all replies are there.
record: ## Record the tools' replies for the golden tests anew, needs Docker (FILTER=name picks some)
	@$(need-rust); $(need-docker)
	RECORD=1 cargo test --locked --package xtask --test k8s -- --test-threads=1 $(FILTER)
	UPDATE_GOLDEN=1 cargo test --locked --package xtask --test k8s -- $(FILTER)

bench: ## Measure up against one step after another, write docs/benchmarks.md (needs the operators' charts)
	@$(need-rust); $(need-docker)
	cargo test --locked --package xtask --test bench -- $(ARGS)

##@ Chart, documents and dependencies

lint-chart: ## Lint the Helm charts
	@$(call need,helm,https://helm.sh/docs/intro/install/)
	helm lint --strict charts/ghillie
	helm lint --strict charts/ghillie --values tests/helm/fixtures/values_local.yaml
	helm lint --strict tests/takeover/deploy/chart --values tests/takeover/deploy/local.yaml

markdownlint: ## Lint the Markdown files
	@$(need-npm)
	npm exec --yes --package=$(MARKDOWNLINT) -- markdownlint-cli2 $(ARGS)

nixie: ## Check that every Mermaid diagram parses
	@$(need-npm)
	npm exec --yes $(MERMAID) -- node scripts/check-mermaid.mjs $(ARGS)

pictures: ## Take the pictures in docs/pictures anew, on a real cluster
	@$(need-rust); $(need-docker)
	@$(call need,node,Node.js 20 or later from https://nodejs.org); $(call need,script,util-linux)
	scripts/pictures

deny: ## Check licences, sources and banned crates of all dependencies
	@$(need-rust)
	@$(call need,cargo-deny,cargo install --locked cargo-deny@$(CARGO_DENY))
	cargo deny --locked --workspace check bans licenses sources
	cargo deny --locked $(GHILLIE) check licenses sources
