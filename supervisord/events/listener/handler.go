package listener

import (
	"bytes"
	"strings"
)

// handler turns a result into text for the daemon's stdout. ok is false for a result
// that it can't use; then the listener gets no more events.
type handler func(result []byte) (text []byte, ok bool)

// linesOfOutput does what supervisor_stdout:event_handler does: the result is a
// PROCESS_LOG event, and each line of its output is written after the names of the
// process and the channel. A newline at the end gives one more empty line, as there.
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
