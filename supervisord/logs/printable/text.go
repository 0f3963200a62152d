package printable

import (
	"strings"
	"unicode/utf8"
)

// Text writes the bytes of a message that are no text as \xNN: control
// characters but for tabs and line ends, and what is not UTF-8. Names and
// requests come from strangers, and a log is read on terminals. All other text
// is returned as it is.
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

// nextUnprintable returns where the first such character of s is, or -1.
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
