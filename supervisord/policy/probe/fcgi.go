package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// The part of FastCGI 1.0 that one request needs.
const (
	fcgiVersion = 1
	fcgiRequest = 1 // the id of the only request of a connection

	fcgiBegin  = 1
	fcgiEnd    = 3
	fcgiParams = 4
	fcgiStdin  = 5
	fcgiStdout = 6
	fcgiStderr = 7

	fcgiResponder = 1
	fcgiHeader    = 8 // bytes before a record's content
)

// maxResponse is how much of a response is read, in bytes. The status is at its
// beginning and the end record at its end; a longer page is no answer to a ping.
const maxResponse = 1 << 20

// maxStreamBytes is how much of each stream of a response is kept.
const maxStreamBytes = 8 << 10

// fcgiGet makes one FastCGI request for the script of that path. It returns nil if
// the request is completed and its status, if there is one, is no error.
func fcgiGet(ctx context.Context, network, address, script string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if limit, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(limit) // a connection can be given one
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := conn.Write(request(script)); err != nil {
		return err
	}
	r, err := readResponse(io.LimitReader(conn, maxResponse))
	if err != nil {
		return err
	}
	return r.err()
}

// request returns a GET request as a web server sends it.
func request(script string) []byte {
	path, query, _ := strings.Cut(script, "?")
	var params []byte
	for _, p := range [][2]string{
		{"GATEWAY_INTERFACE", "CGI/1.1"},
		{"SERVER_PROTOCOL", "HTTP/1.1"},
		{"SERVER_SOFTWARE", userAgent},
		{"REQUEST_METHOD", "GET"},
		{"SCRIPT_NAME", path},
		{"SCRIPT_FILENAME", path},
		{"REQUEST_URI", script},
		{"QUERY_STRING", query},
		{"REMOTE_ADDR", "127.0.0.1"},
		{"SERVER_NAME", "localhost"},
		{"HTTP_HOST", "localhost"},
		{"HTTP_USER_AGENT", userAgent},
	} {
		params = appendParam(params, p[0], p[1])
	}
	b := appendRecord(nil, fcgiBegin, []byte{0, fcgiResponder, 0, 0, 0, 0, 0, 0})
	b = appendRecord(b, fcgiParams, params)
	b = appendRecord(b, fcgiParams, nil)
	return appendRecord(b, fcgiStdin, nil)
}

func appendParam(to []byte, name, value string) []byte {
	for _, s := range []string{name, value} {
		if len(s) < 128 {
			to = append(to, byte(len(s)))
		} else {
			to = binary.BigEndian.AppendUint32(to, uint32(len(s))|1<<31)
		}
	}
	return append(append(to, name...), value...)
}

// appendRecord appends content as one record, or as several if it is too long.
func appendRecord(to []byte, kind byte, content []byte) []byte {
	const maxContent = 0xffff
	for {
		n := min(len(content), maxContent)
		to = append(to, fcgiVersion, kind, 0, fcgiRequest, byte(n>>8), byte(n), 0, 0)
		to = append(to, content[:n]...)
		if content = content[n:]; len(content) == 0 {
			return to
		}
	}
}

// response is the response of a FastCGI server.
type response struct {
	stdout, stderr []byte // their beginnings
	protocolStatus byte   // how the request ended
}

// readResponse reads up to the end of the request.
func readResponse(from io.Reader) (response, error) {
	var r response
	var header [fcgiHeader]byte
	for {
		if _, err := io.ReadFull(from, header[:]); err != nil {
			return r, closedEarly(err)
		}
		if header[0] != fcgiVersion {
			return r, errors.New("the answer is not FastCGI")
		}
		content := make([]byte, int(binary.BigEndian.Uint16(header[4:]))+int(header[6]))
		if _, err := io.ReadFull(from, content); err != nil {
			return r, closedEarly(err)
		}
		content = content[:len(content)-int(header[6])]
		switch header[1] {
		case fcgiStdout:
			r.stdout = appendLimited(r.stdout, content)
		case fcgiStderr:
			r.stderr = appendLimited(r.stderr, content)
		case fcgiEnd:
			if len(content) < 5 {
				return r, errors.New("the answer is not FastCGI")
			}
			r.protocolStatus = content[4]
			return r, nil
		}
	}
}

func closedEarly(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the connection was closed before the answer was complete")
	}
	return err
}

func appendLimited(have, more []byte) []byte {
	return append(have, more[:min(len(more), maxStreamBytes-len(have))]...)
}

// err returns what is wrong with a complete response, nil for nothing.
func (r response) err() error {
	switch r.protocolStatus {
	case 0:
	case 1:
		return errors.New("fcgi: the server can't have several requests on a connection")
	case 2:
		return errors.New("fcgi: the server is overloaded")
	default:
		return fmt.Errorf("fcgi: the request was not completed (protocol status %d)", r.protocolStatus)
	}
	status := r.status()
	if len(status) > 0 && status[0] != '4' && status[0] != '5' {
		return nil
	}
	text := fmt.Sprintf("fcgi status %s", status)
	if why, _, _ := strings.Cut(strings.TrimSpace(string(r.stderr)), "\n"); why != "" {
		text += ": " + sanitize(why)
	}
	return errors.New(text)
}

// status returns the value of the header Status, 200 if there is none.
func (r response) status() string {
	for line := range bytes.Lines(r.stdout) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if strings.EqualFold(string(name), "Status") {
			return sanitize(strings.TrimSpace(string(value)))
		}
	}
	return "200"
}
