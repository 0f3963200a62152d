package xmlrpc

import (
	"bytes"
	"unicode/utf8"
)

// start reads a start tag.
func (s *scanner) start() ([]byte, error) {
	s.pos++
	name, err := s.name()
	if err != nil {
		return nil, err
	}
	if s.elements--; s.elements < 0 {
		return nil, s.fail("too many elements")
	}
	if len(s.open) == maxDepth {
		return nil, s.fail("elements nested too deeply")
	}
	if err := s.attributes(); err != nil {
		return nil, err
	}
	s.empty = s.at("/")
	if s.empty {
		s.pos++
	}
	if !s.at(">") {
		return nil, s.fail("unfinished tag")
	}
	s.pos++
	s.open = append(s.open, name)
	return name, nil
}

// attributes skips the attributes of a tag. XML-RPC has none, so their values are not
// checked beyond what could end the tag.
func (s *scanner) attributes() error {
	for {
		before := s.pos
		s.skipSpace()
		if s.pos == len(s.data) || s.at("/") || s.at(">") {
			return nil
		}
		if s.pos == before {
			return s.fail("no space before an attribute")
		}
		if err := s.attribute(); err != nil {
			return err
		}
	}
}

func (s *scanner) attribute() error {
	if _, err := s.name(); err != nil {
		return err
	}
	s.skipSpace()
	if !s.at("=") {
		return s.fail("attribute without value")
	}
	s.pos++
	s.skipSpace()
	if !s.at(`"`) && !s.at("'") {
		return s.fail("attribute without quotes")
	}
	quote := string(s.data[s.pos])
	s.pos++
	begin := s.pos
	if err := s.skipPast(quote); err != nil {
		return err
	}
	if bytes.IndexByte(s.data[begin:s.pos], '<') >= 0 {
		return s.fail("< in an attribute")
	}
	return nil
}

// end leaves the current element.
func (s *scanner) end() error {
	last := len(s.open) - 1
	if s.empty {
		s.empty = false
		s.open = s.open[:last]
		return nil
	}
	s.pos += len("</")
	name, err := s.name()
	if err != nil {
		return err
	}
	if !bytes.Equal(name, s.open[last]) {
		return s.fail("end tag of another element")
	}
	s.skipSpace()
	if !s.at(">") {
		return s.fail("unfinished tag")
	}
	s.pos++
	s.open = s.open[:last]
	return nil
}

// name reads a name. It accepts any character beyond ASCII: no name with one has a
// meaning here.
func (s *scanner) name() ([]byte, error) {
	begin := s.pos
	for s.pos < len(s.data) && isName(s.data[s.pos], s.pos > begin) {
		s.pos++
	}
	if s.pos == begin {
		return nil, s.fail("no name")
	}
	return s.data[begin:s.pos], nil
}

func isName(c byte, inside bool) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == ':', c >= utf8.RuneSelf:
		return true
	case c >= '0' && c <= '9', c == '-', c == '.':
		return inside
	}
	return false
}
