package spawn

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// eventHandler is told once of what it waits for, and whether that is nothing but an end. It
// must not block.
type eventHandler interface{ handleEvent(atEOF bool) }

// poller tells pumps that there is something to read, and other ears of what they
// wait for. Pipes are in an epoll set of its own, so that a silent one takes neither a goroutine nor a stack. The
// set itself is waited for in the runtime's poller, which takes no thread.
type poller struct {
	set  *os.File
	conn syscall.RawConn
	fd   int

	mu        sync.Mutex
	lastToken pollToken
	handlers  map[pollToken]eventHandler
}

// pollToken is what the kernel tells of an event: for which pump it is, 0 for none
// yet. Unlike the number of a descriptor it is never used again.
type pollToken uint64

func newPoller() (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // or the runtime would not poll it
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	p := &poller{set: os.NewFile(uintptr(fd), "epoll"), fd: fd, handlers: make(map[pollToken]eventHandler)}
	p.conn, err = p.set.SyscallConn()
	return p, err
}

// arm has a pump told once of the next output, or of the end of it.
func (p *poller) arm(u *outputReader) error {
	op := unix.EPOLL_CTL_MOD
	if u.token == 0 {
		op = unix.EPOLL_CTL_ADD
		p.register(u)
	}
	return p.control(op, u.token, u.fd, unix.EPOLLIN)
}

func (p *poller) register(u *outputReader) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lastToken++
	u.token = p.lastToken
	p.handlers[u.token] = u
}

// add has e told once that there is one of these events on the descriptor fd.
func (p *poller) add(fd int, events uint32, e eventHandler) (pollToken, error) {
	p.mu.Lock()
	p.lastToken++
	at := p.lastToken
	p.handlers[at] = e
	p.mu.Unlock()
	err := p.control(unix.EPOLL_CTL_ADD, at, fd, events)
	if err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.handlers, at)
	}
	return at, err
}

// rearm has the ear at that place told once more.
func (p *poller) rearm(at pollToken, fd int, events uint32) error {
	return p.control(unix.EPOLL_CTL_MOD, at, fd, events)
}

// removeFD forgets the ear at that place and closes its descriptor.
func (p *poller) removeFD(at pollToken, fd int) {
	_ = unix.EpollCtl(p.fd, unix.EPOLL_CTL_DEL, fd, nil)
	unix.Close(fd)
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.handlers, at)
}

func (p *poller) control(op int, at pollToken, fd int, events uint32) error {
	return unix.EpollCtl(p.fd, op, fd, &unix.EpollEvent{
		Events: events | unix.EPOLLONESHOT, Fd: int32(at), Pad: int32(at >> 32),
	})
}

// find returns the ear that an event is for, nil if it has been removed.
func (p *poller) find(e unix.EpollEvent) eventHandler {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.handlers[pollToken(uint32(e.Fd))|pollToken(uint32(e.Pad))<<32]
}

// remove forgets a pump and closes its descriptor.
func (p *poller) remove(u *outputReader) {
	// Closing is not enough: the set knows the pipe, of which there may be
	// another descriptor, that of a successor of this daemon.
	_ = unix.EpollCtl(p.fd, unix.EPOLL_CTL_DEL, u.fd, nil)
	unix.Close(u.fd)
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.handlers, u.token)
}

// run tells until ctx ends.
func (p *poller) run(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() { p.set.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	events := make([]unix.EpollEvent, 128)
	for ctx.Err() == nil {
		n := 0
		_ = p.conn.Read(func(fd uintptr) bool {
			var err error
			n, err = unix.EpollWait(int(fd), events, 0)
			return n > 0 || errors.Is(err, unix.EINTR)
		})
		for _, e := range events[:max(n, 0)] {
			if u := p.find(e); u != nil {
				u.handleEvent(e.Events&(unix.EPOLLIN|unix.EPOLLHUP) == unix.EPOLLHUP)
			}
		}
	}
}
