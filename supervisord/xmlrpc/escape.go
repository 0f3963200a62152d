package xmlrpc

import "unicode/utf8"

// replacement stands for what XML cannot hold.
const replacement = "\uFFFD"

// appendText appends s as character data.
//
// A carriage return is written as a reference, because a parser turns a bare
// one into a line feed. Only the three characters that Python escapes are
// escaped, so that the answer is the same byte for byte.
func appendText(dst []byte, s string) []byte {
	start := 0 // of the run not yet copied
	for i := 0; i < len(s); {
		c := s[i]
		if plain(c) {
			i++
			continue
		}
		instead, size := substitute(s[i:])
		if instead != "" {
			dst = append(dst, s[start:i]...)
			dst = append(dst, instead...)
			start = i + size
		}
		i += size
	}
	return append(dst, s[start:]...)
}

// substitute tells what to write for the character at the start of s, nothing
// for itself, and how many bytes it has.
func substitute(s string) (instead string, size int) {
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
