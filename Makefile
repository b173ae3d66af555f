# `make help` lists the targets. CI runs these and nothing else (see .ci/run), so
# what passes here passes there.

GOLANGCI_LINT_VERSION := v2.15.0
GOFUMPT_VERSION       := v0.12.0
GOVULNCHECK_VERSION   := v1.9.0
# The newest that does not import go.digitalxero.dev/…, which not every Go proxy serves.
NFPM_VERSION          := v2.45.2
CYCLONEDX_VERSION     := v1.10.0
ZIG_VERSION           := $(shell sed -n 's/^ziglang==\([0-9.]*\).*/\1/p' scripts/cross/requirements.txt)

# Runtimes that one source must build with and pass its tests on.
RUNTIMES := 2.9.0 2.17.1 2.20.0
# How long each fuzz target runs under `make fuzz`.
FUZZTIME ?= 10s
# How many busy processes `make test-under-load` starts.
LOAD ?= 20

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS   += --no-print-directory
.DEFAULT_GOAL := help

# Tools live in a folder named after their version, so an upgrade above installs
# the new one and a second run installs nothing.
TOOLS         := bin/tools
GOLANGCI_LINT := $(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION)/golangci-lint
GOFUMPT       := $(TOOLS)/gofumpt-$(GOFUMPT_VERSION)/gofumpt
GOVULNCHECK   := $(TOOLS)/govulncheck-$(GOVULNCHECK_VERSION)/govulncheck
ZIG           := $(TOOLS)/ziglang-$(ZIG_VERSION)/ziglang/zig
NFPM          := $(TOOLS)/nfpm-$(NFPM_VERSION)/nfpm
CYCLONEDX     := $(TOOLS)/cyclonedx-gomod-$(CYCLONEDX_VERSION)/cyclonedx-gomod

# The modules of go.work that hold Go files. Each recipe that says $(call each,…)
# runs its command in all of them, because ./... stops at a nested module, and
# fails in the end if one did.
MODULES := $(foreach m,$(shell sed -n 's/^[[:space:]]*\(\.[^[:space:]]*\)$$/\1/p' go.work),$(if $(wildcard $(m)/*.go $(m)/*/*.go),$(m)))
each = status=0; for module in $(MODULES); do echo "[$$module] $(strip $(1))"; (cd "$$module" && $(1)) || status=1; done; exit $$status

# Everything that git tracks or would track and matches, deleted files left out.
tracked = $(shell git ls-files --cached --others --exclude-standard -- $(1) | sort -u | while read -r f; do [ -f "$$f" ] && echo "$$f"; done)

comma := ,
MODELS := third_party/models

# Before a command that runs models: TFLITE chooses what it opens. Without, it looks itself.
chosen = $(if $(TFLITE),CORAL_TFLITE_LIB=$$(bin/coral-runtime path --version $(TFLITE)); export CORAL_TFLITE_LIB; )

##@ First steps

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z][a-z-]*:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\nTFLITE=2.9.0|2.17.1|2.20.0 selects the TensorFlow Lite runtime; GOFLAGS=-tags=nousb builds without libusb.\n'

.PHONY: demo
demo: build models ## Classify a picture on the best device that this machine has
	@bin/coral devices
	@$(chosen)bin/coral classify -m $(MODELS)/mobilenet_quant_v1_224.tflite -l $(MODELS)/imagenet_labels.txt --top 3 $(MODELS)/peacock.png

.PHONY: deps
deps: ## Install the system packages that building needs
	@scripts/deps.sh cc libusb pip

.PHONY: runtime
runtime: deps bin/coral-runtime ## Fetch the TensorFlow Lite runtime into the user's cache folder
	@bin/coral-runtime fetch

.PHONY: models
models: deps bin/coral-runtime ## Fetch the models, labels and pictures of the demo and the examples
	@bin/coral-runtime models

.PHONY: models-tests
models-tests: models ## Fetch the models and pictures of tests besides (19 MB)
	@bin/coral-runtime models --group tasks

.PHONY: models-converted
models-converted: deps bin/coral-runtime ## Make TFLite models of TensorFlow.js ones, see scripts/models (downloads 450 MB)
	@scripts/deps.sh npm
	@scripts/models/convert.sh

.PHONY: build
build: runtime ## Build bin/coral and bin/coral-runtime
	@cd cmd/coral && go build -buildvcs=auto -o ../../bin/coral .

# go build knows best what is out of date.
.PHONY: bin/coral-runtime
bin/coral-runtime:
	@CGO_ENABLED=0 go build -o $@ ./cmd/coral-runtime

##@ Tests

.PHONY: test
test: runtime models-tests ## Run all tests of all modules with the race detector
	@scripts/deps.sh umockdev ffmpeg libturbojpeg
	@$(chosen)$(call each,go test -race ./...)
	@$(chosen)bench/run.sh interop

