package xmlrpc

import "unicode/utf8"

// replacement replaces what XML can't represent.
const replacement = "\uFFFD"

// AppendText appends a piece of a string value, escaped as by an Encoder. A piece must
// not begin or end within a character.
func AppendText(dst []byte, piece string) []byte { return appendText(dst, piece) }

// appendText appends s as character data.
//
// A carriage return is written as a reference, because a parser would convert it to a
// line feed. Otherwise only the three characters that Python escapes are escaped, so that
// answers are equal byte for byte.
func appendText(dst []byte, s string) []byte {
	start := 0 // of the run not yet copied
	for i := 0; ; {
		i += plainRun(s[i:])
		if i == len(s) {
			return append(dst, s[start:]...)
		}
		escaped, size := substitute(s[i:])
		if escaped != "" {
			dst = append(dst, s[start:i]...)
			dst = append(dst, escaped...)
			start = i + size
		}
		i += size
	}
}

// substitute returns the replacement for the character at the start of s, "" if it is
// written unchanged, and the size of the character in bytes.
func substitute(s string) (escaped string, size int) {
	switch s[0] {
	case '&':
		return "&amp;", 1
	case '<':
		return "&lt;", 1
	case '>':
		return "&gt;", 1
	case '\r':
		return "&#13;", 1
	}
	r, size := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && size == 1 || !legal(r) {
		return replacement, size
	}
	return "", size
}

// plain reports whether a byte is always written unchanged.
func plain(c byte) bool {
	if c < 0x20 {
		return c == '\n' || c == '\t'
	}
	return c < utf8.RuneSelf && c != '&' && c != '<' && c != '>'
}

// plainRun counts the plain bytes at the start of s. Large answers spend most of their
// time here, so it tests eight bytes at a time, and single bytes only after that.
func plainRun(s string) int {
	i := 0
	for i+8 <= len(s) && allPlain(s[i:i+8]) {
		i += 8
	}
	for i < len(s) && plain(s[i]) {
		i++
	}
	return i
}

// allPlain returns false if one of eight bytes is not plain, or is a line feed or a tab.
// Some byte of x is 0 if and only if the highest bit of some byte of (x - ones) &^ x is
// set.
func allPlain(s string) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	_ = s[7]
	x := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	ampersand := x ^ ones*'&'
	angle := x&^(ones*('<'^'>')) ^ ones*'<' // matches both, since they differ in one bit
	found := x | (x-ones*0x20)&^x | (ampersand-ones)&^ampersand | (angle-ones)&^angle
	return found&tops == 0
}

// legal reports whether XML 1.0 (2.2) allows the character in a document.
func legal(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r':
		return true
	case r < 0x20, r == 0xFFFE, r == 0xFFFF:
		return false
	case r >= 0xD800 && r <= 0xDFFF: // halves of surrogate pairs
		return false
	}
	return r <= utf8.MaxRune
}
