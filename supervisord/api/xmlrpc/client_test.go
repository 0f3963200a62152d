package xmlrpc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"supervisor/supervisord/tools/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newClient returns a client that is closed at the end of the test.
func newClient(t *testing.T, url string) *Client {
	t.Helper()
	c, err := NewClient(url, "user", "pass:word")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// daemon is a server that answers getState with "up", and other methods with the error
// that their name says. It counts connections.
func daemon(t *testing.T, l net.Listener) (url string, conns *atomic.Int32) {
	t.Helper()
	conns = new(atomic.Int32)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user != "user" || password != "pass:word" {
			w.WriteHeader(401)
			return
		}
		if r.URL.Path != "/RPC2" {
			http.NotFound(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		method, params, err := DecodeCall(body)
		if err != nil || r.Header.Get("Content-Type") != "text/xml" || r.Header.Get("Accept") != "text/xml" || r.ContentLength != int64(len(body)) {
			w.WriteHeader(400)
			return
		}
		var e Encoder
		var out []byte
		switch method {
		case "fault":
			out = AppendFault(nil, 10, "BAD_NAME: x")
		case "chunked":
			w.(http.Flusher).Flush()
			out, _ = e.Response(nil, params)
		case "last":
			w.Header().Set("Connection", "close")
			fallthrough
		default:
			out, _ = e.Response(nil, params)
		}
		w.Write(out)
	}))
	if l != nil {
		server.Listener.Close()
		server.Listener = l
	}
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, conns
}

func TestCallsShareAConnection(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	tcp, tcpConns := daemon(t, nil)
	_, unixConns := daemon(t, l)
	for url, conns := range map[string]*atomic.Int32{tcp + "/ignored/path": tcpConns, "unix://" + path: unixConns} {
		c := newClient(t, url)
		for range 3 {
			var got []any
			if err := c.Call(t.Context(), "echo", &got, "ø<&", 1, true); err != nil || !cmp.Equal(got, []any{"ø<&", int64(1), true}) {
				t.Error(url, got, err)
			}
			if err := c.Call(t.Context(), "fault", nil); err == nil || err.Error() != "BAD_NAME: x" {
				t.Error(url, err)
			}
			if err := c.Call(t.Context(), "chunked", &got, strings.Repeat("long", 10_000)); err != nil || len(got) != 1 || len(got[0].(string)) != 40_000 {
				t.Error(url, len(got), err)
			}
		}
		if n := conns.Load(); n != 1 {
			t.Errorf("%s: %d connections", url, n)
		}
		for range 2 {
			if err := c.Call(t.Context(), "last", nil); err != nil {
				t.Error(url, err)
			}
		}
		if n := conns.Load(); n != 2 {
			t.Errorf("%s: %d connections after a last answer", url, n)
		}
	}
}

func TestUnauthorized(t *testing.T) {
	t.Parallel()
	url, _ := daemon(t, nil)
	for _, credentials := range [][2]string{{"", ""}, {"user", ""}, {"", "pass:word"}, {"user", "wrong"}} {
		c, err := NewClient(url, credentials[0], credentials[1])
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		err = c.Call(t.Context(), "x", nil)
		if e, ok := errors.AsType[*StatusError](err); !ok || e.Code != 401 || e.Reason != "Unauthorized" || e.Error() != "401 Unauthorized" {
			t.Error(err)
		}
		_, err = c.Stream(t.Context(), "/logtail/cat")
		if e, ok := errors.AsType[*StatusError](err); !ok || e.Code != 401 {
			t.Error(err)
		}
	}
}

