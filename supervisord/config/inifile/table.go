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
	sections map[string]*section // the same by name: ini.v1 would search its list for each new one
	accept   func(section string) bool
}

// section is what a table knows of a section besides what ini.v1 keeps.
type section struct {
	*ini.Section
	header    Position            // where it begins
	origin    string              // the included file that brought it up first, "" for none
	positions map[string]Position // where its options stand; all that are set are here
}

// Position is where something stands.
type Position struct {
	File string // as it was named to Add
	Line int    // from 1, 0 if it stands nowhere
}

// New returns a table without sections. It keeps those sections that only
// accepts, and [DEFAULT]; all if only is nil. Others are still checked for mistakes.
func New(accept func(section string) bool) *Table {
	// Sections are known to differ, so that ini.v1 need not compare each with all.
	t := &Table{file: ini.Empty(ini.LoadOptions{AllowNonUniqueSections: true}), sections: make(map[string]*section), accept: accept}
	t.file.BlockMode = false // it is used by one goroutine
	t.sections[defaultSection] = &section{Section: t.file.Section(defaultSection), positions: make(map[string]Position)}
	return t
}

// Add reads a file's text and puts its options over those that are there. The
// name is the file's, for places and error texts; included makes it the origin of
// the sections that it brings up first. An error is a *SyntaxError.
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

// set puts an option into the section, over what is there. ini.v1 refuses only
// an empty name, which no option has.
func (s *section) set(option, value string, at Position) {
	_, _ = s.NewKey(option, value)
	s.positions[option] = at
}

// get returns an option's value as written. Whether there is one is asked of the
// places: ini.v1 would look for it in the sections up to the dots of the name too.
func (s *section) get(option string) (string, bool) {
	if s == nil {
		return "", false
	}
	if _, ok := s.positions[option]; !ok {
		return "", false
	}
	return s.Key(option).Value(), true
}

// Set puts an option into a section, for what stands in no file.
func (t *Table) Set(section, option, value string) {
	option = python.Lower(option)
	if section == "" || option == "" {
		return // no file can have it
	}
	s := t.sections[section]
	if s == nil {
		s = t.addSection(section)
	}
	s.set(option, value, Position{})
}

// Sections lists the names of the sections, [DEFAULT] left out, in the order of the files.
func (t *Table) Sections() []string {
	return slices.DeleteFunc(t.file.SectionStrings(), func(s string) bool { return s == defaultSection })
}

// Has tells whether a section stands in a file.
func (t *Table) Has(section string) bool {
	return section != defaultSection && t.sections[section] != nil
}

// Get returns an option's value as written, or that of [DEFAULT].
func (t *Table) Get(section, option string) (string, bool) { return t.View(section).Get(option) }

// View is a section for those who want many of its options. It holds until the
// section, if there was none, is added.
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

// Origin returns the included file that brought a section up first. It is not ok
// if none did.
func (t *Table) Origin(section string) (name string, ok bool) {
	s := t.sections[section]
	if s == nil || s.origin == "" {
		return "", false
	}
	return s.origin, true
}

// OwnPosition tells where an option stands in its own section.
func (t *Table) OwnPosition(section, option string) (Position, bool) {
	s := t.sections[section]
	if s == nil {
		return Position{}, false
	}
	p, ok := s.positions[option]
	return p, ok
}

// Position tells where an option stands, be it in [DEFAULT], or else its section, as
// far as known.
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
