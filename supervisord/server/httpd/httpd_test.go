package httpd

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/system/descriptors"
	"supervisor/supervisord/tools/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newLog() *testkit.Log { return &testkit.Log{Level: logs.LevelTrace, WithLevels: true} }

// fakeLogs has a log of the process "cat", an empty log of "a:b" and no others. Streams
// end with their context.
type fakeLogs struct{ ended chan struct{} }

var modified = time.Date(2026, 11, 22, 16, 34, 30, 0, time.FixedZone("", 3600))

func (f fakeLogs) FollowLog(ctx context.Context, name, channel string, begin func(time.Time) io.Writer) error {
	switch name {
	case "cat":
		fmt.Fprintf(begin(modified), "%s of %s", channel, name)
	case "a:b":
		begin(modified)
	default:
		return errors.New("no such process")
	}
	<-ctx.Done()
	f.ended <- struct{}{}
	return ctx.Err()
}

func (f fakeLogs) FollowMainLog(ctx context.Context, begin func(time.Time) io.Writer) error {
	return f.FollowLog(ctx, "cat", "main log", begin)
}

// testServer is a running server under test.
type testServer struct {
	*Servers
	log    *testkit.Log
	stderr *bytes.Buffer
	path   string             // of the unix socket
	end    context.CancelFunc // of Serve
	ended  chan error         // what Serve returned
	logs   fakeLogs
	bus    *events.Bus
	files  *fakeLogFiles
}

// handOver starts new servers that take over the connections of in, which must be
// paused, and returns them. rpc is their RPC handler.
func (in *testServer) handOver(t *testing.T, rpc http.Handler) (*testServer, error) {
	t.Helper()
	set := descriptors.Set{}
	all := in.HandOver(t.Context(), set)
	in.end()
	if err := <-in.ended; err != nil {
		return nil, err
	}
	next := *in
	var err error
	if next.Servers, err = Listen([]config.Server{in.endpoints[0].Server}, Options{Log: in.opts.Log, Stderr: io.Discard, Saved: all, Descriptors: set}); err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(context.Background())
	next.end, next.ended = end, make(chan error, 1)
	go func() { next.ended <- next.Serve(ctx, Handlers{RPC: rpc, Logs: in.logs}) }()
	return &next, nil
}

// echo is an RPC handler that answers with the method and the body of the request.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s", r.Method, body)
})

// serve starts a server on a unix socket, after change has changed its configuration.
// If rpc is nil, the RPC handler is echo.
func serve(t *testing.T, rpc http.Handler, change func(*config.Server)) *testServer {
	t.Helper()
	in := &testServer{log: newLog(), stderr: &bytes.Buffer{}, path: filepath.Join(t.TempDir(), "s"),
		ended: make(chan error, 1), logs: fakeLogs{make(chan struct{}, 10)}, bus: &events.Bus{}, files: newLogFiles(t)}
	c := config.Server{Section: "unix_http_server", Family: "unix", Path: in.path, Mode: 0o700, UID: -1, GID: -1}
	if change != nil {
		change(&c)
	}
	var err error
	in.Servers, err = Listen([]config.Server{c}, Options{Log: in.log.Logger(), Stderr: in.stderr, Interfaces: []string{"supervisor"}})
	if err != nil {
		t.Fatal(err)
	}
	if rpc == nil {
		rpc = echo
	}
	var ctx context.Context
	ctx, in.end = context.WithCancel(context.Background())
	go func() {
		in.ended <- in.Serve(ctx, Handlers{RPC: rpc, Logs: in.logs, Events: in.bus, LogFiles: in.files})
	}()
	t.Cleanup(func() {
		in.end()
		if err := <-in.ended; err != nil {
			t.Error(err)
		}
	})
	return in
}

// connect connects to the server, whichever binary accepts the connection.
func (in *testServer) connect() (net.Conn, error) {
	if in.endpoints[0].Family == "unix" {
		return net.Dial("unix", in.path)
	}
	return net.Dial("tcp", in.endpoints[0].Addr().String())
}

