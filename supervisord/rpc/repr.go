package rpc

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxExcerpt is how much of a bad request goes to the log.
const maxExcerpt = 4096

// excerpt shows a request in the log, as Python shows a string, so that it
// stays on its line.
func excerpt(body []byte) string {
	s := string(body[:min(len(body), maxExcerpt)])
	for len(s) < len(body) && !utf8.ValidString(s) { // cut inside a character
		s = s[:len(s)-1]
	}
	quote := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	b := []byte{byte(quote)}
	for _, r := range s {
		b = appendRepr(b, r, quote)
	}
	b = append(b, byte(quote))
	if len(s) < len(body) {
		b = append(b, "..."...)
	}
	return string(b)
}

func appendRepr(b []byte, r, quote rune) []byte {
	switch {
	case r == '\\', r == quote:
		return append(b, '\\', byte(r))
	case r == '\n':
		return append(b, `\n`...)
	case r == '\r':
		return append(b, `\r`...)
	case r == '\t':
		return append(b, `\t`...)
	case strconv.IsPrint(r):
		return utf8.AppendRune(b, r)
	case r < 0x100:
		return fmt.Appendf(b, `\x%02x`, r)
	case r < 0x10000:
		return fmt.Appendf(b, `\u%04x`, r)
	}
	return fmt.Appendf(b, `\U%08x`, r)
}
