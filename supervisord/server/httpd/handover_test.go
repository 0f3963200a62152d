package httpd

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/tools/testkit"
)

// TestHandover: a connection that waits, one that is being served, one that
// comes in between: each gets its answer, from one server or the other.
func TestHandover(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, path string }{{"shortcut", "/RPC2"}, {"net/http", "/RPC2/"}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
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
			call := func(name, body string) string {
				conn := conns[name]
				_ = conn.SetDeadline(time.Now().Add(testkit.Timeout))
				fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", tt.path, len(body), body)
				resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					return err.Error()
				}
				defer resp.Body.Close()
				text, _ := io.ReadAll(resp.Body)
				return string(text)
			}
			if got := call("kept", "1"); got != "old 1" {
				t.Fatal(got)
			}
			var slow sync.WaitGroup
			slow.Go(func() {
				if got := call("slow", "slow"); got != "old slow" {
					t.Errorf("slow: %s", got)
				}
			})
			<-begun
			if err := before.Pause(); err != nil {
				t.Fatal(err)
			}
			conns["late"] = before.dial(t)
			saved := make(chan []SavedServer)
			go func() { saved <- before.Save(t.Context()) }()
			answer <- true
			slow.Wait()
			all := <-saved
			before.end()
			c := config.Server{Section: "unix_http_server", Family: "unix", Path: before.path, Mode: 0o700, UID: -1, GID: -1}
			after, err := Listen([]config.Server{c}, Options{Log: before.Log, Stderr: io.Discard, Saved: all})
			if err != nil {
				t.Fatal(err)
			}
			ctx, end := context.WithCancel(context.Background())
			served := make(chan error)
			go func() {
				served <- after.Serve(ctx, Handlers{Logs: before.logs, RPC: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					fmt.Fprintf(w, "new %s", body)
				})})
			}()
			for name := range conns {
				if got := call(name, "2"); got != "new 2" {
					t.Errorf("%s: %s", name, got)
				}
			}
			end()
			if err := <-served; err != nil {
				t.Error(err)
			}
			if _, err := os.Lstat(before.path); err == nil {
				t.Error("the socket stays behind")
			}
		})
	}
}

// TestHandoverUnderLoad: no call fails, however the requests fall.
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
	in.ended <- <-now.ended // for the one who ends the first
}
