package conns

import (
	"context"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// Set has the connections of one listening socket. It knows which of them execute a
// request, and can keep all others open when the server ends. The zero value is
// empty.
type Set struct {
	mu        sync.Mutex
	waiting   []*Conn // accepted before those of the socket
	accepting int     // calls of Accept under way
	all       map[*Conn]struct{}
	listener  net.Listener  // nil until the set is paused for the first time
	paused    chan struct{} // nil while connections are accepted, closed by Resume
	parking   bool          // connections are parked when their request has ended
	changed   chan struct{} // nil while the set isn't paused
}

// Listener returns a listener whose connections belong to the set. Each is a *Conn.
func (s *Set) Listener(l net.Listener) net.Listener {
	return listener{l, s, make(chan struct{}), new(sync.Once)}
}

// Restore adds a connection that another binary has handed over: its descriptor,
// which the set takes, and the bytes that were read from it but not executed. It is
// accepted before those of the socket.
func (s *Set) Restore(fd int, read []byte) {
	if c := s.connFromFD(fd, read); c != nil {
		s.waiting = append(s.waiting, c)
	}
}

// Pause makes Accept wait until Resume, and parks each connection as soon as it
// executes no request. l is the socket.
func (s *Set) Pause(l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listener, s.paused = l, make(chan struct{})
	setAcceptDeadline(l, pastDeadline)
	s.parking, s.changed = true, make(chan struct{}, 1)
	for c := range s.all {
		if !c.busy {
			c.park()
		}
	}
}

// Resume ends a pause. Connections that were parked and closed by their readers are
// accepted once more, before any other.
func (s *Set) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parking, s.changed = false, nil
	for c := range s.all {
		if c.fd >= 0 {
			s.requeue(c)
		} else {
			c.unpark()
		}
	}
	close(s.paused)
	s.paused = nil
}

// Park follows Pause. It waits until no request is executed any more, or until ctx
// ends, and returns the descriptors of all parked connections with the bytes that
// were read from them and not executed.
func (s *Set) Park(ctx context.Context) map[int][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	for changed := s.changed; !s.isParked() && ctx.Err() == nil; {
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		s.mu.Lock()
	}
	s.closeWaiting()
	parked := make(map[int][]byte)
	for c := range s.all {
		if c.fd >= 0 {
			parked[c.fd] = c.unexecuted()
		}
	}
	return parked
}

// closeWaiting parks and closes the connections that were not accepted yet.
func (s *Set) closeWaiting() {
	for _, c := range s.waiting {
		if fd, err := dupConnFD(c.Conn); err == nil {
			c.fd, c.parked = fd, true
			s.add(c)
		}
		c.Conn.Close()
	}
	s.waiting = nil
}

// isParked reports whether all connections have been parked and closed.
func (s *Set) isParked() bool {
	if s.accepting > 0 {
		return false
	}
	for c := range s.all {
		if !c.parked || c.fd < 0 {
			return false
		}
	}
	return true
}

// requeue makes a connection that was parked and closed be accepted once more.
func (s *Set) requeue(old *Conn) {
	delete(s.all, old)
	if again := s.connFromFD(old.fd, old.unexecuted()); again != nil {
		s.waiting = append(s.waiting, again)
		setAcceptDeadline(s.listener, pastDeadline)
	}
	old.fd = -1
}

// connFromFD returns a connection for a descriptor, which it takes, and the bytes
// already read from it. It returns nil if the descriptor is not a connection.
func (s *Set) connFromFD(fd int, read []byte) *Conn {
	f := os.NewFile(uintptr(fd), "connection")
	defer f.Close()
	nc, err := net.FileConn(f)
	if err != nil {
		return nil
	}
	return &Conn{Conn: nc, set: s, pending: read, fd: -1}
}

func (s *Set) add(c *Conn) {
	if s.all == nil {
		s.all = make(map[*Conn]struct{})
	}
	s.all[c] = struct{}{}
}

// signalChange makes Park look at the connections again.
func (s *Set) signalChange() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// dupConnFD returns a duplicate of a connection's descriptor.
func dupConnFD(nc net.Conn) (int, error) {
	raw, err := nc.(syscall.Conn).SyscallConn()
	if err != nil {
		return -1, err
	}
	return DupFD(raw)
}

// setAcceptDeadline makes Accept fail from that time on, the zero time for never.
func setAcceptDeadline(l net.Listener, at time.Time) {
	if d, ok := l.(interface{ SetDeadline(time.Time) error }); ok {
		_ = d.SetDeadline(at) // fails if it is closed: then Accept fails as well
	}
}
