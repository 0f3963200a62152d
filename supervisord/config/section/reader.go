package section

import (
	"fmt"
	"strings"

	"supervisor/supervisord/config/inifile"
	"supervisor/supervisord/config/option"
)

// Reader reads the options of one section, converts them, and notes what is
// wrong instead of stopping at it.
type Reader struct {
	Section string
	Vars    option.Vars // what %(name)s may refer to

	// AllowedNames limits that further, for options that are read before anything
	// is known of a section's processes.
	AllowedNames option.Names
	// WithLocation adds section and file to the error texts.
	WithLocation bool

	file *File
	kind *kind
	view inifile.View // of the section
}

// kind is what is known of one kind of section.
type kind struct {
	options []*option.Option          // in the order of the table
	byName  map[string]*option.Option // also by their other names
}

func newKind(options option.Table, in option.Sections) *kind {
	k := &kind{byName: make(map[string]*option.Option)}
	for i := range options {
		if o := &options[i]; o.In&in != 0 && k.byName[o.Name] == nil {
			k.options = append(k.options, o)
			k.byName[o.Name] = o
		}
	}
	for _, o := range k.options {
		if o.Alias != "" && k.byName[o.Alias] == nil {
			k.byName[o.Alias] = o
		}
	}
	return k
}

// Reader returns a reader of a section of one kind.
func (f *File) Reader(in option.Sections, section string) *Reader {
	k := f.kinds[in]
	if k == nil {
		k = newKind(f.options, in)
		f.kinds[in] = k
	}
	return &Reader{file: f, kind: k, Section: section, view: f.Table.View(section), Vars: f.Vars, AllowedNames: ^option.Names(0)}
}

// Option returns the row of an option, which must be in the table.
func (r *Reader) Option(name string) *option.Option {
	o := r.kind.byName[name]
	if o == nil {
		panic("section: no option " + name)
	}
	return o
}

// Options returns the options that the section may have, in the order of the table.
// The list must not be changed.
func (r *Reader) Options() []*option.Option { return r.kind.options }

// Find returns the row of an option, or nil if the section may not have it. It
// also knows the option's other name.
func (r *Reader) Find(name string) *option.Option { return r.kind.byName[name] }

// Fill reads options in the order of the list and stores their values in the structs:
// each option in the first struct that has its field. An option that is neither set
// nor has a default, or that has a wrong text, leaves its field as it is.
func (r *Reader) Fill(options []*option.Option, structs ...any) {
	for _, o := range options {
		for _, s := range structs {
			if o.HasFieldIn(s) {
				r.fill(o, s)
				break
			}
		}
	}
}

// fill reads one option. The command line's value comes first, but that of the
// file is checked too.
func (r *Reader) fill(o *option.Option, s any) {
	if o.Missing != "" && !r.isSet(o) {
		r.Fail(o.Name, fmt.Sprintf(o.Missing, r.Section))
	}
	value, ok := r.value(o)
	if override, given := r.file.Overrides[o.Name]; given && o.Flag != nil {
		value, ok = override, true
	}
	if ok {
		o.Set(s, value)
	}
}

// Text returns an option's text, or its default, expanded. It is not ok if
// there is neither or if the expansion failed.
func (r *Reader) Text(name string) (value string, ok bool) {
	o := r.Option(name)
	value, ok = r.written(o)
	return r.expand(o, value, ok)
}

// Written returns an option's text in the files.
func (r *Reader) Written(name string) (value string, ok bool) { return r.written(r.Option(name)) }

// IsSet reports whether the files set an option.
func (r *Reader) IsSet(name string) bool { return r.isSet(r.Option(name)) }

func (r *Reader) isSet(o *option.Option) bool {
	_, ok := r.written(o)
	return ok
}

// written looks an option up under both of its names.
func (r *Reader) written(o *option.Option) (value string, ok bool) {
	value, ok = r.view.Get(o.Name)
	if !ok && o.Alias != "" {
		value, ok = r.view.Get(o.Alias)
	}
	return value, ok
}

// expand is Text for an option that has been looked up.
func (r *Reader) expand(o *option.Option, value string, ok bool) (string, bool) {
	if !ok {
		value, ok = o.Default, o.Default != ""
	}
	if o.Literal || !strings.Contains(value, "%") {
		return value, ok
	}
	name := o.ErrorName
	if name == "" {
		name = r.Section + "." + o.Name
	}
	value, err := r.Vars.Expand(o.Names&r.AllowedNames, value, name)
	if err != nil {
		r.Fail(o.Name, err.Error())
		return "", false
	}
	return value, ok
}

// value returns an option's value. It is not ok if the option is neither set
// nor has a default, or if its text is wrong.
func (r *Reader) value(o *option.Option) (value any, ok bool) {
	written, set := r.written(o)
	if known, ok := r.file.defaults[o]; ok && !set {
		return known, true
	}
	text, ok := r.expand(o, written, set)
	if !ok {
		return nil, false
	}
	if r.file.Observe != nil {
		r.file.Observe(r, o, written, text)
	}
	value, err := o.Parse(&r.file.Host, text)
	if err != nil {
		reason := err.Error()
		if o.InvalidPrefix != "" {
			reason = o.InvalidPrefix + text
		}
		r.Fail(o.Name, reason)
		return nil, false
	}
	if !set && !strings.Contains(o.Default, "%") {
		r.file.defaults[o] = value
	}
	return value, true
}

// Read returns an option's value. It is the zero value and not ok if the
// option is neither set nor has a default, or if its text is wrong.
func Read[T any](r *Reader, name string) (value T, ok bool) {
	v, ok := r.value(r.Option(name))
	if !ok {
		return value, false
	}
	return v.(T), true
}

// Get is Read for an option that need not be there.
func Get[T any](r *Reader, name string) T {
	v, _ := Read[T](r, name)
	return v
}