func (in *testServer) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := in.connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// request sends a request unchanged, and reads the whole answer.
func (in *testServer) request(t *testing.T, request string) (*http.Response, string) {
	t.Helper()
	conn := in.dial(t)
	defer conn.Close()
	go io.WriteString(conn, request) // the answer may come before all is written
	method, _, _ := strings.Cut(request, " ")
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	return resp, string(body)
}

const notFound = "<head>\r\n<title>Error response</title>\r\n</head>\r\n<body>\r\n<h1>Error response</h1>\r\n" +
	"<p>Error code 404.\r\n<p>Message: Not Found.\r\n</body>\r\n"

func TestRequests(t *testing.T) {
	t.Parallel()
	in := serve(t, nil, nil)
	tests := []struct {
		name, request string
		status        int
		body          string // "" for the page of the status
	}{
		{"call", "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", 200, "POST hello"},
		{"with slash", "POST /RPC2/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", 200, "POST hello"},
		{"HTTP/1.0", "POST /RPC2 HTTP/1.0\r\ncontent-length:5\r\n\r\nhello", 200, "POST hello"},
		{"escaped path", "POST /RP%432 HTTP/1.0\r\nContent-Length: 0\r\n\r\n", 200, "POST "},
		{"query", "POST /RPC2?a=b HTTP/1.0\r\nContent-Length: 0\r\n\r\n", 200, "POST "},
		{"whole address", "POST http://x/RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 200, "POST "},
		{"same origin", "POST /RPC2 HTTP/1.1\r\nHost: x:9001\r\nOrigin: http://x:9001\r\nContent-Length: 0\r\n\r\n", 200, "POST "},
		{"other origin", "POST /RPC2 HTTP/1.1\r\nHost: x:9001\r\nOrigin: http://y\r\nContent-Length: 0\r\n\r\n", 403, ""},
		{"cross site", "POST /RPC2 HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: cross-site\r\nContent-Length: 0\r\n\r\n", 403, ""},
		{"no length", "POST /RPC2 HTTP/1.1\r\nHost: x\r\n\r\n", 411, ""},
		{"chunked", "POST /RPC2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411, ""},
		{"too long", "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", 413, ""},
		{"longer", "POST /RPC2more HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 404, notFound},
		{"nothing", "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", 404, notFound},
		{"dots", "GET /../../RPC2 HTTP/1.1\r\nHost: x\r\n\r\n", 404, notFound},
		{"options", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404, notFound},
		{"bare log", "GET /logtail HTTP/1.1\r\nHost: x\r\n\r\n", 404, notFound},
		{"empty log", "GET /logtail/ HTTP/1.1\r\nHost: x\r\n\r\n", 404, notFound},
		{"longer log", "GET /logtailor/cat HTTP/1.1\r\nHost: x\r\n\r\n", 404, notFound},
		{"unknown log", "GET /logtail/ghost HTTP/1.1\r\nHost: x\r\n\r\n", 404, notFound},
		{"slash after a log", "GET /logtail/cat/ HTTP/1.1\r\nHost: x\r\n\r\n", 404, notFound},
		{"other channel", "GET /logtail/cat/STDOUT HTTP/1.1\r\nHost: x\r\n\r\n", 404, notFound},
		{"too many parts", "GET /logtail/cat/stdout/x HTTP/1.1\r\nHost: x\r\n\r\n", 404, notFound},
		{"post to a log", "POST /logtail/cat HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx", 400, ""},
		{"head of a log", "HEAD /logtail/cat HTTP/1.0\r\n\r\n", 400, ""},
		{"post to the main log", "POST /mainlogtail HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx", 400, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.body == "" && !strings.HasPrefix(tt.request, "HEAD") {
				tt.body = string(errorPage(tt.status))
			}
			resp, body := in.request(t, strings.Replace(tt.request, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1))
			if resp.StatusCode != tt.status || body != tt.body {
				t.Errorf("%d, %q", resp.StatusCode, body)
			}
			if h := resp.Header; h.Get("Server") != "Medusa/1.12" || tt.status >= 400 && h.Get("Content-Type") != "text/html" {
				t.Error(h)
			}
		})
	}
}

func TestMalformedRequestsAreRefused(t *testing.T) {
	t.Parallel()
	in := serve(t, nil, nil)
	for _, request := range []string{"nonsense\r\n\r\n", "GET / http/1.1\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n folded: first\r\n\r\n",
		"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"} {
		if resp, _ := in.request(t, request); resp.StatusCode != 400 {
			t.Errorf("%q: %d", request, resp.StatusCode)
		}
	}
	if resp, _ := in.request(t, "GET / HTTP/1.1\r\nHost: x\r\nA: "+strings.Repeat("a", 1<<20)); resp.StatusCode != 431 {
		t.Error(resp.StatusCode)
	}
}

func TestErrorPages(t *testing.T) {
	t.Parallel()
	for status, size := range map[int]int{301: 142, 400: 136, 401: 137, 404: 134, 411: 140, 500: 146} {
		if got := len(errorPage(status)); got != size {
			t.Errorf("%d: %d bytes", status, got)
		}
	}
}

func TestKeepAlive(t *testing.T) {
	t.Parallel()
	in := serve(t, nil, nil)
	conn := in.dial(t)
	r := bufio.NewReader(conn)
	for range 3 { // pipelined, answered in order
		io.WriteString(conn, "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na"+
			"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nb")
		for _, want := range []string{"POST a", "POST b"} {
			resp, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			if body, _ := io.ReadAll(resp.Body); string(body) != want {
				t.Errorf("%s, want %s", body, want)
			}
		}
	}
	io.WriteString(conn, "POST /RPC2 HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na")
	resp, err := http.ReadResponse(r, nil)
	if err != nil || resp.Header.Get("Connection") != "keep-alive" {
		t.Error(resp, err)
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	sum := sha1.Sum([]byte("se:cret"))
	plain := func(c *config.Server) { c.Username, c.Password = "user", "se:cret" }
	digest := func(c *config.Server) { c.Username, c.Password = "user", fmt.Sprintf("{SHA}%x", sum) }
	upper := func(c *config.Server) { c.Username, c.Password = "user", fmt.Sprintf("{SHA}%X", sum) }
	slow := func(c *config.Server) { c.Username, c.Password = "user", hashed }
	base64of := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	basic := func(s string) string { return "Basic " + base64of(s) }
	tests := []struct {
		name          string
		conf          func(*config.Server)
		authorization string
		status        int
	}{
		{"right", plain, basic("user:se:cret"), 404},
		{"lower case", plain, "bAsIC " + base64of("user:se:cret"), 404},
		{"missing", plain, "", 401},
		{"wrong password", plain, basic("user:se:cre"), 401},
		{"longer password", plain, basic("user:se:crett"), 401},
		{"no password", plain, basic("user:"), 401},
		{"wrong user", plain, basic("use:se:cret"), 401},
		{"case of the user", plain, basic("User:se:cret"), 401},
		{"no user", plain, basic(":se:cret"), 401},
		{"nothing", plain, basic(":"), 401},
		{"no colon", plain, basic("user"), 401},
		{"no base64", plain, "Basic ???", 401},
		{"no value", plain, "Basic", 401},
		{"other scheme", plain, "Digest " + base64of("user:se:cret"), 401},
		{"digest", digest, basic("user:se:cret"), 404},
		{"digest, wrong", digest, basic("user:secret"), 401},
		{"the digest itself", digest, basic(fmt.Sprintf("user:{SHA}%x", sum)), 401},
		{"digest in upper case", upper, basic("user:se:cret"), 401},
		{"bcrypt", slow, basic("user:se:cret"), 404},
		{"bcrypt, wrong", slow, basic("user:secret"), 401},
		{"bcrypt, wrong user", slow, basic("use:se:cret"), 401},
		{"the hash itself", slow, basic("user:" + hashed), 401},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := serve(t, nil, tt.conf)
			header := ""
			if tt.authorization != "" {
				header = "Authorization: " + tt.authorization + "\r\n"
			}
			resp, body := in.request(t, "GET /nothing HTTP/1.1\r\nHost: x\r\n"+header+"\r\n")
			if resp.StatusCode != tt.status {
				t.Error(resp.StatusCode)
			}
			h := resp.Header
			if tt.status == 401 && (h.Get("WWW-Authenticate") != `Basic realm="default"` || !resp.Close || len(body) != 137) {
				t.Error(h, resp.Close, body)
			}
		})
	}
}

// TestAllRoutesRequireCredentials calls every route, and unknown paths, without
// credentials and with wrong ones.
func TestAllRoutesRequireCredentials(t *testing.T) {
	t.Parallel()
	asked := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Error("executed:", r.Method, r.URL) })
	paths := []string{"/", "/logtail/cat", "/logtail/cat/stderr", "/index.html", "/ok.html", "/tail.html?processname=cat",
		"/stylesheets/supervisor.css", "/nothing", "//RPC2", "/../RPC2", "*", "http://x/RPC2"}
	for _, rt := range routes(new(streams), config.Server{}, Handlers{RPC: asked}) {
		paths = append(paths, rt.path)
		if rt.prefix {
			paths = append(paths, rt.path+"/longer")
		}
	}
	in := serve(t, asked, func(c *config.Server) { c.Username, c.Password = "user", "secret" })
	for _, credentials := range []string{"", "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("user:wrong")) + "\r\n"} {
		for _, method := range []string{"GET", "POST", "HEAD", "PUT", "OPTIONS", "TRACE", "CONNECT", "X"} {
			for _, path := range paths {
				conn := in.dial(t)
				io.WriteString(conn, method+" "+path+" HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"+credentials+"\r\n")
				resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
				if err != nil {
					t.Fatal(method, path, err)
				}
				if resp.StatusCode != 401 && (resp.StatusCode != 400 || strings.HasPrefix(path, "/")) { // net/http answers 400 to an invalid path
					t.Errorf("%s %s: %d", method, path, resp.StatusCode)
				}
				conn.Close()
			}
		}
	}
}

