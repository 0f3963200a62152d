package conns

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pipe returns a connection that l tracks, and its other end.
func pipe(t *testing.T, l *Limiter, state http.ConnState) (ours, theirs net.Conn) {
	t.Helper()
	ours, theirs = net.Pipe()
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	l.TrackState(ours, http.StateNew)
	if state != http.StateNew {
		l.TrackState(ours, state)
	}
	return ours, theirs
}

func isClosed(conn net.Conn) bool { return conn.SetDeadline(time.Time{}) != nil }

// TestOldestIdleConnectionIsEvicted: the connection that has waited longest for a
// request is closed; connections with a request stay open.
func TestOldestIdleConnectionIsEvicted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(4)
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

// TestNewConnectionWaitsWhileAllBusy: if all connections execute a request, none is
// closed, and a new one waits.
func TestNewConnectionWaitsWhileAllBusy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, state := range []http.ConnState{http.StateIdle, http.StateClosed} {
			l := NewLimiter(1)
			busy, _ := pipe(t, l, http.StateActive)
			admitted := make(chan struct{})
			go func() { l.admit(nil); close(admitted) }()
			synctest.Wait()
			select {
			case <-admitted:
				t.Fatal("admitted one too many")
			default:
			}
			l.TrackState(busy, state)
			<-admitted
		}
		l := NewLimiter(1)
		pipe(t, l, http.StateActive)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		l.admit(ctx.Done())
	})
}
