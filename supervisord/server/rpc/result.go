package rpc

import (
	"net/http"

	"supervisor/supervisord/api"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/server/longtext"
)

// trueResult is the result of what has none.
func trueResult(err error) (any, error) { return true, err }

// trueOrResults is the result of what concerns one process or a whole group.
func trueOrResults(results []api.CallResult, err error) (any, error) {
	if results == nil {
		return true, err
	}
	return results, err
}

// listResult is the result of what concerns many processes.
func listResult(results []api.CallResult, err error) (any, error) { return nonNil(results), err }

// nonNil makes an empty list of none, which JSON would call null.
func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

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

// insertPlaceholders returns a result in which each excerpt of a log, in itself or in an array, is
// the text that is to be encoded for it.
func insertPlaceholders(v any, placeholders *longtext.Placeholders) any {
	switch v := v.(type) {
	case logs.Excerpt:
		return placeholders.Add(v)
	case []any:
		replaced := make([]any, len(v))
		for i, one := range v {
			replaced[i] = insertPlaceholders(one, placeholders)
		}
		return replaced
	}
	return v
}
