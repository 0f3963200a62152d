package section

import (
	"fmt"
	"strings"

	"supervisor/supervisord/config/python"
)

// Error is one thing that is wrong in a configuration.
type Error struct {
	File    string // as it was named; "" if none was found
	Line    int    // of the option, 0 if it is not in the file
	Section string // "" if the error is not about one
	Option  string // likewise
	Value   string // as written, "" if it is missing

	// Text is what Supervisor prints after "Error: ".
	Text string
	// Detail is Text without the place, "" where Text does not name it.
	Detail string
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
		place += " = " + OneLine(e.Value)
	}
	return strings.TrimPrefix(place, ": ")
}

// OneLine joins the lines of a text.
func OneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// Errors is everything that is wrong in a configuration, in the order in which
// Supervisor would find it. It is never empty.
type Errors []*Error

// Error returns the text of the first error, the one that Supervisor prints.
func (e Errors) Error() string { return e[0].Text }

// Unwrap makes each error visible to errors.As.
func (e Errors) Unwrap() []error {
	list := make([]error, len(e))
	for i := range e {
		list[i] = e[i]
	}
	return list
}

// report is the last error text about an option, and the reader that found it.
type report struct {
	reader *Reader
	text   string
}

// Reported reports whether an error of an option has been noted. The option ""
// stands for the name of the section.
func (f *File) Reported(k Key) bool {
	_, ok := f.reported[k]
	return ok
}

// Fail notes that something is wrong with an option. The same error is noted only
// once: a program's section is read by two readers, for its group and for its
// processes, and an option may be looked at twice by one reader.
func (r *Reader) Fail(name, text string) {
	k := Key{r.Section, name}
	if last, ok := r.file.reported[k]; ok && (last.reader != r || last.text == text) {
		return
	}
	r.file.reported[k] = report{r, text}
	value, _ := r.view.Get(name)
	o, detail := r.kind.byName[name], ""
	if o != nil {
		value, _ = r.written(o)
	}
	if o != nil && o.Extension {
		detail = text
		text = fmt.Sprintf("%s = %s: %s", name, OneLine(value), text)
		if value == "" {
			text = name + ": " + detail
		}
	}
	if r.WithLocation || detail != "" {
		text = fmt.Sprintf("%s in section %s (file: %s)", text, python.Repr(r.Section), python.Repr(r.file.originOf(r.Section)))
	}
	if name == "password" {
		value = "" // a terminal or a log must not show it
	}
	at := r.file.Table.Position(r.Section, name)
	r.file.Errs = append(r.file.Errs, &Error{
		File: at.File, Line: at.Line, Section: r.Section, Option: name, Value: value, Text: text, Detail: detail,
	})
}
