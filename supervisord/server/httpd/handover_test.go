package httpd

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/system/descriptors"
	"supervisor/supervisord/tools/testkit"
)

// TestHandover: an idle connection, one with a request under way and one that is made
// during the handover all get their answers, from one server or the other.
func TestHandover(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"fast path": "/RPC2", "net/http": "/RPC2/"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testHandover(t, path)
		})
	}
}

func testHandover(t *testing.T, path string) {
	begun, answer := make(chan bool), make(chan bool)
	before := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) == "slow" {
			begun <- true
			<-answer
		}
		fmt.Fprintf(w, "old %s", body)
	}), nil)
	conns := make(map[string]net.Conn)
	for _, name := range []string{"silent", "kept", "slow"} {
		conns[name] = before.dial(t)
	}
	if got := call(conns["kept"], path, "1"); got != "old 1" {
		t.Fatal(got)
	}
	var slow sync.WaitGroup
	slow.Go(func() {
		if got := call(conns["slow"], path, "slow"); got != "old slow" {
			t.Errorf("slow: %s", got)
		}
	})
	<-begun
	if err := before.Pause(); err != nil {
		t.Fatal(err)
	}
	conns["late"] = before.dial(t)
	go func() { answer <- true }() // while handOver waits for the answer
	after, err := before.handOver(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "new %s", body)
	}))
	if err != nil {
		t.Fatal(err)
	}
	slow.Wait()
	for name, conn := range conns {
		if got := call(conn, path, "2"); got != "new 2" {
			t.Errorf("%s: %s", name, got)
		}
	}
	after.end()
	before.ended <- <-after.ended // for the cleanup of before
	if _, err := os.Lstat(before.path); err == nil {
		t.Error("the socket is left behind")
	}
}

// call makes one call on a connection, and returns the body of the answer or an error.
func call(conn net.Conn, path, body string) string {
	_ = conn.SetDeadline(time.Now().Add(testkit.Timeout))
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return string(text)
}

// TestHandoverUnderLoad: no call fails, whenever it arrives.
func TestHandoverUnderLoad(t *testing.T) {
	t.Parallel()
	in := serve(t, nil, nil)
	ctx, stop := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			conn := in.dial(t)
			r := bufio.NewReader(conn)
			for ctx.Err() == nil {
				_ = conn.SetDeadline(time.Now().Add(testkit.Timeout))
				_, _ = io.WriteString(conn, strings.Replace(plainCall, "/RPC2", "/RPC2/", 1)) // a failure shows in the answer
				resp, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
			}
		})
	}
	now := in
	for range 20 {
		if err := now.Pause(); err != nil {
			t.Fatal(err)
		}
		next, err := now.handOver(t, echo)
		if err != nil {
			t.Fatal(err)
		}
		now = next
	}
	stop()
	clients.Wait()
	now.end()
	in.ended <- <-now.ended // for the cleanup of in
}

// TestCloseHandedOver: if the handover fails after Serve has returned, nothing listens
// any more, no file is left behind, and the address is free again.
func TestCloseHandedOver(t *testing.T) {
	t.Parallel()
	for _, saved := range []bool{false, true} {
		s := serve(t, http.NotFoundHandler(), nil)
		conn := s.dial(t)
		defer conn.Close()
		if err := s.Pause(); err != nil {
			t.Fatal(err)
		}
		set := descriptors.Set{}
		if saved {
			s.HandOver(t.Context(), set)
		}
		s.end()
		err := <-s.ended
		s.ended <- err // for the cleanup
		if c, err := net.Dial("unix", s.path); err != nil {
			t.Errorf("before: %v", err)
		} else {
			c.Close()
		}
		s.CloseHandedOver(set)
		if _, err := os.Lstat(s.path); err == nil {
			t.Error("the file is left behind")
		}
		c := config.Server{Section: "unix_http_server", Family: "unix", Path: s.path, Mode: 0o700, UID: -1, GID: -1}
		again, err := Listen([]config.Server{c}, Options{Log: s.opts.Log, Stderr: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		s.CloseHandedOver(set) // does nothing the second time
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
	set := descriptors.Set{}
	s.HandOver(t.Context(), set)
	s.CloseHandedOver(set)
	if c, err := net.Dial("tcp", address); err == nil {
		c.Close()
		t.Error("the socket is still open")
	}
}
