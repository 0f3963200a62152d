package conns

import (
	"errors"
	"net"
	"os"
	"slices"
	"time"

	"supervisor/supervisord/server/httpd/tolerant"
)

// Conn is a connection that can be parked while no request is executed on it. A
// parked one is neither read from nor does it execute anything. Its descriptor
// outlives it, together with the bytes read of requests that are still to come.
//
// For that it must know where requests begin and end, although net/http reads
// ahead. So net/http gets no more than the head of one request until the handler
// calls BeginRequest, which says how long the body is.
//
// Between two requests at most one byte is read, by which net/http notices that the
// client has gone.
type Conn struct {
	net.Conn
	set *Set

	// The rest is guarded by set.mu.
	pending      []byte               // read from the socket, but not delivered to a reader
	delivered    []byte               // delivered to a reader since the end of the last request
	head         tolerant.HeadScanner // looks for the end of the head in delivered
	body         int64                // bytes left of the current body
	chunked      bool                 // the current body marks its own end
	busy         bool                 // a request is executed
	parked       bool
	refused      bool      // a reader or writer was told that it is parked
	readDeadline time.Time // the deadline that applies while it isn't parked
	fd           int       // duplicate descriptor of a parked connection that was closed, else -1
}

// pastDeadline is a deadline that has passed.
var pastDeadline = time.Unix(1, 0)

// errParked ends a read on a parked connection. To net/http it looks like a client
// that sends nothing.
var errParked = &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}

// Read implements net.Conn. It never returns bytes of two requests.
func (c *Conn) Read(p []byte) (int, error) { return c.read(p, true) }

// ReadAny reads without regard to where requests end. The caller must give back, by
// Unread, what does not belong to a request that has begun.
func (c *Conn) ReadAny(p []byte) (int, error) { return c.read(p, false) }

func (c *Conn) read(p []byte, bounded bool) (int, error) {
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

// readPending delivers bytes that were read before. If there are none, it returns
// how many may be read from the socket.
func (c *Conn) readPending(p []byte, bounded bool) (n, maxRead int, err error) {
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

// handleRead handles the result of a read from the socket. It returns true if the
// caller must try again.
func (c *Conn) handleRead(data []byte, err error, bounded bool) (int, error, bool) {
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
		return 0, nil, true // it was parked and resumed during the read
	}
	return 0, err, false
}

// deliver returns how many of the next bytes may be delivered now, and records them.
func (c *Conn) deliver(data []byte) int {
	switch {
	case c.chunked:
		return len(data)
	case c.body > 0:
		n := min(int64(len(data)), c.body)
		c.body -= n
		return int(n)
	}
	n := len(data)
	if !c.busy && !c.head.Found() {
		n = c.head.Scan(data)
	}
	c.delivered = append(c.delivered, data[:n]...)
	return n
}

// BeginRequest marks the begin of a request whose head has been read. length is that
// of its body in bytes, -1 for a body that marks its own end. It returns false if the
// connection is parked: then the request must not be executed here.
func (c *Conn) BeginRequest(length int64) bool {
	c.set.mu.Lock()
	defer c.set.mu.Unlock()
	if c.parked {
		c.refused = true
		return false
	}
	c.busy, c.body, c.chunked = true, max(length, 0), length < 0
	if c.head.Found() {
		c.delivered = slices.Clone(c.delivered[c.head.Size():]) // a byte of the next request
	} else {
		c.delivered = nil
	}
	return true
}

// EndRequest marks that the answer to a request has been sent.
func (c *Conn) EndRequest() {
	c.set.mu.Lock()
	defer c.set.mu.Unlock()
	c.busy, c.body, c.chunked = false, 0, false
	c.head = tolerant.HeadScanner{}
	c.head.Scan(c.delivered)
	if c.set.parking {
		c.park()
	}
}

// Unread gives back bytes that ReadAny has returned and that were not executed.
func (c *Conn) Unread(data []byte) {
	c.set.mu.Lock()
	defer c.set.mu.Unlock()
	c.pending = slices.Concat(data, c.pending)
}

// unexecuted returns the bytes read that belong to no executed request.
func (c *Conn) unexecuted() []byte { return slices.Concat(c.delivered, c.pending) }

// park ends a read under way. The set is locked, as in unpark.
func (c *Conn) park() {
	c.parked = true
	_ = c.Conn.SetReadDeadline(pastDeadline) // fails if it is closed: then there is no read to end
}

// unpark allows reads again, unless one of them was refused in the meantime.
func (c *Conn) unpark() {
	if c.parked && !c.refused {
		c.parked = false
		_ = c.Conn.SetReadDeadline(c.readDeadline) // as in park
	}
}

// SetReadDeadline implements net.Conn. While the connection is parked the deadline
// is only stored.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.set.mu.Lock()
	defer c.set.mu.Unlock()
	c.readDeadline = t
	if c.parked {
		return nil
	}
	return c.Conn.SetReadDeadline(t)
}

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// Write implements net.Conn. It fails if a read was refused: net/http would take the
// half line that it has read for a whole request and refuse it, but the next binary
// answers that request.
func (c *Conn) Write(p []byte) (int, error) {
	if c.isRefused() {
		return 0, errParked
	}
	return c.Conn.Write(p)
}

func (c *Conn) isRefused() bool {
	c.set.mu.Lock()
	defer c.set.mu.Unlock()
	return c.refused
}

// CloseWrite lets net/http end an answer before the request has ended.
func (c *Conn) CloseWrite() error {
	if c.isRefused() {
		return errParked
	}
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Close implements net.Conn. If the connection is parked and a reader was told so, a
// duplicate of its descriptor stays open, for the next binary or for Resume.
func (c *Conn) Close() error {
	c.set.mu.Lock()
	defer c.set.mu.Unlock()
	if c.refused && c.fd < 0 {
		c.fd, _ = dupConnFD(c.Conn) // -1 on failure
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
