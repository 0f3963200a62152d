//go:build !linux

package epoll

import (
	"context"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// What a descriptor is waited for. On this system it is always waited for once, to be
// readable.
const (
	Readable = 1 << iota
	Once
)

// Handler is called when the descriptor is ready.
type Handler interface {
	// HandleEvent must not block. On this system hangup is always false.
	HandleEvent(hangup bool)
}

// Poller waits for descriptors in the runtime's poller, with a goroutine for each.
type Poller struct {
	mu        sync.Mutex
	lastToken Token
	waits     map[Token]wait
}

type wait struct {
	file    *os.File // the descriptor as the runtime knows it
	handler Handler
}

// Token identifies a descriptor in a Poller, 0 is none.
type Token uint64

// New returns a Poller that waits for nothing yet.
func New() (*Poller, error) { return &Poller{waits: make(map[Token]wait)}, nil }

// Add waits once until the descriptor fd, which must be closed with CloseFD, is readable.
func (p *Poller) Add(fd int, events uint32, h Handler) (Token, error) {
	p.mu.Lock()
	p.lastToken++
	t := p.lastToken
	p.waits[t] = wait{os.NewFile(uintptr(fd), "pipe"), h}
	p.mu.Unlock()
	return t, p.Rearm(t, fd, events)
}

// Rearm waits once more.
func (p *Poller) Rearm(t Token, _ int, _ uint32) error {
	p.mu.Lock()
	w := p.waits[t]
	p.mu.Unlock()
	conn, err := w.file.SyscallConn()
	if err != nil {
		return err
	}
	go func() {
		err := conn.Read(func(fd uintptr) bool {
			fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
			n, err := unix.Poll(fds, 0)
			return n > 0 || err != nil
		})
		if err == nil { // otherwise it is closed
			w.handler.HandleEvent(false)
		}
	}()
	return nil
}

// CloseFD stops waiting for a descriptor and closes it. With a token of 0 it just closes.
func (p *Poller) CloseFD(t Token, fd int) {
	p.mu.Lock()
	w, ok := p.waits[t]
	delete(p.waits, t)
	p.mu.Unlock()
	if !ok {
		unix.Close(fd)
		return
	}
	w.file.Close()
}

// Run waits until ctx ends: there is nothing else to do.
func (p *Poller) Run(ctx context.Context) { <-ctx.Done() }
