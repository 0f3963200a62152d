package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// drainTimeout is how long a worker that was asked to end waits for its requests.
const drainTimeout = 5 * time.Second

// runWeb answers requests until the process is asked to end, then finishes the
// requests in flight.
func runWeb(ctx context.Context, address string) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	listener, err := (&net.ListenConfig{Control: reusePort}).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	log.Printf("worker %d listens on %s", os.Getpid(), listener.Addr())
	return serveListener(ctx, listener, routes())
}

// serveListener serves a listener until ctx ends and no request is in flight.
func serveListener(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: drainTimeout}
	serveErr := make(chan error, 1)
	go func() { serveErr <- server.Serve(listener) }()
	select {
	case err := <-serveErr:
		return err
	case <-ctx.Done():
	}
	log.Printf("worker %d finishes its requests", os.Getpid())
	shutdownCtx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	if err := server.Shutdown(shutdownCtx); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// reusePort lets the kernel spread connections over all workers that listen
// on the address (SO_REUSEPORT, socket(7)).
func reusePort(_, _ string, conn syscall.RawConn) error {
	var err error
	cerr := conn.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	})
	return errors.Join(cerr, err)
}

func routes() http.Handler {
	var served atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		n := served.Add(1)
		log.Printf("%s %s", r.Method, r.URL.Path)
		fmt.Fprintf(w, "Hello from worker %d, request %d.\n", os.Getpid(), n)
	})
	mux.HandleFunc("GET /status.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"pid":    os.Getpid(),
			"name":   os.Getenv("SUPERVISOR_PROCESS_NAME"),
			"served": served.Add(1),
		})
	})
	return mux
}