func TestStreams(t *testing.T) {
	t.Parallel()
	in := serve(t, nil, nil)
	for path, want := range map[string]string{
		"/logtail/cat":        "stdout of cat",
		"/logtail/cat/stderr": "stderr of cat",
		"/logtail/%63at?a=b":  "stdout of cat",
		"/logtail/a%3Ab":      "",
		"/mainlogtail":        "main log of cat",
	} {
		conn := in.dial(t)
		io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(want))
		if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", path, got, err)
		}
		h := resp.Header
		if resp.StatusCode != 200 || h.Get("Content-Type") != "text/plain;charset=utf-8" || h.Get("Last-Modified") != "Sun, 22 Nov 2026 15:34:30 GMT" ||
			len(resp.TransferEncoding) != 1 || (h.Get("X-Accel-Buffering") == "no") != strings.HasPrefix(path, "/logtail") {
			t.Error(path, h, resp.TransferEncoding)
		}
		conn.Close()
		<-in.logs.ended // because the client has hung up
	}
}

func TestShutdownEndsStreams(t *testing.T) {
	t.Parallel()
	in := serve(t, nil, nil)
	conn := in.dial(t)
	io.WriteString(conn, "GET /mainlogtail HTTP/1.0\r\n\r\n")
	r := bufio.NewReader(conn)
	if _, err := r.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	in.end()
	if _, err := io.ReadAll(r); err != nil {
		t.Error(err)
	}
	if err := <-in.ended; err != nil {
		t.Error(err)
	}
	in.ended <- nil
	if _, err := os.Lstat(in.path); !os.IsNotExist(err) {
		t.Error("socket left behind:", err)
	}
}

