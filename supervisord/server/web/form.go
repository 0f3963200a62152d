package web

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// form is what a request says besides its path. A parameter without a value is
// none.
type form map[string]string

// readForm reads the query and, for a POST, the body, whatever its type is
// said to be. The body wins over the query; of a parameter that is repeated
// the first counts in the query and the last in the body, as with Supervisor.
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

// pairs yields the parameters that have values. The one of net/url drops those
// with a semicolon, which messages may contain.
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

// unquote undoes the quoting of a parameter. With an escape that is none it
// stands for itself.
func unquote(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		s = plain
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// quote quotes a text for an address as Supervisor does: everything but
// letters, digits and _.-~/ is escaped.
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
