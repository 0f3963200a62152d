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

// ear is told once of what it waits for, and whether that is nothing but an end. It
// must not block.
type ear interface{ heed(isOver bool) }

// poller tells pumps that there is something to read, and other ears of what they
// wait for. Pipes are in an epoll set of its own, so that a silent one takes neither a goroutine nor a stack. The
// set itself is waited for in the runtime's poller, which takes no thread.
type poller struct {
	set  *os.File
	conn syscall.RawConn
	fd   int

	mu   sync.Mutex
	last place
	ears map[place]ear
}

// place is what the kernel tells of an event: for which pump it is, 0 for none
// yet. Unlike the number of a descriptor it is never used again.
type place uint64

func newPoller() (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // or the runtime would not poll it
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	p := &poller{set: os.NewFile(uintptr(fd), "epoll"), fd: fd, ears: make(map[place]ear)}
	p.conn, err = p.set.SyscallConn()
	return p, err
}

// wait has a pump told once of the next output, or of the end of it.
func (p *poller) wait(u *pump) error {
	op := unix.EPOLL_CTL_MOD
	if u.place == 0 {
		op = unix.EPOLL_CTL_ADD
		p.enter(u)
	}
	return p.control(op, u.place, u.fd, unix.EPOLLIN)
}

func (p *poller) enter(u *pump) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	u.place = p.last
	p.ears[u.place] = u
}

// add has e told once that there is one of these events on the descriptor fd.
func (p *poller) add(fd int, events uint32, e ear) (place, error) {
	p.mu.Lock()
	p.last++
	at := p.last
	p.ears[at] = e
	p.mu.Unlock()
	err := p.control(unix.EPOLL_CTL_ADD, at, fd, events)
	if err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.ears, at)
	}
	return at, err
}

// listenAgain has the ear at that place told once more.
func (p *poller) listenAgain(at place, fd int, events uint32) error {
	return p.control(unix.EPOLL_CTL_MOD, at, fd, events)
}

// drop forgets the ear at that place and closes its descriptor.
func (p *poller) drop(at place, fd int) {
	_ = unix.EpollCtl(p.fd, unix.EPOLL_CTL_DEL, fd, nil)
	unix.Close(fd)
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.ears, at)
}

func (p *poller) control(op int, at place, fd int, events uint32) error {
	return unix.EpollCtl(p.fd, op, fd, &unix.EpollEvent{
		Events: events | unix.EPOLLONESHOT, Fd: int32(at), Pad: int32(at >> 32),
	})
}

// find returns the ear that an event is for, nil if it has been removed.
func (p *poller) find(e unix.EpollEvent) ear {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ears[place(uint32(e.Fd))|place(uint32(e.Pad))<<32]
}

// remove forgets a pump and closes its descriptor.
func (p *poller) remove(u *pump) {
	// Closing is not enough: the set knows the pipe, of which there may be
	// another descriptor, that of a successor of this daemon.
	_ = unix.EpollCtl(p.fd, unix.EPOLL_CTL_DEL, u.fd, nil)
	unix.Close(u.fd)
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.ears, u.place)
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
				u.heed(e.Events&(unix.EPOLLIN|unix.EPOLLHUP) == unix.EPOLLHUP)
			}
		}
	}
}
