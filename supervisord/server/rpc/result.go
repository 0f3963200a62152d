package rpc

import (
	"net/http"

	"supervisor/supervisord/api"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/server/longtext"
)

// trueResult is the result of methods that have nothing to return.
func trueResult(err error) (any, error) { return true, err }

// trueOrResults is the result of methods for one process or a whole group: true for a
// process.
func trueOrResults(results []api.CallResult, err error) (any, error) {
	if results == nil {
		return true, err
	}
	return results, err
}

// listResult is the result of methods for many processes.
func listResult(results []api.CallResult, err error) (any, error) { return nonNil(results), err }

// nonNil replaces nil, which JSON would encode as null, by an empty list.
func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// NoteHeader is the HTTP header in which our own client receives notes that have no
// place in a result of Supervisor's methods, one line each.
const NoteHeader = "Supervisor-Note"

// resultWithNotes is a result and the notes for its NoteHeader.
type resultWithNotes struct {
	value any
	notes []string
}

// withNotes adds notes to a result, if there are any.
func withNotes(value any, err error, notes []string) (any, error) {
	if err != nil || len(notes) == 0 {
		return value, err
	}
	return resultWithNotes{value, notes}, nil
}

// withoutNotes returns a result as Supervisor has it.
func withoutNotes(v any) any {
	if n, ok := v.(resultWithNotes); ok {
		return n.value
	}
	return v
}

// writeNotes adds the notes of a result to the head of the answer. It returns the
// result without them.
func writeNotes(w http.ResponseWriter, v any) any {
	if n, ok := v.(resultWithNotes); ok {
		for _, line := range n.notes {
			w.Header().Add(NoteHeader, line)
		}
	}
	return withoutNotes(v)
}

// stopResult is the result of a stop. Its notes are the descendants left behind.
func stopResult(d *dispatcher, name string, results []api.CallResult, err error) (any, error) {
	v, err := trueOrResults(results, err)
	return withNotes(v, err, d.Reports.LeftBehind(name, results))
}

// stopAllResult is stopResult for a stop of many processes.
func stopAllResult(d *dispatcher, results []api.CallResult, err error) (any, error) {
	v, err := listResult(results, err)
	return withNotes(v, err, d.Reports.LeftBehind("", nonNil(results)))
}

// insertPlaceholders returns a result in which placeholders stand for the excerpts of
// logs. An excerpt is the result itself or stands in an array.
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
