# make            format, vet, lint, test and build
# make run        build, and run the daemon in the foreground on supervisord.conf
# make test       install what the tests need, then run all of them
# make test-fast  the tests of single packages, for the inner loop: under a minute
# make proof      long tests that need the whole machine: simulate, chaos, load

GO      ?= go
BIN     := bin
# The tag leaves out what cli needs to render manuals: half a millisecond of each start.
FLAGS   := -tags urfave_cli_no_docs -trimpath -ldflags "-s -w"
TOOL    := $(GO) tool -modfile=.ci/tools.mod
FUZZ    ?= 60s
STEPS   ?= 1000000
RUNS    ?= 3
MINUTES ?= 10
KILLS   ?= 20
PROCESSES ?= 1000
LOAD    ?= full
export CGO_ENABLED ?= 0

.PHONY: all run build test test-fast fmt fmt-check vet fix lint staticcheck cross fuzz simulate chaos differential load proof bench bench-scale packages clean vuln

all: fmt vet lint test build

build:
	$(GO) build $(FLAGS) -o $(BIN)/ ./cmd/...

run: build
	./$(BIN)/supervisord -c supervisord.conf

test: packages build
	.ci/test

# Without the race detector, and without the packages that run the whole daemon. go test
# keeps the results of packages that have not changed.
test-fast:
	$(GO) test -short -vet=off $$($(GO) list ./... | grep -Ev '/tools/(e2e|testkit/chaos)(/|$$)')

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

# ST1005 wants error texts without capitals. Many of ours are Supervisor's, capitals
# included.
staticcheck:
	$(TOOL) staticcheck -checks inherit,-ST1005 ./...

lint: staticcheck
	$(TOOL) golangci-lint run --config .ci/golangci.yml ./...

# The systems that the static programs are built for.
cross:
	GOOS=linux GOARCH=amd64 $(GO) build $(FLAGS) -o /dev/null ./cmd/...
	GOOS=linux GOARCH=arm64 $(GO) build $(FLAGS) -o /dev/null ./cmd/...
	GOOS=darwin GOARCH=arm64 $(GO) build $(FLAGS) -o /dev/null ./cmd/...
	GOOS=freebsd GOARCH=amd64 $(GO) build $(FLAGS) -o /dev/null ./cmd/...

# Fuzzes every parser and protocol reader, for FUZZ each.
fuzz:
	.ci/fuzz $(FUZZ)

# Compares the answers of the real Supervisor and ours to the same random calls.
differential: packages
	SUPERVISOR_DIFFERENTIAL=500 SUPERVISOR_DIFFERENTIAL_LANES=8 $(GO) test -timeout 60m -run TestSameAsSupervisor ./supervisord/tools/e2e/compatibility

# A daemon on a simulated kernel goes through STEPS random events. A failure prints its
# seed; to repeat it: SUPERVISOR_SIMULATION_SEED=N make simulate
simulate:
	GOGC=400 SUPERVISOR_SIMULATION_STEPS=$(STEPS) $(GO) test -count=1 -run '^TestSimulation$$' ./supervisord/supervisor

# Long tests, one after the other: each needs the machine for itself.
proof: simulate chaos load

# The daemon and hundreds of programs are killed, stopped and restarted at random for
# MINUTES; then the daemon of PROCESSES writing programs is killed KILLS times. A failure
# prints its seed; to repeat it: SUPERVISOR_CHAOS_SEED=N make chaos MINUTES=1
chaos:
	SUPERVISOR_CHAOS_MINUTES=$(MINUTES) SUPERVISOR_CHAOS_KILLS=$(KILLS) SUPERVISOR_CHAOS_PROCESSES=$(PROCESSES) $(GO) test -count=1 -v -timeout 0 ./supervisord/tools/testkit/chaos

# wrk loads gunicorn behind nginx through rolling restarts, upgrades, crashes and changes
# of scale; then the same with the real Supervisor, which can only restart.
load: packages build
	SUPERVISOR_LOAD=$(LOAD) $(GO) test -count=1 -v -timeout 30m -run 'TestNoRequestFails|TestSupervisorFailsRequests' ./supervisord/tools/e2e/rolling

# Benchmarks of the hot paths, then our daemon compared with others and with a minimal C
# program: docs/performance.md. RUNS=1 gives a first impression.
bench: build
	$(GO) test -run '^$$' -bench . -benchmem ./...
	.ci/bench/bench.py --bin $(BIN) --runs $(RUNS)

# Measures how the costs grow with the number of programs; it takes minutes.
bench-scale: build
	.ci/bench/bench.py --bin $(BIN) --runs $(RUNS) --only none --scale

vuln:
	$(GO) run golang.org/x/vuln/cmd/govulncheck@latest ./...

clean:
	rm -rf $(BIN)
