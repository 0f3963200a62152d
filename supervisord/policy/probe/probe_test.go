package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/fcgi"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/tools/testkit"
)

func TestMain(m *testing.M) {
	spawn.RunExecutor()
	goleak.VerifyTestMain(testkit.BuildPrograms(m, testkit.ChildPackage))
}

// check makes a probe with a generous limit.
func check(t *testing.T, p config.Probe) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Timeout)
	defer cancel()
	return (&Checker{}).Check(ctx, p)
}

// checkFails makes a probe that has to fail with these words.
func checkFails(t *testing.T, p config.Probe, want string) {
	t.Helper()
	err := check(t, p)
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: got %v, want %q", p.Address, err, want)
	}
}

func httpProbe(address string) config.Probe {
	return config.Probe{Kind: config.HTTPProbe, Address: address}
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/up":
			if r.UserAgent() != userAgent || r.Method != http.MethodGet {
				w.WriteHeader(http.StatusBadRequest)
			}
		case "/moved":
			http.Redirect(w, r, "/down", http.StatusFound)
		case "/secret":
			if user, password, _ := r.BasicAuth(); user != "me" || password != "mine" {
				w.WriteHeader(http.StatusUnauthorized)
			}
		case "/endless":
			for {
				if _, err := io.WriteString(w, "more "); err != nil {
					return
				}
			}
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	server := httptest.NewServer(handler)
	defer server.Close()
	for _, path := range []string{"/up", "/up?token=1", "/moved", "/endless"} {
		if err := check(t, httpProbe(server.URL+path)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := check(t, httpProbe(strings.Replace(server.URL, "http://", "http://me:mine@", 1)+"/secret")); err != nil {
		t.Error(err)
	}
	checkFails(t, httpProbe(server.URL+"/down?token=1"), "http 503 from "+server.URL+"/down")
	checkFails(t, httpProbe(strings.Replace(server.URL, "http://", "http://me:wrong@", 1)+"/secret"), "http 401 from "+server.URL+"/secret")

	secure := httptest.NewTLSServer(handler)
	defer secure.Close()
	if err := check(t, httpProbe(secure.URL+"/up")); err != nil {
		t.Error(err)
	}
	checkFails(t, httpProbe(secure.URL+"/down"), "http 503")
	checkFails(t, httpProbe(strings.Replace(server.URL, "http:", "https:", 1)+"/up"), "")
}

func TestConnectionRefused(t *testing.T) {
	t.Parallel()
	l := listen(t, "tcp", "127.0.0.1:0")
	address := l.Addr().String()
	l.Close()
	for _, p := range []config.Probe{
		httpProbe("http://user:secret@" + address + "/"),
		{Kind: config.TCPProbe, Address: address},
		{Kind: config.FCGIProbe, Address: address, Path: "/ping"},
	} {
		if err := check(t, p); !errors.Is(err, syscall.ECONNREFUSED) || err.Error() != "connection refused" {
			t.Errorf("%s: %v", p.Address, err)
		}
	}
	missing := filepath.Join(t.TempDir(), "none")
	for _, kind := range []config.ProbeKind{config.UnixProbe, config.FCGIProbe, config.FileProbe} {
		checkFails(t, config.Probe{Kind: kind, Address: missing}, "no such file or directory")
	}
}

func TestSocketsAndFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	listen(t, "unix", path)
	for _, p := range []config.Probe{
		{Kind: config.TCPProbe, Address: listen(t, "tcp", "127.0.0.1:0").Addr().String()},
		{Kind: config.UnixProbe, Address: path},
		{Kind: config.FileProbe, Address: path},
	} {
		if err := check(t, p); err != nil {
			t.Errorf("%s: %v", p.Address, err)
		}
	}
}

// TestTimeout: a server that accepts and says nothing holds nobody up for longer
// than the limit, and neither does one that is not wanted any more.
func TestTimeout(t *testing.T) {
	t.Parallel()
	address := listen(t, "tcp", "127.0.0.1:0").Addr().String() // the kernel accepts
	for _, p := range []config.Probe{httpProbe("http://" + address + "/"), {Kind: config.FCGIProbe, Address: address, Path: "/ping"}} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		err := (&Checker{}).Check(ctx, p)
		cancel()
		if err == nil || !strings.HasPrefix(err.Error(), "no answer within ") {
			t.Errorf("%s: %v", p.Address, err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		if err := (&Checker{}).Check(ctx, p); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", p.Address, err)
		}
	}
}

func listen(t *testing.T, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestFastCGI(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	tcp := listen(t, "tcp", "127.0.0.1:0")
	for _, l := range []net.Listener{tcp, listen(t, "unix", path)} {
		go fcgi.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch env := fcgi.ProcessEnv(r); {
			case r.Method != http.MethodGet, env["SCRIPT_FILENAME"] != r.URL.Path:
				w.WriteHeader(http.StatusBadRequest)
			case r.URL.Path == "/missing":
				w.WriteHeader(http.StatusNotFound)
			case r.URL.Path == "/long":
				io.WriteString(w, strings.Repeat("x", maxResponse/2))
			case r.URL.Path == "/endless":
				io.WriteString(w, strings.Repeat("x", 2*maxResponse))
			case r.URL.RawQuery == "broken":
				w.WriteHeader(http.StatusInternalServerError)
			default:
				io.WriteString(w, "pong")
			}
		}))
	}
	for _, address := range []string{tcp.Addr().String(), path} {
		for script, want := range map[string]string{
			"/ping": "", "/long": "", "/missing": "fcgi status 404 Not Found",
			"/ping?broken": "fcgi status 500", "/endless": "the connection was closed before the answer was complete",
		} {
			p := config.Probe{Kind: config.FCGIProbe, Address: address, Path: script}
			if want != "" {
				checkFails(t, p, want)
			} else if err := check(t, p); err != nil {
				t.Errorf("%s of %s: %v", script, address, err)
			}
		}
	}
}

