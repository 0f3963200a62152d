package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
)

// clock matches a time in the format of ctime.
var clock = regexp.MustCompile(` at [A-Z][a-z]{2} [A-Z][a-z]{2} [ 1-3]\d \d\d:\d\d:\d\d \d{4}$`)

// message returns the message of a redirect, with TIME for the time.
func message(t *testing.T, location string) string {
	t.Helper()
	quoted, ok := strings.CutPrefix(strings.TrimPrefix(strings.TrimPrefix(location, "http://localhost:9001"), "."), "/?message=")
	text, err := url.PathUnescape(quoted)
	if !ok || err != nil || strings.ContainsAny(quoted, " +:[]'") {
		t.Fatalf("redirected to %q", location)
	}
	return clock.ReplaceAllString(text, " at TIME")
}

func TestActions(t *testing.T) {
	t.Parallel()
	fails := func(code faults.Code) error { return faults.New(code, "g:x") }
	tests := []struct {
		query   string
		fails   map[string]error
		calls   []string
		message string // "" for status 500
	}{
		{"action=refresh", nil, nil, "Page refreshed at TIME"},
		{"action=refresh&processname=ghost", nil, nil, "Page refreshed at TIME"},
		{"action=stopall", nil, []string{"stop all true"}, "All stopped at TIME"},
		{"action=restartall", nil, []string{"stop all true", "start all true"}, "All restarted at TIME"},
		{"action=start&processname=a", nil, []string{"start a true"}, "Process a started"},
		{"action=start&processname=g:x", nil, []string{"start g:x true"}, "Process g:x started"},
		{"action=start&processname=g%3Ax", nil, []string{"start g:x true"}, "Process g:x started"},
		{"action=stop&processname=a", nil, []string{"stop a true"}, "Process a stopped"},
		{"action=restart&processname=a", nil, []string{"stop a true", "start a true"}, "Process a restarted"},
		{"action=clearlog&processname=a", nil, []string{"clear a"}, "Log for a cleared"},

		{"action=start&processname=a", map[string]error{"start a true": fails(faults.NoFile)}, []string{"start a true"}, "ERROR: Process a: no such file"},
		{"action=start&processname=a", map[string]error{"start a true": fails(faults.NotExecutable)}, []string{"start a true"}, "ERROR: Process a: file not executable"},
		{"action=start&processname=a", map[string]error{"start a true": fails(faults.AlreadyStarted)}, []string{"start a true"}, "ERROR: Process a: already started"},
		{"action=start&processname=a", map[string]error{"start a true": fails(faults.SpawnError)}, []string{"start a true"}, "ERROR: Process a: spawn error"},
		{"action=start&processname=a", map[string]error{"start a true": fails(faults.AbnormalTermination)}, []string{"start a true"}, "ERROR: Process a: abnormal termination"},
		{"action=start&processname=a", map[string]error{"start a true": fails(faults.BadName)}, []string{"start a true"},
			"ERROR: Process a: unexpected rpc fault [10] BAD_NAME: g:x"},
		{"action=start&processname=a", map[string]error{"start a true": errors.New("odd")}, []string{"start a true"}, "ERROR: Process a: unexpected rpc fault [30] odd"},
		{"action=stop&processname=a", map[string]error{"stop a true": fails(faults.NotRunning)}, []string{"stop a true"}, "unexpected rpc fault [70] NOT_RUNNING: g:x"},
		{"action=clearlog&processname=a", map[string]error{"clear a": faults.New(faults.Failed, "a")}, []string{"clear a"}, "unexpected rpc fault [30] FAILED: a"},
		{"action=restart&processname=a", map[string]error{"stop a true": fails(faults.NotRunning)}, []string{"stop a true", "start a true"}, "Process a restarted"},
		{"action=restart&processname=a", map[string]error{"stop a true": fails(faults.Failed)}, []string{"stop a true"}, "unexpected rpc fault [30] FAILED: g:x"},
		{"action=restart&processname=a", map[string]error{"start a true": fails(faults.SpawnError)}, []string{"stop a true", "start a true"}, "ERROR: Process a: spawn error"},
		{"action=stopall", map[string]error{"stop all true": context.Canceled}, []string{"stop all true"}, "All stopped at TIME"},

		{"action=stop&processname=ghost", nil, nil, "No such process named ghost"},
		{"action=explode&processname=ghost", nil, nil, "No such process named ghost"},
		{"action=stop&processname=g:*", nil, nil, "No such process named g:*"},
		{"action=stop&processname=%0d%0aX:%20y", nil, nil, "No such process named \r\nX: y"},
		{"action=explode&processname=a", nil, nil, ""},
		{"action=explode", nil, nil, ""},
		{"action=stop", nil, nil, ""},
		{"action=stop&processname=", nil, nil, ""},
		{"action=STOP&processname=a", nil, nil, ""},
	}
	for _, tt := range tests {
		for _, how := range []struct {
			method string
			server config.Server
			status int
		}{{"GET", unixServer, 301}, {"GET", openServer, 301}, {"POST", unixServer, 303}, {"POST", tcpServer, 303}} {
			f := newFake(process("a", states.Running, ""), process("g:x", states.Stopped, ""))
			f.fails = tt.fails
			c := newClient(t, f, how.server)
			resp, body := c.request(how.method, "/index.html?"+tt.query, "")
			if tt.message == "" {
				if resp.StatusCode != 500 || !strings.Contains(c.log.String(), "Web interface error: ") {
					t.Errorf("%s %s: %d, log %s", how.method, tt.query, resp.StatusCode, c.log)
				}
				continue
			}
			if resp.StatusCode != how.status || body != "" || !slices.Equal(f.calls, tt.calls) {
				t.Errorf("%s %s: %d %q, calls %q", how.method, tt.query, resp.StatusCode, body, f.calls)
			}
			if got := message(t, resp.Header.Get("Location")); got != tt.message {
				t.Errorf("%s %s: %q", how.method, tt.query, got)
			}
		}
	}
}

