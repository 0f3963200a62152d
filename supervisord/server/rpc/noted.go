package rpc

import (
	"net/http"

	"supervisor/supervisord/api"
)

// NoteHeader is the header of an answer that tells our own client what there is
// no place for in the result, a line each.
const NoteHeader = "Supervisor-Note"

// noted is a result about which there is more to say.
type noted struct {
	value any
	notes []string
}

// withNotes leaves a result as it is if there is nothing to say.
func withNotes(value any, err error, notes []string) (any, error) {
	if err != nil || len(notes) == 0 {
		return value, err
	}
	return noted{value, notes}, nil
}

// plain is a result as Supervisor knows it.
func plain(v any) any {
	if n, ok := v.(noted); ok {
		return n.value
	}
	return v
}

// tell puts what there is to say about a result into the head of the answer.
func tell(w http.ResponseWriter, v any) any {
	if n, ok := v.(noted); ok {
		for _, line := range n.notes {
			w.Header().Add(NoteHeader, line)
		}
	}
	return plain(v)
}

// stopped is the result of a stop, with whom it has left behind.
func stopped(d *door, name string, results []api.CallResult, err error) (any, error) {
	v, err := doneOr(results, err)
	return withNotes(v, err, d.Supervisor.LeftBehind(name, results))
}

// stoppedAll is the result of a stop of many.
func stoppedAll(d *door, results []api.CallResult, err error) (any, error) {
	v, err := all(results, err)
	return withNotes(v, err, d.Supervisor.LeftBehind("", some(results)))
}
