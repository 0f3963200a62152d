package rpc

import (
	"net/http"

	"supervisor/supervisord/api"
)

// NoteHeader is the header of an answer that tells our own client what there is
// no place for in the result, a line each.
const NoteHeader = "Supervisor-Note"

// resultWithNotes is a result about which there is more to say.
type resultWithNotes struct {
	value any
	notes []string
}

// withNotes leaves a result as it is if there is nothing to say.
func withNotes(value any, err error, notes []string) (any, error) {
	if err != nil || len(notes) == 0 {
		return value, err
	}
	return resultWithNotes{value, notes}, nil
}

// withoutNotes is a result as Supervisor knows it.
func withoutNotes(v any) any {
	if n, ok := v.(resultWithNotes); ok {
		return n.value
	}
	return v
}

// writeNotes puts what there is to say about a result into the head of the answer.
func writeNotes(w http.ResponseWriter, v any) any {
	if n, ok := v.(resultWithNotes); ok {
		for _, line := range n.notes {
			w.Header().Add(NoteHeader, line)
		}
	}
	return withoutNotes(v)
}

// stopResult is the result of a stop, with whom it has left behind.
func stopResult(d *dispatcher, name string, results []api.CallResult, err error) (any, error) {
	v, err := trueOrResults(results, err)
	return withNotes(v, err, d.Reports.LeftBehind(name, results))
}

// stopAllResult is the result of a stop of many.
func stopAllResult(d *dispatcher, results []api.CallResult, err error) (any, error) {
	v, err := listResult(results, err)
	return withNotes(v, err, d.Reports.LeftBehind("", nonNil(results)))
}
