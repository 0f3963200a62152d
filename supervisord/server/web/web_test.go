package web

import (
	"net/http"
	"strings"
	"testing"

	"supervisor/supervisord/api/states"
)

func TestPathsAndMethods(t *testing.T) {
	t.Parallel()
	const html = "text/html;charset=utf-8"
	c := newClient(t, newFake(), tcpServer)
	for _, tt := range []struct {
		method, path string
		status       int
		kind         string // "" for a bare refusal
	}{
		{"GET", "/", 200, html},
		{"GET", "", 200, html},
		{"GET", "/index.html", 200, html},
		{"POST", "/", 200, html},
		{"POST", "/index.html", 200, html},
		{"HEAD", "/", 404, ""},
		{"HEAD", "/index.html", 404, ""},
		{"DELETE", "/", 400, ""},
		{"get", "/", 400, ""},
		{"GET", "/tail.html", 200, html},
		{"POST", "/tail.html", 200, html},
		{"HEAD", "/tail.html", 404, ""},
		{"GET", "/ok.html", 200, "text/plain"},
		{"POST", "/ok.html", 200, "text/plain"},
		{"HEAD", "/ok.html", 404, ""},
		{"GET", "/stylesheets/supervisor.css", 200, "text/css"},
		{"HEAD", "/stylesheets/supervisor.css", 200, "text/css"},
		{"POST", "/stylesheets/supervisor.css", 400, ""},
		{"GET", "/images/icon.png", 200, "image/png"},
		{"GET", "/images/supervisor.gif", 200, "image/gif"},
		{"GET", "/images/", 404, ""},
		{"GET", "/stylesheets", 301, "text/html"},
		{"GET", "/nothing", 404, ""},
		{"GET", "/INDEX.HTML", 404, ""},
		{"GET", "/templates/status.html", 404, ""},
		{"GET", "/status.html", 404, ""},
		{"GET", "/../web.go", 404, ""},
		{"GET", "/images/../images/icon.png", 404, ""},
		{"GET", "//images/icon.png", 200, "image/png"},
		{"GET", "//images///icon.png", 200, "image/png"},
		{"GET", "/images/icon.png/", 404, ""},
		{"HEAD", "/", 404, ""},
		{"HEAD", "//", 404, ""},
		{"GET", "//", 200, html},
		{"GET", "///index.html", 200, html},
		{"GET", "//tail.html", 200, html},
		{"POST", "//ok.html", 200, "text/plain"},
		{"GET", "//images", 301, "text/html"},
		{"GET", "/images\x00", 404, ""},
		{"OPTIONS", "*", 400, ""},
		{"PUT", "/nothing", 400, ""},
	} {
		resp, body := c.request(tt.method, tt.path, "")
		if resp.StatusCode != tt.status || resp.Header.Get("Content-Type") != tt.kind {
			t.Errorf("%s %q: %d %s", tt.method, tt.path, resp.StatusCode, resp.Header.Get("Content-Type"))
		}
		if empty := tt.status != 200 || tt.method == "HEAD"; empty != (body == "") {
			t.Errorf("%s %q: body %q", tt.method, tt.path, body)
		}
		if h := resp.Header; !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") ||
			!strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s %q: %v", tt.method, tt.path, h)
		}
	}
	if c.log.Len() > 0 {
		t.Error(c.log)
	}
}

func TestOK(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.mood = states.DaemonShutdown
	if body := newClient(t, f, tcpServer).page("/ok.html"); body != "OK" {
		t.Errorf("%q", body)
	}
}

func TestPagesAreNotCached(t *testing.T) {
	t.Parallel()
	c := newClient(t, newFake(), unixServer)
	for _, url := range []string{"/", "/tail.html", "/?action=refresh"} {
		resp, _ := c.request("GET", url, "")
		if h := resp.Header; h.Get("Cache-Control") != "no-cache" || h.Get("Pragma") != "no-cache" ||
			h.Get("Expires") != "Thu, 01 Jan 1970 00:00:00 GMT" {
			t.Error(url, h)
		}
	}
}

