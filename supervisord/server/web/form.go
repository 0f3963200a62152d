package web

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// form has the parameters of a request. Parameters without a value are left out.
type form map[string]string

// readForm parses the query and, for a POST, the body, whatever its Content-Type. As in
// Supervisor the body takes precedence over the query, and of a repeated parameter the
// first counts in the query and the last in the body.
func readForm(r *http.Request) (form, error) {
	f := form{}
	for name, value := range pairs(r.URL.RawQuery) {
		if _, given := f[name]; !given {
			f[name] = value
		}
	}
	if r.Method != http.MethodPost {
		return f, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	for name, value := range pairs(string(body)) {
		f[name] = value
	}
	return f, nil
}

// pairs yields the parameters that have values. url.ParseQuery would drop those with a
// semicolon, which messages may contain.
func pairs(s string) func(yield func(name, value string) bool) {
	return func(yield func(name, value string) bool) {
		for pair := range strings.SplitSeq(s, "&") {
			name, value, _ := strings.Cut(pair, "=")
			if value != "" && !yield(unquote(name), unquote(value)) {
				return
			}
		}
	}
}

// unquote decodes a parameter. One with an invalid escape is returned unchanged, except
// that invalid UTF-8 is replaced.
func unquote(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		s = plain
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// quote escapes a text for an address as Supervisor does: everything except letters,
// digits and _.-~/.
func quote(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("_.-~/", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
