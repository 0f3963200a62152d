package httpd

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"supervisor/supervisord/config"
)

// TestDNSRebinding: a server without password refuses all requests of a page whose host
// name resolves to our address. What no browser sends is served, and so are addresses.
func TestDNSRebinding(t *testing.T) {
	t.Parallel()
	machine, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	open := func(c *config.Server) { onTCP(c); c.AllowedHosts = nil }
	servers := map[string]*testServer{
		"open":    serve(t, nil, open),
		"allowed": serve(t, nil, func(c *config.Server) { open(c); c.AllowedHosts = []string{"evil.example", "*.wild.example"} }),
		"any":     serve(t, nil, onTCP),
		"unix":    serve(t, nil, nil),
	}
	for _, tt := range []struct {
		host    string
		refused []string
	}{
		{"evil.example", []string{"open"}},
		{"EVIL.example.:9001", []string{"open"}},
		{"a.wild.example", []string{"open"}},
		{"wild.example", []string{"open", "allowed"}},
		{"evil.example.other", []string{"open", "allowed"}},
		{"localhost.evil", []string{"open", "allowed"}},
		{"1.2.3.4.evil", []string{"open", "allowed"}},
		{"a_b!.other", []string{"open", "allowed"}},
		{"other:", []string{"open", "allowed"}},
		{"127.0.0.1:9001", nil},
		{"192.0.2.1", nil},
		{"[::1]:9001", nil},
		{"localhost:9001", nil},
		{"a.LocalHost.", nil},
		{machine, nil},
		{strings.ToUpper(machine) + ":9001", nil},
		{"", nil},
		{"/run/supervisor.sock", nil},
		{"evil.example/supervisor/index.html", nil}, // sent by a proxy
		{"user@evil.example", nil},
		{"http://evil.example", nil},
		{"h\u00e4", nil},
	} {
		for name, in := range servers {
			for _, request := range []string{"POST /RPC2", "GET /", "GET /logtail/ghost"} {
				resp, body := in.request(t, request+" HTTP/1.1\r\nHost: "+tt.host+"\r\nOrigin: http://"+tt.host+"\r\nContent-Length: 0\r\n\r\n")
				refused := resp.StatusCode == 421
				if refused != slices.Contains(tt.refused, name) || refused && !strings.Contains(body, "add it to allowed_hosts in [inet_http_server]") {
					t.Errorf("%s, %s for %q: %d %s", name, request, tt.host, resp.StatusCode, body)
				}
			}
		}
	}
	if got := strings.Count(servers["open"].log.String(), "add it to allowed_hosts"); got != 1 {
		t.Errorf("logged %d times", got)
	}
}

// TestAnyHostWithPassword: a server with credentials serves any host name.
func TestAnyHostWithPassword(t *testing.T) {
	t.Parallel()
	in := serve(t, nil, func(c *config.Server) { onTCP(c); c.AllowedHosts = nil; c.Username, c.Password = "u", "p" })
	for credentials, want := range map[string]int{"": 401, "Authorization: Basic dTpw\r\n": 200} {
		if resp, _ := in.request(t, "POST /RPC2 HTTP/1.1\r\nHost: evil.example\r\n"+credentials+"Content-Length: 0\r\n\r\n"); resp.StatusCode != want {
			t.Errorf("%q: %d", credentials, resp.StatusCode)
		}
	}
}

func TestMachineNames(t *testing.T) {
	t.Parallel()
	machine, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(file, []byte("127.0.0.1 localhost\n127.0.1.1 Box.Example.org "+machine+" # not this\n0.0.0.0 ads.example\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := machineNames(file)
	for name, want := range map[string]bool{strings.ToLower(machine): true, "box.example.org": true, "ads.example": false, "not": false} {
		if slices.Contains(got, name) != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestOriginCheckWithPathInHost: a path that a proxy adds to Host does not make the
// origin a different one.
func TestOriginCheckWithPathInHost(t *testing.T) {
	t.Parallel()
	in := serve(t, nil, nil)
	for origin, want := range map[string]int{"http://x:8080": 200, "http://evil": 403} {
		if resp, _ := in.request(t, "POST /RPC2 HTTP/1.1\r\nHost: x:8080/supervisor/index.html\r\nOrigin: "+origin+"\r\nContent-Length: 0\r\n\r\n"); resp.StatusCode != want {
			t.Errorf("%s: %d", origin, resp.StatusCode)
		}
	}
}
