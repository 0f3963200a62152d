package httpd

import (
	"context"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// connSet is the connections of one site. It knows which of them have a request
// under way, and can have all others stay open when the server ends.
type connSet struct {
	mu        sync.Mutex
	waiting   []*conn // to be accepted before those of the socket
	accepting int     // calls of Accept under way
	all       map[*conn]struct{}
	listener  net.Listener  // of the site, nil until it is paused
	paused    chan struct{} // nil while connections are accepted, closed when they are again
	parking   bool
	changed   chan struct{} // nil while nobody waits for a change
}

// trackedListener is a listener that enters connections into a crowd.
type trackedListener struct {
	net.Listener
	conns  *connSet
	closed chan struct{}
	once   *sync.Once // closes closed
}

func newTrackedListener(l net.Listener, c *connSet) trackedListener {
	return trackedListener{l, c, make(chan struct{}), new(sync.Once)}
}

// Close implements net.Listener.
func (l trackedListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// Accept implements net.Listener. Those that have been handed over come first.
// While the crowd is paused it waits.
func (l trackedListener) Accept() (net.Conn, error) {
	for {
		c, paused := l.conns.beginAccept(l.Listener)
		switch {
		case paused != nil:
			select {
			case <-paused:
				continue
			case <-l.closed:
				return nil, net.ErrClosed
			}
		case c != nil:
			return l.conns.endAccept(c), nil
		}
		nc, err := l.Listener.Accept()
		switch {
		case err == nil:
			return l.conns.endAccept(&conn{Conn: nc, set: l.conns, fd: -1}), nil
		case !l.conns.failAccept(err):
			return nil, err
		}
	}
}

// beginAccept begins an Accept, which enter or giveUp ends. It returns what there is to
// be accepted already, or what to wait for before anything is.
func (c *connSet) beginAccept(l net.Listener) (first *conn, paused <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.paused != nil {
		return nil, c.paused
	}
	c.accepting++
	if len(c.waiting) > 0 {
		first = c.waiting[0]
		c.waiting = c.waiting[1:]
		return first, nil
	}
	setAcceptDeadline(l, time.Time{}) // whatever it was interrupted for has been looked at
	return nil, nil
}

// setAcceptDeadline has Accept fail from that time on, the zero time for never.
func setAcceptDeadline(l net.Listener, at time.Time) {
	if d, ok := l.(interface{ SetDeadline(time.Time) error }); ok {
		_ = d.SetDeadline(at) // fails if it is closed: then so does Accept
	}
}

func (c *connSet) endAccept(one *conn) *conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accepting--
	c.signalChange()
	c.add(one)
	if c.parking {
		one.park()
	}
	return one
}

// failAccept ends an Accept that has failed, and reports whether that was only to
// have it look around.
func (c *connSet) failAccept(err error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accepting--
	c.signalChange()
	timeout, ok := err.(net.Error)
	return ok && timeout.Timeout()
}

// pause ends Accept until resume, and parks the connections as they become idle.
func (c *connSet) pause(l net.Listener) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listener, c.paused = l, make(chan struct{})
	setAcceptDeadline(l, pastDeadline)
	c.parking, c.changed = true, make(chan struct{}, 1)
	for one := range c.all {
		if !one.busy {
			one.park()
		}
	}
}

// resume accepts again, first of all the connections that have been parked and
// given up by whoever read from them.
func (c *connSet) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.parking, c.changed = false, nil
	for one := range c.all {
		if one.fd >= 0 {
			c.requeue(one)
		} else {
			one.unpark()
		}
	}
	close(c.paused)
	c.paused = nil
}

// requeue has a connection accepted once more that was parked and closed.
func (c *connSet) requeue(old *conn) {
	delete(c.all, old)
	if again := c.connFromFD(old.fd, old.unexecuted()); again != nil {
		c.waiting = append(c.waiting, again)
		setAcceptDeadline(c.listener, pastDeadline)
	}
	old.fd = -1
}

// connFromFD makes a connection of its descriptor, which it takes over, and what has
// been read from it. It returns nil if it is none.
func (c *connSet) connFromFD(fd int, read []byte) *conn {
	f := os.NewFile(uintptr(fd), "connection")
	defer f.Close()
	nc, err := net.FileConn(f)
	if err != nil {
		return nil
	}
	return &conn{Conn: nc, set: c, pending: read, fd: -1}
}

// signalChange lets park look again.
func (c *connSet) signalChange() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// park follows pause. It returns the descriptors of all connections, with what has
// been read from them, when no request is under way any more, or when ctx ends.
func (c *connSet) park(ctx context.Context) map[int][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	for changed := c.changed; !c.isParked() && ctx.Err() == nil; {
		c.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		c.mu.Lock()
	}
	c.closeWaiting()
	parked := make(map[int][]byte)
	for one := range c.all {
		if one.fd >= 0 {
			parked[one.fd] = one.unexecuted()
		}
	}
	return parked
}

// closeWaiting has those who wait to be accepted be as all others that are parked.
func (c *connSet) closeWaiting() {
	for _, one := range c.waiting {
		if fd, err := dupConnFD(one.Conn); err == nil {
			one.fd, one.parked = fd, true
			c.add(one)
		}
		one.Conn.Close()
	}
	c.waiting = nil
}

func (c *connSet) add(one *conn) {
	if c.all == nil {
		c.all = make(map[*conn]struct{})
	}
	c.all[one] = struct{}{}
}

// isParked reports whether all that are left have been parked and closed.
func (c *connSet) isParked() bool {
	if c.accepting > 0 {
		return false
	}
	for one := range c.all {
		if !one.parked || one.fd < 0 {
			return false
		}
	}
	return true
}

// dupConnFD returns another descriptor of a connection.
func dupConnFD(nc net.Conn) (int, error) {
	raw, err := nc.(syscall.Conn).SyscallConn()
	if err != nil {
		return -1, err
	}
	return dupFD(raw)
}