.PHONY: test-runtimes
test-runtimes: deps bin/coral-runtime ## Build the tests once, and run them on every runtime
	@scripts/deps.sh npm mvn umockdev ffmpeg libturbojpeg
	@scripts/test-runtimes.sh $(RUNTIMES)

# The tags of GOFLAGS as well, which -tags replaces.
linked := -tags=tflite_link$(if $(findstring nousb,$(GOFLAGS)),$(comma)nousb)

.PHONY: test-linked
test-linked: runtime models-tests ## Run all tests of all modules with TensorFlow Lite linked (-tags tflite_link)
	@scripts/deps.sh umockdev ffmpeg libturbojpeg
	@eval "$$(bin/coral-runtime env)"; $(call each,go test $(linked) ./...)

# What scripts/cross.sh calls when it runs in a checkout.
.PHONY: cross-tools
cross-tools: bin/coral-runtime $(ZIG)
	@scripts/deps.sh libusb binutils file
	@ln -sfn "ziglang-$(ZIG_VERSION)/ziglang/zig" $(TOOLS)/zig

.PHONY: test-cross
test-cross: models cross-tools ## Cross-compile for all targets; the core's tests for the Dev Board and for 32 bits under qemu (root)
	@scripts/deps.sh qemu-arm64 qemu-arm32
	@scripts/with-qemu.sh scripts/test-cross.sh

.PHONY: test-arm64
test-arm64: models-tests cross-tools ## Run all tests under qemu for 64-bit ARM (root; takes long)
	@scripts/deps.sh qemu-arm64
	@scripts/with-qemu.sh scripts/test-cross.sh all

.PHONY: verify-module
verify-module: runtime models cross-tools ## Do what README and docs say of a module of one's own, vendored and cross-compiled too
	@scripts/verify-module.sh

.PHONY: verify-release
verify-release: ## Before a release, and before a change of scripts, Docker or packages is merged (root)
	@for target in test-cross verify-module verify-hello verify-package verify-image; do $(MAKE) $$target; done

.PHONY: verify-newcomer
verify-newcomer: models ## Build README's program where there is no library, and fetch one for it, on a bare Debian (root)
	@scripts/deps.sh debian binutils
	@scripts/verify-newcomer.sh

.PHONY: verify-hello
verify-hello: ## Follow the README of examples/hello on a fresh Debian (root)
	@scripts/deps.sh debian
	@scripts/verify-hello.sh

# What the race detector cannot see: Go pointers that C keeps, and C's own heap errors.
.PHONY: test-memory
test-memory: test-asan ## Run the native packages' tests under cgocheck2 and the address sanitizer
	@$(chosen)GOEXPERIMENT=cgocheck2 go test -count=1 . ./tflite/... ./delegate/... ./edgetpu/... ./internal/...

# The tests left out measure memory, of which asan takes more. Leaks are not looked for:
# libraries are never unloaded.
.PHONY: test-asan
test-asan: runtime models ## Run binding, adapter, simulation and failover under AddressSanitizer (Linux)
	@scripts/deps.sh libturbojpeg
	@$(chosen)ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0 EDGETPU_SIM_CFLAGS="-fsanitize=address,undefined -fno-sanitize-recover" \
	  go test -asan -count=1 -skip '^(TestDroppedInterpretersLeaveNoMemory|TestHotPathAllocatesNothing|TestNoLeak)$$' \
	  . ./tflite/... ./delegate/... ./internal/... ./edgetpu/edgetputest

# A test that takes a minute by itself may take twenty there; go test stops after ten.
.PHONY: test-under-load
test-under-load: ## Run all of CI while LOAD busy processes (default 20) run beside it (root; takes hours)
	@CI=true GOFLAGS="$(strip $(GOFLAGS) -timeout=2h)" scripts/under-load.sh $(LOAD) .ci/run

.PHONY: fuzz
fuzz: runtime ## Run each fuzz target for FUZZTIME (default 10s)
	@$(chosen)scripts/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: runtime models ## Compare speed and results with go-tflite and ai-edge-litert (bench/run.sh)
	@$(chosen)bench/run.sh

.PHONY: retrain
retrain: runtime ## Train, convert and check the models of examples/train-and-deploy again
	@$(chosen)examples/train-and-deploy/retrain.sh

##@ Packages

.PHONY: package
package: cross-tools $(NFPM) $(CYCLONEDX) ## Make dist/packages: .deb, .tar.gz and SBOM for all targets, or for TARGET=arm64
	@scripts/deps.sh jq
	@NFPM="$(CURDIR)/$(NFPM)" CYCLONEDX="$(CURDIR)/$(CYCLONEDX)" scripts/package.sh $(TARGET)

.PHONY: verify-package
verify-package: override TARGET :=
verify-package: package models ## Install the packages into a fresh Debian, run and purge them (root; lintian, SBOM, floors)
	@scripts/deps.sh debian lintian qemu
	@cd cmd/coral && CGO_ENABLED=0 go test -tags man -run Manual .
	@scripts/verify-package.sh

