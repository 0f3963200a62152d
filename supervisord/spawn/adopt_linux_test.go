package spawn_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/spawn"
	"supervisor/supervisord/spawn/survivors"
	"supervisor/supervisord/tools/testkit"
)

// parentMode is the argv[1] with which this binary runs as a parent that will be killed.
const parentMode = "parent"

// runParent runs as a parent if this process was started as one: it spawns a child with the
// arguments, writes the child's identity to stdout, and waits. It writes the child's stdout
// to the file in argv[2] and drops its stderr.
func runParent() {
	if len(os.Args) < 3 || os.Args[1] != parentMode {
		return
	}
	parent := spawn.New(slog.New(slog.DiscardHandler))
	go parent.Run(context.Background())
	log, err := os.Create(os.Args[2])
	if err != nil {
		panic(err)
	}
	argv := testkit.Command(os.Args[3:]...)
	child, err := parent.Spawn(&spawn.Spec{
		Path: argv[0], Args: argv, Env: os.Environ(), Umask: -1,
		Stdout: sinkFunc(func(data []byte) { log.Write(data) }), Stderr: sinkFunc(func([]byte) {}),
	})
	if err != nil {
		panic(err)
	}
	_ = json.NewEncoder(os.Stdout).Encode(spawn.Orphan{PID: child.Pid(), ChildState: spawn.ChildState{ProcessIdentity: child.Identity()}})
	select {}
}

// makeOrphan returns a child whose parent was killed once the child had written "ready".
func makeOrphan(t *testing.T, args ...string) spawn.Orphan {
	t.Helper()
	outputPath := filepath.Join(t.TempDir(), "output")
	cmd := exec.Command(testkit.Binary(), append([]string{parentMode, outputPath}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var o spawn.Orphan
	if err := json.Unmarshal(line, &o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if o.IsAlive() {
			_ = syscall.Kill(o.PID, syscall.SIGKILL)
		}
	})
	await(t, "ready from the child", func() bool {
		data, _ := os.ReadFile(outputPath)
		return strings.Contains(string(data), "ready")
	})
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return o
}

func adopt(t *testing.T, o spawn.Orphan) testChild {
	t.Helper()
	f := testChild{out: newSink(), err: newSink()}
	child, err := spawner.Adopt(&o, &spawn.Spec{Stdout: f.out, Stderr: f.err})
	if err != nil {
		t.Fatal(err)
	}
	f.Child = child
	return f
}

func TestAdoptedChildOutputAndExit(t *testing.T) {
	t.Parallel()
	// The child waits for the end of its stdin, which its parent's exit closes. If that
	// pipe were reopened too early the child would not see the end.
	o := makeOrphan(t, "say", "ready", "echo", "say", "alone", "warn", "help", "wait")
	o.Stdin = 0
	f := adopt(t, o)
	f.out.await(t, "alone\n")
	f.err.await(t, "help\n")
	if f.Pid() != o.PID {
		t.Errorf("pid %d, want %d", f.Pid(), o.PID)
	}
	if err := f.Signal(syscall.SIGTERM, false); err != nil {
		t.Fatal(err)
	}
	if e := f.awaitExit(t); e.Signal != syscall.SIGTERM {
		t.Errorf("got %s", e)
	}
	if err := f.Signal(syscall.SIGTERM, false); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("a signal after the exit: %v", err)
	}
}

func TestExitStatusOfAnAdoptedChild(t *testing.T) {
	t.Parallel()
	o := makeOrphan(t, "say", "ready", "listen", "1", "exit", "7")
	o.Stdin = 0 // as above
	// The listener reads the end of its stdin and exits with 0.
	child, err := spawner.Adopt(&o, &spawn.Spec{Stdout: newSink(), Stderr: newSink()})
	if isGone(err) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if e := <-child.Exited(); e.Code != 0 {
		t.Errorf("got %s", e)
	}
}

func TestGroupOfAnAdoptedChildIsSignalled(t *testing.T) {
	t.Parallel()
	o := makeOrphan(t, "fork", "wait", "--", "say", "ready", "ignore", "10", "wait")
	f := adopt(t, o)
	if err := f.Signal(syscall.SIGKILL, true); err != nil {
		t.Fatal(err)
	}
	f.awaitExit(t)
	await(t, "the group is gone", func() bool {
		return groupHasExited(o.PID)
	})
}

func isGone(err error) bool {
	_, is := errors.AsType[*spawn.GoneError](err)
	return is
}

