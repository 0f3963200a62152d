package listener

import (
	"bytes"
	"strings"
)

// handler makes text for the daemon's stdout of a result. ok is false for a result
// that it can't use; the listener gets no more events then.
type handler func(result []byte) (text []byte, ok bool)

// linesOfOutput is what supervisor_stdout:event_handler does: the result is an event
// about output, of which each line is written behind the names of the process and
// the channel. A newline at the end makes an empty line more, as there.
func linesOfOutput(result []byte) (text []byte, ok bool) {
	head, data, ok := bytes.Cut(result, []byte("\n"))
	if !ok {
		return nil, false
	}
	fields := make(map[string]string)
	for _, word := range strings.Fields(string(head)) {
		name, value, ok := strings.Cut(word, ":")
		if !ok || strings.Contains(value, ":") {
			return nil, false
		}
		fields[name] = value
	}
	process, isNamed := fields["processname"]
	channel, hasChannel := fields["channel"]
	if !isNamed || !hasChannel {
		return nil, false
	}
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		text = append(text, process+" "+channel+" | "...)
		text = append(append(text, line...), '\n')
	}
	return text, true
}