.PHONY: image
image: ## Build the Docker images coral-cross and coral (needs Docker)
	@docker build --target cross -t coral-cross .
	@docker build -t coral .

.PHONY: verify-image
verify-image: models ## Build the Dockerfile without Docker, cross-compile in it, run that under qemu (root)
	@scripts/deps.sh debian buildah qemu
	@scripts/verify-image.sh

.PHONY: verify-ci
verify-ci: ## Run all of CI on a bare Debian, from a clone of the last commit (root; takes long)
	@scripts/deps.sh debian
	@scripts/verify-ci.sh

##@ Checks (none of them changes a file)

.PHONY: check
check: check-format check-invariants check-c check-scripts check-vet check-platforms check-tidy check-lint ## All checks below, the cheap ones first

.PHONY: check-format
check-format: $(GOFUMPT) ## Formatting (gofumpt)
	@out=$$($(GOFUMPT) -l $(call tracked,'*.go')); \
	[ -z "$$out" ] || { echo "not formatted; run make format:"; echo "$$out"; exit 1; }

.PHONY: check-invariants
check-invariants: ## What this repository promises about itself (scripts/invariants)
	@go run ./scripts/invariants

.PHONY: check-c
check-c: deps ## C sources without a warning
	@for f in $(filter-out %_windows.c,$(call tracked,'*.c')); do $(CC) -fsyntax-only -Wall -Wextra -Werror -std=gnu11 "$$f"; done

.PHONY: check-scripts
check-scripts: ## Shell scripts (shellcheck)
	@scripts/deps.sh shellcheck
	@shellcheck .ci/run $(call tracked,'*.sh')

.PHONY: check-vet
check-vet: deps ## go vet; without libusb, and with TensorFlow Lite linked, too
	@$(call each,go vet ./...)
	@$(call each,go vet -tags nousb ./...)
	@$(call each,go vet -tags tflite_link ./...)

.PHONY: check-platforms
check-platforms: ## Builds without cgo, and for Windows, macOS and 32 bits
	@$(call each,CGO_ENABLED=0 go build ./...)
	@$(call each,CGO_ENABLED=0 go vet ./...)
	@$(call each,CGO_ENABLED=0 GOOS=windows go vet ./...)
	@$(call each,CGO_ENABLED=0 GOOS=darwin go vet ./...)
	@$(call each,CGO_ENABLED=0 GOARCH=arm go vet ./...)

.PHONY: check-tidy
check-tidy: ## go.mod, go.sum and go.work.sum
	@$(call each,go mod tidy -diff)
	@before=$$(cat go.work.sum); go list -m all >/dev/null && [ "$$before" = "$$(cat go.work.sum)" ] || \
	  { echo "go.work.sum was not complete, and now is: commit it"; exit 1; }

.PHONY: check-lint
check-lint: deps $(GOLANGCI_LINT) ## golangci-lint with .golangci.yml
	@$(call each,"$(CURDIR)/$(GOLANGCI_LINT)" run ./...)

.PHONY: vulnerabilities
vulnerabilities: $(GOVULNCHECK) ## Known vulnerabilities in the dependencies (asks Go's database; not part of check)
	@$(call each,"$(CURDIR)/$(GOVULNCHECK)" ./...)

##@ Housekeeping

.PHONY: format
format: $(GOFUMPT) ## Format all Go files
	@$(GOFUMPT) -w $(call tracked,'*.go')

.PHONY: clean
clean: ## Remove what was built; fetched models stay
	rm -rf bin/coral bin/coral-runtime dist

.PHONY: distclean
distclean: clean ## Remove everything that git ignores and these targets made; the cache folder is the user's
	rm -rf bin third_party/models third_party/downloads

# --- tools -------------------------------------------------------------------

$(GOLANGCI_LINT):
	@echo "building golangci-lint $(GOLANGCI_LINT_VERSION), which takes some minutes, once"
	@GOBIN="$(CURDIR)/$(@D)" GOFLAGS= go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)

$(GOFUMPT):
	@GOBIN="$(CURDIR)/$(@D)" GOFLAGS= go install mvdan.cc/gofumpt@$(GOFUMPT_VERSION)

$(GOVULNCHECK):
	@GOBIN="$(CURDIR)/$(@D)" GOFLAGS= go install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION)

$(NFPM):
	@GOBIN="$(CURDIR)/$(@D)" GOFLAGS= go install github.com/goreleaser/nfpm/v2/cmd/nfpm@$(NFPM_VERSION)

$(CYCLONEDX):
	@GOBIN="$(CURDIR)/$(@D)" GOFLAGS= go install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$(CYCLONEDX_VERSION)

$(ZIG):
	@scripts/deps.sh pip
	@PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --no-deps --target "$(TOOLS)/ziglang-$(ZIG_VERSION)" --require-hashes -r scripts/cross/requirements.txt
