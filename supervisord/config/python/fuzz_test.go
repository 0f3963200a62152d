package python

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzFormat(f *testing.F) {
	for _, s := range []string{"%(here)s", "%(num)02d", "%%", "%(a(b)c)s", "%*d", "%(number)+#08.3x|", "%(here", "%.3g", "%(num)c", "é%é"} {
		f.Add(s)
	}
	lookup := func(name string) (any, bool) {
		if strings.HasPrefix(name, "num") {
			return len(name), true
		}
		return name, name != ""
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Format(s, lookup)
		if err == nil && !strings.Contains(s, "%") && utf8.ValidString(s) && got != s {
			t.Fatalf("%q became %q", s, got)
		}
		if len(got) > len(s)*maxWidth+len(s)*100 {
			t.Fatalf("%q became %d bytes long", s, len(got))
		}
	})
}

func FuzzMatches(f *testing.F) {
	for _, s := range [][2]string{{"*.conf", "a.conf"}, {"[!a-c]*", "d"}, {"[]]", "]"}, {"a*b*c?", "abcbcd"}, {"[", "["}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if matches(pattern, name) && !matches("*"+pattern+"*", "x"+name+"x") {
			t.Fatalf("%q matches %q, but not with more around", pattern, name)
		}
	})
}
