package option

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzByteSize(f *testing.F) {
	for _, s := range []string{"0", "5MB", "1_0 kb", "-3GB", "99999999999999999999gb", "MB", "+"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := byteSize(s)
		upper := strings.ToUpper(s)
		m, err2 := byteSize(upper)
		// The capitals of some letters have no lower case.
		back := strings.ToLower(upper)
		if utf8.ValidString(s) && strings.ToLower(s) == back && (n != m || (err == nil) != (err2 == nil)) {
			t.Fatalf("%q: %d, %v; in capitals %d, %v", s, n, err, m, err2)
		}
	})
}
