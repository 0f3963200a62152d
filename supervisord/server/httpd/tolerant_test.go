package httpd

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"

	"supervisor/supervisord/config"
)

// onTCP configures a TCP server that serves any host name.
func onTCP(c *config.Server) {
	c.Section, c.Family, c.Host, c.AllowedHosts = "inet_http_server", "tcp", "127.0.0.1", []string{"*"}
}

// host answers with the Host header.
var host = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host) })

// TestEveryHostIsServed: no value of Host prevents an answer, and the handler sees it as
// it was sent. Supervisor hardly looks at it.
func TestEveryHostIsServed(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]*testServer{"unix": serve(t, host, nil), "tcp": serve(t, host, onTCP)} {
		for header, want := range map[string]string{
			"":                                   "",
			"Host: \r\n":                         "",
			"Host:x\r\n":                         "x",
			"hOST: \t x \t\r\n":                  "x",
			"Host: /var/run/supervisor.sock\r\n": "/var/run/supervisor.sock",
			"Host: unix:///run/s.sock\r\n":       "unix:///run/s.sock",
			"Host: http://x:9001/RPC2\r\n":       "http://x:9001/RPC2",
			"Host: x/supervisor/index.html\r\n":  "x/supervisor/index.html",
			"Host: user:word@x:9001\r\n":         "user:word@x:9001",
			"Host: h\u00e4\r\n":                  "h\u00e4",
			"Host: a%2Fb %zz\r\n":                "a%2Fb %zz",
			"Host: a b\tc\r\n":                   "a b\tc",
			"Host: a\x01\x7f\"<>\\^`{|}#?\r\n":   "a\x01\x7f\"<>\\^`{|}#?",
			"Host: [::1\r\n":                     "[::1",
			"Host: first\r\nHost: second\r\n":    "first",
			"Host: /first\r\nhost:\r\n":          "/first",
			"Host: fol\r\n ded\r\n":              "folded",
			"Host : spaced\r\n":                  "",
		} {
			for _, proto := range []string{"1.0", "1.1"} {
				resp, body := in.request(t, "POST /RPC2 HTTP/"+proto+"\r\n"+header+"Content-Length: 0\r\n\r\n")
				if resp.StatusCode != 200 || body != want {
					t.Errorf("%s HTTP/%s %q: %d %q", name, proto, header, resp.StatusCode, body)
				}
			}
		}
	}
}

// TestLenientHeads: other irregular heads are served as well, if it is certain where the
// request ends.
func TestLenientHeads(t *testing.T) {
	t.Parallel()
	in := serve(t, nil, onTCP)
	for _, line := range []string{
		"POST /RPC2 HTTP/1.0", "POST /RPC2 HTTP/1.2", "POST /RPC2 HTTP/2.0", "POST /RPC2 HTTP/1", "POST /RPC2 HTTP/11",
		"POST /RPC2 HTTP/0.9", "POST /RPC2 HTTP/.", "POST /RPC2", "POST /RPC2?a%zz HTTP/1.1", "POST /RPC2;a HTTP/1.1",
		"POST /RPC2#a HTTP/1.1", "POST /%52PC2 HTTP/1.1", "\r\n\r\nPOST /RPC2 HTTP/1.1", "POST /RPC2?\x01 HTTP/1.1",
	} {
		if resp, body := in.request(t, line+"\r\nContent-Length: 1\r\n\r\na"); resp.StatusCode != 200 || body != "POST a" {
			t.Errorf("%q: %d %q", line, resp.StatusCode, body)
		}
	}
	for _, fields := range []string{
		"no colon", ": no name", "Na me: x", "N(a)me: x", "N\u00e4me: x", "Name: \u00e4", "Name: a\x00b", "User-Agent: \x1b[31m",
		"A: x\r\n folded", "Expect: wonders", "Connection: some, thing", "Upgrade: h2c",
		"Content-Length: 1", "A: " + strings.Repeat("a", 30000),
	} {
		if resp, body := in.request(t, "POST /RPC2 HTTP/1.1\r\n"+fields+"\r\nContent-Length: 1\r\n\r\na"); resp.StatusCode != 200 || body != "POST a" {
			t.Errorf("%.40q: %d %q", fields, resp.StatusCode, body)
		}
	}
}

// TestAmbiguousRequestsAreRefused: if two readers could disagree about the end of a
// request, neither it nor anything after it is executed.
func TestAmbiguousRequestsAreRefused(t *testing.T) {
	t.Parallel()
	const length, inner = "Content-Length: 2\r\n", "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\ninner"
	for name, in := range map[string]*testServer{"unix": serve(t, nil, nil), "tcp": serve(t, nil, onTCP)} {
		for _, fields := range []string{
			length + "Content-Length: 3\r\n", "Content-Length: +2\r\n", "Content-Length: -2\r\n", "Content-Length: 0x2\r\n",
			"Content-Length: 2, 2\r\n", "Content-Length: 2_0\r\n", "Content-Length: 99999999999999999999\r\n", "Content-Length: \r\n",
			"Content-Length : 3\r\n" + length, "Content-Length\r\n" + length, "Content-Length\x00: 3\r\n" + length, "Content-Length: 2\r\n 0\r\n",
			length + "Transfer-Encoding: chunked\r\n", length + "Transfer-Encoding : chunked\r\n", length + "Transfer-Encoding: identity\r\n",
			length + "Transfer-Encoding: x\r\n chunked\r\n", "A: b\rContent-Length: 3\r\n" + length, length + "A: b\rTransfer-Encoding: chunked\r\n",
		} {
			for _, host := range []string{"Host: x\r\n", "Host: /x\r\n", ""} {
				conn := in.dial(t)
				go func() { _, _ = io.WriteString(conn, "POST /RPC2 HTTP/1.1\r\n"+host+fields+"\r\n"+inner+inner) }()
				resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(resp.Body)
				if resp.StatusCode < 400 || strings.Contains(string(body), "inner") {
					t.Errorf("%s %q: %d %q", name, host+fields, resp.StatusCode, body)
				}
				conn.Close()
			}
		}
	}
}
