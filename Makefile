# make run    builds, and runs the daemon in the foreground on supervisord.conf
# make test   everything: installs what the tests need, then runs them all
# make proof  what needs the whole machine: simulation, chaos, load
# make        formats, vets, lints, tests, builds

GO      ?= go
BIN     := bin
# The first drops what cli would need to render manuals: half a millisecond at each start.
FLAGS   := -tags urfave_cli_no_docs -trimpath -ldflags "-s -w"
TOOL    := $(GO) tool -modfile=.ci/tools.mod
FUZZ    ?= 60s
STEPS   ?= 1000000
RUNS    ?= 3
MINUTES ?= 10
KILLS   ?= 20
SCRIBES ?= 1000
LOAD    ?= full
export CGO_ENABLED ?= 0

.PHONY: all run build test fmt fmt-check vet fix lint staticcheck cross fuzz simulate chaos differential load proof bench bench-scale packages clean vuln

all: fmt vet lint test build

build:
	$(GO) build $(FLAGS) -o $(BIN)/ ./cmd/...

run: build
	./$(BIN)/supervisord -c supervisord.conf

test: packages build
	.ci/test

packages:
	.ci/packages

fmt:
	gofmt -w cmd ctl supervisord

fmt-check:
	@files=$$(gofmt -l cmd ctl supervisord); [ -z "$$files" ] || { echo "not formatted: $$files"; exit 1; }

vet:
	$(GO) vet ./...

fix:
	$(GO) fix -diff ./...

# ST1005 is about the form of error texts. Ours are Supervisor's, capitals and all.
staticcheck:
	$(TOOL) staticcheck -checks inherit,-ST1005 ./...

lint: staticcheck
	$(TOOL) golangci-lint run --config .ci/golangci.yml ./...

# The programs are static; these are the systems that they are built for.
cross:
	GOOS=linux GOARCH=amd64 $(GO) build $(FLAGS) -o /dev/null ./cmd/...
	GOOS=linux GOARCH=arm64 $(GO) build $(FLAGS) -o /dev/null ./cmd/...
	GOOS=darwin GOARCH=arm64 $(GO) build $(FLAGS) -o /dev/null ./cmd/...
	GOOS=freebsd GOARCH=amd64 $(GO) build $(FLAGS) -o /dev/null ./cmd/...

# Every parser and protocol reader, FUZZ each.
fuzz:
	.ci/fuzz $(FUZZ)

# The real Supervisor and ours under the same random calls.
differential: packages
	SUPERVISOR_DIFFERENTIAL=500 SUPERVISOR_DIFFERENTIAL_LANES=8 $(GO) test -timeout 60m -run TestSameAsSupervisor ./supervisord/tools/e2e/compatibility

# A daemon above a simulated kernel, STEPS random things that happen to it. One
# that fails names its seed: SUPERVISOR_SIMULATION_SEED=N make simulate
simulate:
	GOGC=400 SUPERVISOR_SIMULATION_STEPS=$(STEPS) $(GO) test -count=1 -run '^TestSimulation$$' ./supervisord/supervisor

# The heavy proofs, one after the other: each needs the machine for itself.
proof: simulate chaos load

# The daemon and hundreds of programs, struck at random for MINUTES; then SCRIBES
# programs whose daemon is killed KILLS times. A minute that fails names its seed:
# SUPERVISOR_CHAOS_SEED=N make chaos MINUTES=1
chaos:
	SUPERVISOR_CHAOS_MINUTES=$(MINUTES) SUPERVISOR_CHAOS_KILLS=$(KILLS) SUPERVISOR_CHAOS_SCRIBES=$(SCRIBES) $(GO) test -count=1 -v -timeout 0 ./supervisord/tools/testkit/chaos

# gunicorn behind nginx under wrk, through rolling restarts, upgrades, crashes and
# changes of scale; then the real Supervisor, which can only restart.
load: packages build
	SUPERVISOR_LOAD=$(LOAD) $(GO) test -count=1 -v -timeout 30m -run 'TestNoRequestFails|TestSupervisorFailsRequests' ./supervisord/tools/e2e/rolling

# The hot paths with their allocations, then our daemon beside others and beside
# what the kernel alone takes: docs/performance.md. RUNS=1 is a first impression.
bench: build
	$(GO) test -run '^$$' -bench . -benchmem ./...
	.ci/bench/bench.py --bin $(BIN) --runs $(RUNS)

# How the costs grow with the number of programs; it takes minutes.
bench-scale: build
	.ci/bench/bench.py --bin $(BIN) --runs $(RUNS) --only none --scale

vuln:
	$(GO) run golang.org/x/vuln/cmd/govulncheck@latest ./...

clean:
	rm -rf $(BIN)
