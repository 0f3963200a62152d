package xmlrpc

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// maxDepth bounds the nesting of elements, and with it the recursion of the
// decoder. A multicall of calls that take arrays needs 16.
const maxDepth = 128

// SyntaxError reports why a document is not an XML-RPC message, and where.
type SyntaxError struct {
	Offset int // in bytes
	Reason string
}

// Error returns the reason and the offset.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("xmlrpc: %s at byte %d", e.Reason, e.Offset)
}

// scanner walks over the elements of an XML 1.0 document in UTF-8. It ignores namespaces
// and document types: there are no entities but XML's own five, and no text can grow
// while it is decoded.
type scanner struct {
	data     []byte
	pos      int
	open     [][]byte // names of the open elements
	empty    bool     // the last tag was <x/>, and its end was not reported yet
	elements int      // how many more are allowed
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

// skipPast moves past the next occurrence of text.
func (s *scanner) skipPast(text string) error {
	i := bytes.Index(s.data[s.pos:], []byte(text))
	if i < 0 {
		return s.fail("no " + text)
	}
	s.pos += i + len(text)
	return nil
}

// child enters the next element inside the current one and returns its name. It returns
// nil if the current one has ended. Text in between is skipped.
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

// root enters the root element.
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

// finish checks that nothing follows the root element.
func (s *scanner) finish() error {
	if err := s.skipMisc(); err != nil {
		return err
	}
	if s.pos != len(s.data) {
		return s.fail("text after the document")
	}
	return nil
}

// skipMisc skips what is allowed outside the root element.
func (s *scanner) skipMisc() error {
	for {
		s.skipSpace()
		skipped, err := s.skipComment()
		if err != nil || !skipped {
			return err
		}
	}
}

// skipComment skips one comment or processing instruction, and reports whether there was
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

// leave skips the rest of the current element, and ends it.
func (s *scanner) leave() error {
	for depth := len(s.open); len(s.open) >= depth; {
		if _, err := s.child(); err != nil {
			return err
		}
	}
	return nil
}
