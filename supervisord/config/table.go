package config

import (
	"strings"

	"gopkg.in/ini.v1"
)

// defaultSection is the section whose options are defaults in all others.
const defaultSection = "DEFAULT"

// table holds the sections of all files read so far.
type table struct {
	file    *ini.File         // names and values encoded
	files   map[string]string // the included file that brought a section up first
	headers map[string]place  // where a section begins
	places  map[key]place     // where an option stands; all that are set are here
}

type key struct{ section, option string }

type place struct {
	file string
	line int
}

func newTable() *table {
	t := &table{
		file:    ini.Empty(),
		files:   make(map[string]string),
		headers: make(map[string]place),
		places:  make(map[key]place),
	}
	t.file.BlockMode = false // it is used by one goroutine
	return t
}

// merge adds a file's options to the table, over those that are there.
func (t *table) merge(file *ini.File, records []record, path string, included bool) {
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
			t.headers[r.section] = place{path, r.line}
		} else {
			t.places[key{r.section, r.option}] = place{path, r.line}
		}
	}
}

// sections lists the names of the sections in the order of the files.
func (t *table) sections() []string {
	var names []string
	for _, s := range t.file.SectionStrings() {
		if s != defaultSection {
			names = append(names, decode(s))
		}
	}
	return names
}

func (t *table) has(section string) bool {
	return section != defaultSection && t.file.HasSection(encode(section))
}

// get returns an option's value as written, or that of [DEFAULT].
func (t *table) get(section, option string) (string, bool) {
	for _, s := range []string{section, defaultSection} {
		// Most options are not set, and the map says so much sooner than ini.v1.
		if _, ok := t.places[key{s, option}]; ok {
			return decode(t.file.Section(encode(s)).Key(encode(option)).Value()), true
		}
	}
	return "", false
}

// options lists the names of a section's options, with those of [DEFAULT].
func (t *table) options(section string) []string {
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

// expandHere replaces the literal text %(here)s in all values, which is how an
// included file gets its own directory. A section also gets its own copy of a
// value of [DEFAULT] that it sees.
func (t *table) expandHere(here string) {
	const format = "%(here)s"
	for _, section := range t.sections() {
		for _, option := range t.options(section) {
			value, _ := t.get(section, option)
			if strings.Contains(value, format) {
				value = encode(strings.ReplaceAll(value, format, here))
				t.file.Section(encode(section)).Key(encode(option)).SetValue(value)
				t.places[key{section, option}] = t.place(section, option)
			}
		}
	}
}

// place tells where an option stands, or else its section, as far as known.
func (t *table) place(section, option string) place {
	for _, k := range []key{{section, option}, {defaultSection, option}} {
		if p, ok := t.places[k]; ok {
			return p
		}
	}
	return t.headers[section]
}
