package fastpath

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"supervisor/supervisord/server/httpd/conns"
)

// callContext is the context of a request. It ends when the client hangs up. Most
// calls never wait for anything, so the client is watched only after a call of Done.
type callContext struct {
	context.Context // of the server
	conn            *conns.Conn

	mu        sync.Mutex
	ended     bool
	doneCtx   context.Context // nil until Done is called
	cancel    context.CancelFunc
	watchDone chan struct{} // closed when watch returns, nil if it never ran
	extra     []byte        // read by watch instead of an end of file; valid after watchDone
}

// Done returns a channel that is closed when the client hangs up, and when the
// request has ended.
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

// Err returns nil unless the channel of Done is closed. Before a call of Done it is
// the error of the server's context.
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
	n, err := x.conn.ReadAny(b)
	x.extra = b[:n]
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		x.cancel()
	}
}

// end ends the context when the request has ended. It returns the byte that watch has
// read of the next request.
func (x *callContext) end() []byte {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ended = true
	if x.watchDone != nil {
		_ = x.conn.SetReadDeadline(time.Unix(1, 0)) // fails if it is closed: that ends watch as well
		<-x.watchDone
	}
	if x.cancel != nil {
		x.cancel()
	}
	return x.extra
}
