package httpd

import (
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Of the descriptors that the daemon may have, its TCP servers together use a
// quarter at most for connections, but fewConnections in any case: programs and
// the unix socket must not go without because of clients who say nothing.
const (
	connectionShare = 4
	minConnections  = 8
)

// maxConnections is how many connections of TCP there may be, as of now.
func maxConnections() int {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return minConnections
	}
	return int(min(max(limit.Cur/connectionShare, minConnections), 1<<20))
}

// limiter bounds the connections of all servers that have it. When there is one
// too many, the one that has waited longest for a request is closed; if all are
// busy with one, the new one waits. A nil limiter bounds nothing.
type limiter struct {
	max int

	mu      sync.Mutex
	waiting map[net.Conn]time.Time // since when, the zero time for one that is busy
	changed chan struct{}          // closed when one has gone or begun to wait, nil while nobody cares
}

func newLimiter(limit int) *limiter {
	return &limiter{max: limit, waiting: make(map[net.Conn]time.Time)}
}

// trackState is told what becomes of a connection.
func (l *limiter) trackState(conn net.Conn, state http.ConnState) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch state {
	case http.StateNew, http.StateIdle:
		l.waiting[conn] = time.Now()
	case http.StateActive:
		l.waiting[conn] = time.Time{}
		return
	case http.StateClosed, http.StateHijacked:
		delete(l.waiting, conn)
	}
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

// admit makes room for one more connection, or waits until there is some. It
// returns when done is closed in any case.
func (l *limiter) admit(done <-chan struct{}) {
	for {
		oldest, left := l.evict()
		switch {
		case oldest != nil:
			oldest.Close()
			return // whoever reads from it finds that out
		case left == nil:
			return
		}
		select {
		case <-left:
		case <-done:
			return
		}
	}
}

// evict returns the connection to be closed for another one, or a channel to wait
// on, or neither if there is room.
func (l *limiter) evict() (oldest net.Conn, left <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) < l.max {
		return nil, nil
	}
	for conn, since := range l.waiting {
		if !since.IsZero() && (oldest == nil || since.Before(l.waiting[oldest])) {
			oldest = conn
		}
	}
	if oldest != nil {
		delete(l.waiting, oldest)
		return oldest, nil
	}
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return nil, l.changed
}

// limitedListener is a listener whose connections are bounded.
type limitedListener struct {
	net.Listener
	limiter *limiter
	closed  chan struct{}
	once    *sync.Once
}

func newLimitedListener(l net.Listener, lim *limiter) limitedListener {
	return limitedListener{l, lim, make(chan struct{}), new(sync.Once)}
}

// Accept implements net.Listener.
func (l limitedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil && l.limiter != nil {
		l.limiter.admit(l.closed)
	}
	return conn, err
}

// Close implements net.Listener.
func (l limitedListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}
