package daemon

import (
	"slices"
	"syscall"
	"testing"
)

// TestNoKindOfSignalIsLost: a burst of one kind leaves room for the others.
func TestNoKindOfSignalIsLost(t *testing.T) {
	t.Parallel()
	p := NewSignals()
	for range 300 {
		p.Add(syscall.SIGHUP)
		p.Add(syscall.SIGUSR2)
	}
	p.Add(syscall.SIGTERM)
	p.Add(syscall.SIGINT) // it asks for the same
	want := []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR2}
	if got := p.Take(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := p.Take(); got != nil {
		t.Errorf("got %v again", got)
	}
}
