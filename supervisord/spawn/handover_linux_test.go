package spawn_test

import (
	"bytes"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/spawn"
)

// TestBequest: whoever goes on with a child gets what it says from then on, and
// what it has not been told yet is told.
func TestBequest(t *testing.T) {
	t.Parallel()
	const much = 300 << 10 // more than fits into pipes
	f := bear(t, nil, "say", "ready", "echo")
	f.out.await(t, "ready\n")
	// So its stdin fills.
	if err := f.Signal(syscall.SIGSTOP, false); err != nil {
		t.Fatal(err)
	}
	text := bytes.Repeat([]byte("0123456789abcde\n"), much/16)
	if err := f.Write(text); err != nil {
		t.Fatal(err)
	}
	past, err := f.Bequeath()
	if err != nil {
		t.Fatal(err)
	}
	if past.Exit != nil || past.FDs[0] < 0 || past.FDs[1] < 0 || past.FDs[2] < 0 || len(past.Unsent) == 0 {
		t.Fatalf("got %v, %d bytes unsent", past.FDs, len(past.Unsent))
	}
	next := family{out: newSink(), err: newSink()}
	next.Child, err = spawner.Adopt(&spawn.Orphan{
		PID: f.Pid(), Traces: f.Traces(), FDs: &past.FDs, Unsent: past.Unsent, IsOurs: !past.Adopted,
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
		t.Errorf("%d bytes came back of %d", len(got), much+8)
	}
	if got := f.out.String(); !strings.HasPrefix(got, "ready\n") || len(got) > len("ready\n") {
		t.Errorf("the one before heard %d bytes", len(got))
	}
	if err := next.Signal(syscall.SIGKILL, false); err != nil {
		t.Fatal(err)
	}
	if e := next.end(t); e.Signal != syscall.SIGKILL {
		t.Errorf("got %s", e)
	}
}

// TestBequestOfTheDead: who has ended is told of as such, with all that it said.
func TestBequestOfTheDead(t *testing.T) {
	t.Parallel()
	f := bear(t, nil, "spew", "100000", "exit", "3")
	await(t, "its end", func() bool { return syscall.Kill(f.Pid(), 0) != nil })
	past, err := f.Bequeath()
	if err != nil {
		t.Fatal(err)
	}
	if past.Exit == nil || past.Exit.Code != 3 || past.FDs != [3]int{-1, -1, -1} {
		t.Errorf("got %+v", past)
	}
	if n := len(f.out.String()); n != 100000 {
		t.Errorf("%d bytes", n)
	}
}

// TestBequestOfAnAdoptedChild: nobody can wait for it, before or after.
func TestBequestOfAnAdoptedChild(t *testing.T) {
	t.Parallel()
	o := orphan(t, "say", "ready", "close", "2", "wait")
	f := adopt(t, o)
	past, err := f.Bequeath()
	if err != nil {
		t.Fatal(err)
	}
	o.FDs, o.IsOurs = &past.FDs, !past.Adopted
	again := adopt(t, o)
	if err := again.Signal(syscall.SIGKILL, false); err != nil {
		t.Fatal(err)
	}
	if e := again.end(t); e.Signal != syscall.SIGKILL {
		t.Errorf("got %s", e)
	}
}
