package chaos

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// module is the root of the module, from here.
const module = "../../../.."

// binDir is the directory of the programs under test.
var binDir string

func TestMain(m *testing.M) {
	if os.Getenv("SUPERVISOR_CHAOS_MINUTES")+os.Getenv("SUPERVISOR_CHAOS_KILLS") == "" {
		os.Exit(m.Run()) // all tests are skipped: they need no programs
	}
	os.Exit(run(m))
}

// run builds the programs and becomes the parent of all orphans while the tests run.
func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "chaos-bin")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	binDir = dir
	if err := build(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		panic(err)
	}
	go children.run()
	return m.Run()
}

// build builds the programs as they are shipped. The race detector would need too much
// memory in a thousand children, and would slow the daemon down.
func build(dir string) error {
	cmd := exec.Command("go", "build", "-tags", "urfave_cli_no_docs", "-trimpath", "-ldflags", "-s -w", "-o", dir+"/",
		"./cmd/supervisord", "./cmd/supervisorctl", "./supervisord/tools/testkit/linewriter/program")
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %v\n%s", err, out)
	}
	return os.Rename(filepath.Join(dir, "program"), filepath.Join(dir, "linewriter"))
}

// reaper waits for all children of this process. Most are orphans of daemons that were
// killed: this process is a subreaper, since process 1 of a container may not reap.
type reaper struct {
	mu      sync.Mutex // held over a fork, so that no child is reaped before it is in waiters
	waiters map[int]chan syscall.WaitStatus
	sigchld chan os.Signal
}

var children = &reaper{waiters: make(map[int]chan syscall.WaitStatus), sigchld: make(chan os.Signal, 1)}

func (r *reaper) run() {
	signal.Notify(r.sigchld, syscall.SIGCHLD)
	for range r.sigchld {
		for r.reapOne() {
		}
	}
}

func (r *reaper) reapOne() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ws syscall.WaitStatus
	pid, err := syscall.Wait4(-1, &ws, syscall.WNOHANG, nil)
	if err == syscall.EINTR {
		return true
	}
	if err != nil || pid <= 0 {
		return false
	}
	if ended := r.waiters[pid]; ended != nil {
		delete(r.waiters, pid)
		ended <- ws
	}
	return true
}

// start starts a command. Its outputs must be files. The channel gets its status.
func (r *reaper) start(cmd *exec.Cmd) (pid int, ended <-chan syscall.WaitStatus, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := cmd.Start(); err != nil {
		return 0, nil, err
	}
	pid = cmd.Process.Pid
	_ = cmd.Process.Release()
	c := make(chan syscall.WaitStatus, 1)
	r.waiters[pid] = c
	return pid, c, nil
}

// envIntOrSkip is the number in an environment variable. Without it, the test is skipped.
func envIntOrSkip(t *testing.T, variable string) int {
	t.Helper()
	n := envInt(variable, 0)
	if n == 0 {
		t.Skip("SKIPPED: it needs the whole machine; it is part of make proof (" + variable + ")")
	}
	return n
}

func envInt(variable string, fallback int) int {
	if n, err := strconv.Atoi(os.Getenv(variable)); err == nil {
		return n
	}
	return fallback
}
