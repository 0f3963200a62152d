package httpd

import (
	"errors"
	"net"
	"os"
	"slices"
	"time"
)

// conn is a connection that can be parked while no request is under way on it:
// then nothing is read or executed any more, its descriptor outlives it, and so
// does what has been read of the requests to come.
//
// For that it must know where requests begin and end, while net/http reads
// ahead. So net/http gets no more than the head of one request until the handler
// says, by begin, that it executes that, and how long the body is.
//
// What is read between two requests is one byte at most: by that net/http notices
// that the client has gone.
type conn struct {
	net.Conn
	set *connSet
	// What follows is guarded by crowd.mu.
	pending      []byte      // read from the socket, but not by those who read here
	delivered    []byte      // read here since the end of the last request
	head         headScanner // looks for the end of the head in given
	body         int64       // what is left of the body under way
	chunked      bool        // the body says itself where it ends
	busy         bool        // a request is executed
	parked       bool        // nothing is read or executed
	refused      bool        // whoever uses the connection knows that
	readDeadline time.Time   // the deadline for reading while it isn't parked
	fd           int         // of a parked one that was closed, else -1
}

// pastDeadline is a deadline that is over.
var pastDeadline = time.Unix(1, 0)

// errParked ends a read that must not happen. For net/http it is that of a client
// that sends nothing.
var errParked = &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) { return c.read(p, true) }

// readAny reads without regard to where requests end. Who does so gives back, by
// unread, what is not of a request that has begun.
func (c *conn) readAny(p []byte) (int, error) { return c.read(p, false) }

func (c *conn) read(p []byte, bounded bool) (int, error) {
	for {
		n, maxRead, err := c.readPending(p, bounded)
		if n > 0 || err != nil || maxRead == 0 {
			return n, err
		}
		n, err = c.Conn.Read(p[:maxRead])
		if n, err, again := c.handleRead(p[:n], err, bounded); !again {
			return n, err
		}
	}
}

// readPending gives what has been read before. If there is nothing it tells how
// much may be read from the socket.
func (c *conn) readPending(p []byte, bounded bool) (n, maxRead int, err error) {
	c.set.mu.Lock()
	defer c.set.mu.Unlock()
	if c.parked {
		c.refused = true
		return 0, 0, errParked
	}
	if maxRead = len(p); bounded && c.body > 0 {
		maxRead = int(min(int64(maxRead), c.body))
	}
	if len(c.pending) == 0 {
		return 0, maxRead, nil
	}
	n = copy(p[:maxRead], c.pending)
	if bounded {
		n = c.deliver(p[:n])
	}
	if c.pending = c.pending[n:]; len(c.pending) == 0 {
		c.pending = nil
	}
	return n, maxRead, nil
}

// handleRead deals with what has come from the socket. It reports true if that is to
// be tried again.
func (c *conn) handleRead(data []byte, err error, bounded bool) (int, error, bool) {
	c.set.mu.Lock()
	defer c.set.mu.Unlock()
	switch {
	case c.parked:
		c.pending = append(c.pending, data...)
		c.refused = true
		return 0, errParked, false
	case len(data) > 0 && bounded:
		n := c.deliver(data)
		c.pending = append(c.pending, data[n:]...)
		return n, err, false
	case len(data) > 0:
		return len(data), err, false
	case errors.Is(err, os.ErrDeadlineExceeded) && (c.readDeadline.IsZero() || time.Now().Before(c.readDeadline)):
		return 0, nil, true // it was parked in between
	}
	return 0, err, false
}

// deliver tells how much of what comes next may be read here, and takes note of it.
func (c *conn) deliver(data []byte) int {
	switch {
	case c.chunked:
		return len(data)
	case c.body > 0:
		n := min(int64(len(data)), c.body)
		c.body -= n
		return int(n)
	}
	n := len(data)
	if !c.busy && !c.head.found {
		n = c.head.scan(data)
	}
	c.delivered = append(c.delivered, data[:n]...)
	return n
}

