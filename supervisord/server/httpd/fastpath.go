package httpd

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"
)

// fastPath answers the one kind of request that a unix socket mostly gets: a
// small POST to /RPC2, all of which is there at once. net/http takes several
// goroutines and as many switches between threads for each, which is two thirds
// of the time that such a call takes.
//
// It decides nothing by itself: the same handlers as ever get the request, and
// a connection with anything else on it, be it only an unusual header, is handed
// to net/http as it is, for good.
type fastPath struct {
	net.Listener
	handler  http.Handler
	base     context.Context // of all requests
	log      *slog.Logger
	fallback *fallbackListener

	mu      sync.Mutex
	closing bool
	conns   map[*conn]bool // whether it is busy with a request
	open    sync.WaitGroup // of conns
}

func newFastPath(base context.Context, l net.Listener, h http.Handler, log *slog.Logger) *fastPath {
	return &fastPath{
		Listener: l,
		handler:  h,
		base:     base,
		log:      log,
		fallback: &fallbackListener{addr: l.Addr(), conns: make(chan *conn), closed: make(chan struct{})},
		conns:    make(map[*conn]bool),
	}
}

// Accept serves connections until one can't be accepted, and returns that error:
// net/http knows what to do about it.
func (s *fastPath) Accept() (net.Conn, error) {
	for {
		nc, err := s.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if conn := nc.(*conn); s.add(conn) {
			go s.serve(conn)
		}
	}
}

// add takes note of a connection, and closes it if there is no more time.
func (s *fastPath) add(conn *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		_ = conn.Close() // there is nobody to tell
		return false
	}
	s.conns[conn] = false
	s.open.Add(1)
	return true
}

func (s *fastPath) remove(conn *conn) {
	s.mu.Lock()
	delete(s.conns, conn)
	s.mu.Unlock()
	s.open.Done()
}

// setBusy marks the beginning or end of a request. It fails when all is to end.
func (s *fastPath) setBusy(conn *conn, is bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[conn] = is
	return !s.closing
}

// shutdown closes what waits for a request, lets the others answer theirs, and closes
// them too when ctx ends.
func (s *fastPath) shutdown(ctx context.Context) {
	s.mu.Lock()
	s.closing = true
	for conn, busy := range s.conns {
		if !busy {
			_ = conn.Close()
		}
	}
	s.mu.Unlock()
	defer context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for conn := range s.conns {
			_ = conn.Close()
		}
	})()
	s.open.Wait()
}

// serve answers the requests of a connection.
func (s *fastPath) serve(conn *conn) {
	defer s.remove(conn)
	defer s.recoverPanic(conn)
	c := &session{fastPath: s, conn: conn}
	if c.run() {
		_ = conn.Close()
	} else {
		s.fallback.add(conn, c.buf[:c.buffered])
	}
}

// recoverPanic ends a connection whose handler has panicked.
func (s *fastPath) recoverPanic(conn *conn) {
	v := recover()
	if v == nil {
		return
	}
	if v != http.ErrAbortHandler {
		s.log.Error(fmt.Sprintf("http: panic serving %s: %v\n%s", s.Addr(), v, debug.Stack()))
	}
	_ = conn.Close()
}

// fallbackListener is the listener from which net/http gets what is not for shortcut.
type fallbackListener struct {
	addr   net.Addr
	conns  chan *conn
	once   sync.Once
	closed chan struct{}
}

// add hands a connection over, with what was already read from it.
func (h *fallbackListener) add(conn *conn, read []byte) {
	conn.unread(read)
	_ = conn.SetReadDeadline(time.Time{}) // if this fails so will all that follows
	select {
	case h.conns <- conn:
	case <-h.closed:
		_ = conn.Close()
	}
}

// Accept waits for a connection to be handed over.
func (h *fallbackListener) Accept() (net.Conn, error) {
	select {
	case conn := <-h.conns:
		return conn, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (h *fallbackListener) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

// Addr is the address of the socket that the connections came from.
func (h *fallbackListener) Addr() net.Addr { return h.addr }
