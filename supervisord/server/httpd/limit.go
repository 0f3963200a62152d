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
	fewConnections  = 8
)

// mostConnections is how many connections of TCP there may be, as of now.
func mostConnections() int {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return fewConnections
	}
	return int(min(max(limit.Cur/connectionShare, fewConnections), 1<<20))
}

// limiter bounds the connections of all servers that have it. When there is one
// too many, the one that has waited longest for a request is closed; if all are
// busy with one, the new one waits. A nil limiter bounds nothing.
type limiter struct {
	most int

	mu      sync.Mutex
	waiting map[net.Conn]time.Time // since when, the zero time for one that is busy
	left    chan struct{}          // closed when one has gone or begun to wait, nil while nobody cares
}

func newLimiter(most int) *limiter {
	return &limiter{most: most, waiting: make(map[net.Conn]time.Time)}
}

// note is told what becomes of a connection.
func (l *limiter) note(conn net.Conn, state http.ConnState) {
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
	if l.left != nil {
		close(l.left)
		l.left = nil
	}
}

// admit makes room for one more connection, or waits until there is some. It
// returns when done is closed in any case.
func (l *limiter) admit(done <-chan struct{}) {
	for {
		oldest, left := l.excess()
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

// excess returns the connection to be closed for another one, or a channel to wait
// on, or neither if there is room.
func (l *limiter) excess() (oldest net.Conn, left <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) < l.most {
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
	if l.left == nil {
		l.left = make(chan struct{})
	}
	return nil, l.left
}

// limited is a listener whose connections are bounded.
type limited struct {
	net.Listener
	limiter *limiter
	closed  chan struct{}
	once    *sync.Once
}

func newLimited(l net.Listener, by *limiter) limited {
	return limited{l, by, make(chan struct{}), new(sync.Once)}
}

// Accept implements net.Listener.
func (l limited) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil && l.limiter != nil {
		l.limiter.admit(l.closed)
	}
	return conn, err
}

// Close implements net.Listener.
func (l limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}
