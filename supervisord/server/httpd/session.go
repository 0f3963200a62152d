package httpd

import (
	"context"
	"errors"
	"net/http"
	"os"
	"sync"
	"time"
)

// session is a connection with plain requests, and what was read from it
// but not answered.
type session struct {
	*fastPath
	conn     *conn
	buffered int // bytes in buf
	buf      [maxPlain]byte
}

// maxPlain is the most that a plain request can have, head and body. A call with
// one name in it has less than 500 bytes.
const maxPlain = 2 << 10

// bodyWait is how long the rest of a body may take to follow its head: Python
// sends the two apart.
const bodyWait = 100 * time.Millisecond

// run answers plain requests until the connection is of no more use. It returns
// false when something else has come.
func (c *session) run() (done bool) {
	for timeout := headerTimeout; ; timeout = idleTimeout {
		if c.buffered == 0 && !c.fill(timeout) {
			return true
		}
		req, size := parsePlain(c.buf[:c.buffered])
		if req == nil {
			return false
		}
		for c.buffered < size {
			if !c.fill(bodyWait) {
				return false // net/http grants it more time, or finds out what is wrong
			}
		}
		if !c.setBusy(c.conn, true) || !c.conn.beginRequest(0) { // the body is here
			c.conn.unread(c.buf[:c.buffered])
			return true
		}
		keep, extra := c.answer(req, c.buf[size-int(req.ContentLength):size])
		c.buffered = copy(c.buf[:], c.buf[size:c.buffered])
		c.buffered += copy(c.buf[c.buffered:], extra)
		c.conn.endRequest()
		if !c.setBusy(c.conn, false) || !keep {
			return true
		}
	}
}

// fill reads what is there, or waits for something.
func (c *session) fill(timeout time.Duration) bool {
	if c.conn.SetReadDeadline(time.Now().Add(timeout)) != nil {
		return false
	}
	n, err := c.conn.readAny(c.buf[c.buffered:])
	c.buffered += n
	return err == nil
}

// answer has the handlers answer a request. It tells whether the connection can
// take another one, and what of that has come already.
func (c *session) answer(req *http.Request, body []byte) (keep bool, extra []byte) {
	ctx := &callContext{Context: c.base, conn: c.conn}
	defer func() { extra = ctx.end() }()
	w := &plainWriter{conn: c.conn, header: make(http.Header), last: req.Close}
	req = req.WithContext(ctx)
	req.Body = plainBody(body)
	req.RemoteAddr = c.conn.RemoteAddr().String()
	c.handler.ServeHTTP(w, req)
	return w.finish() == nil && !w.last, nil
}

// callContext ends when the client hangs up. Most calls never wait for anything,
// so the client is watched only once somebody asks for Done.
type callContext struct {
	context.Context // of the server
	conn            *conn

	mu        sync.Mutex
	ended     bool
	doneCtx   context.Context // nil until Done is called
	cancel    context.CancelFunc
	watchDone chan struct{} // closed when nobody watches any more, nil if nobody ever did
	extra     []byte        // what came instead of the client's end; watched guards it
}

// Done returns a channel that is closed when the client hangs up, and when the
// request is over.
func (x *callContext) Done() <-chan struct{} {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.doneCtx != nil {
		return x.doneCtx.Done()
	}
	x.doneCtx, x.cancel = context.WithCancel(x.Context)
	if x.ended || x.conn.SetReadDeadline(time.Time{}) != nil {
		x.cancel()
		return x.doneCtx.Done()
	}
	x.watchDone = make(chan struct{})
	go x.watch()
	return x.doneCtx.Done()
}

// Err is nil as long as Done is not closed, or was not asked for.
func (x *callContext) Err() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.doneCtx == nil {
		return x.Context.Err()
	}
	return x.doneCtx.Err()
}

// watch waits until the client hangs up or sends another request.
func (x *callContext) watch() {
	defer close(x.watchDone)
	b := make([]byte, 1)
	n, err := x.conn.readAny(b)
	x.extra = b[:n]
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		x.cancel()
	}
}

// end is called when the request is over. It returns what came of the next one.
func (x *callContext) end() []byte {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ended = true
	if x.watchDone != nil {
		_ = x.conn.SetReadDeadline(time.Unix(1, 0)) // a closed connection ends the watch as well
		<-x.watchDone
	}
	if x.cancel != nil {
		x.cancel()
	}
	return x.extra
}