func TestGetOnTCPNeedsConfirmation(t *testing.T) {
	t.Parallel()
	for verb, a := range actions {
		f := newFake(process("g:x", states.Running, ""))
		c := newClient(t, f, tcpServer)
		address := strings.TrimPrefix(a.href(verb, "g:x"), "index.html")
		resp, body := c.request("GET", "/"+address, "")
		if !a.changes {
			if resp.StatusCode != 301 {
				t.Errorf("%s: %d", verb, resp.StatusCode)
			}
			continue
		}
		if resp.StatusCode != 405 || resp.Header.Get("Allow") != "POST" || len(f.calls) != 0 {
			t.Errorf("%s: %d %v %v", verb, resp.StatusCode, resp.Header, f.calls)
		}
		action := regexp.MustCompile(`action="([^"]*)" method="post"`).FindStringSubmatch(body)
		if action == nil || action[1] != "index.html"+strings.ReplaceAll(address, "&", "&amp;") {
			t.Fatalf("%s: %q in %s", verb, action, body)
		}
		// The POST of the form performs the action.
		if resp, _ := c.request("POST", "/"+address, ""); resp.StatusCode != 303 || len(f.calls) == 0 {
			t.Errorf("%s: %d %v", verb, resp.StatusCode, f.calls)
		}
	}
}

// TestGetFromOtherSites: on a unix socket behind a proxy, a GET from a page of another
// site performs no action.
func TestGetFromOtherSites(t *testing.T) {
	t.Parallel()
	for site, allowed := range map[string]bool{"cross-site": false, "same-site": false, "same-origin": true, "none": true} {
		f := newFake(process("a", states.Running, ""))
		resp, _ := newClient(t, f, unixServer).request("GET", "/?action=stop&processname=a", "", "Sec-Fetch-Site", site)
		if allowed != (resp.StatusCode == 301) || allowed != (len(f.calls) == 1) {
			t.Errorf("%s: %d %v", site, resp.StatusCode, f.calls)
		}
	}
}

func TestRestartContinuesAfterDisconnect(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"action=restart&processname=a", "action=restartall"} {
		f := newFake(process("a", states.Running, ""))
		f.called = func(ctx context.Context, call string) {
			if ctx.Done() != nil {
				t.Errorf("%s: %s can be cancelled", query, call)
			}
		}
		newClient(t, f, unixServer).request("GET", "/?"+query, "")
		if len(f.calls) != 2 {
			t.Error(f.calls)
		}
	}
}

func TestShutdownEndsRestart(t *testing.T) {
	t.Parallel()
	for query, calls := range map[string]string{"action=restart&processname=a": "stop a true", "action=restartall": "stop all true"} {
		f := newFake(process("a", states.Running, ""))
		f.called = func(context.Context, string) { f.mood = states.DaemonShutdown }
		resp, _ := newClient(t, f, unixServer).request("GET", "/?"+query, "")
		if got := message(t, resp.Header.Get("Location")); got != "unexpected rpc fault [6] SHUTDOWN_STATE" {
			t.Error(got)
		}
		if !slices.Equal(f.calls, []string{calls}) {
			t.Error(f.calls)
		}
	}
}

func TestStopCanceledByDisconnect(t *testing.T) {
	t.Parallel()
	f := newFake(process("a", states.Running, ""))
	f.called = func(ctx context.Context, call string) {
		if ctx.Done() == nil {
			t.Error(call)
		}
	}
	newClient(t, f, unixServer).request("GET", "/?action=stop&processname=a", "")
}

func TestTimeIsPaddedWithBlanks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(36 * time.Hour) // January 2, or 3 far in the east
		if got := now(); !regexp.MustCompile(`^(Sun|Mon) Jan  [23] \d\d:00:00 2000$`).MatchString(got) {
			t.Error(got)
		}
	})
}

// TestActionRedirects: a script's GET gets Supervisor's redirect. A form gets one without
// host, scheme or prefix, which only the browser knows, unless the proxy puts a prefix
// into Host.
func TestActionRedirects(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ method, host, want string }{
		{http.MethodGet, "localhost", "http://localhost/?message="},
		{http.MethodGet, "example.org:9001", "http://example.org:9001/?message="},
		{http.MethodGet, "example.org:80", "http://example.org/?message="},
		{http.MethodGet, "example.org:", "http://example.org/?message="},
		{http.MethodGet, "example.org/", "http://example.org/?message="},
		{http.MethodGet, "example.org/supervisor/index.html", "http://example.org/supervisor/index.html/?message="},
		{http.MethodGet, "/run/supervisor.sock", "http:///run/supervisor.sock/?message="},
		{http.MethodGet, "", "/?message="}, // on a unix socket
		{http.MethodPost, "example.org:9001", "./?message="},
		{http.MethodPost, "", "./?message="},
		{http.MethodPost, "/run/supervisor.sock", "./?message="},
		{http.MethodPost, "example.org/supervisor/index.html", "/supervisor/index.html/?message="},
	} {
		r := httptest.NewRequest(tt.method, "/index.html?action=refresh", nil)
		r.Host = tt.host
		w := httptest.NewRecorder()
		New(Options{Supervisor: newFake(), Logs: newFake(), Log: slog.New(slog.DiscardHandler)}).Handler(config.Server{Family: "unix"}).ServeHTTP(w, r)
		if got := w.Header().Get("Location"); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s to %s: %d, %q, want %q", tt.method, tt.host, w.Code, got, tt.want)
		}
	}
}
