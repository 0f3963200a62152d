package tolerant

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	maxHead     = 64 << 10
	headTimeout = 30 * time.Second
)

// readerConn is a connection whose data comes from a reader.
type readerConn struct {
	net.Conn
	io.Reader
}

func (s readerConn) Read(p []byte) (int, error)    { return s.Reader.Read(p) }
func (readerConn) SetReadDeadline(time.Time) error { return nil }

// FuzzConn: rewriting never loses, adds or moves a byte of a body, and consecutive
// requests keep their boundaries, in whatever pieces they arrive.
func FuzzConn(f *testing.F) {
	f.Add("/run/s.sock", "no colon", "body", "h\u00e4", true)
	f.Add("", "A: b\r\n c", "POST / HTTP/1.1\r\n\r\n", "x:1", false)
	f.Fuzz(func(t *testing.T, host, field, body, second string, bytewise bool) {
		if strings.ContainsAny(host+field+second, "\r\n") || isFraming(field) || len(host+field+second) > maxHead/8 ||
			strings.HasPrefix(field, " ") || strings.HasPrefix(field, "\t") || strings.HasPrefix(strings.ToLower(field), "host") {
			t.Skip()
		}
		var text strings.Builder
		for _, h := range []string{host, second} {
			text.WriteString("POST /RPC2 HTTP/1.1\r\nHost: " + h + "\r\n" + field + "\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
		}
		from := io.Reader(strings.NewReader(text.String()))
		if bytewise {
			from = iotest.OneByteReader(from)
		}
		r := bufio.NewReader(&Conn{Conn: readerConn{Reader: from}, maxHead: maxHead, headTimeout: headTimeout})
		for _, h := range []string{host, second} {
			req, err := http.ReadRequest(r)
			if err != nil {
				t.Fatalf("%q: %v", text.String(), err)
			}
			got, err := io.ReadAll(req.Body)
			if err != nil || string(got) != body {
				t.Fatalf("%q: body %q, %v", h, got, err)
			}
		}
		if rest, err := io.ReadAll(r); len(rest) > 0 || err != nil {
			t.Errorf("%q is left, %v", rest, err)
		}
	})
}

// TestSingleByteReadTakesNoMore: net/http reads one byte to notice that a client has
// gone. No more than that may be read from the connection.
func TestSingleByteReadTakesNoMore(t *testing.T) {
	t.Parallel()
	from := strings.NewReader("\r\nPOST /RPC2 HTTP/1.1\r\nHost: /x\r\n\r\n")
	c := &Conn{Conn: readerConn{Reader: from}, maxHead: maxHead, headTimeout: headTimeout}
	p := make([]byte, 1)
	if n, err := c.Read(p); n != 1 || err != nil || p[0] != 'P' || int(from.Size())-from.Len() != 3 {
		t.Errorf("%d %q %v, %d bytes are left", n, p, err, from.Len())
	}
	if rest, err := io.ReadAll(c); err != nil || string(rest) != "OST /RPC2 HTTP/1.1\r\nHost: %2fx\r\n\r\n" {
		t.Errorf("%q %v", rest, err)
	}
}

// TestHeaderTimeoutOnLaterRequests: after an answer, half a head keeps the connection
// open only for the head timeout, not for the longer idle timeout.
func TestHeaderTimeoutOnLaterRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		c := &Conn{Conn: ours, maxHead: maxHead, headTimeout: headTimeout}
		if err := c.SetReadDeadline(time.Now().Add(30 * time.Minute)); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		go func() { _, _ = io.WriteString(theirs, "POST /RPC2 HTTP/1.1\r\n") }()
		if n, err := c.Read(make([]byte, 4096)); n != 0 || err == nil || time.Since(begun) != headTimeout {
			t.Errorf("%d, %v after %v", n, err, time.Since(begun))
		}
	})
}
