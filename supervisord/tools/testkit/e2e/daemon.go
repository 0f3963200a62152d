package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// Daemon is a directory with a configuration, and the daemon that runs there.
type Daemon struct {
	T   *testing.T
	Dir string
	Cmd *exec.Cmd // the latest daemon, or what it was started by
}

// NewDaemon makes the directory. Unlike testing's own directories, it can be
// entered by other users.
func NewDaemon(t *testing.T) *Daemon {
	t.Helper()
	dir, err := os.MkdirTemp("", "daemon")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return &Daemon{T: t, Dir: dir}
}

// StartDaemon starts a daemon with this configuration and waits until these processes
// are RUNNING.
func StartDaemon(t *testing.T, programs string, running ...string) *Daemon {
	t.Helper()
	d := NewDaemon(t)
	d.Configure(programs)
	d.Start()
	d.AwaitRunning(running...)
	return d
}

// Start starts the daemon. When the test ends, the daemon and everything that it
// started is stopped.
func (d *Daemon) Start() {
	d.T.Helper()
	d.StartUnder()
}

// StartUnder starts the daemon by another command, which executes it or has it as
// its only child.
func (d *Daemon) StartUnder(wrapper ...string) {
	d.T.Helper()
	argv := append(wrapper, "supervisord", "-s", "-c", d.Path("supervisord.conf"))
	d.Launch(exec.Command(argv[0], argv[1:]...))
}

// Launch starts the daemon by a command that stays in the foreground.
func (d *Daemon) Launch(cmd *exec.Cmd) {
	d.T.Helper()
	d.Cmd = cmd
	d.Cmd.Stderr = os.Stderr
	if err := d.Cmd.Start(); err != nil {
		d.T.Fatal(err)
	}
	d.T.Cleanup(func() {
		if d.Cmd.ProcessState == nil {
			_ = syscall.Kill(d.PID(), syscall.SIGTERM)
			ended := make(chan struct{})
			go func() { defer close(ended); _ = d.Cmd.Wait() }()
			d.killProgramsUntil(ended)
		}
		d.killPrograms()
		if d.T.Failed() {
			d.T.Logf("supervisord.log:\n%s", d.Log())
		}
	})
}

// killProgramsUntil kills the programs again and again until the daemon has ended:
// some of them ignore SIGTERM and have a stopwaitsecs of hours.
func (d *Daemon) killProgramsUntil(ended <-chan struct{}) {
	for {
		select {
		case <-ended:
			return
		case <-time.After(time.Second):
			d.killPrograms()
		}
	}
}

func (d *Daemon) killPrograms() {
	for _, pid := range d.Processes() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// PID is the pid of the daemon in the pid namespace of the test.
func (d *Daemon) PID() int {
	pid := d.Cmd.Process.Pid
	if filepath.Base(d.Cmd.Path) == "unshare" && slices.Contains(d.Cmd.Args, "--fork") {
		if children := ChildrenOf(pid); len(children) == 1 {
			return children[0]
		}
	}
	return pid
}

// Signal sends the daemon a signal.
func (d *Daemon) Signal(sig syscall.Signal) {
	d.T.Helper()
	if err := syscall.Kill(d.PID(), sig); err != nil {
		d.T.Fatal(err)
	}
}

// Crash kills the daemon with SIGKILL, so that it can't do anything before its end.
func (d *Daemon) Crash() {
	d.T.Helper()
	_ = d.Cmd.Process.Kill()
	_ = d.Cmd.Wait()
}

// ExitStatus waits for the daemon to end and returns its exit status.
func (d *Daemon) ExitStatus() int {
	d.T.Helper()
	err := d.Cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	if err != nil {
		d.T.Fatal(err)
	}
	return 0
}

// ExpectExit waits for the daemon to end, and fails the test unless its exit status is 0.
func (d *Daemon) ExpectExit() {
	d.T.Helper()
	if err := d.Cmd.Wait(); err != nil {
		d.T.Errorf("supervisord: %v", err)
	}
}