// TestBadFastCGIResponses: what servers of other kinds answer.
func TestBadFastCGIResponses(t *testing.T) {
	t.Parallel()
	end := func(protocol byte) []byte { return appendRecord(nil, fcgiEnd, []byte{0, 0, 0, 0, protocol, 0, 0, 0}) }
	for want, answer := range map[string][]byte{
		"the answer is not FastCGI":                                []byte("HTTP/1.1 400 Bad Request\r\n\r\n"),
		"the connection was closed before the answer was complete": appendRecord(nil, fcgiStdout, []byte("Status: 200\r\n\r\n")),
		"fcgi: the server is overloaded":                           end(2),
		"fcgi: the server can't have several requests":             end(1),
		"protocol status 3":                                        end(3),
		"fcgi status 404 Not Found: Primary script unknown": append(append(
			appendRecord(nil, fcgiStderr, []byte("Primary script unknown\n")),
			appendRecord(nil, fcgiStdout, []byte("X: y\r\nstatus: 404 Not Found\r\n\r\nStatus: 200"))...), end(0)...),
	} {
		l := listen(t, "tcp", "127.0.0.1:0")
		go func() {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			io.ReadFull(conn, make([]byte, len(request("/ping"))))
			conn.Write(answer)
		}()
		checkFails(t, config.Probe{Kind: config.FCGIProbe, Address: l.Addr().String(), Path: "/ping"}, want)
	}
}

func FuzzFastCGIResponse(f *testing.F) {
	f.Add(appendRecord(appendRecord(nil, fcgiStdout, []byte("Status: 200 OK\r\n\r\n")), fcgiEnd, make([]byte, 8)))
	f.Add(appendRecord(nil, fcgiEnd, nil))
	f.Add([]byte("HTTP/1.1 400\r\n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := readResponse(strings.NewReader(string(data)))
		if err == nil {
			err = r.err()
		}
		if err != nil && (strings.ContainsAny(err.Error(), "\n\x1b") || len(err.Error()) > 3*maxErrorText) {
			t.Errorf("got %q", err)
		}
	})
}

func TestExec(t *testing.T) {
	t.Parallel()
	spawner := spawn.New(slog.New(slog.DiscardHandler))
	ctx, end := context.WithCancel(t.Context())
	ran := make(chan struct{})
	go func() { defer close(ran); spawner.Run(ctx) }()
	defer func() { end(); <-ran }()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	run := func(limit time.Duration, args ...string) error {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		c := Checker{Spawner: spawner, Spec: func(command string) (*spawn.Spec, error) {
			if command != "as written" {
				return nil, fmt.Errorf("can't find command %q", command)
			}
			argv := testkit.Command(args...)
			return &spawn.Spec{Path: argv[0], Args: argv, Dir: dir, Env: append(os.Environ(), "MINE=its own"), Umask: -1}, nil
		}}
		return c.Check(ctx, config.Probe{Kind: config.ExecProbe, Command: "as written"})
	}
	for want, args := range map[string][]string{
		"":                            {"say", "much", "exit", "0"},
		"exit status 3":               {"exit", "3"},
		"exit status 1: its own":      {"say", "first", "env", "MINE", "exit", "1"},
		"exit status 2: " + dir:       {"cwd", "exit", "2"},
		"exit status 1: \\x1b[31mred": {"warn", "\x1b[31mred", "exit", "1"},
		"terminated by SIGTERM":       {"kill", "15"},
		"exit status 1: " + strings.Repeat("x", maxErrorText) + "…": {"bytes", "100000", "exit", "1"},
	} {
		got := ""
		if err := run(testkit.Timeout, args...); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%v: got %q, want %q", args, got, want)
		}
	}
	if err := run(200*time.Millisecond, "wait"); err == nil || !strings.HasPrefix(err.Error(), "no end within ") {
		t.Error(err)
	}
	checkFails(t, config.Probe{Kind: config.ExecProbe, Command: "x"}, "exec")
}