func TestConnectFailures(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stale := filepath.Join(dir, "stale")
	l, err := net.Listen("unix", stale)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tcp.Close()
	for url, want := range map[string]error{
		"unix://" + filepath.Join(dir, "missing"): syscall.ENOENT,
		"unix://" + stale:                         syscall.ECONNREFUSED,
		"http://" + tcp.Addr().String():           syscall.ECONNREFUSED,
	} {
		c := newClient(t, url)
		if err := c.Call(t.Context(), "x", nil); !errors.Is(err, want) {
			t.Errorf("%s: %v", url, err)
		}
		if _, err := c.Stream(t.Context(), "/"); !errors.Is(err, want) {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for url, want := range map[string][3]string{
		"http://localhost:9001":        {"tcp", "localhost:9001", "localhost:9001"},
		"http://localhost":             {"tcp", "localhost:80", "localhost"},
		"http://localhost:/x":          {"tcp", "localhost:80", "localhost:"},
		"http://u:p@127.0.0.1:1/RPC2/": {"tcp", "127.0.0.1:1", "127.0.0.1:1"},
		"http://[::1]":                 {"tcp", "[::1]:80", "[::1]"},
		"http://[::1]:7":               {"tcp", "[::1]:7", "[::1]:7"},
		"unix:///a b/c":                {"unix", "/a b/c", "localhost"},
	} {
		c, err := NewClient(url, "", "")
		if err != nil || [3]string{c.network, c.address, c.host} != want {
			t.Errorf("%s: %v, %v", url, c, err)
		}
	}
	for _, url := range []string{"", "localhost", "https://localhost", "http://a b", "http://a\r\nX: y"} {
		if c, err := NewClient(url, "", ""); err == nil {
			t.Errorf("%q: %v", url, c)
		}
	}
}

// scripted is a server that accepts connections one after the other. To each it writes the
// script's next answer once a request has arrived, and closes it.
func scripted(t *testing.T, script ...string) *Client {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for _, text := range script {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if r, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				io.Copy(io.Discard, r.Body)
			}
			io.WriteString(conn, text)
			conn.Close()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-ended
	})
	return newClient(t, "http://"+l.Addr().String())
}

// awaitClosed waits until the client can see that the server has closed the connection. A
// call before that fails, because the client can't know whether it was executed.
func awaitClosed(t *testing.T, c *Client) {
	t.Helper()
	for limit := time.Now().Add(testkit.Timeout); c.conn != nil && isIdle(c.conn); runtime.Gosched() {
		if time.Now().After(limit) {
			t.Fatal("the server does not close")
		}
	}
}

func TestAnswersOfAllForms(t *testing.T) {
	t.Parallel()
	body := answer("up")
	sized := fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
	for name, text := range map[string]string{
		"ends with the connection": "HTTP/1.0 200 OK\r\n\r\n" + body,
		"with length":              "HTTP/1.1 200 OK\r\n" + sized,
		"odd header lines":         "HTTP/1.1 200\r\nno colon\r\nX:y\r\nCONTENT-LENGTH:" + sized[len("Content-Length:"):],
		"bare line feeds":          "HTTP/1.1 200 OK\n" + strings.ReplaceAll(sized, "\r\n", "\n"),
		"interim answer":           "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n" + sized,
		"chunked": fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\n%s\r\n%X;ext=1\r\n%s\r\n0\r\nTrailer: x\r\n\r\n",
			body[:1], len(body)-1, body[1:]),
	} {
		c := scripted(t, text, text)
		for range 2 { // the server closes after each call
			var got string
			if err := c.Call(t.Context(), "x", &got); err != nil || got != "up" {
				t.Errorf("%s: %q, %v", name, got, err)
			}
			awaitClosed(t, c)
		}
	}
}

func TestBrokenAnswers(t *testing.T) {
	t.Parallel()
	ok := "HTTP/1.1 200 OK\r\n"
	for name, text := range map[string]string{
		"nothing":              "",
		"other protocol":       "SSH-2.0-OpenSSH\r\n\r\n",
		"no status":            "HTTP/1.1\r\n\r\n",
		"low status":           "HTTP/1.1 7 X\r\n\r\n",
		"cut head":             ok,
		"long line":            ok + "A: " + strings.Repeat("a", 100_000),
		"bad length":           ok + "Content-Length: x\r\n\r\n",
		"negative length":      ok + "Content-Length: -1\r\n\r\n",
		"cut body":             ok + "Content-Length: 10\r\n\r\nabc",
		"huge length":          ok + "Content-Length: 9223372036854775807\r\n\r\nabc",
		"cut chunk":            ok + "Transfer-Encoding: chunked\r\n\r\n10\r\nabc",
		"bad chunk":            ok + "Transfer-Encoding: chunked\r\n\r\nx\r\nabc",
		"chunk without end":    ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
		"no last chunk":        ok + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
		"negative chunk":       ok + "Transfer-Encoding: chunked\r\n\r\n-1\r\na\r\n",
		"no XML":               ok + "Content-Length: 3\r\n\r\nabc",
		"no content":           "HTTP/1.1 204 No Content\r\n\r\n",
		"Supervisor's trouble": "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
	} {
		if err := scripted(t, text).Call(t.Context(), "x", nil); err == nil {
			t.Error(name)
		}
	}
}

