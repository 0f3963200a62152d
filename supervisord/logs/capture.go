package logs

import (
	"bytes"
	"slices"
)

// The tokens between which a program puts what is to become an event.
const (
	beginToken = "<!--XSUPERVISOR:BEGIN-->"
	endToken   = "<!--XSUPERVISOR:END-->"
)

// capture cuts a program's output at the capture tokens and collects what is
// between them.
type capture struct {
	limit   int  // bytes to keep, the last ones
	isOn    bool // between the tokens
	matched int  // bytes of the awaited token at the end of the output so far
	kept    []byte
}

// token is the one that is awaited.
func (c *capture) token() string {
	if c.isOn {
		return endToken
	}
	return beginToken
}

// next cuts the first piece off p: the text before the awaited token if found,
// else all of p but an end that may be the beginning of that token. Of a token
// only that much is kept back between calls, so rest is empty if it was not
// found.
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

// keep adds to what is captured. To make that cheap however small the pieces
// are, up to twice the limit is collected before the surplus is dropped.
func (c *capture) keep(text []byte) {
	c.kept = append(c.kept, text...)
	if len(c.kept) > 2*c.limit {
		c.kept = append(c.kept[:0], c.last()...)
	}
}

// last returns the end of what was captured, within the limit.
func (c *capture) last() []byte { return c.kept[max(0, len(c.kept)-c.limit):] }

// toggle is called when the awaited token has been found. When that ends a
// capture it returns what was captured.
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
