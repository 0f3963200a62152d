package httpd

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervisord/config"
)

// hashed is the hash of "se:cret". A comparison takes a millisecond.
const hashed = "{bcrypt}$2b$04$abcdefghijklmnopqrstuu17JYDSDnwCnbeRSI7wxymnD3SKI1vtG"

func slowAuthenticator(t *testing.T) *authenticator {
	t.Helper()
	a, err := newAuthenticator(config.Server{Username: "user", Password: hashed}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAcceptedCredentialsAreCached(t *testing.T) {
	t.Parallel()
	a := slowAuthenticator(t)
	if got := a.compareSlowly(t.Context(), "user", "se:cret"); got != http.StatusOK {
		t.Fatal(got)
	}
	<-a.turn // from now on no comparison is possible
	if got := a.compareSlowly(t.Context(), "user", "se:cret"); got != http.StatusOK {
		t.Error(got)
	}
	gone, cancelCalls := context.WithCancel(t.Context())
	cancelCalls()
	for _, other := range [][2]string{{"user", "se:cre"}, {"use", "se:cret"}, {"user", ""}, {"", "user:se:cret"}} {
		// Only the pair is cached. Otherwise the duration would reveal that a password
		// is right to a client that doesn't know the user name.
		if got := a.compareSlowly(gone, other[0], other[1]); got == http.StatusOK {
			t.Errorf("%q passes", other)
		}
	}
	if other := slowAuthenticator(t); other.digest("user", "se:cret") == a.digest("user", "se:cret") {
		t.Error("two servers have the same digest")
	}
}

func TestFailedComparisonDelaysNext(t *testing.T) {
	t.Parallel()
	a := slowAuthenticator(t)
	begun := time.Now()
	if got := a.compareSlowly(t.Context(), "user", "wrong"); got != http.StatusUnauthorized {
		t.Fatal(got)
	}
	if notBefore := <-a.turn; notBefore.Sub(begun) <= time.Since(begun) {
		t.Error("the next comparison may follow at once")
	}
}

// TestSlowComparisonsTakeTurns: a hundred clients arrive during a long delay. They are
// compared one after the other, and none waits longer than turnTimeout.
func TestSlowComparisonsTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := slowAuthenticator(t)
		<-a.turn
		begun := time.Now()
		a.turn <- begun.Add(turnTimeout / 2)
		gone, cancelCalls := context.WithCancel(t.Context())
		var clients sync.WaitGroup
		for range 100 {
			clients.Go(func() {
				if got := a.compareSlowly(t.Context(), "user", "se:cret"); got != http.StatusOK || time.Since(begun) != turnTimeout/2 {
					t.Error(got, time.Since(begun))
				}
			})
			clients.Go(func() {
				if got := a.compareSlowly(gone, "user", "se:cret"); got != http.StatusServiceUnavailable || time.Since(begun) != time.Second {
					t.Error(got, time.Since(begun))
				}
			})
		}
		time.Sleep(time.Second)
		cancelCalls()
		clients.Wait()

		<-a.turn
		a.turn <- time.Now().Add(time.Hour)
		begun = time.Now()
		if got := a.compareSlowly(t.Context(), "user", "new"); got != http.StatusServiceUnavailable || time.Since(begun) != turnTimeout {
			t.Error(got, time.Since(begun))
		}
	})
}

func TestBusyAuthenticatorAnswers503(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := slowAuthenticator(t)
		<-a.turn
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.SetBasicAuth("user", "se:cret")
		w := httptest.NewRecorder()
		a.wrap(statusHandler(http.StatusTeapot)).ServeHTTP(w, r)
		if h := w.Header(); w.Code != http.StatusServiceUnavailable || h.Get("Connection") != "close" || h.Get("WWW-Authenticate") != "" {
			t.Error(w.Code, h)
		}
	})
}

func TestBadHashIsRefused(t *testing.T) {
	t.Parallel()
	_, _, err := bind(t, func(c *config.Server) { c.Username, c.Password = "user", "{bcrypt}secret" })
	if err == nil || !strings.Contains(err.Error(), "password of [unix_http_server]") || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
}

func TestWarnsOfNetworkWithoutPassword(t *testing.T) {
	t.Parallel()
	const line = "who reaches it can run commands"
	for _, tt := range []struct {
		host, username string
		addr           net.Addr
		want           bool
	}{
		{"", "", &net.TCPAddr{IP: net.IPv4zero, Port: 1}, true},
		{"", "user", &net.TCPAddr{IP: net.IPv4zero, Port: 1}, false},
		{"10.0.0.1", "", &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 1}, true},
		{"127.0.0.1", "", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, false},
		{"localhost", "", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2), Port: 1}, false},
	} {
		log := newLog()
		s := &Servers{opts: Options{Log: log.Logger()}}
		c := config.Server{Section: "inet_http_server", Family: "tcp", Host: tt.host, Port: 1, Username: tt.username}
		s.announce(&endpoint{Server: c, Listener: addrListener{addr: tt.addr}})
		if got := strings.Contains(log.String(), line); got != tt.want {
			t.Errorf("%v: %s", tt, log.String())
		}
	}
}

// addrListener is a listener that has only an address.
type addrListener struct {
	net.Listener
	addr net.Addr
}

func (l addrListener) Addr() net.Addr { return l.addr }
