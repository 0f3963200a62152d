package xmlrpc

import "unicode/utf8"

// replacement stands for what XML cannot hold.
const replacement = "\uFFFD"

// AppendText appends a piece of a string value, escaped as an Encoder does it. A
// piece must not begin or end within a character.
func AppendText(dst []byte, piece string) []byte { return appendText(dst, piece) }

// appendText appends s as character data.
//
// A carriage return is written as a reference, because a parser turns a bare
// one into a line feed. Only the three characters that Python escapes are
// escaped, so that the answer is the same byte for byte.
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

// substitute tells what to write for the character at the start of s, nothing
// for itself, and how many bytes it has.
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

// plain tells whether a byte stands for itself wherever it appears.
func plain(c byte) bool {
	if c < 0x20 {
		return c == '\n' || c == '\t'
	}
	return c < utf8.RuneSelf && c != '&' && c != '<' && c != '>'
}

// plainRun counts the bytes at the start of s that stand for themselves. Texts
// are looked at eight bytes at a time, for that is where the time of a large
// answer goes; what is found in eight of them is then looked for one by one.
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

// allPlain is false for eight bytes with one among them that is not plain, or
// that is a line feed or a tab. A byte of x is 0 if and only if the highest bit
// of some byte is set in (x - ones) &^ x.
func allPlain(s string) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	_ = s[7]
	x := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	ampersand := x ^ ones*'&'
	angle := x&^(ones*('<'^'>')) ^ ones*'<' // both, since they differ in one bit
	found := x | (x-ones*0x20)&^x | (ampersand-ones)&^ampersand | (angle-ones)&^angle
	return found&tops == 0
}

// legal tells whether XML 1.0 (2.2) allows the character in a document.
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
