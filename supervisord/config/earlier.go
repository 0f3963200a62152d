package config

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"supervisor/supervisord/config/python"
	"supervisor/supervisord/config/shlex"
)

// noteEarlier notes for Check that Supervisor 4.2.5 reads a list of variables
// otherwise. Written is its text in the file, expanded what has been made of it.
func (r *reader) noteEarlier(o *Option, written, expanded string) {
	k := key{r.section, o.Name}
	if r.earlier == nil || o.Type != KeyValues || r.earlier[k] != "" {
		return
	}
	var err error
	if o.In == InSupervisord { // expanded twice, the first time with fewer names
		expanded, err = r.vars.expand(NameHere, written, r.section+"."+o.Name)
		if err == nil {
			expanded, err = r.vars.expand(o.Names, expanded, o.Name)
		}
	}
	var before map[string]string
	if err == nil {
		before, err = earlierKeyValues(expanded)
	}
	now, nowErr := keyValues(expanded)
	if err != nil && nowErr != nil {
		return
	}
	if err != nil {
		r.earlier[k] = "4.2.5 refuses it"
	} else if text := changes(before, now.toMap(), nowErr); text != "" {
		r.earlier[k] = text
	}
}

// changes tells which variables have other values in 4.2.5, "" for none.
func changes(before, now map[string]string, nowErr error) string {
	if nowErr != nil {
		return "4.2.5 accepts it"
	}
	var list []string
	names := maps.Clone(before)
	maps.Copy(names, now)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		old, had := before[name]
		value, has := now[name]
		switch {
		case old == value && had == has:
		case !had:
			list = append(list, name+" is not set in 4.2.5")
		case !has:
			list = append(list, name+" is set in 4.2.5 only")
		default:
			old, hidden := Mask(name, old)
			value, hiddenToo := Mask(name, value)
			if hidden || hiddenToo {
				list = append(list, name+" has another value in 4.2.5")
				continue
			}
			list = append(list, fmt.Sprintf("%s is %s in 4.2.5 and %s here", name, python.Repr(old), python.Repr(value)))
		}
	}
	return strings.Join(list, ", ")
}

// earlierKeyValues is keyValues by the rules of Supervisor 4.2.5.
func earlierKeyValues(s string) (map[string]string, error) {
	tokens, err := shlex.NonPOSIXTokens(s)
	if err != nil {
		return nil, err
	}
	pairs := make(map[string]string)
	for len(tokens) > 0 {
		if len(tokens) < 3 || tokens[1] != "=" {
			return nil, fmt.Errorf("Unexpected end of key/value pairs")
		}
		pairs[tokens[0]] = strings.Trim(tokens[2], `'"`)
		tokens = tokens[min(4, len(tokens)):]
	}
	return pairs, nil
}

// readOtherwise lists, for Check alone, what 4.2.5 reads otherwise. It is no warning
// of the daemon's: the file is right.
func (l *loader) readOtherwise() []string {
	var list []string
	byPlace := func(a, b key) int { return cmp.Or(cmp.Compare(a.section, b.section), cmp.Compare(a.option, b.option)) }
	for _, k := range slices.SortedFunc(maps.Keys(l.earlier), byPlace) {
		at := l.table.Place(k.section, k.option)
		e := Error{File: at.File, Line: at.Line, Section: k.section, Option: k.option}
		list = append(list, joinPlace(e.Place(), "Supervisor 4.2.5 reads this otherwise: "+l.earlier[k]))
	}
	return list
}
