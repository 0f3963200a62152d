package httpd

import (
	"bytes"
	"errors"
	"net"
	"time"
)

// tolerantListener is a listener for net/http, to which requests are handed in a
// form that it accepts.
type tolerantListener struct{ net.Listener }

// Accept implements net.Listener.
func (l tolerantListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &tolerantConn{Conn: nc}, nil
}

// tolerantConn rewrites the heads of the requests that are read from it, and
// leaves their bodies alone. A read never returns parts of two requests.
//
// After a request that must be refused it rewrites nothing any more: where the
// next one would begin is not certain.
type tolerantConn struct {
	net.Conn
	raw         []byte      // read but not given: begins with a head, or is part of a body
	head        headScanner // looks for the end of the head in raw
	delivered   int         // how much of the head was given before it was complete
	deadlineSet bool        // the rest of the head has its deadline
	out         []byte      // the rewritten head, as far as it is still to be given
	body        int64       // what is left of the body
	passThrough bool
}

// Read implements net.Conn. In the middle of an answer net/http reads a single
// byte, to notice when the client hangs up: no more is read for it, and it gets
// what never changes, the first byte of a head.
func (c *tolerantConn) Read(p []byte) (int, error) {
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

// readRaw gives what comes next, as it is.
func (c *tolerantConn) readRaw(p []byte) (int, error) {
	if len(c.raw) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.raw)
	if c.raw = c.raw[n:]; len(c.raw) == 0 {
		c.raw = nil
	}
	return n, nil
}

// fill reads more of a head. Once one has begun the rest must come in time:
// net/http starts that clock only when it has got something.
func (c *tolerantConn) fill(limit int) error {
	if limit > 1 && len(c.raw) > 0 && !c.deadlineSet {
		c.deadlineSet = true
		if err := c.Conn.SetReadDeadline(time.Now().Add(headerTimeout)); err != nil {
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

// nextHead looks for a whole head in raw and reports whether there is something
// to be given now. Empty lines before a request are passed over.
func (c *tolerantConn) nextHead() bool {
	if c.delivered == 0 {
		c.raw = bytes.TrimLeft(c.raw, "\r\n")
	}
	c.head.scan(c.raw[c.head.size:])
	if !c.head.found && len(c.raw) <= maxHeader {
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
	c.head, c.delivered, c.deadlineSet = headScanner{}, 0, false
	return true
}

// CloseWrite lets net/http end an answer before the request has ended.
func (c *tolerantConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
