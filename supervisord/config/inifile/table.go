package inifile

import (
	"slices"
	"strings"

	"gopkg.in/ini.v1"

	"supervisor/supervisord/config/python"
)

// defaultSection is the section whose options are defaults in all others.
const defaultSection = "DEFAULT"

// Table holds the sections of all files read so far. It is for one goroutine.
type Table struct {
	file     *ini.File           // keeps and merges
	sections map[string]*section // by name: ini.v1 would search its list for each new section
	accept   func(section string) bool
}

// section is what a table knows about a section besides what ini.v1 keeps.
type section struct {
	*ini.Section
	header    Position            // where it begins
	origin    string              // the included file that had it first, "" for none
	positions map[string]Position // of all options that are set
}

// Position is a place in a file.
type Position struct {
	File string // as it was named to Add
	Line int    // from 1, 0 for no line
}

// New returns a table without sections. It keeps [DEFAULT] and the sections that only
// accepts, or all if only is nil. The syntax of the others is still checked.
func New(accept func(section string) bool) *Table {
	// The table knows all sections, so ini.v1 need not look for equal names.
	t := &Table{file: ini.Empty(ini.LoadOptions{AllowNonUniqueSections: true}), sections: make(map[string]*section), accept: accept}
	t.file.BlockMode = false // it is used by one goroutine
	t.sections[defaultSection] = &section{Section: t.file.Section(defaultSection), positions: make(map[string]Position)}
	return t
}

// Add reads a file's text. Its options replace those of earlier files. The name is
// the file's, for positions and error texts; an included file becomes the origin of
// the sections that it has first. An error is a *SyntaxError.
func (t *Table) Add(text, name string, included bool) error {
	records, err := parse(text, name)
	if err != nil {
		return err
	}
	var s *section
	for _, r := range records {
		switch {
		case r.option != "" && s != nil:
			s.set(r.option, r.value, Position{name, r.line})
		case r.option != "":
		case !t.keeps(r.section):
			s = nil
		default:
			if s = t.sections[r.section]; s == nil {
				s = t.addSection(r.section)
				if included {
					s.origin = name
				}
			}
			s.header = Position{name, r.line}
		}
	}
	return nil
}

func (t *Table) keeps(section string) bool {
	return t.accept == nil || section == defaultSection || t.accept(section)
}

// addSection adds an empty section.
func (t *Table) addSection(name string) *section {
	s := &section{positions: make(map[string]Position)}
	s.Section, _ = t.file.NewSection(name) // fails only for an empty name, which no header has
	t.sections[name] = s
	return s
}

// set sets an option of the section. ini.v1 refuses only an empty name, which no
// option has.
func (s *section) set(option, value string, at Position) {
	_, _ = s.NewKey(option, value)
	s.positions[option] = at
}

// get returns an option's value as written. The positions say whether it is set:
// ini.v1 would also look in parent sections, separated by dots in the name.
func (s *section) get(option string) (string, bool) {
	if s == nil {
		return "", false
	}
	if _, ok := s.positions[option]; !ok {
		return "", false
	}
	return s.Key(option).Value(), true
}

// Set sets an option that is in no file.
func (t *Table) Set(section, option, value string) {
	option = python.Lower(option)
	if section == "" || option == "" {
		return // no file can have such an option
	}
	s := t.sections[section]
	if s == nil {
		s = t.addSection(section)
	}
	s.set(option, value, Position{})
}

// Sections lists the names of the sections in the order of the files, without
// [DEFAULT].
func (t *Table) Sections() []string {
	return slices.DeleteFunc(t.file.SectionStrings(), func(s string) bool { return s == defaultSection })
}

// Has reports whether a file has a section.
func (t *Table) Has(section string) bool {
	return section != defaultSection && t.sections[section] != nil
}

// Get returns an option's value as written, or that of [DEFAULT].
func (t *Table) Get(section, option string) (string, bool) { return t.View(section).Get(option) }

// View is a section of which many options are read. The view of a section that does
// not exist stays empty if the section is added later.
type View struct{ own, defaults *section }

// View returns the view of a section, which need not exist.
func (t *Table) View(section string) View {
	v := View{own: t.sections[section]}
	if p := t.sections[defaultSection]; len(p.positions) > 0 {
		v.defaults = p
	}
	return v
}

// Get returns an option's value as written, or that of [DEFAULT].
func (v View) Get(option string) (string, bool) {
	if value, ok := v.own.get(option); ok {
		return value, true
	}
	return v.defaults.get(option)
}

// Options lists the names of a section's options, with those of [DEFAULT].
func (t *Table) Options(section string) []string {
	var names []string
	s := t.sections[section]
	if s != nil {
		names = s.KeyStrings()
	}
	for _, name := range t.sections[defaultSection].KeyStrings() {
		if _, own := s.get(name); !own {
			names = append(names, name)
		}
	}
	return names
}

// Replace replaces a literal text in the values of all sections. A section also
// gets its own copy of a value of [DEFAULT] that it sees.
func (t *Table) Replace(old, replacement string) {
	for _, name := range t.Sections() {
		for _, option := range t.Options(name) {
			value, _ := t.Get(name, option)
			if strings.Contains(value, old) {
				t.sections[name].set(option, strings.ReplaceAll(value, old, replacement), t.Position(name, option))
			}
		}
	}
}

// Origin returns the included file that had a section first. It is not ok if there
// is none.
func (t *Table) Origin(section string) (name string, ok bool) {
	s := t.sections[section]
	if s == nil || s.origin == "" {
		return "", false
	}
	return s.origin, true
}

// OwnPosition returns the position of an option in its own section.
func (t *Table) OwnPosition(section, option string) (Position, bool) {
	s := t.sections[section]
	if s == nil {
		return Position{}, false
	}
	p, ok := s.positions[option]
	return p, ok
}

// Position returns the position of an option, in its section or in [DEFAULT], else
// that of its section, if it is known.
func (t *Table) Position(section, option string) Position {
	for _, name := range []string{section, defaultSection} {
		if p, ok := t.OwnPosition(name, option); ok {
			return p
		}
	}
	if s := t.sections[section]; s != nil {
		return s.header
	}
	return Position{}
}
