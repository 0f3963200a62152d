package sockets

import (
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/tools/testkit"
)

// TestSlowLookup: a name server that never answers delays all processes of a
// program together as long as one, and not for ever.
func TestSlowLookup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := NewShared(SharedOptions{URL: "tcp://localhost:0", Log: new(testkit.Log).Logger(), Wrap: func(err error) error { return err }})
		lookups := 0
		s.listen = func() (int, *File, error) {
			lookups++
			time.Sleep(LookupTimeout)
			return -1, nil, &net.DNSError{Err: "i/o timeout", Name: "localhost", IsTimeout: true}
		}
		started := time.Now()
		for range 100 {
			if _, err := s.Acquire(); err == nil || err.Error() != "lookup localhost: i/o timeout" {
				t.Fatalf("got %v", err)
			}
		}
		if took := time.Since(started); took != LookupTimeout || lookups != 1 {
			t.Errorf("100 processes took %s and %d lookups", took, lookups)
		}
		time.Sleep(SlowFailure)
		// A real lookup would wait in virtual time, so the test does without.
		s.listen = func() (int, *File, error) {
			fd, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
			return fd, nil, err
		}
		if _, err := s.Acquire(); err != nil {
			t.Fatal(err)
		}
		s.Release()
	})
}
