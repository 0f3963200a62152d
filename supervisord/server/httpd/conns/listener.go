package conns

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// listener adds the connections it accepts to a set.
type listener struct {
	net.Listener
	set    *Set
	closed chan struct{}
	once   *sync.Once // closes closed
}

// Close implements net.Listener.
func (l listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// Accept implements net.Listener. Connections that wait in the set come first. While
// the set is paused it waits.
func (l listener) Accept() (net.Conn, error) {
	for {
		c, paused := l.set.beginAccept(l.Listener)
		switch {
		case paused != nil:
			select {
			case <-paused:
				continue
			case <-l.closed:
				return nil, net.ErrClosed
			}
		case c != nil:
			return l.set.endAccept(c), nil
		}
		nc, err := l.Listener.Accept()
		switch {
		case err == nil:
			return l.set.endAccept(&Conn{Conn: nc, set: l.set, fd: -1}), nil
		case !l.set.failAccept(err):
			return nil, err
		}
	}
}

// beginAccept begins an Accept, which endAccept or failAccept ends. It returns a
// connection that waits already, or the channel to wait for while the set is paused.
func (s *Set) beginAccept(l net.Listener) (first *Conn, paused <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paused != nil {
		return nil, s.paused
	}
	s.accepting++
	if len(s.waiting) > 0 {
		first = s.waiting[0]
		s.waiting = s.waiting[1:]
		return first, nil
	}
	setAcceptDeadline(l, time.Time{}) // a past deadline has served its purpose: the set was looked at
	return nil, nil
}

func (s *Set) endAccept(c *Conn) *Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepting--
	s.signalChange()
	s.add(c)
	if s.parking {
		c.park()
	}
	return c
}

// failAccept ends an Accept that has failed. It reports whether the failure was only
// a past deadline, set so that Accept looks at the set again.
func (s *Set) failAccept(err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepting--
	s.signalChange()
	timeout, ok := err.(net.Error)
	return ok && timeout.Timeout()
}

// DupFD returns a duplicate of a socket's descriptor that is closed on exec.
func DupFD(conn syscall.RawConn) (fd int, err error) {
	cerr := conn.Control(func(old uintptr) { fd, err = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 3) })
	if err = errors.Join(cerr, err); err != nil {
		return -1, fmt.Errorf("hand over a socket: %w", err)
	}
	return fd, nil
}
