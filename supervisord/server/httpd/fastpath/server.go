package fastpath

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"supervisor/supervisord/server/httpd/conns"
)

// Options is what a Server needs besides its socket.
type Options struct {
	Base        context.Context // of all requests
	Handler     http.Handler
	Log         *slog.Logger
	HeadTimeout time.Duration // for the first request of a connection
	IdleTimeout time.Duration // for each later request
}

// Server answers plain requests on the connections of a listener.
type Server struct {
	net.Listener
	opts     Options
	fallback *fallbackListener

	mu      sync.Mutex
	closing bool
	conns   map[*conns.Conn]bool // whether it executes a request
	open    sync.WaitGroup       // one for each of conns
}

// New returns a Server for a listener whose connections are *conns.Conn.
func New(l net.Listener, o Options) *Server {
	return &Server{
		Listener: l,
		opts:     o,
		fallback: &fallbackListener{addr: l.Addr(), conns: make(chan *conns.Conn), closed: make(chan struct{})},
		conns:    make(map[*conns.Conn]bool),
	}
}

// Fallback returns the listener from which net/http gets the connections whose
// requests are not plain.
func (s *Server) Fallback() net.Listener { return s.fallback }

// Accept serves connections until accepting one fails, and returns that error: a
// http.Server that calls it knows what to do about it. It never returns a connection.
func (s *Server) Accept() (net.Conn, error) {
	for {
		nc, err := s.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if conn := nc.(*conns.Conn); s.add(conn) {
			go s.serve(conn)
		}
	}
}

// add adds a connection. During a shutdown it closes it instead and returns false.
func (s *Server) add(conn *conns.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		_ = conn.Close()
		return false
	}
	s.conns[conn] = false
	s.open.Add(1)
	return true
}

func (s *Server) remove(conn *conns.Conn) {
	s.mu.Lock()
	delete(s.conns, conn)
	s.mu.Unlock()
	s.open.Done()
}

// setBusy marks the begin or the end of a request. It returns false during a
// shutdown.
func (s *Server) setBusy(conn *conns.Conn, busy bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[conn] = busy
	return !s.closing
}

// Shutdown closes the connections that wait for a request, lets the others answer
// theirs, and closes those too when ctx ends.
func (s *Server) Shutdown(ctx context.Context) {
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
func (s *Server) serve(conn *conns.Conn) {
	defer s.remove(conn)
	defer s.recoverPanic(conn)
	c := &session{server: s, conn: conn}
	if c.run() {
		_ = conn.Close()
	} else {
		s.fallback.add(conn, c.buf[:c.buffered])
	}
}

// recoverPanic closes a connection whose handler has panicked.
func (s *Server) recoverPanic(conn *conns.Conn) {
	v := recover()
	if v == nil {
		return
	}
	if v != http.ErrAbortHandler {
		s.opts.Log.Error(fmt.Sprintf("http: panic serving %s: %v\n%s", s.Addr(), v, debug.Stack()))
	}
	_ = conn.Close()
}

// fallbackListener delivers connections to net/http.
type fallbackListener struct {
	addr   net.Addr // of the socket
	conns  chan *conns.Conn
	once   sync.Once // closes closed
	closed chan struct{}
}

// add delivers a connection, with the bytes that were already read from it.
func (h *fallbackListener) add(conn *conns.Conn, read []byte) {
	conn.Unread(read)
	_ = conn.SetReadDeadline(time.Time{}) // if this fails, so does net/http's first read
	select {
	case h.conns <- conn:
	case <-h.closed:
		_ = conn.Close()
	}
}

// Accept implements net.Listener.
func (h *fallbackListener) Accept() (net.Conn, error) {
	select {
	case conn := <-h.conns:
		return conn, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (h *fallbackListener) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

// Addr implements net.Listener.
func (h *fallbackListener) Addr() net.Addr { return h.addr }
