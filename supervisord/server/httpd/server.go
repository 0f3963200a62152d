package httpd

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"supervisor/supervisord/server/httpd/conns"
	"supervisor/supervisord/server/httpd/fastpath"
	"supervisor/supervisord/server/httpd/tolerant"
)

// server is an HTTP server that knows which of its connections have not sent anything
// yet.
type server struct {
	http.Server
	listeners []net.Listener
	fastPath  *fastpath.Server // nil for TCP
	limiter   *conns.Limiter   // nil for a unix socket

	mu       sync.Mutex
	newConns map[net.Conn]struct{}
}

// newServer returns the server for an endpoint. calls is the context of all requests, tcp
// bounds the connections of TCP servers.
func (s *Servers) newServer(calls context.Context, ep *endpoint, h Handlers, tcp *conns.Limiter) *server {
	routed := router(routes(&s.streams, ep.Server, h))
	handler := accessLogger{ep, s.opts.Log, newHostCheck(ep.Server, s.opts.Log).wrap(ep.auth.wrap(routed))}
	srv := &server{newConns: map[net.Conn]struct{}{}}
	srv.Server = http.Server{
		Handler:                      executor{handler},
		MaxHeaderBytes:               maxHeader,
		ReadHeaderTimeout:            headerTimeout,
		IdleTimeout:                  idleTimeout,
		DisableGeneralOptionsHandler: true, // OPTIONS * requires credentials as well
		BaseContext:                  func(net.Listener) context.Context { return calls },
		ConnContext:                  func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) },
		ConnState:                    srv.trackState,
		ErrorLog:                     slog.NewLogLogger(s.opts.Log.Handler(), slog.LevelError),
	}
	listener := ep.conns.Listener(ep.Listener)
	if ep.Family != "unix" {
		srv.limiter, srv.listeners = tcp, []net.Listener{listener}
		return srv
	}
	srv.fastPath = fastpath.New(listener, fastpath.Options{
		Base: calls, Handler: handler, Log: s.opts.Log, HeadTimeout: headerTimeout, IdleTimeout: idleTimeout,
	})
	srv.listeners = []net.Listener{srv.fastPath.Fallback(), srv.fastPath}
	return srv
}

// connKey is the key of the connection in the context of a request.
type connKey struct{}

// connOf returns the connection inside the one that net/http has.
func connOf(nc net.Conn) *conns.Conn {
	if t, ok := nc.(*tolerant.Conn); ok {
		nc = t.NetConn()
	}
	return nc.(*conns.Conn)
}

// executor passes requests to next, unless their connections are handed over: then
// the next binary executes and answers them.
type executor struct{ next http.Handler }

func (e executor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	length := r.ContentLength
	if len(r.TransferEncoding) > 0 {
		length = -1
		w.Header().Set("Connection", "close") // conns.Conn can't tell where the next request begins
	}
	if !connOf(r.Context().Value(connKey{}).(net.Conn)).BeginRequest(length) {
		panic(http.ErrAbortHandler)
	}
	e.next.ServeHTTP(w, r)
}

// serve accepts connections of a listener until shutdown.
func (s *server) serve(l net.Listener) error {
	l = s.limiter.Listener(tolerant.Listener{Listener: l, MaxHead: maxHeader, HeadTimeout: headerTimeout})
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// trackState is called by net/http when the state of a connection changes.
func (s *server) trackState(nc net.Conn, state http.ConnState) {
	if state == http.StateIdle {
		connOf(nc).EndRequest()
	}
	s.limiter.TrackState(nc, state)
	s.mu.Lock()
	defer s.mu.Unlock()
	if state == http.StateNew {
		s.newConns[nc] = struct{}{}
	} else {
		delete(s.newConns, nc)
	}
}

// shutdown closes idle connections, waits for the others, and closes those too when
// ctx ends. net/http would wait for connections that have not sent anything.
func (s *server) shutdown(ctx context.Context) {
	s.mu.Lock()
	for conn := range s.newConns {
		conn.Close()
	}
	s.mu.Unlock()
	if s.fastPath != nil {
		var ending sync.WaitGroup
		ending.Go(func() { s.fastPath.Shutdown(ctx) })
		defer ending.Wait()
	}
	if s.Shutdown(ctx) != nil {
		s.Server.Close()
	}
}
