package logs

import "bytes"

const escape = 0x1b

// ansi removes the control sequences of terminals from a text that comes in
// pieces: ESC [, any number of parameter and intermediate bytes, a final byte
// (ECMA-48 section 5.4). It does not matter how the text is divided. The zero value is
// ready for use.
type ansi struct {
	state sequence
}

// sequence is how much of a control sequence has been read.
type sequence uint8

const (
	noSequence sequence = iota
	afterEscape
	afterBracket
)

// strip returns p without control sequences: p itself when there is nothing to
// remove, a new slice otherwise.
func (a *ansi) strip(p []byte) []byte {
	if a.state == noSequence && bytes.IndexByte(p, escape) < 0 {
		return p
	}
	kept := make([]byte, 0, len(p)+1) // plus an escape that was held back
	for _, c := range p {
		kept = a.add(kept, c)
	}
	return kept
}

// add appends to kept what is known to be text once c has been read.
func (a *ansi) add(kept []byte, c byte) []byte {
	if a.state == afterBracket {
		switch {
		case 0x20 <= c && c <= 0x3f: // parameters and intermediates
			return kept
		case 0x40 <= c && c <= 0x7e:
			a.state = noSequence
			return kept
		}
		// This is not part of a control sequence on any terminal, so it is text again.
		a.state = noSequence
	}
	if a.state == afterEscape {
		if c == '[' {
			a.state = afterBracket
			return kept
		}
		a.state = noSequence
		kept = append(kept, escape)
	}
	if c == escape {
		a.state = afterEscape
		return kept
	}
	return append(kept, c)
}

// flush returns what was held back as a possible beginning of a sequence, and drops an
// unfinished sequence.
func (a *ansi) flush() []byte {
	state := a.state
	a.state = noSequence
	if state == afterEscape {
		return []byte{escape}
	}
	return nil
}