// TestClosedWhileIdle: the server closes the connection between two calls.
func TestClosedWhileIdle(t *testing.T) {
	t.Parallel()
	body := answer("up")
	text := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	c := scripted(t, text, text)
	for range 2 {
		if err := c.Call(t.Context(), "x", nil); err != nil {
			t.Error(err)
		}
		awaitClosed(t, c)
	}
}

func TestContextCanceled(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := newClient(t, "http://"+l.Addr().String())
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		conn.Read(make([]byte, 1)) // the call is under way
		cancel()
		io.Copy(io.Discard, conn)
	}()
	if err := c.Call(ctx, "x", nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := c.Call(ctx, "x", nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestStream(t *testing.T) {
	t.Parallel()
	more := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "user" || password != "pass:word" || r.URL.Path != "/logtail/a:b" {
			http.NotFound(w, r)
			return
		}
		io.WriteString(w, "one")
		w.(http.Flusher).Flush()
		<-more
		io.WriteString(w, "two")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer server.Close()
	c := newClient(t, server.URL)
	ctx, cancel := context.WithCancel(t.Context())
	body, err := c.Stream(ctx, "/logtail/a%3Ab")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	got := make([]byte, 3)
	if _, err := io.ReadFull(body, got); err != nil || string(got) != "one" {
		t.Errorf("%q, %v", got, err)
	}
	more <- struct{}{}
	if _, err := io.ReadFull(body, got); err != nil || string(got) != "two" {
		t.Errorf("%q, %v", got, err)
	}
	cancel()
	if n, err := body.Read(got); n != 0 || err == nil {
		t.Error(n, err)
	}
	if _, err := c.Stream(t.Context(), "/logtail/x"); err == nil || err.Error() != "404 Not Found" {
		t.Error(err)
	}
	for _, path := range []string{"/logtail/a b", "/x HTTP/1.1\r\nX: y"} {
		if _, err := c.Stream(t.Context(), path); err == nil {
			t.Errorf("%q was sent", path)
		}
	}
}

// TestPythonServer: Python's own server returns the values that were sent to it.
func TestPythonServer(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to test with")
	}
	script := `
import sys
from xmlrpc.server import SimpleXMLRPCServer, SimpleXMLRPCRequestHandler
class Handler(SimpleXMLRPCRequestHandler):
    protocol_version = 'HTTP/1.1'
    rpc_paths = ('/RPC2',)
s = SimpleXMLRPCServer(('127.0.0.1', 0), Handler, logRequests=False, allow_none=True)
s.register_function(lambda *a: a, 'echo')
print(s.server_address[1], flush=True)
s.serve_forever()
`
	cmd := exec.CommandContext(t.Context(), python, "-S", "-E", "-c", script)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
	}()
	var port int
	if _, err := fmt.Fscan(out, &port); err != nil {
		t.Fatal(err)
	}
	c := newClient(t, fmt.Sprintf("http://127.0.0.1:%d", port))
	sent := []any{"a<b>&\"' ]]> ø☃😀\t\n\r", int64(-5), true, 0.125, nil, []any{}, []any{int64(1), []any{"x"}}, map[string]any{"<": "ø", "b": false}}
	for range 2 {
		var got []any
		if err := c.Call(t.Context(), "echo", &got, sent...); err != nil {
			t.Fatal(err)
		}
		// Python writes a bare carriage return, which an XML parser reads as a line feed.
		want := append([]any{strings.ReplaceAll(sent[0].(string), "\r", "\n")}, sent[1:]...)
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
	if f, ok := errors.AsType[*Fault](c.Call(t.Context(), "nope", nil)); !ok || f.Code != 1 {
		t.Error(f)
	}
}

// FuzzAnswer: no answer of a server makes the client panic or hang.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 404 Not Found\r\nConnection: keep-alive\r\n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bufio.NewReader(strings.NewReader(string(data)))
		h, err := readHeader(r)
		if err != nil {
			return
		}
		got, _ := io.ReadAll(h.body(r))
		if len(got) > len(data) || h.length >= 0 && !h.chunked && int64(len(got)) > h.length {
			t.Errorf("%q: %q", data, got)
		}
	})
}

func BenchmarkCall(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, answer("up"))
	}))
	defer server.Close()
	c, err := NewClient(server.URL, "", "")
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Call(b.Context(), "x", nil); err != nil {
			b.Fatal(err)
		}
	}
}
