package config

import (
	"fmt"
	"math"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"
)

// This file holds Python's notions of text, numbers and paths, on which the
// meaning and the error texts of existing files rest.

// Repr writes a string as Python's repr does. Bytes that are not UTF-8 appear
// as the surrogates by which Python smuggles them through.
func Repr(s string) string {
	quote := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	b := []byte{quote}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			b = fmt.Appendf(b, `\udc%02x`, s[i])
		} else {
			b = appendRepr(b, r, quote)
		}
		i += n
	}
	return string(append(b, quote))
}

func appendRepr(b []byte, r rune, quote byte) []byte {
	switch {
	case r == '\\' || r == rune(quote):
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

// reprList writes strings as Python shows a list of them.
func reprList(list []string) string {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = Repr(s)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// isSpace is str.isspace: Unicode's white space, and the four separators that
// only Python counts in.
func isSpace(r rune) bool {
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

func strip(s string) string { return strings.TrimFunc(s, isSpace) }

// lower is str.lower as far as an option's name or value can tell: the dotted
// capital I does not become a plain i.
func lower(s string) string { return strings.ToLower(strings.ReplaceAll(s, "İ", "i̇")) }

// parseInt is int(s, base) for the bases 8 and 10. Python's integers have no
// bounds; what does not fit here becomes the nearest that does.
func parseInt(s string, base int) (int64, bool) {
	s = strings.TrimFunc(s, func(r rune) bool { return isSpace(r) && (r < 0x1c || r > 0x1f) })
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

// dirname is os.path.dirname: "" for a name without a directory.
func dirname(p string) string {
	head := p[:strings.LastIndexByte(p, '/')+1]
	if trimmed := strings.TrimRight(head, "/"); trimmed != "" {
		return trimmed
	}
	return head
}

// join is os.path.join of two parts: the second wins when it is absolute, and
// nothing is cleaned.
func join(dir, p string) string {
	if dir == "" || strings.HasPrefix(p, "/") {
		return p
	}
	return strings.TrimSuffix(dir, "/") + "/" + p
}

// absolute is os.path.abspath seen from the working directory cwd. Python keeps
// two leading slashes, which POSIX allows to mean something, but not three.
func absolute(cwd, p string) string {
	p = join(cwd, p)
	if strings.HasPrefix(p, "//") && !strings.HasPrefix(p, "///") {
		return "/" + path.Clean(p)
	}
	return path.Clean(p)
}
