package listener

import (
	"bytes"
	"strings"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config/python"
)

const (
	readyToken  = "READY\n"
	resultToken = "RESULT "
	okResult    = "OK"
)

// maxLine is how long a result line may be, in bytes. A good one is "RESULT 2".
// It bounds what is kept of a listener that never ends its line.
const maxLine = 1024

// maxResult is how long a result may be that is kept, in bytes. An event about
// output has at most what is read of a pipe at once.
const maxResult = 4 << 20

// heard is what a piece of a listener's output meant.
type heard int

const (
	nothing       heard = iota // nothing yet, or nothing any more
	saidReady                  // it can be given an event
	accepted                   // it has dealt with its event
	rejected                   // somebody should try again
	answered                   // a result that is kept; it is in said
	causedError                // a result that the handler could not use
	badResultLine              // an answer that can't be understood
	outOfTurn                  // something that was not expected then
)

// conversation is what one child of a listener has said so far, and where that
// leaves it. What it keeps in memory is bounded, whatever the child says.
type conversation struct {
	state states.Listener
	// held is the beginning of a READY token or of a result line, a whole
	// result line that was bad, or the beginning of a result.
	held []byte
	// awaited is how many bytes of the result are still to come, length how
	// many it has. They mean something only while inResult.
	awaited, length int64
	inResult        bool
	keeps           bool   // whole results, for somebody else to judge
	said            []byte // the last of these
}

func newConversation(keeps bool) *conversation {
	return &conversation{state: states.ListenerAcknowledged, keeps: keeps}
}

// give tells that the child was given an event.
func (c *conversation) give() { c.state = states.ListenerBusy }

// hear takes the first piece that means something off data. It does not matter
// how the output is cut into calls, as long as no event is given in between.
func (c *conversation) hear(data []byte) (what heard, rest []byte) {
	switch c.state {
	case states.ListenerAcknowledged:
		return c.hearReady(data)
	case states.ListenerBusy:
		if c.inResult {
			return c.hearResult(data)
		}
		return c.hearLine(data)
	case states.ListenerReady:
		return c.hearNoMore(outOfTurn), nil
	case states.ListenerUnknown:
	}
	return nothing, nil
}

// hearReady waits for as many bytes as the token has before it judges, as
// Supervisor does: a listener may say "oops\n" and be none the worse for it
// until it says more.
func (c *conversation) hearReady(data []byte) (heard, []byte) {
	n := min(len(readyToken)-len(c.held), len(data))
	c.held = append(c.held, data[:n]...)
	if len(c.held) < len(readyToken) {
		return nothing, nil
	}
	if string(c.held) != readyToken {
		return c.hearNoMore(outOfTurn), nil
	}
	c.held, c.state = nil, states.ListenerReady
	return saidReady, data[n:]
}

// hearLine takes the line that tells the length of the result.
func (c *conversation) hearLine(data []byte) (heard, []byte) {
	line, rest, isWhole := bytes.Cut(data, []byte("\n"))
	room := maxLine - len(c.held)
	c.held = append(c.held, line[:min(room, len(line))]...)
	switch {
	case len(line) > room:
		return c.hearNoMore(badResultLine), nil
	case !isWhole:
		return nothing, nil
	}
	length, ok := resultLength(string(c.held))
	if !ok || c.keeps && length > maxResult {
		return c.hearNoMore(badResultLine), nil
	}
	c.held, c.inResult, c.awaited, c.length = nil, true, length, length
	return c.hearResult(rest) // at once: an empty result is complete
}

// hearResult collects the result. Only that much of it is kept as is needed to
// tell whether it is the one good one, unless it is kept.
func (c *conversation) hearResult(data []byte) (heard, []byte) {
	n := int(min(c.awaited, int64(len(data))))
	if c.keeps || c.length == int64(len(okResult)) {
		c.held = append(c.held, data[:n]...)
	}
	c.awaited -= int64(n)
	if c.awaited > 0 {
		return nothing, nil
	}
	what, said := rejected, c.held
	switch {
	case c.keeps:
		what = answered
	case string(said) == okResult:
		what = accepted
	}
	*c = *newConversation(c.keeps)
	c.said = said
	return what, data[n:]
}

// hearNoMore gives the child up. A bad line is left in held for the log.
func (c *conversation) hearNoMore(what heard) heard {
	c.state = states.ListenerUnknown
	if what != badResultLine {
		c.held = nil
	}
	return what
}

// resultLength reads the length out of a result line, by the rules of Python's
// int except that it can't be negative.
func resultLength(line string) (int64, bool) {
	text, ok := strings.CutPrefix(line, resultToken)
	if !ok {
		return 0, false
	}
	n, ok := python.ParseInt(text, 10)
	return n, ok && n >= 0
}
