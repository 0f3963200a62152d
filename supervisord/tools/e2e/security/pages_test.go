package security

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"supervisor/supervisord/tools/testkit/e2e"
)

// browser requests pages of a daemon. It follows no redirects.
type browser struct {
	t    *testing.T
	base string
	http.Client
}

// tcpBrowser uses a TCP port of the loopback interface.
func tcpBrowser(t *testing.T, port int) *browser {
	return newBrowser(t, fmt.Sprintf("http://127.0.0.1:%d", port), &http.Transport{})
}

// unixBrowser uses the unix socket, as scripts do.
func unixBrowser(d *e2e.Daemon) *browser {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", d.Path("s.sock"))
	}
	return newBrowser(d.T, "http://localhost", &http.Transport{DialContext: dial})
}

func newBrowser(t *testing.T, base string, transport *http.Transport) *browser {
	t.Cleanup(transport.CloseIdleConnections)
	return &browser{t, base, http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// request sends a request, with one header or none. It returns the status, and the body
// or, for a redirect, the message in its location.
func (b *browser) request(method, path string, headers ...string) (int, string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, http.NoBody)
	if err != nil {
		b.t.Fatal(err)
	}
	if len(headers) == 2 {
		r.Header.Set(headers[0], headers[1])
	}
	resp, err := b.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if quoted, ok := strings.CutPrefix(strings.TrimPrefix(strings.TrimPrefix(resp.Header.Get("Location"), "http://"+resp.Request.Host), "."), "/?message="); ok {
		text, err := url.PathUnescape(quoted)
		if err != nil {
			b.t.Fatal(err)
		}
		return resp.StatusCode, text
	}
	return resp.StatusCode, string(body)
}

// expect fails the test unless the answer has this status and contains this text.
func (b *browser) expect(status int, text, method, path string, headers ...string) {
	b.t.Helper()
	if got, body := b.request(method, path, headers...); got != status || !strings.Contains(body, text) {
		b.t.Errorf("%s %s: %d %s", method, path, got, body)
	}
}

// pid is the pid that the status page shows, "" if no program runs. No more than one
// may run.
func (b *browser) pid() string {
	_, page := b.request("GET", "/")
	_, rest, _ := strings.Cut(page, "<span>pid ")
	pid, _, _ := strings.Cut(rest, ",")
	return pid
}

// startPages starts a daemon with a server, and another one with get_actions=true.
func startPages(t *testing.T) (d *e2e.Daemon, b, getActions *browser) {
	t.Helper()
	d = e2e.NewDaemon(t)
	port, open := e2e.FreePort(t), e2e.FreePort(t)
	d.Configure(fmt.Sprintf("[inet_http_server]\nport=127.0.0.1:%d\n[inet_http_server:open]\nport=127.0.0.1:%d\nget_actions=true\n"+
		"[program:cat]\nstartsecs=0\ncommand=sh -c 'echo \"a <b> & c\"; exec cat'\nstdout_logfile=%s\n"+
		"[program:broken]\ncommand=/no/such/file\nautostart=false\n", port, open, d.Path("cat.log")))
	d.Start()
	d.AwaitStatus("cat", "RUNNING")
	return d, tcpBrowser(t, port), tcpBrowser(t, open)
}

func TestPages(t *testing.T) {
	t.Parallel()
	d, b, _ := startPages(t)
	b.expect(200, `<span class="statusrunning">running</span>`, "GET", "/")
	b.expect(200, "OK", "GET", "/ok.html")
	b.expect(200, ".statusrunning", "GET", "/stylesheets/supervisor.css")
	b.expect(404, "Error code 404.", "GET", "/nothing")
	b.expect(404, "", "HEAD", "/")

	d.AwaitText("cat.log", "\n")
	b.expect(200, ">a &lt;b> &amp; c\n</pre>", "GET", "/tail.html?processname=cat")
	b.expect(303, "Log for cat cleared", "POST", "/?processname=cat&action=clearlog")
	b.expect(200, "></pre>", "GET", "/tail.html?processname=cat")
}

// TestPageActions checks that an action needs a POST from a page of the server itself.
func TestPageActions(t *testing.T) {
	t.Parallel()
	_, b, _ := startPages(t)
	const stop, start = "/index.html?processname=cat&action=stop", "/index.html?processname=cat&action=start"
	pid := b.pid()
	b.expect(405, `action="index.html?processname=cat&amp;action=stop"`, "GET", stop)
	b.expect(403, "another site", "POST", stop, "Origin", "http://elsewhere.example")
	if b.pid() != pid {
		t.Fatal("a refused request has stopped the program")
	}
	b.expect(303, "Process cat stopped", "POST", stop, "Origin", b.base)
	b.expect(303, "unexpected rpc fault [70] NOT_RUNNING: cat", "POST", stop)
	b.expect(303, "Process cat started", "POST", start)
	b.expect(303, "ERROR: Process cat: already started", "POST", start)
	b.expect(303, "ERROR: Process broken: no such file", "POST", "/?processname=broken&action=restart")
	b.expect(303, "No such process named ghost", "POST", "/?processname=ghost&action=stop")
	b.expect(500, "Error code 500.", "POST", "/?processname=cat&action=explode")
}

// TestPageActionsByGET checks that scripts on the unix socket, and everything with
// get_actions=true, may use GET, as with Supervisor.
func TestPageActionsByGET(t *testing.T) {
	t.Parallel()
	d, b, getActions := startPages(t)
	for name, script := range map[string]*browser{"unix": unixBrowser(d), "get_actions": getActions} {
		pid := b.pid()
		script.expect(301, "Process cat restarted", "GET", "/?processname=cat&action=restart")
		if now := b.pid(); now == pid || now == "" {
			t.Errorf("%s: pid %s after %s", name, now, pid)
		}
		script.expect(301, "All stopped at ", "GET", "/?action=stopall")
		if now := b.pid(); now != "" {
			t.Errorf("%s: pid %s", name, now)
		}
		script.expect(301, "All restarted at ", "GET", "/?action=restartall")
	}
	if out := d.Ctl("status"); !strings.Contains(out, "cat                              RUNNING") {
		t.Error(out)
	}
}