// TestShutdownWaitsForCalls ends serving while two calls wait: one is answered then, the
// other never.
func TestShutdownWaitsForCalls(t *testing.T) {
	t.Parallel()
	entered := make(chan string, 2)
	ready := make(chan struct{})
	left := make(chan struct{})
	wait := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		entered <- string(body)
		if string(body) == "never" {
			<-r.Context().Done()
			close(left)
			return
		}
		<-ready
		io.WriteString(w, "ready")
	})
	in := serve(t, wait, nil)
	silent := in.dial(t)
	conns := map[string]net.Conn{}
	for _, body := range []string{"soon!", "never"} {
		conns[body] = in.dial(t)
		io.WriteString(conns[body], "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"+body)
		<-entered
	}
	in.end()
	io.ReadAll(silent) // is closed first
	close(ready)
	resp, err := http.ReadResponse(bufio.NewReader(conns["soon!"]), nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); string(body) != "ready" || err != nil {
		t.Errorf("%q, %v", body, err)
	}
	<-left
	if got, _ := io.ReadAll(conns["never"]); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

func TestClientDisconnectCancelsCall(t *testing.T) {
	t.Parallel()
	entered, left := make(chan struct{}), make(chan struct{})
	in := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
		close(left)
	}), nil)
	conn := in.dial(t)
	io.WriteString(conn, "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
	<-entered
	conn.Close()
	<-left
}

