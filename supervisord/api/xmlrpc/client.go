package xmlrpc

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"supervisor/supervisord/system/inetaddr"
)

// Client calls the methods of one supervisord over one connection, which is opened when
// it is needed and kept open. It is not safe for concurrent use.
type Client struct {
	network, address string
	host             string // for the Host header
	authorization    string // the value of the header, "" for none
	encoder          Encoder
	conn             net.Conn // nil while not connected
	reader           *bufio.Reader
	notes            []string // of the last answer
}

// Notes returns the notes that the server has added to the result of the last call, one
// line each. Only our own server adds any.
func (c *Client) Notes() []string { return c.notes }

// StatusError is the error for an answer with another status than 200, for example 401.
type StatusError struct {
	Code   int
	Reason string
}

// Error returns the status line.
func (e *StatusError) Error() string { return fmt.Sprintf("%d %s", e.Code, e.Reason) }

// NewClient returns a client for http://host[:port] or unix:///path. As in Supervisor's
// own client the default port is 80, the path of an http:// address is ignored, and
// credentials are sent only if both user name and password are given. It does not
// connect yet.
func NewClient(serverURL, username, password string) (*Client, error) {
	c := &Client{}
	if path, ok := strings.CutPrefix(serverURL, "unix://"); ok {
		c.network, c.address, c.host = "unix", path, "localhost"
	} else if rest, ok := strings.CutPrefix(serverURL, "http://"); ok {
		c.network = "tcp"
		c.host, _, _ = strings.Cut(rest, "/")
		c.host = c.host[strings.LastIndexByte(c.host, '@')+1:]
		c.address = withPort(c.host)
	} else {
		return nil, fmt.Errorf("unknown protocol for serverurl %s", serverURL)
	}
	if strings.ContainsFunc(c.host, func(r rune) bool { return r <= ' ' || r == 0x7F }) {
		return nil, fmt.Errorf("bad host in serverurl %q", serverURL)
	}
	if username != "" && password != "" {
		c.authorization = "Basic " + base64.StdEncoding.EncodeToString([]byte(username+":"+password))
	}
	return c, nil
}

// withPort adds port 80 to a host without port. The host may be an IPv6 address in
// brackets.
func withPort(host string) string {
	if h, port, err := net.SplitHostPort(host); err == nil && port != "" {
		return net.JoinHostPort(inetaddr.Host(h), port)
	}
	return net.JoinHostPort(inetaddr.Host(strings.Trim(strings.TrimSuffix(host, ":"), "[]")), "80")
}

// Call calls a method, waits for the answer and decodes it into reply, see
// DecodeResponse; a nil reply discards it. The only time limit is that of ctx.
//
// It returns *Fault for a fault, *StatusError for another HTTP status and, if the server
// can't be reached, an error that wraps the system's. A call is never sent twice, because
// the client can't know whether the first one was executed.
func (c *Client) Call(ctx context.Context, method string, reply any, args ...any) error {
	request, err := c.encoder.Call(nil, method, args...)
	if err != nil {
		return err
	}
	body, err := c.post(ctx, request)
	if err != nil {
		return err
	}
	return DecodeResponse(body, reply)
}

// post sends a request on the kept connection and reads the answer's body.
func (c *Client) post(ctx context.Context, body []byte) ([]byte, error) {
	if c.conn != nil && !isIdle(c.conn) {
		c.Close() // the server has closed it
	}
	if c.conn == nil {
		conn, err := c.dial(ctx)
		if err != nil {
			return nil, err
		}
		c.conn, c.reader = conn, bufio.NewReader(conn)
	}
	c.notes = nil
	stop := interruptOnDone(ctx, c.conn)
	answer, keep, err := c.exchange(body)
	if !stop() {
		keep = false // interruptOnDone may have changed the deadline
		if err != nil {
			err = context.Cause(ctx)
		}
	}
	if !keep {
		c.Close()
	}
	return answer, err
}

