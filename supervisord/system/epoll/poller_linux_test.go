package epoll

import (
	"context"
	"sync"
	"testing"
)

func TestHangupIsReported(t *testing.T) {
	p := startPoller(t)
	fd, w := newPipe(t)
	events := make(handler, 10)
	token, err := p.Add(fd, Readable|Once, events)
	if err != nil {
		t.Fatal(err)
	}
	defer p.CloseFD(token, fd)
	w.Close()
	if !events.await(t) {
		t.Error("no hangup")
	}
}

func TestUnreadDescriptorIsReportedAgain(t *testing.T) {
	p := startPoller(t)
	fd, w := newPipe(t)
	events := make(handler, 10)
	token, err := p.Add(fd, Readable, handlerFunc(func() {
		select {
		case events <- false:
		default: // the test has seen enough
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = w.WriteString("x")
	events.await(t)
	events.await(t)
	p.Remove(token, fd)
	p.CloseFD(token, fd)
}

type handlerFunc func()

func (f handlerFunc) HandleEvent(bool) { f() }

func TestRunReturnsWhenClosedAndRunsAgain(t *testing.T) {
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		ctx, cancel := context.WithCancel(context.Background())
		fd, w := newPipe(t)
		events := make(handler, 10)
		var running sync.WaitGroup
		running.Go(func() { p.Run(ctx) })
		token, err := p.Add(fd, Readable|Once, events)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.WriteString("x")
		events.await(t)
		p.CloseFD(token, fd)
		cancel()
		running.Wait()
	}
	p.Close()
	p.Run(context.Background())
}
