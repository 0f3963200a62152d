package spawn_test

import (
	"bytes"
	"syscall"
	"testing"
)

func TestStdinIsDeliveredAndQueued(t *testing.T) {
	t.Parallel()
	f := spawnChild(t, nil, "echo")
	data := bytes.Repeat([]byte("0123456789abcdef"), 40_000) // more than a pipe holds
	for part := range 4 {
		n := len(data) / 4
		if err := f.Write(data[part*n : (part+1)*n]); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Write([]byte("the end\n")); err != nil {
		t.Fatal(err)
	}
	f.out.await(t, "the end\n")
	if got := len(f.out.String()); got != len(data)+8 {
		t.Errorf("got %d bytes, want %d", got, len(data)+8)
	}
	f.Signal(syscall.SIGKILL, false)
	f.awaitExit(t)
}

func TestStdinThatNobodyReads(t *testing.T) {
	t.Parallel()
	f := spawnChild(t, nil, "close", "0", "say", "closed", "wait")
	f.out.await(t, "closed")
	if err := f.Write([]byte("x")); err != syscall.EPIPE {
		t.Errorf("got %v, want EPIPE", err)
	}
	f.Signal(syscall.SIGKILL, false)
	f.awaitExit(t)
	if err := f.Write([]byte("x")); err != syscall.EPIPE {
		t.Errorf("after its end: got %v, want EPIPE", err)
	}
}

func TestStdinQueueIsBounded(t *testing.T) {
	t.Parallel()
	f := spawnChild(t, nil, "wait")
	err := f.Write(make([]byte, 32<<20))
	if err != syscall.ENOBUFS {
		t.Errorf("got %v, want ENOBUFS", err)
	}
	f.Signal(syscall.SIGKILL, false)
	f.awaitExit(t)
}
