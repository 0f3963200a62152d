package tolerant

import (
	"bytes"
	"strconv"
	"strings"

	"supervisor/supervisord/server/hostheader"
)

// head is the head of a request in a form that net/http accepts.
type head struct {
	text   []byte // up to and including the empty line
	length int64  // of the body
}

// readHead rewrites the head of a request that Supervisor would accept, so that
// net/http accepts it as well. net/http refuses irregular request lines and header
// fields, above all an irregular Host, although little of that matters here. Host
// is encoded, see hostheader.
//
// It reports false if the request can't be understood, or if two readers might
// disagree about where its body ends. Such a request must reach net/http unchanged,
// to be refused.
func readHead(raw []byte) (head, bool) {
	lines, ok := unfold(raw)
	if !ok {
		return head{}, false
	}
	line, ok := requestLine(lines[0])
	if !ok {
		return head{}, false
	}
	f := fields{length: -1}
	for _, line := range lines[1:] {
		if !f.add(line) {
			return head{}, false
		}
	}
	var b bytes.Buffer
	b.WriteString(line + "\r\nHost: " + hostheader.Encode(f.host) + "\r\n")
	if f.length >= 0 {
		b.WriteString("Content-Length: " + strconv.FormatInt(f.length, 10) + "\r\n")
	}
	b.Write(f.others.Bytes())
	b.WriteString("\r\n")
	return head{b.Bytes(), max(f.length, 0)}, true
}

// unfold returns the lines of a head without their ends. A line that continues
// another one is appended to it, as in Supervisor.
func unfold(raw []byte) (lines []string, ok bool) {
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		last := len(lines) - 1
		switch {
		case strings.ContainsRune(line, '\r'):
			return nil, false // other readers may take it for the end of a line
		case line == "":
		case line[0] != ' ' && line[0] != '\t':
			lines = append(lines, line)
		case last < 1 || isFraming(lines[last]):
			return nil, false
		default:
			lines[last] += line[1:]
		}
	}
	return lines, len(lines) > 0
}

// requestLine repairs a request line. One without a version is taken for HTTP/1.0,
// where the connection ends with the answer.
func requestLine(line string) (string, bool) {
	method, rest, ok := strings.Cut(line, " ")
	target, version, given := strings.Cut(rest, " ")
	if !ok || method == "" || target == "" {
		return "", false
	}
	proto := "HTTP/1.0"
	if given {
		number, ok := strings.CutPrefix(version, "HTTP/")
		if !ok || number == "" || strings.Trim(number, "0123456789.") != "" {
			return "", false
		}
		proto = protocol(number)
	}
	if method != "CONNECT" {
		target = repairTarget(target)
	}
	return method + " " + target + " " + proto, true
}

// protocol returns the version of HTTP to answer in. Supervisor accepts any number.
func protocol(number string) string {
	major, minor, _ := strings.Cut(number, ".")
	switch {
	case major == "1" && len(minor) == 1:
		return "HTTP/" + number
	case major == "" || major == "0" || major == "1":
		return "HTTP/1.0"
	}
	return "HTTP/1.1"
}

// repairTarget makes a target parsable, and removes what Supervisor ignores:
// parameters of the path, and the fragment.
func repairTarget(target string) string {
	if before, _, absolute := strings.Cut(target, "://"); target == "*" || absolute && !strings.ContainsAny(before, "/?#") {
		return target
	}
	target, _, _ = strings.Cut(target, "#")
	path, query, asked := strings.Cut(target, "?")
	path, _, _ = strings.Cut(path, ";")
	if !strings.HasPrefix(path, "/") {
		path = "//" + path // a page is found without its slash, /RPC2 is not
	}
	var b strings.Builder
	for i := range len(path) {
		if path[i] == '%' && !isEscape(path[i:]) {
			b.WriteString("%25")
			continue
		}
		writeByte(&b, path[i])
	}
	if asked {
		b.WriteByte('?')
		for i := range len(query) {
			writeByte(&b, query[i])
		}
	}
	return b.String()
}

// writeByte writes a byte of a URL; a control character becomes %XX.
func writeByte(b *strings.Builder, c byte) {
	if isControl(c) {
		b.WriteString("%" + strconv.FormatUint(0x100|uint64(c), 16)[1:])
		return
	}
	b.WriteByte(c)
}

func isEscape(s string) bool {
	if len(s) < 3 {
		return false
	}
	_, err := strconv.ParseUint(s[1:3], 16, 8)
	return err == nil
}

func isControl(c byte) bool { return c < ' ' || c == 0x7f }

// fields collects the header fields of a request.
type fields struct {
	host    string
	hasHost bool
	length  int64 // -1 if there is none
	others  bytes.Buffer
}

// add adds a field. Like Supervisor it skips lines that are not fields, and every
// Host but the first. It reports false if the request must be refused.
func (f *fields) add(line string) bool {
	name, value, found := strings.Cut(line, ":")
	if !found || !isToken(name) {
		return !isFraming(line)
	}
	value = strings.Trim(value, " \t")
	switch strings.ToLower(name) {
	case "transfer-encoding":
		return false
	case "content-length":
		return f.setLength(value)
	case "host":
		if !f.hasHost {
			f.host, f.hasHost = value, true
		}
		return true
	case "expect":
		if !strings.EqualFold(value, "100-continue") {
			return true // Supervisor ignores any other expectation
		}
	}
	f.others.WriteString(name + ": ")
	for i := range len(value) {
		c := value[i]
		if isControl(c) && c != '\t' {
			c = '?'
		}
		f.others.WriteByte(c)
	}
	f.others.WriteString("\r\n")
	return true
}

// setLength stores a length. It must consist of digits, and equal any earlier one.
func (f *fields) setLength(value string) bool {
	if value == "" || strings.Trim(value, "0123456789") != "" {
		return false
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || f.length >= 0 && f.length != n {
		return false
	}
	f.length = n
	return true
}

// isFraming reports whether a reader could take the line for one that says where
// the body ends.
func isFraming(line string) bool {
	line = strings.ToLower(line)
	return strings.Contains(line, "content-length") || strings.Contains(line, "transfer-encoding")
}

func isToken(name string) bool {
	for i := range len(name) {
		c := name[i]
		if isControl(c) || c >= 0x80 || strings.IndexByte(" \"(),/:;<=>?@[\\]{}", c) >= 0 {
			return false
		}
	}
	return name != ""
}
