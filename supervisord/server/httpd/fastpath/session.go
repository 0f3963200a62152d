package fastpath

import (
	"bytes"
	"io"
	"net/http"
	"time"

	"supervisor/supervisord/server/httpd/conns"
)

// session answers the plain requests of one connection.
type session struct {
	server   *Server
	conn     *conns.Conn
	buffered int            // bytes in buf
	buf      [maxPlain]byte // read, but not executed
}

// bodyTimeout is how long the rest of a body may take to follow its head. Python
// sends the two separately.
const bodyTimeout = 100 * time.Millisecond

// run answers plain requests until the connection is to be closed. It returns false
// if something else has arrived: then net/http must continue.
func (c *session) run() (done bool) {
	for timeout := c.server.opts.HeadTimeout; ; timeout = c.server.opts.IdleTimeout {
		if c.buffered == 0 && !c.fill(timeout) {
			return true
		}
		req, size := parsePlain(c.buf[:c.buffered])
		if req == nil {
			return false
		}
		for c.buffered < size {
			if !c.fill(bodyTimeout) {
				return false // net/http waits longer, or finds out what is wrong
			}
		}
		if !c.server.setBusy(c.conn, true) || !c.conn.BeginRequest(0) { // the body has been read
			c.conn.Unread(c.buf[:c.buffered])
			return true
		}
		keep, extra := c.answer(req, c.buf[size-int(req.ContentLength):size])
		c.buffered = copy(c.buf[:], c.buf[size:c.buffered])
		c.buffered += copy(c.buf[c.buffered:], extra)
		c.conn.EndRequest()
		if !c.server.setBusy(c.conn, false) || !keep {
			return true
		}
	}
}

// fill reads what has arrived, or waits for something. It reports whether that
// succeeded.
func (c *session) fill(timeout time.Duration) bool {
	if c.conn.SetReadDeadline(time.Now().Add(timeout)) != nil {
		return false
	}
	n, err := c.conn.ReadAny(c.buf[c.buffered:])
	c.buffered += n
	return err == nil
}

// answer calls the handler. It reports whether the connection can take another
// request, and returns the byte of it that has already been read.
func (c *session) answer(req *http.Request, body []byte) (keep bool, extra []byte) {
	ctx := &callContext{Context: c.server.opts.Base, conn: c.conn}
	defer func() { extra = ctx.end() }()
	w := &responseWriter{conn: c.conn, header: make(http.Header), last: req.Close}
	req = req.WithContext(ctx)
	req.Body = io.NopCloser(bytes.NewReader(body))
	req.RemoteAddr = c.conn.RemoteAddr().String()
	c.server.opts.Handler.ServeHTTP(w, req)
	return w.finish() == nil && !w.last, nil
}
