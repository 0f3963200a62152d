package hostheader

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"supervisor/supervisord/system/inetaddr"
)

// unescaped are the characters, besides letters and digits, that Encode leaves
// unchanged.
const unescaped = ".-_:[]~"

// Encode escapes every character that a strict parser could refuse, as %XX.
func Encode(host string) string {
	var b strings.Builder
	for i := range len(host) {
		if c := host[i]; isAlphanumeric(c) || strings.IndexByte(unescaped, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteString(strconv.FormatUint(0x100|uint64(c), 16)[1:])
		}
	}
	return b.String()
}

// Decode reverses Encode. A text that Encode can't have returned is returned unchanged.
func Decode(encoded string) string {
	if strings.IndexByte(encoded, '%') < 0 {
		return encoded
	}
	var b strings.Builder
	for i := 0; i < len(encoded); i++ {
		c := encoded[i]
		if c == '%' {
			if i+2 >= len(encoded) {
				return encoded
			}
			n, err := strconv.ParseUint(encoded[i+1:i+3], 16, 8)
			if err != nil {
				return encoded
			}
			c, i = byte(n), i+2
		}
		b.WriteByte(c)
	}
	return b.String()
}

// Base returns the base of the URLs that Supervisor redirects to, without scheme and
// without a final slash: the value itself, without port 80.
func Base(host string) string {
	host = strings.TrimSpace(host)
	if name, port, ok := cutPort(host); ok && (port == "" || port == "80") {
		host = name
	}
	return strings.TrimSuffix(host, "/")
}

// Path returns the path that a proxy has added to the host name, without a final slash,
// or "" if there is none.
func Path(host string) string {
	i := strings.IndexByte(host, '/')
	if i <= 0 || !isName(host[:i]) || strings.HasPrefix(host[i:], "//") {
		return ""
	}
	return strings.TrimRight(host[i:], "/")
}

// Authority returns the host and port that a browser would have sent, without
// the path that a proxy has added.
func Authority(host string) string {
	if i := strings.IndexByte(host, '/'); i >= 0 && i == len(host)-1 || Path(host) != "" {
		return host[:i]
	}
	return host
}

// AsSent returns a copy of the request with the Host that the browser sent to the proxy,
// to be compared with the origin that it sent.
func AsSent(r *http.Request) *http.Request {
	sent := *r
	sent.Host = Authority(r.Host)
	return &sent
}

// Name returns the host name in lower case, without port and final dot, if the value is
// one that browsers send: a host name, or a host name and a port. It returns false for
// everything else, and for an IP address, which no name server resolves.
func Name(host string) (string, bool) {
	if host == "" || !isName(host) {
		return "", false
	}
	name := host
	if before, _, ok := cutPort(host); ok {
		name = before
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil || name == "" {
		return "", false
	}
	if _, ok := inetaddr.Parse(name); ok {
		return "", false
	}
	return name, true
}

// cutPort splits at the last colon if only digits follow.
func cutPort(host string) (name, port string, ok bool) {
	i := strings.LastIndexByte(host, ':')
	if i < 0 || strings.Trim(host[i+1:], "0123456789") != "" {
		return host, "", false
	}
	return host[:i], host[i+1:], true
}

// isName reports whether a browser can have taken the text from a URL: it has none of
// the characters that are forbidden in a host (WHATWG URL, 3.1), except those of ports
// and IPv6 addresses. Browsers send names beyond ASCII as Punycode.
func isName(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("#/<>?@\\^|%", c) >= 0 {
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
