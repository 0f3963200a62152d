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

// maxLine is the longest result line, in bytes. A good one is "RESULT 2". It bounds
// what is kept of a listener that never ends its line.
const maxLine = 1024

// maxResult is the longest result that is kept for a result handler, in bytes. An
// event about output holds at most what one read of a pipe returns.
const maxResult = 4 << 20

// outcome is what a piece of a listener's output meant.
type outcome int

const (
	noOutcome        outcome = iota // incomplete, or ignored
	becameReady                     // it may get an event
	accepted                        // the result was OK
	rejected                        // the event is to be sent again
	resultReceived                  // it is in session.result
	handlerFailed                   // the result handler could not use the result
	badResultLine                   // not a RESULT line
	unexpectedOutput                // output while none was expected
)

// session is the state of the protocol with one child. What it keeps in memory is
// bounded, whatever the child writes.
type session struct {
	state states.Listener
	// partial is the beginning of a READY token, of a result line or of a result,
	// or a whole result line that was bad.
	partial []byte
	// remaining is how many bytes of the result are still to come, length how many
	// it has in all. Both are valid only while inResult.
	remaining, length int64
	inResult          bool
	keepResult        bool   // keep results for a result handler
	result            []byte // the last one that was kept
}

func newSession(keepResult bool) *session {
	return &session{state: states.ListenerAcknowledged, keepResult: keepResult}
}

// eventSent notes that the child got an event.
func (c *session) eventSent() { c.state = states.ListenerBusy }

// parse consumes the first token of data. It does not matter how the output is divided
// into calls, as long as no event is sent in between.
func (c *session) parse(data []byte) (what outcome, rest []byte) {
	switch c.state {
	case states.ListenerAcknowledged:
		return c.parseReady(data)
	case states.ListenerBusy:
		if c.inResult {
			return c.parseResult(data)
		}
		return c.parseResultLine(data)
	case states.ListenerReady:
		return c.fail(unexpectedOutput), nil
	case states.ListenerUnknown:
	}
	return noOutcome, nil
}

// parseReady waits for as many bytes as the token has before it compares them, as
// Supervisor does: a listener may write "oops\n" without effect until it writes
// more.
func (c *session) parseReady(data []byte) (outcome, []byte) {
	n := min(len(readyToken)-len(c.partial), len(data))
	c.partial = append(c.partial, data[:n]...)
	if len(c.partial) < len(readyToken) {
		return noOutcome, nil
	}
	if string(c.partial) != readyToken {
		return c.fail(unexpectedOutput), nil
	}
	c.partial, c.state = nil, states.ListenerReady
	return becameReady, data[n:]
}

// parseResultLine parses the line with the length of the result.
func (c *session) parseResultLine(data []byte) (outcome, []byte) {
	line, rest, isWhole := bytes.Cut(data, []byte("\n"))
	room := maxLine - len(c.partial)
	c.partial = append(c.partial, line[:min(room, len(line))]...)
	switch {
	case len(line) > room:
		return c.fail(badResultLine), nil
	case !isWhole:
		return noOutcome, nil
	}
	length, ok := resultLength(string(c.partial))
	if !ok || c.keepResult && length > maxResult {
		return c.fail(badResultLine), nil
	}
	c.partial, c.inResult, c.remaining, c.length = nil, true, length, length
	return c.parseResult(rest) // an empty result is already complete
}

// parseResult collects the result. Without keepResult only a result of the length of
// OK is kept.
func (c *session) parseResult(data []byte) (outcome, []byte) {
	n := int(min(c.remaining, int64(len(data))))
	if c.keepResult || c.length == int64(len(okResult)) {
		c.partial = append(c.partial, data[:n]...)
	}
	c.remaining -= int64(n)
	if c.remaining > 0 {
		return noOutcome, nil
	}
	what, result := rejected, c.partial
	switch {
	case c.keepResult:
		what = resultReceived
	case string(result) == okResult:
		what = accepted
	}
	*c = *newSession(c.keepResult)
	c.result = result
	return what, data[n:]
}

// fail ends the session. A bad result line is left in partial for the log.
func (c *session) fail(what outcome) outcome {
	c.state = states.ListenerUnknown
	if what != badResultLine {
		c.partial = nil
	}
	return what
}

// resultLength returns the length in a result line, parsed as Python's int does, but
// not negative.
func resultLength(line string) (int64, bool) {
	text, ok := strings.CutPrefix(line, resultToken)
	if !ok {
		return 0, false
	}
	n, ok := python.ParseInt(text, 10)
	return n, ok && n >= 0
}
