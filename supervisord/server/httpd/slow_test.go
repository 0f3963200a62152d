package httpd

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/server/httpd/conns"
)

// pipeListener is a listener with connections in memory, as a synctest bubble needs
// them.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipeListener) Close() error {
	select {
	case <-p.closed:
		return net.ErrClosed
	default:
		close(p.closed)
		return nil
	}
}

func (p pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// serveInBubble runs a test against a server inside a synctest bubble.
func serveInBubble(t *testing.T, h Handlers, test func(t *testing.T, dial func() net.Conn)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := pipeListener{make(chan net.Conn), make(chan struct{})}
		c := config.Server{Family: "unix"}
		auth, err := newAuthenticator(c, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		s := &Servers{
			opts:      Options{Log: slog.New(slog.DiscardHandler), Stderr: io.Discard},
			endpoints: []*endpoint{{Server: c, Listener: p, auth: auth}},
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Serve(ctx, h) }()
		test(t, func() net.Conn {
			client, server := net.Pipe()
			p.conns <- server
			t.Cleanup(func() { client.Close() })
			return client
		})
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// readAllTimed reads to the end, and returns how long that takes and what was read.
func readAllTimed(conn net.Conn) (time.Duration, string) {
	begin := time.Now()
	got, _ := io.ReadAll(conn)
	return time.Since(begin), string(got)
}

// writeSlowly writes begin, then a byte each second until a write fails.
func writeSlowly(conn net.Conn, begin string) (stop func()) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for _, err := io.WriteString(conn, begin); err == nil; _, err = io.WriteString(conn, "a") {
			time.Sleep(time.Second)
		}
	}()
	return func() {
		conn.Close()
		<-ended
	}
}

func TestSlowHeaders(t *testing.T) {
	for name, begin := range map[string]string{"nothing": "", "line": "POST /RP", "headers": "POST /RPC2 HTTP/1.1\r\nHost: x\r\nA: "} {
		t.Run(name, func(t *testing.T) {
			serveInBubble(t, Handlers{RPC: echo}, func(t *testing.T, dial func() net.Conn) {
				conn := dial()
				if begin != "" {
					defer writeSlowly(conn, begin)()
				}
				if d, _ := readAllTimed(conn); d > headerTimeout+time.Second {
					t.Error("closed after", d)
				}
			})
		})
	}
}

func TestSlowBodies(t *testing.T) {
	serveInBubble(t, Handlers{RPC: echo}, func(t *testing.T, dial func() net.Conn) {
		conn := dial()
		defer writeSlowly(conn, "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")()
		if d, answer := readAllTimed(conn); d > bodyTimeout+time.Second || !strings.HasPrefix(answer, "HTTP/1.1 400 ") {
			t.Error(d, answer)
		}
	})
}

func TestLongCallsDoNotTimeOut(t *testing.T) {
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(100 * time.Hour):
			io.WriteString(w, "at last")
		case <-r.Context().Done():
		}
	})
	serveInBubble(t, Handlers{RPC: slow}, func(t *testing.T, dial func() net.Conn) {
		conn := dial()
		go io.WriteString(conn, "POST /RPC2 HTTP/1.0\r\nContent-Length: 1\r\n\r\na")
		if d, answer := readAllTimed(conn); d != 100*time.Hour || !strings.HasSuffix(answer, "at last") {
			t.Error(d, answer)
		}
	})
}

func TestIdleTimeoutLikeSupervisor(t *testing.T) {
	serveInBubble(t, Handlers{RPC: echo}, func(t *testing.T, dial func() net.Conn) {
		conn := dial()
		r := bufio.NewReader(conn)
		for range 2 {
			go io.WriteString(conn, "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na")
			resp, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			io.ReadAll(resp.Body)
			time.Sleep(29 * time.Minute)
		}
		if d, _ := readAllTimed(conn); d != time.Minute {
			t.Error(d)
		}
	})
}

// endlessLog is a log that is written faster than it is read.
type endlessLog struct{ failed chan time.Duration }

func (l *endlessLog) FollowLog(context.Context, string, string, func(time.Time) io.Writer) error {
	return errors.New("no process")
}

func (l *endlessLog) FollowMainLog(_ context.Context, begin func(time.Time) io.Writer) error {
	start := time.Now() // the client reads nothing, not even the head
	w := begin(start)
	for {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			l.failed <- time.Since(start)
			return err
		}
	}
}

func TestStreamWriteTimeout(t *testing.T) {
	log := &endlessLog{}
	serveInBubble(t, Handlers{Logs: log}, func(t *testing.T, dial func() net.Conn) {
		log.failed = make(chan time.Duration, 1)
		conn := dial()
		go io.WriteString(conn, "GET /mainlogtail HTTP/1.1\r\nHost: x\r\n\r\n")
		if d := <-log.failed; d != writeTimeout {
			t.Error(d)
		}
	})
}

// TestIdleClientsDoNotBlockOthers: a request is answered although the allowed number of
// connections is open and idle.
func TestIdleClientsDoNotBlockOthers(t *testing.T) {
	t.Parallel()
	in := serve(t, nil, onTCP)
	many := conns.MaxTCP()
	if many > 2000 {
		t.Skipf("SKIPPED: %d connections would be needed", many)
	}
	first := in.dial(t)
	for range many {
		in.dial(t)
	}
	if resp, body := in.request(t, "POST /RPC2 HTTP/1.1\r\nContent-Length: 1\r\n\r\na"); resp.StatusCode != 200 || body != "POST a" {
		t.Error(resp.StatusCode, body)
	}
	if _, err := bufio.NewReader(first).ReadByte(); err != io.EOF {
		t.Errorf("the first one is still open: %v", err)
	}
}
