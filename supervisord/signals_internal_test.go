package supervisord

import (
	"slices"
	"syscall"
	"testing"
)

// TestNoKindOfSignalIsLost: a burst of one kind leaves room for the others.
func TestNoKindOfSignalIsLost(t *testing.T) {
	t.Parallel()
	p := newPendingSignals()
	for range 300 {
		p.add(syscall.SIGHUP)
		p.add(syscall.SIGUSR2)
	}
	p.add(syscall.SIGTERM)
	p.add(syscall.SIGINT) // asks for the same
	want := []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR2}
	if got := p.take(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := p.take(); got != nil {
		t.Errorf("got %v again", got)
	}
}
