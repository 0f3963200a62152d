package hostheader

import (
	"strings"
	"testing"
)

func TestParts(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]struct{ base, path, authority, name string }{
		"":                        {},
		"x":                       {"x", "", "x", "x"},
		"X.Example.:9001":         {"X.Example.:9001", "", "X.Example.:9001", "x.example"},
		"x:80":                    {"x", "", "x:80", "x"},
		"x:":                      {"x", "", "x:", "x"},
		"x:port":                  {"x:port", "", "x:port", "x:port"},
		"a_b!c":                   {"a_b!c", "", "a_b!c", "a_b!c"},
		"127.0.0.1:9001":          {"127.0.0.1:9001", "", "127.0.0.1:9001", ""},
		"127.1:9001":              {"127.1:9001", "", "127.1:9001", ""},
		"[::1]:9001":              {"[::1]:9001", "", "[::1]:9001", ""},
		"x/supervisor/index.html": {"x/supervisor/index.html", "/supervisor/index.html", "x", ""},
		"x:8080/a/":               {"x:8080/a", "/a", "x:8080", ""},
		"x/":                      {"x", "", "x", ""},
		"/run/supervisor.sock":    {"/run/supervisor.sock", "", "/run/supervisor.sock", ""},
		"unix:///run/s.sock":      {"unix:///run/s.sock", "", "unix:///run/s.sock", ""},
		"user:word@x":             {"user:word@x", "", "user:word@x", ""},
		"h\u00e4":                 {"h\u00e4", "", "h\u00e4", ""},
		"a b":                     {"a b", "", "a b", ""},
	} {
		name, _ := Name(host)
		if base, path, authority := Base(host), Path(host), Authority(host); base != want.base || path != want.path ||
			authority != want.authority || name != want.name {
			t.Errorf("%q: base %q, path %q, authority %q, name %q, want %q", host, base, path, authority, name, want)
		}
	}
}

// FuzzEncode: Decode returns what a client has sent, and a strict parser accepts the
// encoded form.
func FuzzEncode(f *testing.F) {
	for _, host := range []string{"", "x:9001", "/run/s.sock", "a%2Fb", "%", "%zz", "h\u00e4", "a\x00b", "\xff"} {
		f.Add(host)
	}
	const valid = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]~%"
	f.Fuzz(func(t *testing.T, host string) {
		encoded := Encode(host)
		if strings.Trim(encoded, valid) != "" || Decode(encoded) != host {
			t.Errorf("%q became %q and then %q", host, encoded, Decode(encoded))
		}
		_, _ = Name(host) // must not panic
		_ = Base(host)
	})
}
