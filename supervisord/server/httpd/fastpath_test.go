package httpd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/config"
)

// plainCall is the usual request of a client.
const plainCall = "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 2\r\n\r\nhi"

// show answers with everything that a handler can see of a request.
var show = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s %v %s %q %d %v %q %v %v", r.Method, r.URL, r.RequestURI, r.Proto, r.Host, r.ContentLength, r.Header, body, r.Close, r.TransferEncoding)
})

// TestFastPathAnswersLikeNetHTTP sends the same to a unix socket and to a TCP port,
// which has no fast path.
func TestFastPathAnswersLikeNetHTTP(t *testing.T) {
	t.Parallel()
	fast := serve(t, show, nil)
	slow := serve(t, show, func(c *config.Server) {
		c.Family, c.Host, c.Port, c.AllowedHosts = "tcp", "127.0.0.1", 0, []string{"*"}
	})
	for name, request := range map[string]string{
		"plain":              plainCall,
		"lower case":         strings.ToLower(plainCall[:19]) + plainCall[19:],
		"names in lowercase": strings.Replace(plainCall, "Content-Length", "content-length", 1),
		"trailing slash":     strings.Replace(plainCall, "/RPC2", "/RPC2/", 1),
		"query":              strings.Replace(plainCall, "/RPC2", "/RPC2?a", 1),
		"two":                plainCall + plainCall,
		"plain, then a page": plainCall + "GET /page HTTP/1.1\r\nHost: x\r\n\r\n",
		"page, then plain":   "GET /page HTTP/1.1\r\nHost: x\r\n\r\n" + plainCall,
		"half of another":    plainCall + plainCall[:50],
		"HTTP/1.0":           strings.Replace(plainCall, "1.1", "1.0", 1),
		"empty":              strings.Replace(strings.TrimSuffix(plainCall, "hi"), ": 2", ": 0", 1),
		"no length":          strings.Replace(plainCall, "Content-Length: 2\r\n", "", 1),
		"two lengths":        strings.Replace(plainCall, "Content-Length: 2", "Content-Length: 2\r\nContent-Length: 3", 1),
		"signed length":      strings.Replace(plainCall, ": 2", ": +2", 1),
		"chunked":            strings.Replace(plainCall, "Content-Length: 2\r\n\r\nhi", "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", 1),
		"chunked and length": strings.Replace(plainCall, "Content-Type: text/xml", "Transfer-Encoding: chunked", 1),
		"expect":             strings.Replace(plainCall, "Content-Type: text/xml", "Expect: 100-continue", 1),
		"no host":            strings.Replace(plainCall, "Host: x\r\n", "", 1),
		"two hosts":          strings.Replace(plainCall, "Host: x", "Host: x\r\nHost: y", 1),
		"bad host":           strings.Replace(plainCall, "Host: x", "Host: x/y", 1),
		"folded":             strings.Replace(plainCall, "text/xml", "text/xml\r\n more", 1),
		"space in a name":    strings.Replace(plainCall, "Content-Type:", "Content-Type :", 1),
		"tab in a value":     strings.Replace(plainCall, ": text", ":\ttext", 1),
		"line feeds only":    strings.ReplaceAll(plainCall, "\r\n", "\n"),
		"origin":             strings.Replace(plainCall, "Host: x", "Host: x\r\nOrigin: http://y", 1),
		"upgrade":            strings.Replace(plainCall, "Host: x", "Host: x\r\nConnection: Upgrade\r\nUpgrade: h2c", 1),
		"large":              strings.Replace(strings.Replace(plainCall, ": 2", ": 9000", 1), "hi", strings.Repeat("hi", 4500), 1),
	} {
		for _, ending := range []string{"", "Connection: close\r\n", "Connection: keep-alive\r\n"} {
			request := strings.ReplaceAll(request, "Content-Length", ending+"Content-Length")
			got, want := exchange(t, fast, request), exchange(t, slow, request)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s %q (-net/http +fastpath):\n%s", name, ending, diff)
			}
		}
	}
}

// exchange sends all of a text and returns all the answers.
func exchange(t *testing.T, in *testServer, text string) []string {
	t.Helper()
	conn := in.dial(t)
	defer conn.Close()
	go func() {
		_, _ = io.WriteString(conn, text) // the server may have closed the connection
		_ = conn.(interface{ CloseWrite() error }).CloseWrite()
	}()
	var list []string
	for r := bufio.NewReader(conn); ; {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return list // there are no more
		}
		body, err := io.ReadAll(resp.Body)
		delete(resp.Header, "Date")
		list = append(list, fmt.Sprint(resp.Proto, resp.Status, resp.Header, resp.ContentLength, resp.Close, string(body), err))
	}
}

// TestBodySentAfterHead sends head and body of a call separately, as Python does.
func TestBodySentAfterHead(t *testing.T) {
	t.Parallel()
	in := serve(t, nil, nil)
	conn := in.dial(t)
	defer conn.Close()
	r := bufio.NewReader(conn)
	for range 3 {
		for _, part := range []string{plainCall[:len(plainCall)-2], "h", "i"} {
			if _, err := io.WriteString(conn, part); err != nil {
				t.Fatal(err)
			}
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(resp.Body); string(body) != "POST hi" {
			t.Errorf("got %q", body)
		}
	}
}

// TestPipelinedCallDoesNotCancelWaitingCall sends a second call while the first one
// watches whether its client hangs up.
func TestPipelinedCallDoesNotCancelWaitingCall(t *testing.T) {
	t.Parallel()
	waiting, proceed := make(chan error), make(chan struct{})
	in := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Context().Done()
		waiting <- r.Context().Err()
		<-proceed
		fmt.Fprint(w, r.Context().Err())
	}), nil)
	conn := in.dial(t)
	defer conn.Close()
	r := bufio.NewReader(conn)
	if _, err := io.WriteString(conn, plainCall); err != nil {
		t.Fatal(err)
	}
	<-waiting
	if _, err := io.WriteString(conn, plainCall); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if i > 0 {
			<-waiting
		}
		proceed <- struct{}{}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(resp.Body); string(body) != "<nil>" {
			t.Errorf("call %d: %s", i, body)
		}
	}
}

func TestRequestContextCanceledAfterCall(t *testing.T) {
	t.Parallel()
	kept := make(chan context.Context, 2)
	in := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Content-Type") != "" {
			r.Context().Done()
		}
		kept <- r.Context()
	}), nil)
	for _, request := range []string{plainCall, strings.Replace(plainCall, "Content-Type: text/xml\r\n", "", 1)} {
		if resp, _ := in.request(t, request); resp.StatusCode != http.StatusOK {
			t.Error(resp.StatusCode)
		}
		ctx := <-kept
		<-ctx.Done()
		if !errors.Is(ctx.Err(), context.Canceled) {
			t.Error(ctx.Err())
		}
	}
}

func TestPanicEndsOnlyItsConnection(t *testing.T) {
	t.Parallel()
	in := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oops") }), nil)
	for range 2 {
		if got := exchange(t, in, plainCall); got != nil {
			t.Errorf("got %q", got)
		}
	}
	if log := in.log.String(); strings.Count(log, "oops") != 2 {
		t.Error(log)
	}
}
