package spawn_test

import (
	"bytes"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/spawn"
)

// The next owner of a child gets its output from then on, and writes what the first one had
// queued for its stdin.
func TestHandOver(t *testing.T) {
	t.Parallel()
	const size = 300 << 10 // more than fits into pipes
	f := spawnChild(t, nil, "say", "ready", "echo")
	f.out.await(t, "ready\n")
	// A stopped child does not read: its stdin fills.
	if err := f.Signal(syscall.SIGSTOP, false); err != nil {
		t.Fatal(err)
	}
	text := bytes.Repeat([]byte("0123456789abcde\n"), size/16)
	if err := f.Write(text); err != nil {
		t.Fatal(err)
	}
	state, fds, err := f.HandOver()
	if err != nil {
		t.Fatal(err)
	}
	if state.Exit != nil || fds[0] < 0 || fds[1] < 0 || fds[2] < 0 || len(state.Unsent) == 0 {
		t.Fatalf("got %v, %d bytes unsent", fds, len(state.Unsent))
	}
	next := testChild{out: newSink(), err: newSink()}
	next.Child, err = spawner.Adopt(&spawn.Orphan{
		PID: f.Pid(), ChildState: state, FDs: &fds, IsOurs: !state.Adopted,
	}, &spawn.Spec{Stdout: next.out, Stderr: next.err})
	if err != nil {
		t.Fatal(err)
	}
	if err := next.Write([]byte("the end\n")); err != nil {
		t.Fatal(err)
	}
	if err := next.Signal(syscall.SIGCONT, false); err != nil {
		t.Fatal(err)
	}
	next.out.await(t, "the end\n")
	if got := next.out.String(); got != string(text)+"the end\n" {
		t.Errorf("%d bytes came back of %d", len(got), size+8)
	}
	if got := f.out.String(); !strings.HasPrefix(got, "ready\n") || len(got) > len("ready\n") {
		t.Errorf("the first owner got %d bytes", len(got))
	}
	if err := next.Signal(syscall.SIGKILL, false); err != nil {
		t.Fatal(err)
	}
	if e := next.awaitExit(t); e.Signal != syscall.SIGKILL {
		t.Errorf("got %s", e)
	}
}

// The handover of an exited child says how it exited, after all its output.
func TestHandOverOfExitedChild(t *testing.T) {
	t.Parallel()
	f := spawnChild(t, nil, "bytes", "100000", "exit", "3")
	await(t, "its exit", func() bool { return syscall.Kill(f.Pid(), 0) != nil })
	state, fds, err := f.HandOver()
	if err != nil {
		t.Fatal(err)
	}
	if state.Exit == nil || state.Exit.Code != 3 || fds != [3]int{-1, -1, -1} {
		t.Errorf("got %+v, %v", state, fds)
	}
	if n := len(f.out.String()); n != 100000 {
		t.Errorf("%d bytes", n)
	}
}

// An adopted child stays one: neither owner can wait for it.
func TestHandOverOfAdoptedChild(t *testing.T) {
	t.Parallel()
	o := makeOrphan(t, "say", "ready", "close", "2", "wait")
	f := adopt(t, o)
	state, fds, err := f.HandOver()
	if err != nil {
		t.Fatal(err)
	}
	o.FDs, o.IsOurs = &fds, !state.Adopted
	again := adopt(t, o)
	if err := again.Signal(syscall.SIGKILL, false); err != nil {
		t.Fatal(err)
	}
	if e := again.awaitExit(t); e.Signal != syscall.SIGKILL {
		t.Errorf("got %s", e)
	}
}
