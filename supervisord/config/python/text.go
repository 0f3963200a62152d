package python

import (
	"fmt"
	"math"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Repr writes a string as Python's repr does. Bytes that are not UTF-8 appear
// as the surrogates that Python represents them by.
func Repr(s string) string {
	quote := quoteFor(s)
	b := []byte{quote}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			b = fmt.Appendf(b, `\udc%02x`, s[i])
		case r >= utf8.RuneSelf && strconv.IsPrint(r):
			b = utf8.AppendRune(b, r)
		default:
			b = escape(b, r, quote)
		}
		i += n
	}
	return string(append(b, quote))
}

// ReprBytes writes bytes as Python's repr does: b'...'.
func ReprBytes(data []byte) string {
	quote := quoteFor(string(data))
	b := []byte{'b', quote}
	for _, c := range data {
		b = escape(b, rune(c), quote)
	}
	return string(append(b, quote))
}

// quoteFor chooses the quotes around a text: the single ones, unless they alone
// occur in it.
func quoteFor(s string) byte {
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		return '"'
	}
	return '\''
}

// escape writes a printable character of ASCII as it is, and any other as a number.
func escape(b []byte, r rune, quote byte) []byte {
	switch {
	case r == '\\' || r == rune(quote):
		return append(b, '\\', byte(r))
	case r == '\n':
		return append(b, `\n`...)
	case r == '\r':
		return append(b, `\r`...)
	case r == '\t':
		return append(b, `\t`...)
	case ' ' <= r && r <= '~':
		return append(b, byte(r))
	}
	return escapeNumber(b, r)
}

// escapeNumber writes a character as the shortest of \x41, \u2028, \U0001f600.
func escapeNumber(b []byte, r rune) []byte {
	switch {
	case r < 0x100:
		return fmt.Appendf(b, `\x%02x`, r)
	case r < 0x10000:
		return fmt.Appendf(b, `\u%04x`, r)
	}
	return fmt.Appendf(b, `\U%08x`, r)
}

// ReprList writes strings as Python's repr writes a list of them.
func ReprList(list []string) string {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = Repr(s)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// IsSpace is str.isspace: Unicode's white space, and the four separators that
// only Python counts in.
func IsSpace(r rune) bool {
	switch {
	case r <= ' ':
		return r == ' ' || '\t' <= r && r <= '\r' || 0x1c <= r
	case r < 0x1680:
		return r == 0x85 || r == 0xa0
	case 0x2000 <= r && r <= 0x200a:
		return true
	}
	switch r {
	case 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000:
		return true
	}
	return false
}

// Strip is str.strip: no white space at either end.
func Strip(s string) string { return strings.TrimFunc(s, IsSpace) }

// Lower is str.lower, except that the dotted capital I does not become a plain i, as
// no option's name or value needs it.
func Lower(s string) string { return strings.ToLower(strings.ReplaceAll(s, "İ", "i̇")) }

// ParseInt is int(s, base) for the bases 8 and 10. Python's integers have no
// bounds; what does not fit here becomes the nearest that does.
func ParseInt(s string, base int) (int64, bool) {
	s = strings.TrimFunc(s, func(r rune) bool { return IsSpace(r) && (r < 0x1c || r > 0x1f) })
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 {
		return 0, false
	}
	sign := s[:len(s)-len(digits)]
	if base == 8 && len(digits) > 2 && digits[0] == '0' && digits[1]|0x20 == 'o' {
		digits = strings.TrimPrefix(digits[2:], "_")
	}
	if strings.HasPrefix(digits, "_") || strings.HasSuffix(digits, "_") || strings.Contains(digits, "__") {
		return 0, false
	}
	digits = strings.ReplaceAll(digits, "_", "")
	if strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(sign+digits, base, 64)
	if err != nil && n != math.MaxInt64 && n != math.MinInt64 {
		return 0, false
	}
	return n, true
}

// Dirname is os.path.Dirname: "" for a name without a directory.
func Dirname(p string) string {
	head := p[:strings.LastIndexByte(p, '/')+1]
	if trimmed := strings.TrimRight(head, "/"); trimmed != "" {
		return trimmed
	}
	return head
}

// Join is os.path.join of two parts: the second wins when it is absolute, and
// nothing is cleaned.
func Join(dir, p string) string {
	if dir == "" || strings.HasPrefix(p, "/") {
		return p
	}
	return strings.TrimSuffix(dir, "/") + "/" + p
}

// Absolute is os.path.abspath in the working directory cwd. Python keeps two leading
// slashes, to which POSIX allows a meaning, but not three.
func Absolute(cwd, p string) string {
	p = Join(cwd, p)
	if strings.HasPrefix(p, "//") && !strings.HasPrefix(p, "///") {
		return "/" + path.Clean(p)
	}
	return path.Clean(p)
}
