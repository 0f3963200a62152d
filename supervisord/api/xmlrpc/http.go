package xmlrpc

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The client implements just enough HTTP/1.1 for Supervisor. Importing net/http would
// cost every run of supervisorctl more time than its call takes.

// noteHeader is the header in which our own server sends notes that have no place in
// Supervisor's results, one line each.
const noteHeader = "supervisor-note"

// header has the fields of an answer's head that the client uses.
type header struct {
	status  int
	reason  string
	length  int64 // of the body, -1 if unknown
	chunked bool
	notes   []string
	close   bool // the server accepts no further request
}

// readHeader reads the head of an answer, and skips interim answers.
func readHeader(r *bufio.Reader) (h header, err error) {
	for h.status < 200 {
		if h, err = readOneHeader(r); err != nil {
			return h, err
		}
	}
	if h.status == 204 || h.status == 304 {
		h.length, h.chunked = 0, false
	}
	return h, nil
}

func readOneHeader(r *bufio.Reader) (header, error) {
	h := header{length: -1}
	line, err := readLine(r)
	if err != nil {
		return h, err
	}
	version, rest, _ := strings.Cut(line, " ")
	code, reason, _ := strings.Cut(rest, " ")
	h.reason = reason
	h.status, err = strconv.Atoi(code)
	if err != nil || h.status < 100 || !strings.HasPrefix(version, "HTTP/1.") {
		return h, fmt.Errorf("not an HTTP answer: %.40q", line)
	}
	h.close = version == "HTTP/1.0"
	for {
		line, err := readLine(r)
		if line == "" || err != nil {
			return h, unexpected(err)
		}
		if err := h.field(line); err != nil {
			return h, err
		}
	}
}

func (h *header) field(line string) (err error) {
	name, value, _ := strings.Cut(line, ":")
	value = strings.TrimSpace(value)
	switch strings.ToLower(name) {
	case "content-length":
		h.length, err = strconv.ParseInt(value, 10, 64)
		if err != nil || h.length < 0 {
			return fmt.Errorf("bad Content-Length: %.40q", value)
		}
	case noteHeader:
		h.notes = append(h.notes, value)
	case "transfer-encoding":
		h.chunked = strings.EqualFold(value, "chunked")
	case "connection":
		h.close = strings.EqualFold(value, "close") || h.close && !strings.EqualFold(value, "keep-alive")
	}
	return nil
}

// readLine reads one line without its end. A line longer than the buffer is an error.
func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n')
	return string(bytes.TrimRight(line, "\r\n")), err
}

// body returns a reader that ends at the end of the body.
func (h *header) body(r *bufio.Reader) io.Reader {
	switch {
	case h.chunked:
		return &chunkedReader{r: r}
	case h.length >= 0:
		return &fixedReader{r, h.length}
	}
	h.close = true // only the end of the connection ends the body
	return r
}

// fixedReader reads a body of known length. An earlier end is an error.
type fixedReader struct {
	r    io.Reader
	left int64
}

func (f *fixedReader) Read(p []byte) (int, error) {
	if f.left == 0 {
		return 0, io.EOF
	}
	n, err := f.r.Read(p[:min(int64(len(p)), f.left)])
	f.left -= int64(n)
	return n, unexpected(err)
}

// chunkedReader decodes "Transfer-Encoding: chunked" (RFC 9112, 7.1).
type chunkedReader struct {
	r       *bufio.Reader
	left    int64 // of the current chunk
	done    bool
	started bool // a chunk was read before, but not the line end behind it
}

func (c *chunkedReader) Read(p []byte) (int, error) {
	if c.left == 0 && !c.done {
		if err := c.next(); err != nil {
			return 0, unexpected(err)
		}
	}
	if c.done {
		return 0, io.EOF
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, unexpected(err)
}

// next reads the head of a chunk, and the trailer after the last one.
func (c *chunkedReader) next() error {
	if c.started {
		if line, err := readLine(c.r); line != "" || err != nil {
			return errors.Join(errors.New("chunk without end"), err)
		}
	}
	line, err := readLine(c.r)
	if err != nil {
		return err
	}
	size, _, _ := strings.Cut(line, ";")
	left, err := strconv.ParseUint(strings.TrimSpace(size), 16, 63)
	if err != nil {
		return fmt.Errorf("bad chunk size: %.40q", line)
	}
	c.left, c.started = int64(left), true
	if left > 0 {
		return nil
	}
	for c.done = true; ; {
		if line, err := readLine(c.r); line == "" || err != nil {
			return err
		}
	}
}

// unexpected replaces io.EOF, where more was announced, by io.ErrUnexpectedEOF.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
