package fastpath

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// maxCopied is the largest body that is copied behind its head. Copying more costs
// more than two separate pieces in one system call.
const maxCopied = 8 << 10

// responseWriter is an http.ResponseWriter that always sends the length of an answer
// in its head.
type responseWriter struct {
	conn   net.Conn
	header http.Header
	last   bool   // no other answer follows on the connection
	status int    // 0 until WriteHeader
	body   []byte // held back until the answer is complete
	sent   bool   // the head, and what was there of the body
	left   int64  // bytes still to come of an answer that is sent in pieces
	err    error  // of sending
}

// Header implements http.ResponseWriter.
func (w *responseWriter) Header() http.Header { return w.header }

// SetReadDeadline does nothing: the body of the request has been read. Without it
// http.ResponseController would fail.
func (w *responseWriter) SetReadDeadline(time.Time) error { return nil }

// WriteHeader implements http.ResponseWriter. Only the first call counts.
func (w *responseWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

// Write implements http.ResponseWriter. It sends an answer whose Content-Length is set
// piece by piece, and holds back any other until it is complete.
func (w *responseWriter) Write(p []byte) (int, error) {
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

// finish sends what has not been sent yet.
func (w *responseWriter) finish() error {
	if !w.sent {
		w.WriteHeader(http.StatusOK)
		w.header.Set("Content-Length", strconv.Itoa(len(w.body)))
		w.send(w.body)
	}
	if w.err == nil && w.left > 0 {
		w.err = io.ErrUnexpectedEOF // the connection is closed, so that the client notices
	}
	return w.err
}

// send sends the head and the beginning of the body in one piece, so that a small
// answer wakes the client only once.
func (w *responseWriter) send(body []byte) {
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
	_ = h.Write(&b) // a buffer never fails
	b.WriteString("\r\n")
	if len(body) <= maxCopied {
		b.Write(body)
		_, w.err = w.conn.Write(b.Bytes())
		return
	}
	pieces := net.Buffers{b.Bytes(), body}
	_, w.err = pieces.WriteTo(w.conn)
}
