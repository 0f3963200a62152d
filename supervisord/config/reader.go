package config

import (
	"fmt"
	"strings"

	"supervisor/supervisord/config/inifile"
	"supervisor/supervisord/config/python"
)

// reader reads the options of one section, converts them, and notes what is
// wrong instead of stopping at it.
type reader struct {
	*loader
	in      Sections
	section string
	view    inifile.View // of the section
	options optionsByName
	vars    vars

	// only limits what %(name)s may refer to, when options are read for a
	// group before anything is known of its processes.
	allowedNames Names
	// located adds section and file to the error texts.
	withLocation bool
}

func (l *loader) reader(in Sections, section string) *reader {
	byName := l.sectionOptions[in]
	if byName == nil {
		byName = optionsFor(in)
		l.sectionOptions[in] = byName
	}
	return &reader{loader: l, in: in, section: section, view: l.table.View(section), options: byName, vars: l.vars, allowedNames: ^Names(0)}
}

// optionsByName are the options of one kind of section by name.
type optionsByName map[string]*Option

func optionsFor(in Sections) optionsByName {
	all := make(optionsByName)
	for i := range options {
		if o := &options[i]; o.In&in != 0 && all[o.Name] == nil {
			all[o.Name] = o
		}
	}
	return all
}

// option returns the row of an option that there is.
func (r *reader) option(name string) *Option {
	o := r.options[name]
	if o == nil {
		panic("config: no option " + name)
	}
	return o
}

// text returns an option's text, or its default, expanded. It is not ok if
// there is neither or if the expansion failed.
func (r *reader) text(name string) (value string, ok bool) {
	o := r.option(name)
	value, ok = r.rawText(o)
	return r.expand(o, value, ok)
}

// rawText returns an option's text as it stands in the files, under whichever
// of its names.
func (r *reader) rawText(o *Option) (value string, ok bool) {
	value, ok = r.view.Get(o.Name)
	if !ok && o.Alias != "" {
		value, ok = r.view.Get(o.Alias)
	}
	return value, ok
}

// expand is text for an option whose value has been looked up.
func (r *reader) expand(o *Option, value string, ok bool) (string, bool) {
	if !ok {
		value, ok = o.Default, o.Default != ""
	}
	if o.literal || !strings.Contains(value, "%") {
		return value, ok
	}
	optionName := o.errorName
	if optionName == "" {
		optionName = r.section + "." + o.Name
	}
	value, err := r.vars.expand(o.Names&r.allowedNames, value, optionName)
	if err != nil {
		r.fail(o.Name, err.Error())
		return "", false
	}
	return value, ok
}

// read returns an option's value. It is the zero value and not ok if the
// option is neither set nor has a default, or if its text is wrong.
func read[T any](r *reader, name string) (value T, ok bool) {
	o := r.option(name)
	s, set := r.rawText(o)
	if known, ok := r.defaults[o]; ok && !set {
		return known.(T), true
	}
	written := s
	s, ok = r.expand(o, s, set)
	if !ok {
		return value, false
	}
	r.noteVersionDiff(o, written, s)
	v, err := o.Type.parse(r.host, s)
	if err != nil {
		text := err.Error()
		if o.invalidPrefix != "" {
			text = o.invalidPrefix + s
		}
		r.fail(name, text)
		return value, false
	}
	if !set && !strings.Contains(o.Default, "%") {
		r.defaults[o] = v
	}
	return v.(T), true
}

// get is read for an option that need not be there.
func get[T any](r *reader, name string) T {
	v, _ := read[T](r, name)
	return v
}

// isSet tells whether an option stands in the files.
func (r *reader) isSet(name string) bool {
	_, ok := r.rawText(r.option(name))
	return ok
}

// optionKey names an option.
type optionKey struct{ section, option string }

// reportedError is the last thing that was said about an option, and by whom.
type reportedError struct {
	reader *reader
	text   string
}

// fail notes that something is wrong with an option. Nothing is said twice:
// neither by one reader, nor by the second one of a program's section, which
// is read for its group and for its processes.
func (r *reader) fail(option, text string) {
	k := optionKey{r.section, option}
	if c, ok := r.reported[k]; ok && (c.reader != r || c.text == text) {
		return
	}
	r.reported[k] = reportedError{r, text}
	value, _ := r.view.Get(option)
	o, detail := r.options[option], ""
	if o != nil {
		value, _ = r.rawText(o)
	}
	if o != nil && o.Extension {
		detail = text
		text = fmt.Sprintf("%s = %s: %s", option, oneLine(value), text)
		if value == "" {
			text = option + ": " + detail
		}
	}
	if r.withLocation || detail != "" {
		text = fmt.Sprintf("%s in section %s (file: %s)", text, python.Repr(r.section), python.Repr(r.fileOf(r.section)))
	}
	if option == "password" {
		value = "" // not for terminals and logs
	}
	at := r.table.Position(r.section, option)
	r.errs = append(r.errs, &Error{
		File: at.File, Line: at.Line, Section: r.section, Option: option, Value: value, Text: text, detail: detail,
	})
}
