package fastpath

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxPlain is the largest size of a plain request, head and body together. A call with
// one name in it has less than 500 bytes.
const maxPlain = 2 << 10

// parsePlain parses the head of a plain request. size is the size of the request
// with its body, of which less may be in data. It returns nil for everything that is
// not certain; net/http decides what that means.
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
	delete(header, "Host") // as in net/http
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

// plainField parses one line of a head. It accepts a few names only, and values of
// printable ASCII.
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

// plainLength parses a length of at most four digits: more would exceed maxPlain,
// which the caller checks.
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