// groupHasExited reports whether no member of a process group runs.
func groupHasExited(group int) bool {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		data, _ := os.ReadFile(path)
		_, rest, _ := strings.Cut(string(data), ") ")
		fields := strings.Fields(rest)
		if len(fields) > 2 && fields[2] == fmt.Sprint(group) && fields[0] != "Z" {
			return false
		}
	}
	return true
}

// Output that was left in the pipe is read even if the child has exited.
func TestOutputOfKilledAdoptedChild(t *testing.T) {
	t.Parallel()
	o := makeOrphan(t, "say", "ready", "echo", "bytes", "50000", "wait")
	f := adopt(t, o)
	if err := f.Signal(syscall.SIGKILL, false); err != nil {
		t.Fatal(err)
	}
	f.awaitExit(t)
	if n := len(f.out.String()); n > 50000 {
		t.Errorf("%d bytes", n)
	}
}

// Output of an orphan that exits before it is adopted is not lost if its pipes were
// reopened.
func TestOutputWrittenBeforeAdoption(t *testing.T) {
	t.Parallel()
	o := makeOrphan(t, "say", "ready", "echo", "say", "alone", "warn", "help", "wait")
	stdin := o.Stdin
	o.Stdin = 0 // so that it sees the end of its stdin
	o.Reopen()
	if o.FDs == nil || o.FDs[0] != -1 || o.FDs[1] < 0 || o.FDs[2] < 0 {
		t.Fatalf("opened %v of %+v, stdin %d", o.FDs, o.ProcessIdentity, stdin)
	}
	await(t, "the output", func() bool {
		n, err := unix.IoctlGetInt(o.FDs[2], unix.TIOCINQ)
		return err == nil && n >= len("help\n")
	})
	_ = syscall.Kill(o.PID, syscall.SIGKILL)
	await(t, "its exit", func() bool { return !o.IsAlive() })
	out, stderr := newSink(), newSink()
	if _, err := spawner.Adopt(&o, &spawn.Spec{Stdout: out, Stderr: stderr}); !isGone(err) {
		t.Fatalf("got %v", err)
	}
	out.await(t, "alone\n")
	stderr.await(t, "help\n")
}

func TestForeignProcessIsNotAdopted(t *testing.T) {
	t.Parallel()
	o := makeOrphan(t, "say", "ready", "wait")
	for what, other := range map[string]spawn.Orphan{
		"a recycled pid":  {PID: o.PID, ChildState: spawn.ChildState{ProcessIdentity: spawn.ProcessIdentity{StartTime: o.StartTime + 1, Stdout: o.Stdout}}},
		"no start time":   {PID: o.PID},
		"no such process": {PID: 1 << 30, ChildState: spawn.ChildState{ProcessIdentity: o.ProcessIdentity}},
	} {
		if _, err := spawner.Adopt(&other, &spawn.Spec{Stdout: newSink()}); !isGone(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	f := adopt(t, o)
	_ = f.Signal(syscall.SIGKILL, false)
	f.awaitExit(t)
	if _, err := spawner.Adopt(&o, &spawn.Spec{Stdout: newSink()}); !isGone(err) {
		t.Errorf("a process that has exited: %v", err)
	}
}

// A pipe that the child has put in the place of the daemon's is not read.
func TestOnlyOurPipesAreRead(t *testing.T) {
	t.Parallel()
	o := makeOrphan(t, "say", "ready", "wait")
	o.Stdout++
	f := adopt(t, o)
	_ = f.Signal(syscall.SIGKILL, false)
	f.awaitExit(t)
	if got := f.out.String(); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestSurvivors(t *testing.T) {
	t.Setenv("SUPERVISOR_ENABLED", "1")
	t.Setenv("SUPERVISOR_PROCESS_NAME", t.Name())
	o := makeOrphan(t, "say", "ready", "wait")
	found := func() bool {
		for _, s := range survivors.Find() {
			if s.PID == o.PID {
				if s.Variables["SUPERVISOR_PROCESS_NAME"] != t.Name() || s.ProcessIdentity != o.ProcessIdentity {
					t.Errorf("got %+v, want %+v", s, o)
				}
				return true
			}
		}
		return false
	}
	if !found() {
		t.Fatal("the orphan is not found")
	}
	f := adopt(t, o)
	_ = f.Signal(syscall.SIGKILL, false)
	f.awaitExit(t)
	if found() {
		t.Error("a process that has exited is found")
	}
	own := spawnChild(t, nil, "wait")
	for _, s := range survivors.Find() {
		if s.PID == own.Pid() {
			t.Error("a child whose parent lives is taken for a survivor")
		}
	}
	_ = own.Signal(syscall.SIGKILL, false)
	own.awaitExit(t)
}
