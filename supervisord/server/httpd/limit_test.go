package httpd

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// pipe returns a connection of which limiter is told, and its other end.
func pipe(t *testing.T, l *limiter, state http.ConnState) (ours, theirs net.Conn) {
	t.Helper()
	ours, theirs = net.Pipe()
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	l.trackState(ours, http.StateNew)
	if state != http.StateNew {
		l.trackState(ours, state)
	}
	return ours, theirs
}

func isClosed(conn net.Conn) bool { return conn.SetDeadline(time.Time{}) != nil }

// TestOldestIdleConnectionIsEvicted: of those without a request the first one
// goes, and those with one stay.
func TestOldestIdleConnectionIsEvicted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(4)
		var conns []net.Conn
		for _, state := range []http.ConnState{http.StateActive, http.StateIdle, http.StateNew} {
			conn, _ := pipe(t, l, state)
			conns = append(conns, conn)
			time.Sleep(time.Second)
		}
		l.admit(nil)
		if isClosed(conns[1]) {
			t.Error("closed although there was room")
		}
		last, _ := pipe(t, l, http.StateNew)
		l.admit(nil)
		l.admit(nil)
		for i, want := range []bool{false, true, false} {
			if isClosed(conns[i]) != want {
				t.Errorf("connection %d: closed %v", i, !want)
			}
		}
		if isClosed(last) {
			t.Error("the newest one is closed")
		}
	})
}

// TestNewConnectionWaitsWhileAllBusy: then nobody is thrown out, and a new one waits its turn.
func TestNewConnectionWaitsWhileAllBusy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, state := range []http.ConnState{http.StateIdle, http.StateClosed} {
			l := newLimiter(1)
			busy, _ := pipe(t, l, http.StateActive)
			admitted := make(chan struct{})
			go func() { l.admit(nil); close(admitted) }()
			synctest.Wait()
			select {
			case <-admitted:
				t.Fatal("admitted one too many")
			default:
			}
			l.trackState(busy, state)
			<-admitted
		}
		l := newLimiter(1)
		pipe(t, l, http.StateActive)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		l.admit(ctx.Done())
	})
}

// TestIdleClientsDoNotBlockOthers: more silent connections than there may be keep
// nobody from being answered.
func TestIdleClientsDoNotBlockOthers(t *testing.T) {
	t.Parallel()
	in := serve(t, nil, onTCP)
	many := maxConnections()
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
