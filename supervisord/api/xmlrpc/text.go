package xmlrpc

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// text reads the character data up to the next tag, across comments and CDATA sections.
// The result may be part of the document.
func (s *scanner) text() ([]byte, error) {
	if s.empty {
		return nil, nil
	}
	text, err := s.piece()
	for copied := false; err == nil && !s.atPlainTag(); {
		var skipped bool
		if skipped, err = s.skipComment(); err != nil || !skipped && s.atTag() {
			break
		}
		if !copied { // the first piece may be part of the document
			text, copied = bytes.Clone(text), true
		}
		var piece []byte
		piece, err = s.piece()
		text = append(text, piece...)
	}
	return text, err
}

// atPlainTag reports whether a start or end tag follows, the usual case.
func (s *scanner) atPlainTag() bool {
	return s.pos+1 < len(s.data) && s.data[s.pos] == '<' && s.data[s.pos+1] != '!' && s.data[s.pos+1] != '?'
}

// atTag reports whether the character data has ended.
func (s *scanner) atTag() bool {
	return s.pos == len(s.data) || s.at("<") && !s.at("<![CDATA[")
}

// piece reads one CDATA section, or plain character data up to the next "<".
func (s *scanner) piece() ([]byte, error) {
	begin := s.pos
	if s.at("<![CDATA[") {
		s.pos += len("<![CDATA[")
		begin = s.pos
		if err := s.skipPast("]]>"); err != nil {
			return nil, err
		}
		return s.expand(s.data[begin:s.pos-len("]]>")], false)
	}
	if i := bytes.IndexByte(s.data[begin:], '<'); i >= 0 {
		s.pos += i
	} else {
		s.pos = len(s.data)
	}
	raw := s.data[begin:s.pos]
	if bytes.Contains(raw, []byte("]]>")) {
		return nil, s.fail("]]> in text")
	}
	return s.expand(raw, true)
}

// expand checks the characters, replaces references if references is true, and converts
// line ends to line feeds. A text without any of these is returned unchanged.
func (s *scanner) expand(raw []byte, references bool) ([]byte, error) {
	i := 0
	for i < len(raw) && ordinary(raw[i]) {
		i++
	}
	if i == len(raw) {
		return raw, nil
	}
	out := append(make([]byte, 0, len(raw)), raw[:i]...)
	for i < len(raw) {
		switch c := raw[i]; {
		case c == '&' && references:
			r, size, err := s.reference(raw[i:])
			if err != nil {
				return nil, err
			}
			out = utf8.AppendRune(out, r)
			i += size
		case c == '\r':
			out = append(out, '\n')
			if i++; i < len(raw) && raw[i] == '\n' {
				i++
			}
		default:
			r, size := utf8.DecodeRune(raw[i:])
			if !legal(r) {
				return nil, s.fail("forbidden character")
			}
			out = append(out, raw[i:i+size]...)
			i += size
		}
	}
	return out, nil
}

// ordinary reports whether a byte needs neither check nor change.
func ordinary(c byte) bool {
	return c >= 0x20 && c < utf8.RuneSelf && c != '&' || c == '\n' || c == '\t'
}

// reference reads a character or entity reference at the start of raw.
func (s *scanner) reference(raw []byte) (r rune, size int, err error) {
	size = bytes.IndexByte(raw, ';') + 1
	if size < 3 {
		return 0, 0, s.fail("unfinished reference")
	}
	switch name := string(raw[1 : size-1]); name {
	case "amp":
		return '&', size, nil
	case "lt":
		return '<', size, nil
	case "gt":
		return '>', size, nil
	case "quot":
		return '"', size, nil
	case "apos":
		return '\'', size, nil
	default:
		r, ok := number(name)
		if !ok {
			return 0, 0, s.fail("unknown entity")
		}
		return r, size, nil
	}
}

// number parses a character reference, without its & and ;.
func number(name string) (rune, bool) {
	if name[0] != '#' || len(name) < 2 {
		return 0, false
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	return rune(n), err == nil && legal(rune(n))
}
