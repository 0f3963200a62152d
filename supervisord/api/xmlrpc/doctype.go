package xmlrpc

// skipDoctype skips a document type declaration, if there is one. Its declarations have
// no effect: nothing external is read, and an entity other than XML's own five is an
// error where it is used, so that no text can grow while it is decoded.
func (s *scanner) skipDoctype() error {
	if !s.at("<!DOCTYPE") {
		return nil
	}
	s.pos += len("<!DOCTYPE")
	before := s.pos
	if s.skipSpace(); s.pos == before {
		return s.fail("no space after <!DOCTYPE")
	}
	if _, err := s.name(); err != nil {
		return err
	}
	if err := s.skipDeclaration("["); err != nil {
		return err
	}
	if s.at("[") {
		s.pos++
		if err := s.skipSubset(); err != nil {
			return err
		}
		s.skipSpace()
	}
	if !s.at(">") {
		return s.fail("unfinished document type")
	}
	s.pos++
	return s.skipMisc()
}

// skipDeclaration moves to the end of a declaration, or to other if that comes first.
// Quoted characters don't count.
func (s *scanner) skipDeclaration(other string) error {
	for s.pos < len(s.data) && !s.at(">") && (other == "" || !s.at(other)) {
		c := s.data[s.pos]
		if c == '<' {
			break
		}
		s.pos++
		if c == '"' || c == '\'' {
			if err := s.skipPast(string(c)); err != nil {
				return err
			}
		}
	}
	if s.pos == len(s.data) || s.at("<") {
		return s.fail("unfinished declaration")
	}
	return nil
}

// skipSubset skips the declarations inside a document type, and the closing bracket.
func (s *scanner) skipSubset() error {
	for {
		s.skipSpace()
		if skipped, err := s.skipComment(); err != nil {
			return err
		} else if skipped {
			continue
		}
		switch {
		case s.at("]"):
			s.pos++
			return nil
		case s.at("%"):
			if err := s.skipPast(";"); err != nil {
				return err
			}
		case s.at("<!"):
			s.pos += len("<!")
			if err := s.skipDeclaration(""); err != nil {
				return err
			}
			s.pos++
		default:
			return s.fail("no declaration in a document type")
		}
	}
}
