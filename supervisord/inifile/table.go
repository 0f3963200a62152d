package inifile

import (
	"strings"

	"gopkg.in/ini.v1"

	"supervisor/supervisord/python"
)

// defaultSection is the section whose options are defaults in all others.
const defaultSection = "DEFAULT"

// Table holds the sections of all files read so far. It is for one goroutine.
type Table struct {
	file    *ini.File         // names and values encoded
	files   map[string]string // the included file that brought a section up first
	headers map[string]Place  // where a section begins
	places  map[key]Place     // where an option stands; all that are set are here
}

type key struct{ section, option string }

// Place is where something stands.
type Place struct {
	File string // as it was named to Add
	Line int    // from 1, 0 if it stands nowhere
}

// New returns a table without sections.
func New() *Table {
	t := &Table{
		file:    ini.Empty(),
		files:   make(map[string]string),
		headers: make(map[string]Place),
		places:  make(map[key]Place),
	}
	t.file.BlockMode = false // it is used by one goroutine
	return t
}

// Add reads a file's text and puts its options over those that are there. The
// name is the file's, for places and error texts; included makes it the origin of
// the sections that it brings up first. An error is a *SyntaxError.
func (t *Table) Add(text, name string, included bool) error {
	file, records, err := parse(text, name)
	if err != nil {
		return err
	}
	t.merge(file, records, name, included)
	return nil
}

// Set puts an option into a section, for what stands in no file.
func (t *Table) Set(section, option, value string) {
	option = python.Lower(option)
	if option == "" {
		return // no file can have it
	}
	t.file.Section(encode(section)).Key(encode(option)).SetValue(encode(value))
	t.places[key{section, option}] = Place{}
}

// merge adds a file's options to the table, over those that are there.
func (t *Table) merge(file *ini.File, records []record, path string, included bool) {
	for _, s := range file.Sections() {
		if _, err := t.file.GetSection(s.Name()); err != nil && included {
			t.files[decode(s.Name())] = path
		}
		mine, _ := t.file.NewSection(s.Name())
		for _, k := range s.Keys() {
			mine.NewKey(k.Name(), k.Value()) //nolint:errcheck // fails only for an empty name
		}
	}
	for _, r := range records {
		if r.option == "" {
			t.headers[r.section] = Place{path, r.line}
		} else {
			t.places[key{r.section, r.option}] = Place{path, r.line}
		}
	}
}

// Sections lists the names of the sections, [DEFAULT] left out, in the order of the files.
func (t *Table) Sections() []string {
	var names []string
	for _, s := range t.file.SectionStrings() {
		if s != defaultSection {
			names = append(names, decode(s))
		}
	}
	return names
}

// Has tells whether a section stands in a file.
func (t *Table) Has(section string) bool {
	return section != defaultSection && t.file.HasSection(encode(section))
}

// Get returns an option's value as written, or that of [DEFAULT].
func (t *Table) Get(section, option string) (string, bool) {
	for _, s := range []string{section, defaultSection} {
		// Most options are not set, and the map says so much sooner than ini.v1.
		if _, ok := t.places[key{s, option}]; ok {
			return decode(t.file.Section(encode(s)).Key(encode(option)).Value()), true
		}
	}
	return "", false
}

// Options lists the names of a section's options, with those of [DEFAULT].
func (t *Table) Options(section string) []string {
	var names []string
	seen := make(map[string]bool)
	for _, s := range []string{encode(section), defaultSection} {
		sec, err := t.file.GetSection(s)
		if err != nil {
			continue
		}
		for _, name := range sec.KeyStrings() {
			if !seen[name] {
				seen[name] = true
				names = append(names, decode(name))
			}
		}
	}
	return names
}

// Replace replaces a literal text in the values of all sections. A section also
// gets its own copy of a value of [DEFAULT] that it sees.
func (t *Table) Replace(old, by string) {
	for _, section := range t.Sections() {
		for _, option := range t.Options(section) {
			value, _ := t.Get(section, option)
			if strings.Contains(value, old) {
				value = encode(strings.ReplaceAll(value, old, by))
				t.file.Section(encode(section)).Key(encode(option)).SetValue(value)
				t.places[key{section, option}] = t.Place(section, option)
			}
		}
	}
}

// Origin returns the included file that brought a section up first. It is not ok
// if none did.
func (t *Table) Origin(section string) (name string, ok bool) {
	name, ok = t.files[section]
	return name, ok
}

// OwnPlace tells where an option stands in its own section.
func (t *Table) OwnPlace(section, option string) (Place, bool) {
	p, ok := t.places[key{section, option}]
	return p, ok
}

// Place tells where an option stands, be it in [DEFAULT], or else its section, as
// far as known.
func (t *Table) Place(section, option string) Place {
	for _, k := range []key{{section, option}, {defaultSection, option}} {
		if p, ok := t.places[k]; ok {
			return p
		}
	}
	return t.headers[section]
}