// beginRequest tells that a request is executed, of which the head has been read and
// whose body has length bytes, -1 if it says itself where it ends. It reports
// false if that must not be: then another executes it.
func (c *conn) beginRequest(length int64) bool {
	c.set.mu.Lock()
	defer c.set.mu.Unlock()
	if c.parked {
		c.refused = true
		return false
	}
	c.busy, c.body, c.chunked = true, max(length, 0), length < 0
	if c.head.found {
		c.delivered = slices.Clone(c.delivered[c.head.size:]) // a byte of the next one
	} else {
		c.delivered = nil
	}
	return true
}

// endRequest tells that the answer to a request has been sent.
func (c *conn) endRequest() {
	c.set.mu.Lock()
	defer c.set.mu.Unlock()
	c.busy, c.body, c.chunked = false, 0, false
	c.head = headScanner{}
	c.head.scan(c.delivered)
	if c.set.parking {
		c.park()
	}
}

// unread gives back what readAny has read and nobody has executed.
func (c *conn) unread(data []byte) {
	c.set.mu.Lock()
	defer c.set.mu.Unlock()
	c.pending = slices.Concat(data, c.pending)
}

// unexecuted is what has been read but of requests that were executed.
func (c *conn) unexecuted() []byte { return slices.Concat(c.delivered, c.pending) }

// park is called with the crowd locked, and so is unpark.
func (c *conn) park() {
	c.parked = true
	_ = c.Conn.SetReadDeadline(pastDeadline) // fails if it is closed: then there is nothing to be read
}

// unpark has whoever reads go on, if he has not given up.
func (c *conn) unpark() {
	if c.parked && !c.refused {
		c.parked = false
		_ = c.Conn.SetReadDeadline(c.readDeadline) // as above
	}
}

// SetReadDeadline implements net.Conn. A parked one has its own.
func (c *conn) SetReadDeadline(t time.Time) error {
	c.set.mu.Lock()
	defer c.set.mu.Unlock()
	c.readDeadline = t
	if c.parked {
		return nil
	}
	return c.Conn.SetReadDeadline(t)
}

// SetDeadline implements net.Conn.
func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// Write implements net.Conn. A request whose beginning goes on elsewhere is answered
// there: net/http takes half a line for a whole one, and would refuse it.
func (c *conn) Write(p []byte) (int, error) {
	if c.isRefused() {
		return 0, errParked
	}
	return c.Conn.Write(p)
}

func (c *conn) isRefused() bool {
	c.set.mu.Lock()
	defer c.set.mu.Unlock()
	return c.refused
}

// CloseWrite lets net/http end an answer before the request has ended.
func (c *conn) CloseWrite() error {
	if c.isRefused() {
		return errParked
	}
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Close implements net.Conn. What is not read any more because it is parked goes
// on elsewhere.
func (c *conn) Close() error {
	c.set.mu.Lock()
	defer c.set.mu.Unlock()
	if c.refused && c.fd < 0 {
		c.fd, _ = dupConnFD(c.Conn) // -1 if there is none to be had
	}
	switch {
	case c.fd < 0:
		delete(c.set.all, c)
	case !c.set.parking:
		c.set.requeue(c)
	}
	c.set.signalChange()
	return c.Conn.Close()
}

// headScanner looks for the end of a request's head: an empty line that is not before
// the first other one, as tolerantConn has it.
type headScanner struct {
	started    bool // there was a byte that ends no line
	found      bool
	size       int  // of what has been looked at
	lineLength int  // of the line that has begun
	first      byte // of that
}

// scan returns how much of data is of the head. There may be more of that to
// come until found is true.
func (h *headScanner) scan(data []byte) int {
	for i, b := range data {
		if h.found {
			return i
		}
		h.size++
		switch {
		case b == '\n':
			h.found = h.started && (h.lineLength == 0 || h.lineLength == 1 && h.first == '\r')
			h.lineLength = 0
		default:
			if h.lineLength == 0 {
				h.first = b
			}
			h.started = h.started || b != '\r'
			h.lineLength++
		}
	}
	return len(data)
}
