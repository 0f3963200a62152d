package option

import (
	"cmp"
	"reflect"

	"supervisor/supervisord/config/source"
)

// Option is everything there is to say about an option of a configuration file
// or of supervisord's command line.
type Option struct {
	Name       string
	In         Sections // that may have it; 0 if only the command line does
	Type       *Type    // nil for Text
	Default    string   // as written in a file, "" for none
	Names      Names    // what %(name)s may refer to, besides ENV_X
	PerProcess bool     // it is read for each process, not once per section
	Required   bool
	Missing    string // error text if a required option is missing, with %s for the section
	Extension  bool   // Supervisor does not have it
	Alias      string // another name for it, "" for none
	Help       string // one line

	// Field finds the field of the value in the struct of the section. It is nil if
	// other code reads and stores the option.
	Field Field
	// Live is true if a running process need not be restarted after a change:
	// supervisord applies the new value at its next decision. It has no meaning for
	// an option of a part, because the part decides by its value.
	Live bool
	// Part names the part of a Policy that the option belongs to, which is compared
	// as a whole. It is "" for an option that is compared alone.
	Part string
	// JSON says how the value appears in the output of -t --json.
	JSON JSONForm

	// Flag is the option on supervisord's command line, nil if it has none there.
	Flag *Flag

	Literal       bool   // a % in its value is an ordinary character
	ErrorName     string // what error texts call it instead of section.name
	InvalidPrefix string // error text before a bad value, instead of the type's own
}

// Flag is an option of a command line.
type Flag struct {
	Name  string // after --, "" for that of the option
	Short string // letters of its short forms
	Arg   string // what its argument is called, "" if it takes none
}

// FlagName returns the option's long name on the command line. It must have a Flag.
func (o *Option) FlagName() string { return cmp.Or(o.Flag.Name, o.Name) }

// JSONForm says whether and how an option's value is written as JSON.
type JSONForm int

// The forms.
const (
	JSONOmitted  JSONForm = iota
	JSONValue             // as its type writes it
	JSONNullable          // the same, and null for a text that is not set
	JSONIfSet             // left out while it has its default
)

// Parse converts the text of the option, in which %(name)s is expanded already.
func (o *Option) Parse(h *source.Host, s string) (any, error) { return o.ValueType().Parse(h, s) }

// ValueType returns the option's type, which is never nil.
func (o *Option) ValueType() *Type {
	if o.Type == nil {
		return Text
	}
	return o.Type
}

// HasFieldIn reports whether the option has a field in the struct of a section.
func (o *Option) HasFieldIn(section any) bool { return o.Field != nil && o.Field(section) != nil }

// Set stores a value that Parse has returned.
func (o *Option) Set(section, value any) { o.ValueType().set(o.Field(section), value) }

// Equal reports whether two sections have equal values.
func (o *Option) Equal(a, b any) bool { return o.ValueType().equal(o.Field(a), o.Field(b)) }

// ValueText returns the option's value in a section as one would write it. Two
// values have one text exactly if they are equal.
func (o *Option) ValueText(section any) string { return o.ValueType().text(o.Field(section)) }

// ValueJSON returns the option's value in a section as JSON has it.
func (o *Option) ValueJSON(section any) any { return o.ValueType().json(o.Field(section)) }

// IsDefault reports whether the option has its default value in a section.
func (o *Option) IsDefault(section any) bool {
	value, err := o.Parse(nil, o.Default)
	return err == nil && reflect.DeepEqual(value, valueOf(o.Field(section)))
}

// Table is a list of options in the order in which they are read.
type Table []Option

// Find returns the row of an option in one kind of section, or nil. It also
// knows the option's other name and its name on the command line.
func (t Table) Find(in Sections, name string) *Option {
	for i := range t {
		o := &t[i]
		if o.In&in != 0 && (o.Name == name || name != "" && (o.Alias == name || o.Flag != nil && o.Flag.Name == name)) {
			return o
		}
	}
	return nil
}

// Select returns the rows that accept accepts, in the order of the table.
func (t Table) Select(accept func(*Option) bool) []*Option {
	var list []*Option
	for i := range t {
		if o := &t[i]; accept(o) {
			list = append(list, o)
		}
	}
	return list
}

// Names lists the options of some kinds of sections.
func (t Table) Names(in Sections) []string {
	var names []string
	for i := range t {
		if t[i].In&in != 0 {
			names = append(names, t[i].Name)
		}
	}
	return names
}
