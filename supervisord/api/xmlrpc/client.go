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

// Client calls the methods of one supervisord over one connection, which is
// made when it is needed and kept open. It is not safe for concurrent use.
type Client struct {
	network, address string
	host             string // for the Host header
	authorization    string // the value of the header, "" for none
	encoder          Encoder
	conn             net.Conn // nil while there is none
	reader           *bufio.Reader
	notes            []string // of the last answer
}

// Notes returns what the server has said about the last call beside its result,
// a line each. No server but ours does.
func (c *Client) Notes() []string { return c.notes }

// StatusError is an answer other than 200 OK, 401 among them.
type StatusError struct {
	Code   int
	Reason string
}

// Error returns the status line.
func (e *StatusError) Error() string { return fmt.Sprintf("%d %s", e.Code, e.Reason) }

// NewClient makes a client for http://host[:port] or unix:///path. As
// supervisorctl has it, the port is 80 when there is none, the path of an
// http:// address is ignored, and credentials are sent when both user name
// and password are given. Nothing is connected yet.
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

// withPort adds port 80 to a host without port, which may be a bracketed
// address of IPv6.
func withPort(host string) string {
	if h, port, err := net.SplitHostPort(host); err == nil && port != "" {
		return net.JoinHostPort(inetaddr.Host(h), port)
	}
	return net.JoinHostPort(inetaddr.Host(strings.Trim(strings.TrimSuffix(host, ":"), "[]")), "80")
}

// Call calls a method and waits for its answer, which goes where reply points
// to (DecodeResponse tells how); a nil reply throws it away. There is no time
// limit but ctx's.
//
// It returns *Fault for a fault, *StatusError for another HTTP status, and the
// system's error, which errors.Is finds, when the server cannot be reached. No
// call is ever sent a second time: whether the first was heard cannot be known.
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
		c.Close() // by the server, meanwhile
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
		keep = false // the deadline may have been spoilt
		if err != nil {
			err = context.Cause(ctx)
		}
	}
	if !keep {
		c.Close()
	}
	return answer, err
}

// maxPrealloc is how much memory an answer gets for what it says is to come. That
// of a thousand processes has a megabyte, and growing to that by doubling costs
// as much as all the reading.
const maxPrealloc = 16 << 20

// exchange writes the request and reads the answer; keep tells whether the
// connection can be used again.
func (c *Client) exchange(body []byte) (answer []byte, keep bool, err error) {
	head := c.head("POST", "/RPC2", "text/xml")
	head = append(head, "Content-Type: text/xml\r\nContent-Length: "...)
	head = strconv.AppendInt(head, int64(len(body)), 10)
	head = append(head, "\r\n\r\n"...)
	// One write, so that a small request is one packet. A server that refuses
	// may close before it has read everything: its answer comes first.
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

// Stream opens a body that may go on for ever, such as /logtail/NAME, on a
// connection of its own. The caller closes it; so does the end of ctx.
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

// Close closes the connection; a Read that is under way fails.
func (s *stream) Close() error {
	s.stop()
	return s.conn.Close()
}

// Close closes the kept connection, if there is one. The client may be used
// again.
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

// head begins a request: everything up to the headers of its body.
func (c *Client) head(method, path, accept string) []byte {
	b := fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: supervisorctl\r\nAccept: %s\r\n",
		method, path, c.host, accept)
	if c.authorization != "" {
		b = append(b, "Authorization: "+c.authorization+"\r\n"...)
	}
	return b
}

// interruptOnDone makes the end of ctx end reads and writes of conn. stop ends
// that, and tells whether nothing had to be ended.
func interruptOnDone(ctx context.Context, conn net.Conn) (stop func() bool) {
	return context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
}

// isIdle tells whether an idle connection is still open, and nothing unasked
// has come in over it. A server may end an idle connection at any time, and a
// command written into such a one would be lost without a trace.
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
