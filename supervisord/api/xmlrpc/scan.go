package xmlrpc

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// maxDepth bounds the nesting of elements, and with it the recursion of the
// decoder. A multicall of calls that take arrays needs 16.
const maxDepth = 128

// SyntaxError tells why a document is not an XML-RPC message, and where.
type SyntaxError struct {
	Offset int // in bytes
	Reason string
}

// Error returns the reason and the place.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("xmlrpc: %s at byte %d", e.Reason, e.Offset)
}

// scanner walks over the elements of an XML 1.0 document in UTF-8. It knows
// neither namespaces nor what a document type declares: there are no entities but
// XML's own five, and nothing can grow while it is read.
type scanner struct {
	data     []byte
	pos      int
	open     [][]byte // names of the open elements
	empty    bool     // the last start tag closed itself: its end is still due
	elements int      // how many more may begin
}

// newScanner checks the encoding and skips what precedes the root element.
func newScanner(data []byte, maxElements int) (*scanner, error) {
	if !utf8.Valid(data) {
		return nil, &SyntaxError{0, "text that is not UTF-8"}
	}
	s := &scanner{data: bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")), elements: maxElements}
	if s.at("<?xml") {
		if err := s.skipPast("?>"); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *scanner) fail(reason string) error { return &SyntaxError{s.pos, reason} }

func (s *scanner) at(text string) bool {
	end := s.pos + len(text)
	return end <= len(s.data) && string(s.data[s.pos:end]) == text
}

// skipPast moves behind the next appearance of text.
func (s *scanner) skipPast(text string) error {
	i := bytes.Index(s.data[s.pos:], []byte(text))
	if i < 0 {
		return s.fail("no " + text)
	}
	s.pos += i + len(text)
	return nil
}

// child enters the next element inside the current one and returns its name,
// or nil when the current one has ended. Text on the way is passed over.
func (s *scanner) child() ([]byte, error) {
	_, err := s.text()
	if err != nil {
		return nil, err
	}
	if s.empty || s.at("</") {
		return nil, s.end()
	}
	if s.pos == len(s.data) {
		return nil, s.fail("end of document inside an element")
	}
	return s.start()
}

// root enters the outermost element.
func (s *scanner) root() ([]byte, error) {
	if err := s.skipMisc(); err != nil {
		return nil, err
	}
	if err := s.skipDoctype(); err != nil {
		return nil, err
	}
	if !s.at("<") {
		return nil, s.fail("no element")
	}
	return s.start()
}

// finish demands that nothing follows the outermost element.
func (s *scanner) finish() error {
	if err := s.skipMisc(); err != nil {
		return err
	}
	if s.pos != len(s.data) {
		return s.fail("text behind the document")
	}
	return nil
}

// skipMisc passes over what may stand outside of the outermost element.
func (s *scanner) skipMisc() error {
	for {
		s.skipSpace()
		skipped, err := s.skipComment()
		if err != nil || !skipped {
			return err
		}
	}
}

// skipComment passes over one comment or processing instruction, if there is
// one.
func (s *scanner) skipComment() (bool, error) {
	switch {
	case s.at("<!--"):
		s.pos += len("<!--")
		if err := s.skipPast("--"); err != nil {
			return false, err
		}
		if !s.at(">") {
			return false, s.fail("-- inside a comment")
		}
		s.pos++
		return true, nil
	case s.at("<?"):
		s.pos += len("<?")
		target, err := s.name()
		if err != nil {
			return false, err
		}
		if bytes.EqualFold(target, []byte("xml")) {
			return false, s.fail("misplaced XML declaration")
		}
		return true, s.skipPast("?>")
	}
	return false, nil
}

func (s *scanner) skipSpace() {
	for s.pos < len(s.data) && isSpace(s.data[s.pos]) {
		s.pos++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

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

// attributes passes over the attributes of a tag: XML-RPC has none, so their
// values may hold anything that could not end the tag.
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

// leave passes over the rest of the current element and ends it.
func (s *scanner) leave() error {
	for depth := len(s.open); len(s.open) >= depth; {
		if _, err := s.child(); err != nil {
			return err
		}
	}
	return nil
}

// name reads a name. Any character beyond ASCII may be part of one: there is
// no name of that kind that means anything here.
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
