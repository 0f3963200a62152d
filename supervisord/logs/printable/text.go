package printable

import (
	"strings"
	"unicode/utf8"
)

// Text writes control characters other than tabs and line ends, and bytes that are not
// UTF-8, as \xNN. Names and requests are untrusted, and logs are read on terminals. All
// other text is returned unchanged.
func Text(s string) string {
	i := nextUnprintable(s)
	if i < 0 {
		return s
	}
	const hex = "0123456789abcdef"
	var b strings.Builder
	for ; i >= 0; i = nextUnprintable(s) {
		b.WriteString(s[:i])
		_, size := utf8.DecodeRuneInString(s[i:])
		for _, c := range []byte(s[i : i+size]) {
			b.WriteString(`\x` + string(hex[c>>4]) + string(hex[c&15]))
		}
		s = s[i+size:]
	}
	b.WriteString(s)
	return b.String()
}

// nextUnprintable returns the index of the first such character of s, or -1.
func nextUnprintable(s string) int {
	for i, r := range s {
		switch {
		case r == '\n' || r == '\t':
		case r == '\r' && (i+1 == len(s) || s[i+1] == '\n'): // part of a line end
		case r < 0x20 || 0x7f <= r && r < 0xa0:
			return i
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd"):
			return i
		}
	}
	return -1
}
