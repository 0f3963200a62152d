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

// shortcut answers the one kind of request that a unix socket mostly gets: a
// small POST to /RPC2, all of which is there at once. net/http takes several
// goroutines and as many switches between threads for each, which is two thirds
// of the time that such a call takes.
//
// It decides nothing by itself: the same handlers as ever get the request, and
// a connection with anything else on it, be it only an unusual header, is handed
// to net/http as it is, for good.
type shortcut struct {
	net.Listener
	handler http.Handler
	base    context.Context // of all requests
	log     *slog.Logger
	others  *handedOver

	mu     sync.Mutex
	ending bool
	conns  map[*conn]bool // whether it is busy with a request
	open   sync.WaitGroup // of conns
}

func newShortcut(base context.Context, l net.Listener, h http.Handler, log *slog.Logger) *shortcut {
	return &shortcut{
		Listener: l,
		handler:  h,
		base:     base,
		log:      log,
		others:   &handedOver{addr: l.Addr(), conns: make(chan *conn), closed: make(chan struct{})},
		conns:    make(map[*conn]bool),
	}
}

// Accept serves connections until one can't be accepted, and returns that error:
// net/http knows what to do about it.
func (s *shortcut) Accept() (net.Conn, error) {
	for {
		nc, err := s.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if conn := nc.(*conn); s.enter(conn) {
			go s.serve(conn)
		}
	}
}

// enter takes note of a connection, and closes it if there is no more time.
func (s *shortcut) enter(conn *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending {
		_ = conn.Close() // there is nobody to tell
		return false
	}
	s.conns[conn] = false
	s.open.Add(1)
	return true
}

func (s *shortcut) leave(conn *conn) {
	s.mu.Lock()
	delete(s.conns, conn)
	s.mu.Unlock()
	s.open.Done()
}

// busy marks the beginning or end of a request. It fails when all is to end.
func (s *shortcut) busy(conn *conn, is bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[conn] = is
	return !s.ending
}

// end closes what waits for a request, lets the others answer theirs, and closes
// them too when ctx ends.
func (s *shortcut) end(ctx context.Context) {
	s.mu.Lock()
	s.ending = true
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
func (s *shortcut) serve(conn *conn) {
	defer s.leave(conn)
	defer s.survive(conn)
	c := &conversation{shortcut: s, conn: conn}
	if c.run() {
		_ = conn.Close()
	} else {
		s.others.add(conn, c.buf[:c.have])
	}
}

// survive ends a connection whose handler has panicked.
func (s *shortcut) survive(conn *conn) {
	v := recover()
	if v == nil {
		return
	}
	if v != http.ErrAbortHandler {
		s.log.Error(fmt.Sprintf("http: panic serving %s: %v\n%s", s.Addr(), v, debug.Stack()))
	}
	_ = conn.Close()
}

// handedOver is the listener from which net/http gets what is not for shortcut.
type handedOver struct {
	addr   net.Addr
	conns  chan *conn
	once   sync.Once
	closed chan struct{}
}

// add hands a connection over, with what was already read from it.
func (h *handedOver) add(conn *conn, read []byte) {
	conn.unread(read)
	_ = conn.SetReadDeadline(time.Time{}) // if this fails so will all that follows
	select {
	case h.conns <- conn:
	case <-h.closed:
		_ = conn.Close()
	}
}

// Accept waits for a connection to be handed over.
func (h *handedOver) Accept() (net.Conn, error) {
	select {
	case conn := <-h.conns:
		return conn, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (h *handedOver) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

// Addr is the address of the socket that the connections came from.
func (h *handedOver) Addr() net.Addr { return h.addr }