// maxPrealloc is how much memory is allocated for an answer by its announced length. The
// answer for a thousand processes has a megabyte, and growing a buffer to that size by
// doubling costs as much as reading it.
const maxPrealloc = 16 << 20

// exchange writes the request and reads the answer. keep reports whether the connection
// can be used again.
func (c *Client) exchange(body []byte) (answer []byte, keep bool, err error) {
	head := c.head("POST", "/RPC2", "text/xml")
	head = append(head, "Content-Type: text/xml\r\nContent-Length: "...)
	head = strconv.AppendInt(head, int64(len(body)), 10)
	head = append(head, "\r\n\r\n"...)
	// One write, so that a small request is one packet. A server that refuses the
	// request may close before it has read everything; its answer matters more than
	// the failed write.
	_, writeErr := c.conn.Write(append(head, body...))
	h, err := readHeader(c.reader)
	if err != nil {
		return nil, false, errors.Join(writeErr, err)
	}
	if h.status != 200 {
		return nil, false, &StatusError{h.status, h.reason}
	}
	c.notes = h.notes
	var buf bytes.Buffer
	if h.length > 0 {
		buf.Grow(int(min(h.length, maxPrealloc)) + bytes.MinRead)
	}
	if _, err := buf.ReadFrom(h.body(c.reader)); err != nil {
		return nil, false, err
	}
	return buf.Bytes(), !h.close && writeErr == nil, nil
}

// Stream requests a body that may be endless, such as /logtail/NAME, on a connection of
// its own. The caller must close it; the end of ctx closes it as well.
func (c *Client) Stream(ctx context.Context, path string) (io.ReadCloser, error) {
	if strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r == 0x7F }) {
		return nil, fmt.Errorf("bad path %q", path)
	}
	conn, err := c.dial(ctx)
	if err != nil {
		return nil, err
	}
	s := &stream{conn: conn, stop: interruptOnDone(ctx, conn)}
	_, writeErr := conn.Write(append(c.head("GET", path, "*/*"), "\r\n"...))
	r := bufio.NewReader(conn)
	h, err := readHeader(r)
	switch {
	case err != nil:
		err = errors.Join(writeErr, err)
	case h.status != 200:
		err = &StatusError{h.status, h.reason}
	default:
		s.Reader = h.body(r)
		return s, nil
	}
	s.Close()
	return nil, err
}

// stream is the body of an answer that owns its connection.
type stream struct {
	io.Reader
	conn net.Conn
	stop func() bool
}

// Close closes the connection. A Read under way fails.
func (s *stream) Close() error {
	s.stop()
	return s.conn.Close()
}

// Close closes the connection, if there is one. The client may be used again.
func (c *Client) Close() error {
	if c.conn == nil {
		return nil
	}
	err := c.conn.Close()
	c.conn, c.reader = nil, nil
	return err
}

func (c *Client) dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, c.network, c.address)
}

// head returns the beginning of a request, without the headers for its body.
func (c *Client) head(method, path, accept string) []byte {
	b := fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: supervisorctl\r\nAccept: %s\r\n",
		method, path, c.host, accept)
	if c.authorization != "" {
		b = append(b, "Authorization: "+c.authorization+"\r\n"...)
	}
	return b
}

// interruptOnDone interrupts reads and writes of conn when ctx ends. stop ends that, and
// reports whether ctx had not ended before.
func interruptOnDone(ctx context.Context, conn net.Conn) (stop func() bool) {
	return context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
}

// isIdle reports whether an idle connection is still open and has no unexpected data. A
// server may close an idle connection at any time, and a call written to it would then
// be lost.
func isIdle(conn net.Conn) bool {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	idle := false
	err = raw.Read(func(fd uintptr) bool {
		var b [1]byte
		n, err := syscall.Read(int(fd), b[:])
		idle = n < 0 && errors.Is(err, syscall.EAGAIN)
		return true
	})
	return err == nil && idle
}
