package epoll

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const timeout = 30 * time.Second

// handler sends each event to a channel.
type handler chan bool

func (h handler) HandleEvent(hangup bool) { h <- hangup }

func (h handler) await(t *testing.T) (hangup bool) {
	t.Helper()
	select {
	case hangup = <-h:
	case <-time.After(timeout):
		t.Fatal("no event")
	}
	return hangup
}

func (h handler) assertNone(t *testing.T) {
	t.Helper()
	select {
	case <-h:
		t.Error("an event that was not expected")
	case <-time.After(20 * time.Millisecond):
	}
}

// startPoller runs a poller until the test ends.
func startPoller(t *testing.T) *Poller {
	t.Helper()
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { p.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return p
}

// newPipe returns the descriptor of the read end, which the poller closes, and the other
// end as a file.
func newPipe(t *testing.T) (fd int, w *os.File) {
	t.Helper()
	var fds [2]int
	if err := unix.Pipe(fds[:]); err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if err := unix.SetNonblock(fd, true); err != nil {
			t.Fatal(err)
		}
	}
	w = os.NewFile(uintptr(fds[1]), "pipe")
	t.Cleanup(func() { w.Close() })
	return fds[0], w
}

func TestOnceReportsOnce(t *testing.T) {
	p := startPoller(t)
	fd, w := newPipe(t)
	events := make(handler, 10)
	token, err := p.Add(fd, Readable|Once, events)
	if err != nil {
		t.Fatal(err)
	}
	defer p.CloseFD(token, fd)
	_, _ = w.WriteString("x")
	if events.await(t) {
		t.Error("a hangup, though there is something to read")
	}
	_, _ = w.WriteString("y")
	events.assertNone(t)
	if err := p.Rearm(token, fd, Readable|Once); err != nil {
		t.Fatal(err)
	}
	events.await(t)
}

func TestRemovedDescriptorIsNotReported(t *testing.T) {
	p := startPoller(t)
	fd, w := newPipe(t)
	events := make(handler, 10)
	token, err := p.Add(fd, Readable|Once, events)
	if err != nil {
		t.Fatal(err)
	}
	p.CloseFD(token, fd)
	_, _ = w.WriteString("x")
	events.assertNone(t)
}
