package httpd

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"testing"

	"supervisor/supervisord/config"
)

// TestCloseHandedOver: when nobody goes on after all, nothing listens any more, no
// file is left behind, and the address can be had again.
func TestCloseHandedOver(t *testing.T) {
	t.Parallel()
	for _, saved := range []bool{false, true} {
		s := serve(t, http.NotFoundHandler(), nil)
		conn := s.dial(t)
		defer conn.Close()
		if err := s.Pause(); err != nil {
			t.Fatal(err)
		}
		var all []SavedServer
		if saved {
			all = s.Save(t.Context())
		}
		s.end()
		err := <-s.ended
		s.ended <- err // the instance wants it too
		if c, err := net.Dial("unix", s.path); err != nil {
			t.Errorf("before: %v", err)
		} else {
			c.Close()
		}
		s.CloseHandedOver(all)
		if _, err := os.Lstat(s.path); err == nil {
			t.Error("the file stays")
		}
		c := config.Server{Section: "unix_http_server", Family: "unix", Path: s.path, Mode: 0o700, UID: -1, GID: -1}
		again, err := Listen([]config.Server{c}, Options{Log: s.Log, Stderr: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		s.CloseHandedOver(all) // does nothing more
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestCloseHandedOverTCP(t *testing.T) {
	t.Parallel()
	c := config.Server{Section: "inet_http_server", Family: "tcp", Host: "127.0.0.1", AllowedHosts: []string{"*"}}
	s, err := Listen([]config.Server{c}, Options{Log: slog.New(slog.DiscardHandler), Stderr: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	address := s.endpoints[0].Addr().String()
	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	s.CloseHandedOver(s.Save(t.Context()))
	if c, err := net.Dial("tcp", address); err == nil {
		c.Close()
		t.Error("somebody listens")
	}
}
