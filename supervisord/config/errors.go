package config

import (
	"fmt"
	"strings"
)

// Error is one thing that is wrong in a configuration.
type Error struct {
	File    string // the file to look into, as it was named; "" if none was found
	Line    int    // where the option stands in it, 0 if it is not there
	Section string // "" if it is not about one
	Option  string // likewise
	Value   string // as written, "" if it is missing

	// Text is what Supervisor prints after "Error: ".
	Text string
	// detail is Text without the place, "" where Text does not name it.
	detail string
}

// Error returns the text that Supervisor prints.
func (e *Error) Error() string { return e.Text }

// Position returns where the error is: "file:line: [section] option = value".
func (e *Error) Position() string {
	place := e.File
	if e.Line > 0 {
		place += fmt.Sprintf(":%d", e.Line)
	}
	if e.Section != "" {
		place += fmt.Sprintf(": [%s]", e.Section)
	}
	if e.Option != "" {
		place += " " + e.Option
	}
	if e.Value != "" {
		place += " = " + oneLine(e.Value)
	}
	return strings.TrimPrefix(place, ": ")
}

// oneLine joins the lines of a text.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// Errors is everything that is wrong in a configuration, in the order in which
// Supervisor would come across it. It is never empty.
type Errors []*Error

// Error returns the text of the first error, which is the one that Supervisor
// prints before it gives up.
func (e Errors) Error() string { return e[0].Text }

// Unwrap makes each error visible to errors.As.
func (e Errors) Unwrap() []error {
	list := make([]error, len(e))
	for i := range e {
		list[i] = e[i]
	}
	return list
}
