package httpd

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// parsePlain reads the head of a plain request. The size is that of the request
// with its body, which may be yet to come. It returns nil for everything that
// leaves room for opinions on what it means: those are net/http's to have.
func parsePlain(data []byte) (req *http.Request, size int) {
	end := bytes.Index(data, []byte("\r\n\r\n"))
	if end < 0 {
		return nil, 0
	}
	line, rest, _ := strings.Cut(string(data[:end]), "\r\n")
	if line != "POST /RPC2 HTTP/1.1" {
		return nil, 0
	}
	header := make(http.Header)
	for rest != "" {
		line, rest, _ = strings.Cut(rest, "\r\n")
		name, value, ok := plainField(line)
		if !ok || header[name] != nil {
			return nil, 0
		}
		header[name] = []string{value}
	}
	host, connection := header.Get("Host"), header.Get("Connection")
	length, ok := plainLength(header.Get("Content-Length"))
	if !ok || !plainHost(host) || connection != "" && connection != "close" && connection != "keep-alive" {
		return nil, 0
	}
	size = end + len("\r\n\r\n") + length
	if size > maxPlain {
		return nil, 0
	}
	delete(header, "Host") // as net/http has it
	return &http.Request{
		Method:        http.MethodPost,
		URL:           &url.URL{Path: "/RPC2"},
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		ContentLength: int64(length),
		Host:          host,
		RequestURI:    "/RPC2",
		Close:         connection == "close",
	}, size
}

// plainField reads one line of a head. The name is one of few, and the value has
// nothing but printable ASCII.
func plainField(line string) (name, value string, ok bool) {
	name, value, _ = strings.Cut(line, ":")
	for i := range len(value) {
		if value[i] < ' ' || value[i] > '~' {
			return "", "", false
		}
	}
	switch name = http.CanonicalHeaderKey(name); name {
	case "Host", "Content-Length", "Content-Type", "Connection", "User-Agent", "Accept", "Accept-Encoding", "Authorization":
		return name, strings.Trim(value, " "), true
	}
	return "", "", false
}

// plainLength reads digits. Whether more than fits is asked for is looked at
// later; what has more than four digits does not fit.
func plainLength(value string) (int, bool) {
	if len(value) > 4 || strings.Trim(value, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(value)
	return n, err == nil
}

func plainHost(host string) bool {
	return host != "" && !strings.ContainsFunc(host, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != ':'
	})
}

// plainBody is a body that is complete.
func plainBody(body []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(body)) }

// plainWriter sends an answer whose length is known before it is sent.
type plainWriter struct {
	conn   net.Conn
	header http.Header
	last   bool // no other answer follows on the connection
	status int  // 0 until the handler has decided
	body   []byte
	sent   bool
	left   int64 // of an answer that is sent in pieces: bytes to come
	err    error // of sending
}

// Header returns the head's fields.
func (w *plainWriter) Header() http.Header { return w.header }

// SetReadDeadline does nothing: the body has been read.
func (w *plainWriter) SetReadDeadline(time.Time) error { return nil }

// WriteHeader decides about the status, once.
func (w *plainWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

// Write sends an answer that is written in one piece, or has told how long it is. It
// keeps others until they are complete.
func (w *plainWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	switch {
	case w.err != nil:
		return 0, w.err
	case w.sent && int64(len(p)) > w.left:
		return 0, http.ErrContentLength
	case w.sent:
		_, w.err = w.conn.Write(p)
		w.left -= int64(len(p))
		return len(p), w.err
	}
	if length, err := strconv.ParseInt(w.header.Get("Content-Length"), 10, 64); err == nil && w.body == nil && length >= int64(len(p)) {
		w.left = length - int64(len(p))
		w.send(p)
		return len(p), w.err
	}
	w.body = append(w.body, p...)
	return len(p), nil
}

// finish sends what is not sent yet.
func (w *plainWriter) finish() error {
	if !w.sent {
		w.WriteHeader(http.StatusOK)
		w.header.Set("Content-Length", strconv.Itoa(len(w.body)))
		w.send(w.body)
	}
	if w.err == nil && w.left > 0 {
		w.err = io.ErrUnexpectedEOF // the client has to see that
	}
	return w.err
}

// send sends the head and what comes first in one piece, so that a small answer wakes
// the client but once.
func (w *plainWriter) send(body []byte) {
	w.sent = true
	h := w.header
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	if w.last {
		h.Set("Connection", "close")
	}
	w.last = h.Get("Connection") == "close"
	if h.Get("Content-Type") == "" && len(body) > 0 {
		h.Set("Content-Type", http.DetectContentType(body))
	}
	var b bytes.Buffer
	b.Grow(512 + min(len(body), maxCopied))
	b.WriteString("HTTP/1.1 " + strconv.Itoa(w.status) + " " + http.StatusText(w.status) + "\r\n")
	_ = h.Write(&b) // a buffer takes everything
	b.WriteString("\r\n")
	if len(body) <= maxCopied {
		b.Write(body)
		_, w.err = w.conn.Write(b.Bytes())
		return
	}
	pieces := net.Buffers{b.Bytes(), body}
	_, w.err = pieces.WriteTo(w.conn)
}

// maxCopied is how much is sooner copied than handed to the kernel apart.
const maxCopied = 8 << 10
