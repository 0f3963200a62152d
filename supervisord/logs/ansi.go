package logs

import "bytes"

const escape = 0x1b

// ansi removes the control sequences of terminals from a text that comes in
// pieces: ESC [, any number of parameter and intermediate bytes, a final byte
// (ECMA-48 section 5.4). How the text is cut does not matter. The zero value is
// ready to use.
type ansi struct {
	state sequence
}

// sequence says how much of a control sequence has been read.
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
	kept := make([]byte, 0, len(p)+1) // and an escape that was held back
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
		// No terminal takes this for part of a sequence, so it is text again.
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

// flush gives up what was held back because it might have begun a sequence, and
// drops an unfinished sequence.
func (a *ansi) flush() []byte {
	state := a.state
	a.state = noSequence
	if state == afterEscape {
		return []byte{escape}
	}
	return nil
}
