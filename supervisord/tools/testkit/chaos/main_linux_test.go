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

// programs is where the programs are that are tested.
var programs string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "chaos-bin")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		programs = dir
		if err := build(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
			panic(err)
		}
		go morgue.run()
		return m.Run()
	}())
}

// build makes the programs as they are shipped: the race detector in a thousand
// children is more than a machine bears, and the daemon is to be as fast as it is.
func build(dir string) error {
	cmd := exec.Command("go", "build", "-tags", "urfave_cli_no_docs", "-trimpath", "-ldflags", "-s -w", "-o", dir+"/",
		"./cmd/supervisord", "./cmd/supervisorctl", "./supervisord/tools/testkit/scribe/program")
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %v\n%s", err, out)
	}
	return os.Rename(filepath.Join(dir, "program"), filepath.Join(dir, "scribe"))
}

// reaper waits for all children of this process, of which most are orphans of
// daemons that were killed: who inherits them may differ from machine to
// machine, and not everybody reaps.
type reaper struct {
	mu   sync.Mutex // held over a fork, so that nobody is reaped before he is known
	own  map[int]chan syscall.WaitStatus
	died chan os.Signal
}

var morgue = &reaper{own: make(map[int]chan syscall.WaitStatus), died: make(chan os.Signal, 1)}

func (r *reaper) run() {
	signal.Notify(r.died, syscall.SIGCHLD)
	for range r.died {
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
	if ended := r.own[pid]; ended != nil {
		delete(r.own, pid)
		ended <- ws
	}
	return true
}

// start starts a command, whose outputs have to be files. Its status comes
// through the channel.
func (r *reaper) start(cmd *exec.Cmd) (pid int, ended <-chan syscall.WaitStatus, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := cmd.Start(); err != nil {
		return 0, nil, err
	}
	pid = cmd.Process.Pid
	_ = cmd.Process.Release()
	c := make(chan syscall.WaitStatus, 1)
	r.own[pid] = c
	return pid, c, nil
}

// proof is how much of a proof is wanted. Without the variable the test is skipped.
func proof(t *testing.T, variable string) int {
	t.Helper()
	n := number(variable, 0)
	if n == 0 {
		t.Skip("SKIPPED: it needs the whole machine; it is part of make proof (" + variable + ")")
	}
	return n
}

func number(variable string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(variable)); err == nil {
		return n
	}
	return otherwise
}
