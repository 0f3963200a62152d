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

// outcome is what a piece of a listener's output meant.
type outcome int

const (
	noOutcome        outcome = iota // nothing yet, or nothing any more
	becameReady                     // it can be given an event
	accepted                        // it has dealt with its event
	rejected                        // somebody should try again
	resultReceived                  // a result that is kept; it is in said
	handlerFailed                   // a result that the handler could not use
	badResultLine                   // an answer that can't be understood
	unexpectedOutput                // something that was not expected then
)

// session is what one child of a listener has said so far, and where that
// leaves it. What it keeps in memory is bounded, whatever the child says.
type session struct {
	state states.Listener
	// held is the beginning of a READY token or of a result line, a whole
	// result line that was bad, or the beginning of a result.
	partial []byte
	// awaited is how many bytes of the result are still to come, length how
	// many it has. They mean something only while inResult.
	remaining, length int64
	inResult          bool
	keepResult        bool   // whole results, for somebody else to judge
	result            []byte // the last of these
}

func newSession(keepResult bool) *session {
	return &session{state: states.ListenerAcknowledged, keepResult: keepResult}
}

// eventSent tells that the child was given an event.
func (c *session) eventSent() { c.state = states.ListenerBusy }

// parse takes the first piece that means something off data. It does not matter
// how the output is cut into calls, as long as no event is given in between.
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

// parseReady waits for as many bytes as the token has before it judges, as
// Supervisor does: a listener may say "oops\n" and be none the worse for it
// until it says more.
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

// parseResultLine takes the line that tells the length of the result.
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
	return c.parseResult(rest) // at once: an empty result is complete
}

// parseResult collects the result. Only that much of it is kept as is needed to
// tell whether it is the one good one, unless it is kept.
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

// fail gives the child up. A bad line is left in held for the log.
func (c *session) fail(what outcome) outcome {
	c.state = states.ListenerUnknown
	if what != badResultLine {
		c.partial = nil
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
