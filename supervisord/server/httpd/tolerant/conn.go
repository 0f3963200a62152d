package tolerant

import (
	"bytes"
	"errors"
	"net"
	"time"
)

// Listener is a listener for net/http. Its connections deliver requests in a form
// that net/http accepts.
type Listener struct {
	net.Listener
	MaxHead     int           // a longer head is left to net/http, to be refused
	HeadTimeout time.Duration // from the first byte of a head to its last
}

// Accept implements net.Listener. Every connection is a *Conn.
func (l Listener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &Conn{Conn: nc, maxHead: l.MaxHead, headTimeout: l.HeadTimeout}, nil
}

// Conn rewrites the heads of the requests that are read from it, and leaves their
// bodies alone. A read never returns parts of two requests.
//
// After a request that must be refused it rewrites nothing any more, because it
// isn't certain where the next one begins.
type Conn struct {
	net.Conn
	maxHead     int
	headTimeout time.Duration
	raw         []byte      // read but not delivered: begins with a head, or is part of a body
	head        HeadScanner // looks for the end of the head in raw
	delivered   int         // bytes of the head delivered before it was complete
	deadlineSet bool        // the rest of the head has its deadline
	out         []byte      // the part of the rewritten head that is not yet delivered
	body        int64       // bytes left of the body
	passThrough bool
}

// NetConn returns the connection that is read from.
func (c *Conn) NetConn() net.Conn { return c.Conn }

// Read implements net.Conn. While a request is handled, net/http reads a single
// byte to notice that the client hangs up. For such a read no more than a byte is
// read from the connection, and the first byte of a head is returned, which is never
// rewritten.
func (c *Conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		switch {
		case len(c.out) > 0:
			n := copy(p, c.out)
			c.out = c.out[n:]
			return n, nil
		case c.passThrough:
			return c.readRaw(p)
		case c.body > 0:
			n, err := c.readRaw(p[:min(int64(len(p)), c.body)])
			c.body -= int64(n)
			return n, err
		case c.nextHead():
			continue
		}
		if len(p) == 1 && len(c.raw) > 0 && c.delivered == 0 {
			c.delivered = 1
			return copy(p, c.raw), nil
		}
		if err := c.fill(len(p)); err != nil {
			return 0, err
		}
	}
}

// readRaw returns the next bytes unchanged.
func (c *Conn) readRaw(p []byte) (int, error) {
	if len(c.raw) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.raw)
	if c.raw = c.raw[n:]; len(c.raw) == 0 {
		c.raw = nil
	}
	return n, nil
}

// fill reads more of a head. Once a head has begun, the rest must arrive in time:
// net/http starts its own timeout only when it has received something.
func (c *Conn) fill(limit int) error {
	if limit > 1 && len(c.raw) > 0 && !c.deadlineSet {
		c.deadlineSet = true
		if err := c.Conn.SetReadDeadline(time.Now().Add(c.headTimeout)); err != nil {
			return err
		}
	}
	p := make([]byte, min(limit, 4<<10))
	n, err := c.Conn.Read(p)
	c.raw = append(c.raw, p[:n]...)
	if n > 0 {
		return nil
	}
	return err
}

// nextHead looks for a complete head in raw and reports whether there is something
// to deliver now. Empty lines before a request are skipped.
func (c *Conn) nextHead() bool {
	if c.delivered == 0 {
		c.raw = bytes.TrimLeft(c.raw, "\r\n")
	}
	c.head.Scan(c.raw[c.head.size:])
	if !c.head.found && len(c.raw) <= c.maxHead {
		return false
	}
	var h head
	ok := c.head.found
	if ok {
		h, ok = readHead(c.raw[:c.head.size])
	}
	if ok {
		c.out, c.body = h.text[c.delivered:], h.length
		c.raw = bytes.Clone(c.raw[c.head.size:])
	} else {
		c.passThrough = true
		c.raw = c.raw[c.delivered:]
	}
	c.head, c.delivered, c.deadlineSet = HeadScanner{}, 0, false
	return true
}

// CloseWrite lets net/http end an answer before the request has ended.
func (c *Conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
