package epoll

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// What a descriptor is waited for.
const (
	Readable = unix.EPOLLIN
	Priority = unix.EPOLLPRI // an exceptional condition, such as a change of cgroup.events

	// Once disables the descriptor after its first event, until Rearm.
	Once = unix.EPOLLONESHOT
)

// Handler is called when the descriptor is ready.
type Handler interface {
	// HandleEvent is called by Poller.Run. It must not block. With hangup the other
	// end is closed and there is nothing to read.
	HandleEvent(hangup bool)
}

// Poller is an epoll set. The runtime's poller waits for the set itself, which takes no
// thread.
type Poller struct {
	set  *os.File
	conn syscall.RawConn
	fd   int

	mu        sync.Mutex
	lastToken Token
	handlers  map[Token]Handler
}

// Token identifies a descriptor in a set. Unlike the number of a descriptor it is never
// used again; 0 is none.
type Token uint64

// New makes an empty set.
func New() (*Poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // the runtime polls no descriptor that blocks
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	p := &Poller{set: os.NewFile(uintptr(fd), "epoll"), fd: fd, handlers: make(map[Token]Handler)}
	if p.conn, err = p.set.SyscallConn(); err != nil {
		p.set.Close()
		return nil, err
	}
	return p, nil
}

// Add starts to wait for events on the descriptor fd, which stays the caller's. An event
// may arrive before Add returns.
func (p *Poller) Add(fd int, events uint32, h Handler) (Token, error) {
	p.mu.Lock()
	p.lastToken++
	t := p.lastToken
	p.handlers[t] = h
	p.mu.Unlock()
	err := p.control(unix.EPOLL_CTL_ADD, t, fd, events)
	if err != nil {
		p.forget(t)
		return 0, os.NewSyscallError("epoll_ctl", err)
	}
	return t, nil
}

// Rearm waits for events once more on a descriptor that was added with Once.
func (p *Poller) Rearm(t Token, fd int, events uint32) error {
	return p.control(unix.EPOLL_CTL_MOD, t, fd, events)
}

// Remove stops waiting for a descriptor.
func (p *Poller) Remove(t Token, fd int) {
	_ = unix.EpollCtl(p.fd, unix.EPOLL_CTL_DEL, fd, nil)
	p.forget(t)
}

// CloseFD stops waiting for a descriptor and closes it. Closing alone is not enough: the
// set knows the open file, of which the next daemon may have another descriptor. With a
// token of 0, CloseFD just closes.
func (p *Poller) CloseFD(t Token, fd int) {
	_ = unix.EpollCtl(p.fd, unix.EPOLL_CTL_DEL, fd, nil)
	unix.Close(fd)
	p.forget(t)
}

// Close closes the set. Run must have returned.
func (p *Poller) Close() { p.set.Close() }

func (p *Poller) control(op int, t Token, fd int, events uint32) error {
	return unix.EpollCtl(p.fd, op, fd, &unix.EpollEvent{Events: events, Fd: int32(t), Pad: int32(t >> 32)})
}

func (p *Poller) forget(t Token) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.handlers, t)
}

// find returns the handler of an event, nil if its descriptor has been removed.
func (p *Poller) find(e unix.EpollEvent) Handler {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.handlers[Token(uint32(e.Fd))|Token(uint32(e.Pad))<<32]
}

// Run calls handlers until ctx ends or the set is closed.
func (p *Poller) Run(ctx context.Context) {
	p.set.SetReadDeadline(time.Time{}) // an earlier Run may have set it
	stop := context.AfterFunc(ctx, func() { p.set.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	events := make([]unix.EpollEvent, 128)
	for ctx.Err() == nil {
		n := 0
		err := p.conn.Read(func(fd uintptr) bool {
			var err error
			n, err = unix.EpollWait(int(fd), events, 0)
			return n > 0 || errors.Is(err, unix.EINTR)
		})
		if err != nil { // ctx has ended, or the set is closed
			return
		}
		for _, e := range events[:max(n, 0)] {
			if h := p.find(e); h != nil {
				h.HandleEvent(e.Events&(unix.EPOLLIN|unix.EPOLLHUP) == unix.EPOLLHUP)
			}
		}
	}
}
