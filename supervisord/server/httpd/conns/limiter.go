package conns

import (
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// TCP connections together use at most a quarter of the daemon's descriptors, but at
// least minConnections: clients that send nothing must not use up the descriptors
// that programs and the unix socket need.
const (
	connectionShare = 4
	minConnections  = 8
)

// MaxTCP returns how many TCP connections the present limit of descriptors allows.
func MaxTCP() int {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return minConnections
	}
	return int(min(max(limit.Cur/connectionShare, minConnections), 1<<20))
}

// Limiter bounds the connections of all listeners that share it. When one more
// arrives, the one that has waited longest for a request is closed; if all execute
// one, the new one waits. A nil Limiter bounds nothing.
type Limiter struct {
	max int

	mu      sync.Mutex
	waiting map[net.Conn]time.Time // since when it waits for a request; zero if it executes one
	changed chan struct{}          // closed when one has gone or waits; nil if no Accept waits for that
}

// NewLimiter returns a Limiter for that many connections.
func NewLimiter(limit int) *Limiter {
	return &Limiter{max: limit, waiting: make(map[net.Conn]time.Time)}
}

// TrackState records the state of a connection, as http.Server's ConnState reports
// it.
func (l *Limiter) TrackState(conn net.Conn, state http.ConnState) {
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

// admit makes room for one more connection, or waits until there is room or done is
// closed.
func (l *Limiter) admit(done <-chan struct{}) {
	for {
		oldest, left := l.evict()
		switch {
		case oldest != nil:
			oldest.Close() // its reader notices
			return
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

// evict returns the connection to close for another one, or a channel to wait for,
// or neither if there is room.
func (l *Limiter) evict() (oldest net.Conn, left <-chan struct{}) {
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

// Listener returns a listener whose connections are bounded.
func (l *Limiter) Listener(inner net.Listener) net.Listener {
	return limitedListener{inner, l, make(chan struct{}), new(sync.Once)}
}

type limitedListener struct {
	net.Listener
	limiter *Limiter
	closed  chan struct{}
	once    *sync.Once // closes closed
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
