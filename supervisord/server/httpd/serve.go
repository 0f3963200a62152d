package httpd

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"supervisor/supervisord/server/httpd/conns"
	"supervisor/supervisord/server/httpd/fastpath"
	"supervisor/supervisord/server/httpd/tolerant"
)

// gracePeriod is how long requests under way may take when serving ends.
const gracePeriod = time.Second

// Serve answers requests on all servers until ctx ends or one of them fails. When it
// returns, listeners are closed, unix sockets removed and streams ended. Calls under
// way are still answered if their answer is ready within a second.
func (s *Servers) Serve(ctx context.Context, h Handlers) error {
	group, running := errgroup.WithContext(ctx)
	calls, cancelCalls := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelCalls()
	var servers []*server
	tcp := conns.NewLimiter(conns.MaxTCP())
	for _, ep := range s.endpoints {
		routed := router(routes(&s.streams, ep.Server, h))
		handler := accessLogger{ep, s.opts.Log, newHostCheck(ep.Server, s.opts.Log).wrap(ep.auth.wrap(routed))}
		srv := newServer(calls, handler, s.opts.Log)
		servers = append(servers, srv)
		listener := ep.conns.Listener(ep.Listener)
		accept := func(l net.Listener) {
			group.Go(func() error {
				if err := srv.serve(srv.limiter.Listener(tolerant.Listener{Listener: l, MaxHead: maxHeader, HeadTimeout: headerTimeout})); !s.paused.Load() {
					return err
				}
				return nil // the next binary accepts
			})
		}
		if ep.Family == "unix" {
			srv.fastPath = fastpath.New(listener, fastpath.Options{
				Base: calls, Handler: handler, Log: s.opts.Log, HeadTimeout: headerTimeout, IdleTimeout: idleTimeout,
			})
			accept(srv.fastPath.Fallback())
			accept(srv.fastPath)
			continue
		}
		srv.limiter = tcp
		accept(listener)
	}
	<-running.Done()
	s.streams.stop()
	if !s.paused.Load() {
		for _, ep := range s.endpoints {
			ep.removeFile()
		}
	}
	deadline, cancel := context.WithTimeout(calls, gracePeriod)
	defer cancel()
	var ending sync.WaitGroup
	for _, srv := range servers {
		ending.Go(func() { srv.shutdown(deadline) })
	}
	ending.Wait()
	return errors.Join(group.Wait(), s.Close())
}

// server is an HTTP server that knows which of its connections have not sent anything
// yet.
type server struct {
	http.Server
	fastPath *fastpath.Server // nil if net/http gets every connection
	limiter  *conns.Limiter

	mu       sync.Mutex
	newConns map[net.Conn]struct{}
}

func newServer(base context.Context, h http.Handler, log *slog.Logger) *server {
	s := &server{newConns: map[net.Conn]struct{}{}}
	s.Server = http.Server{
		Handler:                      executor{h},
		MaxHeaderBytes:               maxHeader,
		ReadHeaderTimeout:            headerTimeout,
		IdleTimeout:                  idleTimeout,
		DisableGeneralOptionsHandler: true, // OPTIONS * requires credentials as well
		BaseContext:                  func(net.Listener) context.Context { return base },
		ConnContext:                  func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) },
		ConnState:                    s.trackState,
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelError),
	}
	return s
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

func (s *server) serve(l net.Listener) error {
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

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