func TestFilesAreRevalidated(t *testing.T) {
	t.Parallel()
	c := newClient(t, newFake(), tcpServer)
	resp, _ := c.request("GET", "/images/icon.png", "")
	modified := resp.Header.Get("Last-Modified")
	if modified == "" || resp.Header.Get("Cache-Control") != "no-cache" {
		t.Fatal(resp.Header)
	}
	for since, want := range map[string]int{modified: 304, "Thu, 01 Jan 1970 00:00:00 GMT": 200, "nonsense": 200} {
		if resp, _ := c.request("GET", "/images/icon.png", "", "If-Modified-Since", since); resp.StatusCode != want {
			t.Errorf("%s: %d", since, resp.StatusCode)
		}
	}
	if resp, _ := c.request("GET", "/images", ""); resp.Header.Get("Location") != "images/" {
		t.Error(resp.Header)
	}
}

func TestTemplatesParsedOnFirstPage(t *testing.T) { // not parallel: it counts allocations
	if n := testing.AllocsPerRun(10, func() { New(Options{}).Handler(tcpServer) }); n > 50 {
		t.Errorf("%v allocations before the first request", n)
	}
}

func TestShuttingDown(t *testing.T) {
	t.Parallel()
	for _, mood := range []states.Daemon{states.DaemonShutdown, states.DaemonRestarting} {
		f := newFake(process("a", states.Running, ""))
		f.mood = mood
		c := newClient(t, f, unixServer)
		for _, url := range []string{"/", "/?action=refresh", "/?action=stop&processname=a"} {
			if resp, body := c.request("GET", url, ""); resp.StatusCode != 500 || body != "" {
				t.Error(url, resp.StatusCode, body)
			}
		}
		if !strings.Contains(c.log.String(), `level=ERROR msg="Web interface error: SHUTDOWN_STATE"`) {
			t.Error(c.log)
		}
		if page := c.page("/tail.html?processname=a"); !strings.Contains(page, ">ERROR: unexpected rpc fault [6] SHUTDOWN_STATE</pre>") {
			t.Error(page)
		}
		if len(f.calls) > 0 {
			t.Error(f.calls)
		}
	}
}

func TestOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		headers []string
		allowed bool
	}{
		{"script", nil, true},
		{"own form", []string{"Origin", "http://localhost:9001", "Sec-Fetch-Site", "same-origin"}, true},
		{"own form, old browser or plain HTTP", []string{"Origin", "http://localhost:9001"}, true},
		{"own form behind TLS", []string{"Origin", "https://localhost:9001"}, true},
		{"typed in", []string{"Sec-Fetch-Site", "none"}, true},
		{"other site", []string{"Origin", "http://evil.example", "Sec-Fetch-Site", "cross-site"}, false},
		{"other site, old browser", []string{"Origin", "http://evil.example"}, false},
		{"other port", []string{"Origin", "http://localhost:8000", "Sec-Fetch-Site", "same-site"}, false},
		{"sandboxed frame", []string{"Origin", "null"}, false},
	} {
		for _, server := range []string{"unix", "tcp"} {
			f := newFake(process("a", states.Running, ""))
			c := newClient(t, f, tcpServer)
			if server == "unix" {
				c = newClient(t, f, unixServer)
			}
			resp, body := c.request("POST", "/index.html?processname=a", "action=stop", tt.headers...)
			switch {
			case tt.allowed && (resp.StatusCode != http.StatusSeeOther || len(f.calls) != 1):
				t.Errorf("%s, %s: %d %v", tt.name, server, resp.StatusCode, f.calls)
			case !tt.allowed && (resp.StatusCode != http.StatusForbidden || len(f.calls) != 0 || !strings.Contains(body, "another site")):
				t.Errorf("%s, %s: %d %v %s", tt.name, server, resp.StatusCode, f.calls, body)
			}
			if resp.Header.Get("Content-Security-Policy") == "" {
				t.Error(resp.Header)
			}
		}
	}
}