func TestLog(t *testing.T) {
	t.Parallel()
	in := serve(t, nil, func(c *config.Server) { c.Section = "unix_http_server" })
	conn := in.dial(t)
	io.WriteString(conn, "POST /RPC2?error HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na"+
		"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	answers, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	got := in.log.String()
	for _, want := range []string{
		"-8 " + in.path + ":Medusa (V1.12) started at ",
		"\n\tHostname: <unix domain socket>\n\tPort:" + in.path + "\n0 RPC interface 'supervisor' initialized\n" +
			"12 Server 'unix_http_server' running without any HTTP authentication checking\n" +
			"-8 localhost:0 - - [",
		`+0000] "POST /RPC2?error HTTP/1.1" 200 `,
		`+0000] "GET /nothing HTTP/1.1" 404 `,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	// net/http adds what the log does not know: a length, the end of the connection.
	i := bytes.Index(answers, []byte("HTTP/1.1 404"))
	for _, size := range []int{i - len("Content-Length: 6\r\nContent-Type: text/plain; charset=utf-8\r\n"), len(answers) - i - len("Connection: close\r\n")} {
		if !strings.Contains(got, fmt.Sprintf(" %d", size)) {
			t.Errorf("no size %d in\n%s", size, got)
		}
	}
}

func TestServerWithCredentialsIsNotCritical(t *testing.T) {
	t.Parallel()
	in := serve(t, nil, func(c *config.Server) { c.Username, c.Password = "a", "b" })
	if got := in.log.String(); strings.Contains(got, "authentication") {
		t.Error(got)
	}
}

func TestTCP(t *testing.T) {
	t.Parallel()
	in := serve(t, nil, func(c *config.Server) { c.Family, c.Host, c.Section = "tcp", "127.0.0.1", "inet_http_server" })
	if resp, body := in.request(t, "POST /RPC2 HTTP/1.0\r\nContent-Length: 1\r\n\r\na"); resp.StatusCode != 200 || body != "POST a" {
		t.Error(resp.StatusCode, body)
	}
	short := serve(t, nil, func(c *config.Server) { c.Family, c.Host, c.Section = "tcp", "127.1", "inet_http_server" })
	if resp, body := short.request(t, "POST /RPC2 HTTP/1.1\r\nHost: 127.1:9001\r\nContent-Length: 1\r\n\r\na"); resp.StatusCode != 200 || body != "POST a" {
		t.Error(resp.StatusCode, body)
	}
	if got := in.log.String(); !strings.Contains(got, "-8 127.0.0.1:") || !strings.Contains(got, "Server 'inet_http_server' running") {
		t.Error(got)
	}
	port := in.endpoints[0].Addr().(*net.TCPAddr).Port
	_, err := Listen([]config.Server{{Family: "tcp", Port: port}}, in.opts)
	if want := "Another program is already listening on a port that one of our HTTP servers is configured to use.  " +
		"Shut this program down first before starting supervisord."; err == nil || err.Error() != want {
		t.Error(err)
	}
}
