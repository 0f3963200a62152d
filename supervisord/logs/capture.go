package logs

import (
	"bytes"
	"slices"
)

// The tokens between which a program writes what becomes an event.
const (
	beginToken = "<!--XSUPERVISOR:BEGIN-->"
	endToken   = "<!--XSUPERVISOR:END-->"
)

// capture cuts a program's output at the capture tokens and collects what is
// between them.
type capture struct {
	limit   int  // bytes to keep, the last ones
	isOn    bool // between the tokens
	matched int  // bytes of the token at the end of the output so far
	kept    []byte
}

// token returns the token that is looked for.
func (c *capture) token() string {
	if c.isOn {
		return endToken
	}
	return beginToken
}

// next cuts the first piece off p: the text before the token if it is found, else all
// of p but an end that may be the beginning of the token. Nothing else is held back
// between calls, so rest is empty if the token was not found.
//
// Neither token has a second '<'. That is why a partial match that fails is
// text as a whole, and no shorter one needs to be looked for within it.
func (c *capture) next(p []byte) (text, rest []byte, found bool) {
	token := []byte(c.token())
	held, missing := token[:c.matched], token[c.matched:]
	if bytes.HasPrefix(p, missing) {
		c.matched = 0
		return nil, p[len(missing):], true
	}
	if bytes.HasPrefix(missing, p) {
		c.matched += len(p)
		return nil, nil, false
	}
	text, rest, found = bytes.Cut(p, token)
	c.matched = 0
	if !found {
		c.matched = matchAtEnd(p, token)
		text = p[:len(p)-c.matched]
	}
	if len(held) > 0 {
		text = slices.Concat(held, text)
	}
	return text, rest, found
}

// matchAtEnd returns how many bytes at the end of p begin the token.
func matchAtEnd(p, token []byte) int {
	end := p[max(0, len(p)-len(token)+1):]
	i := bytes.IndexByte(end, token[0])
	for i >= 0 && !bytes.HasPrefix(token, end[i:]) {
		end = end[i+1:]
		i = bytes.IndexByte(end, token[0])
	}
	if i < 0 {
		return 0
	}
	return len(end) - i
}

// keep adds to the capture. Up to twice the limit is collected before the surplus is
// dropped, so that small pieces are cheap, too.
func (c *capture) keep(text []byte) {
	c.kept = append(c.kept, text...)
	if len(c.kept) > 2*c.limit {
		c.kept = append(c.kept[:0], c.last()...)
	}
}

// last returns the end of what was captured, within the limit.
func (c *capture) last() []byte { return c.kept[max(0, len(c.kept)-c.limit):] }

// toggle is called when the token has been found. If that ends a capture, it returns
// what was captured.
func (c *capture) toggle() (captured []byte, ended bool) {
	captured, ended = c.last(), c.isOn
	c.isOn, c.kept = !c.isOn, nil
	return captured, ended
}

// flush returns the beginning of a token that was held back and forgets
// everything else.
func (c *capture) flush() []byte {
	held := c.token()[:c.matched]
	*c = capture{limit: c.limit}
	return []byte(held)
}
